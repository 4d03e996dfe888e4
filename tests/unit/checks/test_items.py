"""Checks of items and the model of the filter, on cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from hil.checks import items
from hil.checks.filter_model import smooth
from hil.timing.verdict import Outcome, Verdict

KNOWN = np.array([1, 2, 3, 4])


def measured(said: list[int]) -> list[float]:
    return [verdict.measured for verdict in items.exactly("tap", np.array(said), KNOWN, "REQ")]


@pytest.mark.parametrize(
    ("said", "missing", "too_many", "invented", "out_of_order"),
    [
        ([1, 2, 3, 4], 0, 0, 0, 0),
        ([1, 3, 4], 1, 0, 0, 0),
        ([1, 2, 2, 3, 4], 0, 1, 0, 0),
        ([1, 2, 9, 3, 4], 0, 0, 1, 0),
        ([1, 3, 2, 4], 0, 0, 0, 1),
        ([], 4, 0, 0, 0),
    ],
)
def test_what_is_lost_twice_invented_or_out_of_turn_is_counted_apart(
    said: list[int], missing: int, too_many: int, invented: int, out_of_order: int
) -> None:
    assert measured(said) == [missing, too_many, invented, out_of_order]


def test_a_value_that_is_not_said_is_too_far() -> None:
    verdict = items.within("tap", np.array([1.0, np.nan]), np.array([1.0, 1.0]), 0.5, "m", "REQ")
    assert verdict.outcome is Outcome.FAIL


def test_nothing_observed_proves_nothing() -> None:
    verdict: Verdict = items.within("tap", np.zeros(0), np.zeros(0), 0.5, "m", "REQ")
    assert verdict.outcome is Outcome.INCONCLUSIVE


def test_a_counter_that_is_off_fails() -> None:
    verdicts = items.counted("box", {"shed": 3, "plots_in": 5}, {"shed": 3, "plots_in": 4}, "REQ")
    assert [v.outcome for v in verdicts] == [Outcome.PASS, Outcome.FAIL]


def test_the_filter_follows_a_straight_way_without_error() -> None:
    time_s = np.arange(10) * 4.0
    way_m = np.array([6.4e6, 0.0, 0.0]) + np.outer(time_s, [0.0, 200.0, 50.0])
    state = smooth(time_s, way_m, 0.8, 0.5, 0.0)
    np.testing.assert_allclose(state.position_m, way_m)
    assert np.isnan(state.velocity_mps[0]).all()
    np.testing.assert_allclose(state.velocity_mps[1:], np.broadcast_to([0.0, 200.0, 50.0], (9, 3)))


def test_a_leap_starts_the_state_anew() -> None:
    time_s, way_m = np.arange(6) * 4.0, np.outer(np.arange(6) * 4.0, [0.0, 200.0, 0.0])
    way_m[4:] += 60e3
    state = smooth(time_s, way_m, 0.8, 0.5, 0.0)
    np.testing.assert_allclose(state.position_m[4], way_m[4])
    assert np.isnan(state.velocity_mps[4]).all()
