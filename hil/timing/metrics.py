"""The IETF's metrics of one stretch between two taps, under their own names: delay, loss, variation, reordering, duplication.

RFC 7679 (one-way delay), RFC 7680 (loss), RFC 5481 (PDV, IPDV), RFC 4737 (reordering), RFC 5560 (duplication). They describe; what
is allowed is judged in `verdict`. Plots are in the order of the schedule, so delays have no coordinated omission.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hil.columns import MISSING
from hil.timing.journeys import Journeys, segment_delays

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class DelaySummary:
    """Type-P-One-way-Delay statistics, s. A lost message has an infinite delay (RFC 7679 §5.1), so 2 % loss makes p99 infinite."""

    n: int  # messages sent, the lost ones included
    min_s: float
    median_s: float
    p99_s: float
    p999_s: float
    max_s: float  # of those that arrived


@dataclass(frozen=True)
class Reordering:
    """Type-P-Reordered (RFC 4737) of the messages that arrived at a tap, first copies only."""

    arrived: int
    reordered: int  # §3.3: sent before a message that had already arrived
    max_extent: int  # §4.2.1: messages between the earliest one that overtook it and itself
    max_late_time_s: float  # §4.2.2: how long after that one it arrived; 0 if nothing was reordered

    @property
    def ratio(self) -> float:
        """Type-P-Reordered-Ratio-Stream, §4.1; NaN when nothing arrived."""
        return self.reordered / self.arrived if self.arrived else math.nan


@dataclass(frozen=True)
class StretchMetrics:
    """Everything about one stretch."""

    from_tap: str
    to_tap: str
    sent: int
    lost: int  # RFC 7680: seen at from_tap, and neither at to_tap nor later
    duplicated: int  # RFC 5560: extra copies at to_tap
    missed: int  # not seen by to_tap although it came later: the tap's fault, no loss
    delay: DelaySummary
    pdv: DelaySummary
    ipdv_s: Floats  # (arrived pairs,)
    reordering: Reordering


def stretch_metrics(journeys: Journeys, from_tap: str, to_tap: str) -> StretchMetrics:
    """All metrics between two taps; plots of ambiguous identity are left out. Raises ConfigError for an unknown tap."""
    sent, lost = losses(journeys, from_tap, to_tap)
    there = journeys.column(to_tap)
    delays = segment_delays(journeys, from_tap, to_tap)
    return StretchMetrics(
        from_tap=from_tap,
        to_tap=to_tap,
        sent=int(np.count_nonzero(sent)),
        lost=int(np.count_nonzero(lost)),
        duplicated=int(np.maximum(journeys.copies[sent, there] - 1, 0).sum()),
        missed=int(np.count_nonzero(journeys.skipped()[:, there])),
        delay=summarise(delays, int(np.count_nonzero(lost))),
        pdv=summarise(pdv(delays)),
        ipdv_s=ipdv(delays),
        reordering=reordering(journeys, to_tap),
    )


def losses(journeys: Journeys, from_tap: str, to_tap: str) -> tuple[Bools, Bools]:
    """(sent, lost), each (n,) bool: which plots were seen at `from_tap`, and which of them got lost before `to_tap` (RFC 7680)."""
    here, there = journeys.column(from_tap), journeys.column(to_tap)
    sent = (journeys.copies[:, here] > 0) & ~journeys.ambiguous
    return sent, sent & (journeys.lost_at != MISSING) & (journeys.lost_at <= there)


def summarise(delays_s: Floats, lost: int = 0) -> DelaySummary:
    """Statistics of the delays that are not NaN and of `lost` infinite ones; NaN where there is nothing."""
    ordered = np.sort(delays_s[~np.isnan(delays_s)])
    n = len(ordered) + lost
    if n == 0:
        return DelaySummary(0, *(5 * [math.nan]))

    def at(share: float) -> float:
        rank = min(n, max(1, math.ceil(share * n - 1e-9)))  # RFC 2330 §11.3: the smallest value with F ≥ share
        return float(ordered[rank - 1]) if rank <= len(ordered) else math.inf

    longest = float(ordered[-1]) if len(ordered) else math.nan
    return DelaySummary(n, at(0.0), at(0.5), at(0.99), at(0.999), longest)


def pdv(delays_s: Floats) -> Floats:
    """Packet delay variation (RFC 5481 §4.2): each delay less the shortest, (n,) f8, NaN where the message was lost."""
    arrived = delays_s[~np.isnan(delays_s)]
    return delays_s - (arrived.min() if len(arrived) else math.nan)


def ipdv(delays_s: Floats) -> Floats:
    """Inter-packet delay variation (RFC 5481 §4.1): D(i) − D(i−1) of neighbours in the schedule that both arrived."""
    steps = np.diff(delays_s)
    return steps[~np.isnan(steps)]


def reordering(journeys: Journeys, tap: str) -> Reordering:
    """Reordering of the plots seen at `tap` against their order in `journeys`, in the order of the tap's rows (RFC 4737).

    Needs plots in the order sent; rows order arrivals also inside one block, where stamps are equal.
    """
    column = journeys.column(tap)
    plots = np.flatnonzero(journeys.rows[:, column] != MISSING)
    order = plots[np.argsort(journeys.rows[plots, column])]
    return reordering_of(order, journeys.stamps_ns[order, column])


def reordering_of(sequence: Ints, stamps_ns: Ints) -> Reordering:
    """Reordering of a stream of sequence numbers in the order they arrived, (m,) each."""
    highest = np.maximum.accumulate(sequence) if len(sequence) else sequence
    late = np.flatnonzero(sequence < highest)
    overtaker = np.searchsorted(highest, sequence[late], side="right")  # the first arrival with a higher number
    extents = late - overtaker
    late_time_ns = stamps_ns[late] - stamps_ns[overtaker]
    return Reordering(
        arrived=len(sequence),
        reordered=len(late),
        max_extent=int(extents.max(initial=0)),
        max_late_time_s=float(late_time_ns.max(initial=0) * 1e-9),
    )
