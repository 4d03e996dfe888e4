"""One plot's way through the system: stamps from every tap, paired by what the record says it is (source, address, time of day).

Pairing is by identity only, never by position in the stream, so loss, duplication, reordering and several records in a block do
not disturb it. What cannot be told apart is reported as ambiguous, never guessed. Delays are not judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.columns import MISSING, TOD_TICKS_PER_DAY
from hil.errors import ConfigError

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

RECURRENCE_S = (
    7200  # the same identity again after less than this cannot be told apart (time of day recurs after a day)
)


@dataclass(frozen=True)
class TapStamps:
    """What one tap saw: one row per record, in the order captured; records of one block share its stamp."""

    name: str
    keys: Ints  # (m,), from `identity`
    stamps_ns: Ints  # (m,)


@dataclass(frozen=True)
class Journeys:
    """One row per plot in the order given, one column per tap; column 0 is where the plot starts."""

    taps: tuple[str, ...]
    plot_id: Ints  # (n,)
    stamps_ns: Ints  # (n, taps), first arrival at each tap; MISSING = not seen there
    rows: Ints  # (n, taps), row of that arrival in the tap's table; MISSING = not seen there (and in column 0)
    copies: npt.NDArray[np.int32]  # (n, taps), how often it was seen there
    lost_at: npt.NDArray[np.int16]  # (n,), column of the first tap it never reached; MISSING = it reached the last tap
    ambiguous: Bools  # (n,), another plot has the same identity: no stamps, not lost, not judged
    unmatched: dict[str, Ints]  # per tap: rows of its table that belong to no plot (invented records)

    def column(self, tap: str) -> int:
        """Column of a tap; ConfigError lists the taps there are."""
        if tap not in self.taps:
            raise ConfigError(f"there is no tap `{tap}` in these journeys", f"the taps are: {', '.join(self.taps)}")
        return self.taps.index(tap)

    def among(self, chosen: Bools) -> Journeys:
        """The journeys of some of the plots; what belongs to no plot at all stays."""
        columns = ("plot_id", "stamps_ns", "rows", "copies", "lost_at", "ambiguous")
        return replace(self, **{name: getattr(self, name)[chosen] for name in columns})

    def skipped(self) -> Bools:
        """(n, taps): seen at a later tap but not here, so the tap missed it, not the box. A reason to block, not to fail."""
        seen = self.copies > 0
        seen_later = np.logical_or.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
        return np.asarray(seen_later & ~seen & ~self.ambiguous[:, None])


def identity(
    address: npt.NDArray[Any],
    tod_ticks: npt.NDArray[Any],
    sac: npt.NDArray[Any] | int = 0,
    sic: npt.NDArray[Any] | int = 0,
) -> Ints:
    """Key of each record, (n,) i8: time of day (24 bit), address (24 bit), SAC, SIC (8 bit each); equal keys = same plot.

    `address` is the 24-bit address, or any other number that the plot keeps on its way (Mode 3/A); MISSING counts as a value of
    its own. `sac`/`sic` must be those of the *sensor* at every tap (I048/010, I062/340 SID); leave them 0 where a tap cannot
    tell. Raises ConfigError for a time of day outside 0 … 11 059 199, or an address over 24 bits.
    """
    tod = np.asarray(tod_ticks, np.int64)
    who = np.asarray(address, np.int64)
    if tod.size and not (tod.min() >= 0 and tod.max() < TOD_TICKS_PER_DAY):
        raise ConfigError(
            f"time of day {tod.min()} … {tod.max()} outside 0 … {TOD_TICKS_PER_DAY - 1}", "pair valid records only"
        )
    if who.size and not (who.min() >= MISSING and who.max() < 1 << 24):
        raise ConfigError(
            f"address {who.min()} … {who.max()} is not a 24-bit number or {MISSING}", "pair valid records only"
        )
    source = np.asarray(sac, np.int64) << 8 | np.asarray(sic, np.int64)
    return np.asarray(tod << 40 | (who & 0xFFFFFF) << 16 | source, np.int64)


def pair(
    plot_ids: npt.NDArray[Any], keys: Ints, start_ns: Ints, taps: Sequence[TapStamps], *, start_tap: str
) -> Journeys:
    """The journeys of `plot_ids`, (n,), that start at `start_ns` with identity `keys`, through `taps` in the order of the chain.

    Stamps are CLOCK_REALTIME ns; they may step by up to an hour. The same identity may come again after `RECURRENCE_S` (the next
    day); plots closer together than that with one identity are ambiguous. A tap with no rows is a tap that saw nothing.
    """
    plots = _Plots(np.asarray(keys, np.int64), np.asarray(start_ns, np.int64))
    n = len(plots.ambiguous)
    stamps = np.full((n, len(taps) + 1), MISSING, np.int64)
    rows = np.full((n, len(taps) + 1), MISSING, np.int64)
    copies = np.zeros((n, len(taps) + 1), np.int32)
    stamps[:, 0], copies[:, 0] = start_ns, 1
    unmatched = {}
    for column, tap in enumerate(taps, 1):
        owners = plots.find(np.asarray(tap.keys, np.int64), np.asarray(tap.stamps_ns, np.int64))
        unmatched[tap.name] = np.flatnonzero(owners == MISSING)
        rows[:, column], copies[:, column] = _first_rows(owners, n)
        rows[plots.ambiguous, column], copies[plots.ambiguous, column] = MISSING, 0
        seen = rows[:, column] != MISSING
        stamps[seen, column] = tap.stamps_ns[rows[seen, column]]
    seen_last = stamps.shape[1] - 1 - np.argmax(copies[:, ::-1] > 0, axis=1)
    lost_at = np.where((seen_last < len(taps)) & ~plots.ambiguous, seen_last + 1, MISSING).astype(np.int16)
    names = (start_tap, *(tap.name for tap in taps))
    return Journeys(names, np.asarray(plot_ids, np.int64), stamps, rows, copies, lost_at, plots.ambiguous, unmatched)


def segment_delays(journeys: Journeys, from_tap: str, to_tap: str) -> npt.NDArray[np.float64]:
    """Delay from tap to tap, (n,) f8, s, in the order of the plots; NaN where either stamp is missing.

    RFC 7679 one-way delay: a lost message has no delay (its loss is counted apart). Negative values are possible: a clock step.
    """
    here = journeys.stamps_ns[:, journeys.column(from_tap)]
    there = journeys.stamps_ns[:, journeys.column(to_tap)]
    return np.where((here != MISSING) & (there != MISSING), (there - here) * 1e-9, np.nan)


class _Plots:
    """The plots sorted by identity and time, so that a tap's records find theirs by binary search.

    `position` counts identities; `hours` resolves an identity that recurs: the sort key is identity first, then start time, and a
    record belongs to the last plot of its identity that had started an hour (the allowed clock step) after the record's stamp.
    """

    def __init__(self, keys: Ints, start_ns: Ints) -> None:
        self.order = np.lexsort((start_ns, keys))
        self.keys = keys[self.order]
        self.start_s = start_ns[self.order] // 1_000_000_000
        same = self.keys[1:] == self.keys[:-1]
        close = same & (np.diff(self.start_s) < RECURRENCE_S)
        self.recurs = bool(same.any())
        self.ambiguous = np.zeros(len(keys), np.bool_)
        self.ambiguous[self.order[1:][close]] = True
        self.ambiguous[self.order[:-1][close]] = True

    def find(self, keys: Ints, stamps_ns: Ints) -> Ints:
        """Index of the plot of each record, (m,) i8; MISSING = of no plot."""
        if not len(self.keys):
            return np.full(len(keys), MISSING, np.int64)
        place = np.searchsorted(self.keys, keys)
        at = np.minimum(place, len(self.keys) - 1)
        found = self.keys[at] == keys
        if self.recurs:
            at = self._latest_started(at, stamps_ns // 1_000_000_000)
        return np.where(found, self.order[at], MISSING)

    def _latest_started(self, first: Ints, stamp_s: Ints) -> Ints:
        """Among the plots of one identity, from `first` on: the last that started before the stamp (± the allowed step)."""
        at = first.copy()
        moving = np.arange(len(at))
        while moving.size:
            following = np.minimum(at[moving] + 1, len(self.keys) - 1)
            goes_on = (
                (following > at[moving])
                & (self.keys[following] == self.keys[at[moving]])
                & (self.start_s[following] <= stamp_s[moving] + RECURRENCE_S // 2)
            )
            moving = moving[goes_on]
            at[moving] += 1
        return at


def _first_rows(owners: Ints, n: int) -> tuple[Ints, npt.NDArray[np.int32]]:
    """First row and number of rows per plot; `owners` is each row's plot or MISSING. Rows keep their order when a clock steps."""
    rows = np.flatnonzero(owners != MISSING)
    copies = np.bincount(owners[rows], minlength=n).astype(np.int32)
    first = np.full(n, MISSING, np.int64)
    first[owners[rows[::-1]]] = rows[::-1]  # the last assignment, the first row, stays
    return first, copies
