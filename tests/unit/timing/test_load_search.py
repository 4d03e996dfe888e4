"""The throughput search finds the load that a device carries, and stops."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.errors import ConfigError
from hil.timing.load_search import Trial, next_load, throughput


def search(carries: float, lowest: float = 10.0, highest: float = 1000.0, resolution: float = 1.0) -> list[Trial]:
    """All trials against a device that loses the excess over `carries`."""
    trials: list[Trial] = []
    while (load := next_load(trials, lowest, highest, resolution)) is not None:
        trials.append(Trial(load, sent=1000, lost=0 if load <= carries else 1))
        assert len(trials) < 60, "the search does not end"
    return trials


@given(st.floats(11, 999))
def test_throughput_is_found_to_the_resolution(carries: float) -> None:
    found = throughput(search(carries))
    assert carries - 1.0 <= found <= carries


def test_a_device_at_line_rate_takes_one_trial() -> None:
    assert search(2000.0) == [Trial(1000.0, 1000, 0)]


def test_a_device_that_carries_nothing_is_told_so() -> None:
    trials = search(1.0)
    assert trials[-1].load == 10.0
    assert math.isnan(throughput(trials))


def test_a_load_carried_above_one_that_failed_does_not_count() -> None:
    assert throughput([Trial(100, 10, 0), Trial(200, 10, 1), Trial(300, 10, 0)]) == 100


def test_loss_within_the_allowance_counts_as_carried() -> None:
    trials = [Trial(100, 1000, 9)]
    assert throughput(trials, loss_allowance=0.01) == 100
    assert math.isnan(throughput(trials))


def test_a_trial_that_sent_nothing_carried_nothing() -> None:
    assert math.isnan(throughput([Trial(100, 0, 0)]))


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(ConfigError):
        next_load([], 10, 10, 1)
