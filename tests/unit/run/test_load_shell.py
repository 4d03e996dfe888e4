"""The search finds what a device carries, whatever that is, and forgives a disturbed try when told to."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.run.load import search
from hil.timing.load_search import Trial


def device(capacity: float):
    """Loses what is above its capacity."""
    return lambda load: Trial(load, 1_000, 0 if load <= capacity else 10)


@given(st.floats(200.0, 9_000.0))
def test_the_throughput_is_found_to_within_the_resolution(capacity: float) -> None:
    found, trials = search(device(capacity), 100.0, 10_000.0, 50.0)
    assert found <= capacity < found + 50.0
    assert len(trials) < 12


def test_a_device_that_carries_everything_takes_one_trial() -> None:
    found, trials = search(device(math.inf), 100.0, 10_000.0, 50.0)
    assert (found, len(trials)) == (10_000.0, 1)


def test_a_device_that_carries_nothing_has_no_throughput() -> None:
    assert math.isnan(search(device(0.0), 100.0, 10_000.0, 50.0)[0])


def test_a_disturbed_try_is_repeated() -> None:
    offers: dict[float, int] = {}

    def disturbed(load: float) -> Trial:
        offers[load] = offers.get(load, 0) + 1
        return Trial(load, 1_000, 0 if offers[load] > 1 and load <= 5_000.0 else 1)

    assert search(disturbed, 100.0, 10_000.0, 50.0, tries=2)[0] == pytest.approx(5_000.0, abs=50.0)
    assert math.isnan(search(lambda load: Trial(load, 1_000, 1), 100.0, 10_000.0, 50.0)[0])
