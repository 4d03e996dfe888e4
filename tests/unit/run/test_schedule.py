"""Open-loop schedules: instants that do not depend on anything but what was asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.errors import ConfigError
from hil.run import schedule


@given(st.floats(0.1, 1e6), st.integers(0, 2_000))
def test_rounding_of_a_constant_rate_does_not_add_up(rate_hz: float, count: int) -> None:
    instants = schedule.constant(rate_hz, count)
    assert len(instants) == count
    assert np.all(np.abs(instants - np.arange(count) * 1e9 / rate_hz) <= 0.51)


@given(st.integers(0, 2**32))
def test_a_poisson_stream_can_be_repeated_and_never_goes_back(seed: int) -> None:
    instants = schedule.poisson(1_000.0, 200, seed)
    assert (instants == schedule.poisson(1_000.0, 200, seed)).all()
    assert (np.diff(instants) >= 0).all()


def test_gaps_of_a_poisson_stream_are_exponential() -> None:
    gaps = np.diff(schedule.poisson(1_000.0, 100_000, 1)) * 1e-6  # in mean gaps
    assert gaps.mean() == pytest.approx(1.0, abs=0.02)
    assert gaps.std() == pytest.approx(1.0, abs=0.03)
    assert (gaps > 1.0).mean() == pytest.approx(np.exp(-1.0), abs=0.01)


def test_messages_of_a_burst_are_due_at_one_instant() -> None:
    assert schedule.bursts(3, 0.5, 2).tolist() == [0, 0, 0, 500_000_000, 500_000_000, 500_000_000]


@given(st.lists(st.integers(0, 10**15), max_size=50), st.floats(0.1, 100.0))
def test_a_recording_keeps_its_gaps_and_never_goes_back(stamps: list[int], speed: float) -> None:
    instants = schedule.recorded(np.array(stamps, np.int64), speed)
    assert len(instants) == len(stamps)
    assert (np.diff(instants) >= 0).all()
    if stamps and stamps == sorted(stamps):
        assert instants[-1] == pytest.approx((stamps[-1] - stamps[0]) / speed, abs=1.0)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_sends_nothing_is_refused(rate: float) -> None:
    with pytest.raises(ConfigError, match="sends nothing: give a rate above 0"):
        schedule.constant(rate, 10)
    with pytest.raises(ConfigError, match="sends nothing"):
        schedule.poisson(rate, 10, 1)
