"""Checks of recovery pass what is good and fail what is not, on columns made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hil.checks import conformance, recovery
from hil.columns import MISSING
from hil.timing.verdict import Outcome, Verdict, overall

S = 10**9
ENDED = 10 * S
REQ = "RIB-REC-001"


def ns(*seconds: float | None) -> np.ndarray:
    return np.array([MISSING if s is None else round(s * S) for s in seconds], np.int64)


def back(came: np.ndarray, left: np.ndarray, before_s: float = 100.0) -> Verdict:
    return recovery.comes_back("box", came, left, ENDED, 1.0, REQ, before_ns=round(before_s * S))


def test_a_box_is_back_when_no_plot_is_lost_after_its_limit() -> None:
    verdict = back(ns(9, 10.2, 10.8, 11.5, 12), ns(9.1, None, 10.9, 11.6, 12.1))
    assert verdict.outcome is Outcome.PASS
    assert verdict.measured == pytest.approx(0.2)
    assert verdict.reason == "first track after 0.900 s"


def test_a_plot_lost_after_the_limit_fails() -> None:
    assert back(ns(10.2, 11.5, 12), ns(None, None, 12.1)).outcome is Outcome.FAIL


def test_a_box_that_never_comes_back_fails() -> None:
    assert back(ns(10.2, 11.5), ns(None, None)).outcome is Outcome.FAIL


def test_without_a_plot_after_the_limit_nobody_can_tell() -> None:
    assert back(ns(9, 10.2), ns(9.1, None)).outcome is Outcome.INCONCLUSIVE
    assert back(ns(10.2, 12.0), ns(None, None), before_s=11.9).outcome is Outcome.INCONCLUSIVE


def caught_up(left: np.ndarray) -> Outcome:
    verdicts = recovery.catches_up("box", ns(8, 8.5, 9), left, (7 * S, 9 * S), 0.5, REQ)
    return overall(verdict.outcome for verdict in verdicts)


def test_what_came_while_a_box_stood_still_leaves_soon_after() -> None:
    assert caught_up(ns(9.1, 9.1, 9.2)) is Outcome.PASS
    assert caught_up(ns(9.1, None, 9.2)) is Outcome.FAIL
    assert caught_up(ns(9.1, 9.2, 9.8)) is Outcome.FAIL


def test_a_fault_that_was_not_done_blocks() -> None:
    assert recovery.took_effect("tap", ns(1, 5), (2 * S, 4 * S), REQ).outcome is Outcome.PASS
    assert recovery.took_effect("tap", ns(1, 3, 5), (2 * S, 4 * S), REQ).outcome is Outcome.BLOCKED


@pytest.mark.parametrize(("said", "outcome"), [("PIN", Outcome.PASS), ("POWER", Outcome.FAIL), ("", Outcome.FAIL)])
def test_a_wrong_reset_cause_fails(said: str, outcome: Outcome) -> None:
    assert recovery.gave_reason("box", said, "PIN", REQ).outcome is outcome


@pytest.mark.parametrize(("said", "outcome"), [("16", Outcome.PASS), ("0", Outcome.FAIL), ("", Outcome.FAIL)])
def test_a_self_test_that_finds_nothing_fails(said: str, outcome: Outcome) -> None:
    assert recovery.notices("box", said, REQ).outcome is outcome


def test_a_record_of_a_plot_from_before_the_restart_is_stale() -> None:
    came, restarts = ns(1, 2, 2.99, 4), [3 * S]
    fresh = recovery.nothing_stale("tap", came, ns(1.01, 2.01, 3.0, 4.01), restarts, 0.05, REQ)
    stale = recovery.nothing_stale("tap", came, ns(1.01, 3.5, 3.0, 4.01), restarts, 0.05, REQ)
    assert (fresh.outcome, stale.outcome, stale.measured) == (Outcome.PASS, Outcome.FAIL, 1)


def test_a_record_of_a_spoilt_plot_is_made_up() -> None:
    spoilt = np.array([False, True, True])
    assert recovery.none_made_up("chain", np.array([1, 0, 0], np.int32), spoilt, REQ).outcome is Outcome.PASS
    assert recovery.none_made_up("chain", np.array([1, 0, 1], np.int32), spoilt, REQ).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("bad_fcs", "outcome"), [(4, Outcome.PASS), (5, Outcome.PASS), (3, Outcome.FAIL), (6, Outcome.FAIL)]
)
def test_a_counter_has_to_go_up_as_planned(bad_fcs: int, outcome: Outcome) -> None:
    (verdict,) = recovery.counted_by_cause("box", {"bad_fcs": bad_fcs}, {"bad_fcs": (4, 5)}, REQ)
    assert verdict.outcome is outcome


@pytest.mark.parametrize(
    ("flags", "outcome"),
    [
        ([0, 0, 1, 1, 1, 0], Outcome.PASS),
        ([0, 1, 1, 1, 1, 0], Outcome.PASS),  # between two spans it may be either
        ([0, 0, 0, 1, 1, 0], Outcome.FAIL),
        ([1, 0, 1, 1, 1, 0], Outcome.FAIL),
        ([0, 0, 1, 1, 1, 1], Outcome.FAIL),
    ],
)
def test_a_flag_is_set_while_it_should_and_clear_otherwise(flags: list[int], outcome: Outcome) -> None:
    verdicts = recovery.flag_shows(
        "tap", ns(0, 1, 2, 3, 4, 5), np.array(flags), (2 * S, 3 * S), [(0, S // 2), (5 * S, 9 * S)], REQ
    )
    assert overall(verdict.outcome for verdict in verdicts) is outcome


@pytest.mark.parametrize(("moved_s", "outcome"), [(0.5, Outcome.PASS), (0.0, Outcome.BLOCKED), (0.6, Outcome.BLOCKED)])
def test_a_clock_has_to_be_as_far_astray_as_it_was_sent(moved_s: float, outcome: Outcome) -> None:
    stamps = ns(*range(86_395, 86_405))  # over midnight
    box_s = (np.arange(86_395, 86_405) + np.where(stamps > 86_400 * S, moved_s, 0.0)) % 86_400
    verdict = recovery.clock_went_astray("tap", stamps, box_s, (86_400 * S, 86_400 * S), 0.5, 0.01, REQ)
    assert verdict.outcome is outcome


def test_a_pause_counts_as_no_time_between_heartbeats() -> None:
    beats, watched = ns(1, 2, 3, 6.5, 7.5, 8.5), (S, 9 * S)
    paused = [(round(3.2 * S), 6 * S), (round(5.5 * S), round(6.4 * S))]
    assert conformance.heartbeat("tap", beats, watched, 1.0, 0.5, REQ).outcome is Outcome.FAIL
    assert conformance.heartbeat("tap", beats, watched, 1.0, 0.5, REQ, paused).outcome is Outcome.PASS
    assert conformance.heartbeat("tap", beats, watched, 1.0, 0.5, REQ, paused[:1]).measured == pytest.approx(1.0)
    late = ns(1, 2, 3, 8.5)
    assert conformance.heartbeat("tap", late, watched, 1.0, 0.5, REQ, paused).outcome is Outcome.FAIL
