"""After what a scenario, or somebody at the keyboard, did to a box: it is itself again in time, and owns up to what happened.

A test runs where a fault of its kinds was done; elsewhere it is deselected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest

from hil.bench.stand import tap_name
from hil.checks import recovery
from hil.columns import MISSING
from hil.run.line_faults import REFUSED
from hil.run.outages import IN_HAND_S, Excuse, Outage
from hil.run.result import ChainResult, RunResult
from hil.run.setup import Setup
from hil.run.status import beats_at
from hil.run.strikes import Strike
from hil.scenario.faults import ClockStep
from hil.timing.journeys import identity
from hil.timing.verdict import Verdict, unless_starved
from hil_fixtures import faults, req
from hil_fixtures.session import BenchSession

RESTARTS = ("power_cycle", "slow_start", "reset", "watchdog", "memory")
LINE = ("bit_errors", "dropped_octets", "inserted_octets", "abort", "overlong")
FLAGGED = ("pps_loss", "clock_step", "clock_drift", "overload")
IN_HAND_NS = round(IN_HAND_S * 1e9)


@pytest.fixture
def judge(judge: Callable, flown: RunResult) -> Callable:
    """As everywhere, but a fail that the machine's being busy can explain is blocked: faults are done at their instants."""
    return lambda verdicts: judge([unless_starved(verdict, flown.floor.longest_wait_s) for verdict in verdicts])


def outages(flown: RunResult, *kinds: str) -> Iterator[tuple[Outage, str]]:
    """Each outage by one of these kinds of fault, and how it is called."""
    for outage in flown.outages:
        if outage.strike.fault.kind in kinds:
            yield outage, f"{outage.box} after {outage.strike.fault.kind}"


def strikes(flown: RunResult, *kinds: str) -> Iterator[tuple[Strike, str]]:
    """Each fault of these kinds that was done, and how it is called."""
    for strike in flown.strikes:
        if strike.fault.kind in kinds and strike.begun_ns != MISSING:
            yield strike, f"{strike.fault.box} under {strike.fault.kind}"


def ways_through(setup: Setup, flown: RunResult, box: str) -> Iterator[tuple[str, ChainResult, np.ndarray, np.ndarray]]:
    """Each chain through a box: when its plots came in and when their records left, without those spoilt on the way in."""
    for name, chain in flown.chains.items():
        if box in setup.links.chain_named(name).path:
            into, out_of = chain.journeys.column(f"{box}.in"), chain.journeys.column(f"{box}.out")
            excuses = chain.excused
            held = (excuses[:, into] <= Excuse.LATE) & ~np.isin(excuses[:, out_of], (Excuse.SHED, Excuse.SPOILT))
            yield name, chain, chain.journeys.stamps_ns[held, into], chain.journeys.stamps_ns[held, out_of]


def next_begin_ns(flown: RunResult, outage: Outage) -> int:
    """When the next outage of the same box begins, less what it may have had in hand."""
    begins = [o.begin_ns for o in flown.outages if o.box == outage.box and o.begin_ns > outage.begin_ns]
    return min([flown.watched_ns[1], *(begin - IN_HAND_NS for begin in begins)])


def taps_out(flown: RunResult, box: str) -> list[str]:
    return [tap for tap in flown.capture.taps if tap.startswith(f"{box}.out.")]


@req("RIB-REC-001")
@faults(*RESTARTS)
def test_a_box_that_started_anew_says_why(flown: RunResult, judge: Callable) -> None:
    judge(
        recovery.gave_reason(name, outage.strike.answers.get("cause", ""), outage.strike.expected_cause, "RIB-REC-001")
        for outage, name in outages(flown, *RESTARTS)
    )


@req("RIB-REC-001")
@faults(*RESTARTS)
def test_the_first_track_after_a_restart_is_in_time(
    hil_session: BenchSession, flown: RunResult, judge: Callable
) -> None:
    limits, verdicts = hil_session.setup.limits.recovery, []
    for outage, name in outages(flown, *RESTARTS):
        for chain, _, came_ns, left_ns in ways_through(hil_session.setup, flown, outage.box):
            verdicts.append(
                recovery.comes_back(
                    f"{name}, {chain}",
                    came_ns,
                    left_ns,
                    outage.end_ns,
                    limits.until_s(outage.strike.fault),
                    "RIB-REC-001",
                    before_ns=next_begin_ns(flown, outage),
                )
            )
    judge(verdicts)


