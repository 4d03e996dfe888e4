"""Delays of a soak run in constant memory: a histogram with a bounded relative error, after the manner of HdrHistogram.

Each power of two is split evenly into `2**bits` steps, so a value is known to 1 part in 2**bits whatever its size. It keeps no
order, so bursts have to be counted before the values go in (`clusters`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hil.errors import ConfigError
from hil.timing.percentiles import PercentileBounds, bounds_of_ranks

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass
class Histogram:
    """Counts of values from `smallest` to `largest` (in s, or any unit), relative step 2**−bits. Counting is its only state."""

    smallest: float = 1e-6
    largest: float = 100.0
    bits: int = 10
    counts: Ints = field(init=False)

    def __post_init__(self) -> None:
        if not (0.0 < self.smallest < self.largest and 1 <= self.bits <= 20):
            raise ConfigError("a histogram needs 0 < smallest < largest and 1 … 20 bits", "see hil.timing.histogram")
        self._first_octave = math.frexp(self.smallest)[1]
        octaves = math.frexp(self.largest)[1] - self._first_octave + 1
        self.counts = np.zeros((octaves << self.bits) + 2, np.int64)  # below, steps …, above

    def add(self, values: Floats) -> None:
        """Count `values`, (n,) f8; NaN is refused (ConfigError), too small and too large ones are counted at the ends."""
        if np.isnan(values).any():
            raise ConfigError("a delay that is NaN cannot be counted", "leave lost messages out and count them apart")
        self.counts += np.bincount(self._step_of(values), minlength=len(self.counts))

    def merge(self, other: Histogram) -> None:
        """Add the counts of a histogram with the same steps; ConfigError if it has others."""
        if (self.smallest, self.largest, self.bits) != (other.smallest, other.largest, other.bits):
            raise ConfigError("histograms with different steps cannot be added", "give both the same range and bits")
        self.counts += other.counts

    @property
    def n(self) -> int:
        return int(self.counts.sum())

    def percentile(self, percentile: float) -> float:
        """Upper edge of the step that holds the percentile: never below the true one, and at most 2**−bits of it above."""
        rank = max(1, math.ceil(self.n * percentile / 100.0 - 1e-9))
        return self._at_rank(rank) if self.n else math.nan

    def exceeding(self, limit: float) -> int:
        """How many values are over `limit`, those in the limit's own step included."""
        step = int(self._step_of(np.array([limit]))[0])
        return int(self.counts[step:].sum())

    def bounds(self, percentile: float, confidence: float, effective_n: float | None = None) -> PercentileBounds:
        """As `percentiles.percentile_bounds`, from the steps' edges: the lower bound's lower edge, the upper bound's upper edge."""
        return bounds_of_ranks(
            self.n, percentile, confidence, effective_n, self._at_rank, lambda rank: self._at_rank(rank, upper=False)
        )

    def _step_of(self, values: Floats) -> Ints:
        mantissa, exponent = np.frexp(np.maximum(values, self.smallest / 2))
        within = ((mantissa * 2 - 1) * (1 << self.bits)).astype(np.int64)
        step = ((exponent - self._first_octave).astype(np.int64) << self.bits) + within + 1
        return np.where(values < self.smallest, 0, np.where(values > self.largest, len(self.counts) - 1, step))

    def _at_rank(self, rank: int, *, upper: bool = True) -> float:
        step = int(np.searchsorted(np.cumsum(self.counts), rank, side="left"))
        if step == 0:
            return self.smallest if upper else 0.0
        if step == len(self.counts) - 1:
            return math.inf if upper else self.largest
        octave, within = divmod(step - 1 + upper, 1 << self.bits)
        return math.ldexp(0.5 * (1 + within / (1 << self.bits)), octave + self._first_octave)
