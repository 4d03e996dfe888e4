"""Which plots a fault excuses, and from what: only those that it can have met, at the taps that it can have touched."""

from __future__ import annotations

import numpy as np
import pytest

from hil.columns import MISSING
from hil.run.outages import Excuse, Outage, excused, lives, outages_of
from hil.run.setup import Recovery
from hil.run.strikes import Strike, counted_in_all
from hil.scenario.faults import AnyFault, CablePull, Freeze, PowerCycle, PpsLoss, Reset
from hil.timing.journeys import Journeys

S = 10**9
TAPS = ("r.out", "a.in", "a.out", "g.in", "g.out", "b.in", "b.out", "c.in")
PATH = ("r", "a", "g", "b", "c")
STEP_S = 0.01  # from tap to tap
COLUMN = {name: column for column, name in enumerate(TAPS)}


def journeys(*starts_s: float) -> Journeys:
    stamps = np.array([[round((start + STEP_S * k) * S) for k in range(len(TAPS))] for start in starts_s], np.int64)
    n = len(starts_s)
    whole = np.ones(stamps.shape, np.int32)
    return Journeys(TAPS, np.arange(n), stamps, stamps, whole, np.full(n, MISSING, np.int16), np.zeros(n, bool), {})


def struck(fault: AnyFault) -> Strike:
    begun_ns = round(fault.at_s * S)
    return Strike(fault, begun_ns, begun_ns=begun_ns, ended_ns=begun_ns + round(fault.span_s * S))


def excuses(
    fault: AnyFault, *starts_s: float, serial: bool = False, own: list[int] | None = None
) -> list[dict[str, Excuse]]:
    found = excused(
        journeys(*starts_s),
        PATH,
        serial,
        outages_of([struck(fault)], Recovery()),
        np.array(own or [0] * len(starts_s), np.int8),
    )
    return [{tap: Excuse(row[k]) for k, tap in enumerate(TAPS) if row[k]} for row in found]


def from_tap(tap: str, excuse: Excuse) -> dict[str, Excuse]:
    return dict.fromkeys(TAPS[COLUMN[tap] :], excuse)


def test_a_standstill_excuses_from_being_in_time_behind_the_box_only() -> None:
    freeze = Freeze(at_s=5.0, box="a", lasts_s=1.0)
    assert excuses(freeze, 4.0, 5.5, 6.4, 6.6) == [
        {},
        from_tap("a.out", Excuse.LATE),
        from_tap("a.out", Excuse.LATE),
        {},
    ]


def test_a_far_box_excuses_nothing_at_the_near_one() -> None:
    assert excuses(Reset(at_s=5.0, box="b"), 5.5) == [from_tap("b.out", Excuse.LOST)]


def test_what_was_in_the_box_as_the_fault_came_is_excused_but_nothing_earlier() -> None:
    assert excuses(Reset(at_s=5.0, box="a"), 4.97, 4.9) == [from_tap("a.out", Excuse.LOST), {}]


def test_a_serial_line_of_a_box_without_power_carries_nothing() -> None:
    cycle = PowerCycle(at_s=5.0, box="a", lasts_s=1.0)
    assert excuses(cycle, 5.5, serial=True) == [from_tap("a.in", Excuse.LOST)]
    assert excuses(cycle, 5.5, serial=False) == [from_tap("a.out", Excuse.LOST)]


def test_a_pulled_cable_excuses_beyond_it_and_leaves_the_serial_line() -> None:
    pull = CablePull(at_s=5.0, box="a", lasts_s=1.0)
    assert excuses(pull, 5.5, serial=True) == [from_tap("g.in", Excuse.LOST)]
    assert excuses(pull, 5.5, serial=False) == [from_tap("a.in", Excuse.LOST)]


def test_what_the_plan_spoilt_counts_from_the_first_box_on() -> None:
    nothing = PpsLoss(at_s=1.0, box="a", lasts_s=1.0)
    own = [Excuse.SPOILT, Excuse.SHED, Excuse.LATE]
    assert excuses(nothing, 3, 4, 5, own=[int(e) for e in own]) == [
        from_tap("a.out", Excuse.SPOILT),
        from_tap("a.out", Excuse.SHED),
        from_tap("a.in", Excuse.LATE),
    ]


def test_a_fault_that_was_never_done_excuses_nothing() -> None:
    assert outages_of([Strike(Reset(at_s=5.0, box="a"), 5 * S)], Recovery()) == []


@pytest.mark.parametrize(("ended_s", "end_s"), [(5.3, 5.3), (None, 6.0)])
def test_a_fault_ends_when_it_was_ended_and_as_planned_when_it_was_not(ended_s: float | None, end_s: float) -> None:
    strike = Strike(Freeze(at_s=5.0, box="a", lasts_s=1.0), 5 * S, begun_ns=5 * S)
    strike.ended_ns = MISSING if ended_s is None else round(ended_s * S)
    assert [outage.end_ns for outage in outages_of([strike], Recovery())] == [round(end_s * S)]


def test_only_restarts_begin_a_new_life() -> None:
    strikes = [
        struck(Reset(at_s=2.0, box="a")),
        struck(Freeze(at_s=4.0, box="a", lasts_s=0.1)),
        struck(Reset(at_s=6.0, box="a")),
    ]
    outages: list[Outage] = outages_of([*strikes, struck(Reset(at_s=3.0, box="b"))], Recovery())
    assert lives(outages, "a", np.array([1, 3, 5, 7]) * S).tolist() == [0, 1, 1, 2]


def test_counters_of_all_lives_count_together() -> None:
    strikes = [struck(Reset(at_s=2.0, box="a")), struck(Reset(at_s=6.0, box="a"))]
    strikes[0].counters, strikes[1].counters = {"plots_in": 10, "tracks_live": 4}, {"plots_in": 5, "tracks_live": 2}
    assert counted_in_all({"plots_in": 3, "tracks_live": 1}, strikes) == {"plots_in": 18, "tracks_live": 1}


@pytest.mark.parametrize(("kind", "cause"), [("pin", "PIN"), ("software", "SOFTWARE")])
def test_a_reset_is_expected_to_be_owned_up_to(kind: str, cause: str) -> None:
    assert struck(Reset(at_s=1.0, box="a", by=kind)).expected_cause == cause  # type: ignore[arg-type]