@req("RIB-REC-002")
@faults(*RESTARTS)
def test_nothing_from_before_a_restart_is_sent_after_it(
    hil_session: BenchSession, flown: RunResult, judge: Callable
) -> None:
    """Ends of tracks count, too: a box that has forgotten its tracks has none to end."""
    setup, capture, verdicts = hil_session.setup, flown.capture, []
    for name, chain in flown.chains.items():
        box = setup.links.chain_named(name).path[1]
        restarts_ns = [o.begin_ns for o, _ in outages(flown, *RESTARTS) if o.box == box]
        came_ns = dict(
            zip(
                chain.keys.tolist(),
                chain.journeys.stamps_ns[:, chain.journeys.column(f"{box}.in")].tolist(),
                strict=True,
            )
        )
        for tap in taps_out(flown, box) if restarts_ns else []:
            rows = capture.at(tap)
            spec = setup.bench.box(box)
            own = (rows["category"] == 62) & (rows["sac"] == spec.sac) & (rows["sic"] == spec.sic)
            keys = identity(rows["address"], rows["tod_ticks"])
            plot_ns = np.array([came_ns.get(key, MISSING) for key in keys.tolist()], np.int64)
            known = own & (plot_ns != MISSING)
            verdicts.append(
                recovery.nothing_stale(
                    tap, plot_ns[known], rows["arrived_ns"][known], restarts_ns, IN_HAND_S, "RIB-REC-002"
                )
            )
    judge(verdicts)


@req("RIB-REC-003")
@faults("freeze")
def test_a_box_that_stood_still_loses_nothing_and_catches_up(
    hil_session: BenchSession, flown: RunResult, judge: Callable
) -> None:
    limits, verdicts = hil_session.setup.limits.recovery, []
    for outage, name in outages(flown, "freeze"):
        stood_ns = (outage.begin_ns, outage.end_ns)
        for tap in taps_out(flown, outage.box):
            still_ns = (outage.strike.done_ns + IN_HAND_NS, outage.end_ns)
            verdicts.append(
                recovery.took_effect(f"{tap} {name}", flown.capture.stamps_ns(tap), still_ns, "RIB-REC-003")
            )
        for chain, _, came_ns, left_ns in ways_through(hil_session.setup, flown, outage.box):
            subject, limit_s = f"{name}, {chain}", limits.after_thaw_s
            before_ns = next_begin_ns(flown, outage)
            verdicts += recovery.catches_up(subject, came_ns, left_ns, stood_ns, limit_s, "RIB-REC-003")
            verdicts.append(
                recovery.comes_back(
                    subject, came_ns, left_ns, outage.end_ns, limit_s, "RIB-REC-003", before_ns=before_ns
                )
            )
    judge(verdicts)


@req("RIB-REC-005")
@faults("memory")
def test_a_box_notices_that_its_memory_is_corrupt(flown: RunResult, judge: Callable) -> None:
    """That nothing was made of it shows in RIB-CNT-002 and RIB-DEL-001, that the box has started anew in RIB-REC-001."""
    judge(
        recovery.notices(name, strike.answers.get("self_test", ""), "RIB-REC-005")
        for strike, name in strikes(flown, "memory")
    )


