"""A box under a steady load for as long as it takes to be sure of its delays: judged at a few planned looks, kept in a histogram.

The load is offered in pieces of at most a minute, open loop within each; a piece's records become delays, and the delays a
histogram, so memory does not grow with the run. hil.timing.sequential says when to look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from hil.bench.stand import Stand
from hil.checks.timing import clustered_delays
from hil.errors import ConfigError
from hil.run import schedule
from hil.run.capture import Capture, read_capture
from hil.run.floor import floor_of_run
from hil.run.injection import Injection
from hil.run.load import DRAIN_S, plots_at
from hil.run.mission import carry_out, start_instant_ns
from hil.run.result import interface_of, records_at
from hil.run.setup import Setup
from hil.timing.budget import Budget, BudgetLine
from hil.timing.clusters import burst_length_of
from hil.timing.histogram import Histogram
from hil.timing.journeys import Journeys, TapStamps, identity, pair
from hil.timing.metrics import losses
from hil.timing.sequential import Look, looks
from hil.timing.uncertainty import Uncertainty, stamps_uncertainty
from hil.timing.verdict import Outcome, Verdict, judge_bounds, judge_count, judge_loss

PIECE_S = 60.0
REQUIREMENT = "RIB-TIM-001"
DELIVERY = "RIB-DEL-001"

Ints = npt.NDArray[np.int64]
Watcher = Callable[[int, float], None]  # messages through before this piece, share of the piece
Instants = Callable[[int, int], Ints]  # (messages, which piece) → ns from 0


def instants_of(shape: str, rate_hz: float, seed: int) -> Instants:
    """The schedule called `shape`: `constant`, `poisson`, or `burst:N` (N back to back). Raises ConfigError for any other."""
    kind, _, size = shape.partition(":")
    if kind == "constant" and not size:
        return lambda count, _piece: schedule.constant(rate_hz, count)
    if kind == "poisson" and not size:
        return lambda count, piece: schedule.poisson(rate_hz, count, seed + piece)
    if kind == "burst" and size.isdecimal() and int(size) > 0:
        together = int(size)
        return lambda count, _piece: schedule.bursts(together, together / rate_hz, -(-count // together))[:count]
    raise ConfigError(f"there is no schedule `{shape}`", "take constant, poisson or burst:N, for example burst:50")


@dataclass
class Soaked:
    """The box's line of the chain: its delays, what was lost, and the verdicts of the last look (delay, loss, records too many).

    `planned` are the looks; `sent` tells how many messages were sent when it was sure, or had run out of looks.
    """

    budget: Budget
    line: BudgetLine
    planned: Sequence[Look]
    delays: Histogram = field(default_factory=Histogram)
    sent: int = 0
    lost: int = 0
    copies: int = 0
    backwards: int = 0
    burst: float = 1.0
    loss_burst: float = 1.0
    missed_by_tap: int = 0
    floor_s: float = 0.0
    starved_s: float = 0.0
    uncertainty: Uncertainty = field(default_factory=lambda: Uncertainty(0.0, 0.0))
    verdicts: tuple[Verdict, ...] = ()


def soak(
    setup: Setup,
    stand: Stand,
    radar: str,
    instants: Instants,
    *,
    rate_hz: float,
    messages: int,
    percentile: float,
    confidence: float,
    watch: Watcher,
    clock_sync_s: float = 0.0,
) -> Soaked:
    """Offer up to `messages` to the box that `radar` feeds and judge its line of the budget at each planned look.

    Ends at the first look whose verdict on the delay is pass or fail. Raises ConfigError when no chain starts at `radar`, or so few
    messages can prove nothing.
    """
    chain = next((chain for chain in setup.links.chain if chain.path[0] == radar), None)
    if chain is None:
        raise ConfigError(f"no chain of the link file starts at `{radar}`", "give --radar one that a chain starts at")
    budget = setup.budgets[chain.name]
    line = next(line for line in budget.lines if line.kind == "node")
    found = Soaked(budget, line, looks(messages, percentile, confidence, budget.burst), burst=budget.burst)
    pieces = 0
    for look in found.planned:
        while found.sent < look.messages:
            count = min(look.messages - found.sent, max(1, int(rate_hz * PIECE_S)))
            begun_octet = stand.capture.stat().st_size
            at_ns = start_instant_ns(stand) + instants(count, pieces)
            injection = plots_at(setup, radar, at_ns, found.sent)
            departures = carry_out(stand, [injection], int(at_ns[-1]), DRAIN_S, partial(watch, found.sent))
            capture = read_capture(stand.capture, begun_octet)
            floor = floor_of_run(setup, stand, {radar: injection}, departures)
            found.floor_s = max(found.floor_s, floor.floor_s(line, budget))
            found.starved_s = max(found.starved_s, floor.starved_s(line, budget))
            _add(found, setup, injection, capture, chain.path, clock_sync_s)
            pieces += 1
        found.verdicts = _judge(found, look, percentile, sum(stand.drops().values()))
        if found.verdicts[0].outcome in (Outcome.PASS, Outcome.FAIL):
            break
    return found


def _add(
    found: Soaked,
    setup: Setup,
    injection: Injection,
    capture: Capture,
    path: Sequence[str],
    clock_sync_s: float,
) -> None:
    """Pair one piece's records and count them."""
    budget, line = found.budget, found.line
    taps, sources = [], []
    for tap in budget.taps[1:4]:  # the box's two, and the next one, which tells a tap's miss from a loss
        interface = interface_of(path, tap)
        rows = records_at(setup.bench, capture, interface, path)
        taps.append(TapStamps(tap, identity(rows["address"], rows["tod_ticks"]), rows["arrived_ns"]))
        sources.append(capture.sources[capture.taps.index(interface)])
    keys = identity(injection.address, injection.tod_ticks)
    journeys = pair(injection.plot_id, keys, injection.scheduled_ns, taps, start_tap=budget.taps[0])
    found.uncertainty = stamps_uncertainty(sources[0], sources[1], clock_sync_s=clock_sync_s, floor_s=found.floor_s)
    delays_s, burst = clustered_delays(line, journeys)
    found.delays.add(np.maximum(delays_s, 0.0))
    found.backwards += int(np.count_nonzero(delays_s < -found.uncertainty.expanded_s))
    found.burst = max(found.burst, burst)
    _count(found, line, journeys)


