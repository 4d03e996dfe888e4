"""When faults kept a box from its work, and which plots they excuse from which demand, tap by tap. Pure.

A plot is excused by when it was seen on its way into the box, so a fault excuses only what it can have met; everything else is held
to the ordinary limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from hil.columns import MISSING
from hil.run.line_faults import Spoilt
from hil.run.setup import Recovery
from hil.run.strikes import Strike
from hil.scenario import faults
from hil.timing.journeys import Journeys

IN_HAND_S = 0.050  # what came that shortly before a fault may still have been in the box: its queue, its flush time


class Excuse(IntEnum):
    """What a plot is excused from at a tap and behind it; each includes those before it, SPOILT forbids a record."""

    NONE = 0
    LATE = 1  # due, but not in time
    SHED = 2  # counted by the box, forwarded or not
    LOST = 3  # may or may not come
    SPOILT = 4  # was not sent whole: must not come


@dataclass(frozen=True)
class Outage:
    """From `begin_ns` the box is kept from its work, from `end_ns` no more; by `until_ns` it has to be itself again."""

    strike: Strike
    begin_ns: int
    end_ns: int
    until_ns: int

    @property
    def box(self) -> str:
        """Which box."""
        return self.strike.fault.box

    @property
    def restarts(self) -> bool:
        """Does the box start anew, without its tracks?"""
        return bool(self.strike.expected_cause)

    @property
    def silent(self) -> bool:
        """Does the box itself not work meanwhile? (Without its cable it does.)"""
        return not isinstance(self.strike.fault, faults.CablePull)


def outages_of(strikes: Sequence[Strike], recovery: Recovery) -> list[Outage]:
    """The outages of those strikes that are any, in the order of time; a fault that never ended lasts as planned."""
    found = []
    for strike in strikes:
        until_s = recovery.until_s(strike.fault)
        if until_s and strike.begun_ns != MISSING:
            planned_ns = strike.begun_ns + round(strike.fault.span_s * 1e9)
            end_ns = planned_ns if strike.ended_ns == MISSING else strike.ended_ns
            found.append(Outage(strike, strike.begun_ns, end_ns, end_ns + round(until_s * 1e9)))
    return sorted(found, key=lambda outage: outage.begin_ns)


def excused(
    journeys: Journeys, path: Sequence[str], serial: bool, outages: Sequence[Outage], own: npt.NDArray[np.int8]
) -> npt.NDArray[np.int8]:
    """Excuse of every plot at every tap, (n, taps) i1.

    `own` are the plots' excuses by plan at the first box (spoilt, held up on the line, to be shed); `serial` tells what carries
    them there.
    """
    found = np.zeros((len(journeys.plot_id), len(journeys.taps)), np.int8)
    first = journeys.column(f"{path[1]}.in")
    found[own == Excuse.LATE, first] = Excuse.LATE
    found[own > Excuse.LATE, first + 1] = own[own > Excuse.LATE]
    for outage in outages:
        if outage.box not in path:
            continue
        into = journeys.column(f"{outage.box}.in")
        lost = Excuse.LATE if isinstance(outage.strike.fault, faults.Freeze) else Excuse.LOST
        on_line = serial and into == first
        if outage.silent:
            column = into if on_line else into + 1  # a line that nobody holds up at its other end carries nothing
            _excuse(found, column, _meets(journeys, into, outage), lost)
        else:
            if not on_line:
                _excuse(found, into, _meets(journeys, into - 1, outage), lost)
            _excuse(found, into + 2, _meets(journeys, into + 1, outage), lost)
    return np.asarray(np.maximum.accumulate(found, axis=1), np.int8)


def _meets(journeys: Journeys, column: int, outage: Outage) -> npt.NDArray[np.bool_]:
    """Which plots were at a tap, or when last seen before it, in the time of the outage."""
    seen_ns = np.maximum.accumulate(journeys.stamps_ns[:, : column + 1], axis=1)[:, -1]
    return np.asarray((seen_ns >= outage.begin_ns - round(IN_HAND_S * 1e9)) & (seen_ns <= outage.until_ns))


def _excuse(found: npt.NDArray[np.int8], column: int, rows: npt.NDArray[np.bool_], excuse: Excuse) -> None:
    found[rows, column] = np.maximum(found[rows, column], excuse)


def by_plan(spoilt: Spoilt, first_nameless: int) -> npt.NDArray[np.int8]:
    """Excuses of an injection's plots (rows that carry one, in their order) by what was planned; see `excused`."""
    sent = spoilt.injection.plot_id != MISSING
    own = np.zeros(len(sent), np.int8)
    own[spoilt.held_up] = Excuse.LATE
    own[spoilt.injection.plot_id >= first_nameless] = Excuse.SHED
    own[~spoilt.whole] = Excuse.SPOILT
    return np.asarray(own[sent], np.int8)


def lives(outages: Sequence[Outage], box: str, stamps_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How often the box had started anew before each instant, (n,) i8."""
    starts_ns = np.array([o.begin_ns for o in outages if o.box == box and o.restarts], np.int64)
    return np.asarray(np.searchsorted(np.sort(starts_ns), stamps_ns, "right"))