@req("RIB-REC-004")
@faults("cable_pull")
def test_a_box_goes_on_when_its_cable_is_back(hil_session: BenchSession, flown: RunResult, judge: Callable) -> None:
    setup, verdicts = hil_session.setup, []
    for outage, name in outages(flown, "cable_pull"):
        for chain, source, sink in hops_of(setup, flown, outage.box):
            beyond = tap_name(sink, "in", source)
            cut_ns = (outage.strike.done_ns + IN_HAND_NS, outage.end_ns)
            stamps_ns = flown.capture.stamps_ns(beyond)
            verdicts.append(recovery.took_effect(f"{beyond} {name}", stamps_ns, cut_ns, "RIB-REC-004"))
            column = chain.journeys.column(f"{sink}.in")
            rows = chain.excused[:, max(column - 2, 0)] <= Excuse.LATE
            verdicts.append(
                recovery.comes_back(
                    f"{name}, {chain.budget.chain}: {source} → {sink}",
                    chain.journeys.stamps_ns[rows, column - 1],
                    chain.journeys.stamps_ns[rows, column],
                    outage.end_ns,
                    setup.limits.recovery.after_link_s,
                    "RIB-REC-004",
                    before_ns=next_begin_ns(flown, outage),
                )
            )
    judge(verdicts)


def hops_of(setup: Setup, flown: RunResult, box: str) -> Iterator[tuple[ChainResult, str, str]]:
    """The Ethernet hops of every chain that begin or end at a box."""
    for name, chain in flown.chains.items():
        path = setup.links.chain_named(name).path
        for source, sink in pairwise(path):
            segment = setup.links.segment_between(source, sink)
            if box in (source, sink) and segment is not None and segment.carrier != "serial":
                yield chain, source, sink


@req("RIB-ROB-001")
@faults(*LINE)
def test_what_the_line_spoilt_is_refused_by_its_cause(
    hil_session: BenchSession, flown: RunResult, judge: Callable
) -> None:
    setup, verdicts = hil_session.setup, []
    for radar, pieces in flown.refused.items():
        box = setup.bench.radar(radar).feeds
        at_ns = flown.injections[radar].scheduled_ns
        away = [(o.begin_ns - IN_HAND_NS, o.until_ns) for o in flown.outages if o.box == box and o.silent]
        planned = {}
        for cause in REFUSED:
            times = [int(at_ns[row]) for row, why in pieces if why is cause]
            sure = [at for at in times if not any(begin <= at <= end for begin, end in away)]
            planned[cause.value] = (len(sure), len(times))
        before, after = flown.counters_before[box], flown.counters_after[box]
        grew = {name: after[name] - before.get(name, 0) for name in after}
        verdicts += recovery.counted_by_cause(box, grew, planned, "RIB-ROB-001")
    judge(verdicts)


@req("RIB-DEL-001")
@faults(*LINE)
def test_a_plot_that_was_not_sent_whole_makes_no_track(
    hil_session: BenchSession, flown: RunResult, judge: Callable
) -> None:
    verdicts = []
    for name, chain in flown.chains.items():
        path = hil_session.setup.links.chain_named(name).path
        out_of = chain.journeys.column(f"{path[1]}.out")
        spoilt = chain.excused[:, out_of] == Excuse.SPOILT
        if path[0] in flown.refused:
            verdicts.append(recovery.none_made_up(name, chain.journeys.copies[:, out_of], spoilt, "RIB-DEL-001"))
    judge(verdicts)


def flagged(
    flown: RunResult, strike: Strike, name: str, flag: str, times_s: tuple[float, float, float], requirement: str
) -> list[Verdict]:
    """A flag of CAT065 at every port of the box. `times_s`: from how long after the fault began, and until how long after it ended,
    the flag has to be set; how long after that end it has to be clear again, as it has to be before."""
    shown_s, stays_s, gone_s = times_s
    ended_ns = max(strike.ended_ns, strike.begun_ns)
    later = [o.begin_ns for o in flown.outages if o.box == strike.fault.box and o.begin_ns > strike.begun_ns]
    later += [s.begun_ns for s, _ in strikes(flown, *FLAGGED) if s.fault.box == strike.fault.box]
    end_ns = min([flown.watched_ns[1], *(at_ns for at_ns in later if at_ns > strike.begun_ns)])
    on_ns = (strike.begun_ns + round(shown_s * 1e9), min(ended_ns + round(stays_s * 1e9), end_ns))
    off_ns = [(strike.begun_ns - 2 * 10**9, strike.begun_ns), (ended_ns + round(gone_s * 1e9), end_ns)]
    verdicts = []
    for tap in taps_out(flown, strike.fault.box):
        beats = beats_at(flown.capture, tap)
        shown = beats[flag.lower()]
        verdicts += recovery.flag_shows(f"{tap} {flag} {name}", beats["arrived_ns"], shown, on_ns, off_ns, requirement)
    return verdicts