def _count(found: Soaked, line: BudgetLine, journeys: Journeys) -> None:
    entered, lost = losses(journeys, line.from_tap, line.to_tap)
    out = journeys.column(line.to_tap)
    found.sent += len(journeys.plot_id)
    found.lost += int(lost.sum())
    found.loss_burst = max(found.loss_burst, burst_length_of(lost[entered]))
    found.copies += int(np.maximum(journeys.copies[:, out] - 1, 0).sum()) + len(journeys.unmatched[line.to_tap])
    found.missed_by_tap += int(journeys.skipped()[:, out].sum())


def _judge(found: Soaked, look: Look, percentile: float, drops: int) -> tuple[Verdict, ...]:
    n, astray = found.delays.n, found.missed_by_tap + drops
    delay = judge_bounds(
        found.line,
        found.delays.bounds(percentile, look.confidence, n / found.burst if n else None),
        found.delays.exceeding,
        found.uncertainty,
        requirement=REQUIREMENT,
        backwards=found.backwards,
        starved_s=found.starved_s,
        disturbed=f"the bench itself lost {drops} messages" if drops else "",
    )
    loss = judge_loss(
        found.line,
        found.lost,
        found.sent,
        confidence=look.confidence,
        requirement=DELIVERY,
        burst=found.loss_burst,
        tap_drops=astray,
    )
    once = judge_count(DELIVERY, found.line.to_tap, found.copies, 0, found.sent, "records too many")
    return delay, loss, once