@req("RIB-TIM-003")
@faults("pps_loss", "clock_step")
def test_time_that_is_not_to_be_trusted_is_flagged_while_it_is(
    hil_session: BenchSession, flown: RunResult, judge: Callable
) -> None:
    limits, verdicts = hil_session.setup.limits.recovery, []
    for strike, name in strikes(flown, "pps_loss"):
        verdicts += flagged(flown, strike, name, "TSV", (limits.status_s, 0.0, limits.status_s), "RIB-TIM-003")
    for strike, name in strikes(flown, "clock_step"):
        stays_s, gone_s = limits.step_flag_s - limits.status_s - 1.0, limits.step_flag_s
        verdicts += flagged(flown, strike, name, "TSV", (limits.status_s, stays_s, gone_s), "RIB-TIM-003")
    judge(verdicts)


@req("RIB-TIM-003")
@faults("clock_drift", "clock_step")
def test_a_clock_that_goes_astray_shows_in_the_status_only(
    hil_session: BenchSession, flown: RunResult, judge: Callable
) -> None:
    """Times of tracks are their plots' (RIB-DEL-001 holds throughout); the box's own clock is seen in CAT065 alone."""
    limits, verdicts = hil_session.setup.limits.recovery, []
    for strike, name in strikes(flown, "clock_drift", "clock_step"):
        fault, settle_ns = strike.fault, round(limits.status_s * 1e9)
        by_s = fault.step_s if isinstance(fault, ClockStep) else fault.drift_ppm * 1e-6 * fault.lasts_s
        later = [s.begun_ns for s in flown.strikes if s.fault.box == fault.box and s.begun_ns > strike.begun_ns]
        earlier = [
            s.ended_ns + settle_ns for s in flown.strikes if s.fault.box == fault.box and s.begun_ns < strike.begun_ns
        ]
        span_ns = (max(earlier, default=0), min([flown.watched_ns[1], *later]))
        for tap in taps_out(flown, fault.box):
            beats = beats_at(flown.capture, tap)
            beats = beats[(beats["arrived_ns"] > span_ns[0]) & (beats["arrived_ns"] < span_ns[1])]
            verdicts.append(
                recovery.clock_went_astray(
                    f"{tap} {name}",
                    beats["arrived_ns"],
                    beats["time_s"],
                    (strike.begun_ns, max(strike.ended_ns, strike.begun_ns)),
                    by_s,
                    limits.clock_s,
                    "RIB-TIM-003",
                )
            )
    judge(verdicts)


@req("RIB-OVL-001")
@faults("overload")
def test_an_overload_sheds_nothing_but_the_nameless_and_says_so(
    hil_session: BenchSession, flown: RunResult, judge: Callable
) -> None:
    """That every plot with an address is kept, and that the books balance, RIB-DEL-001 and RIB-DEL-003 see to."""
    limits, verdicts = hil_session.setup.limits.recovery, []
    for strike, name in strikes(flown, "overload"):
        box = strike.fault.box
        before, after = flown.counters_before[box], flown.counters_after[box]
        nameless = sum(
            int((chain.excused == Excuse.SHED).any(axis=1).sum())
            for name_, chain in flown.chains.items()
            if hil_session.setup.links.chain_named(name_).path[1] == box
        )
        grew = {"shed": after["shed"] - before["shed"]}
        verdicts += recovery.counted_by_cause(box, grew, {"shed": (1, nameless)}, "RIB-OVL-001")
        shown_s = strike.fault.shed_after_s + limits.status_s
        verdicts += flagged(flown, strike, name, "OVL", (shown_s, 0.0, limits.overload_flag_s), "RIB-OVL-001")
    judge(verdicts)
