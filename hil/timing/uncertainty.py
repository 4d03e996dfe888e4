"""How far a measured delay may be from the true one: stamps, clocks and the bench's own floor (GUM, JCGM 100:2008).

Standard uncertainties combine as root sum of squares; the expanded uncertainty is k = 2 times that (about 95 %). The figures
for stamps are starting values for a quiet Linux host; a bench that has qualified itself passes its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from hil.columns import StampSource
from hil.timing.percentiles import percentile_bounds

COVERAGE_FACTOR = 2.0
FLOOR_SHARE = 0.5  # a bench floor above this share of a line's slack cannot prove a pass

# Standard uncertainty of one stamp, s. Kernel: p99.9 of 1.4 µs on a veth taken as a half-width, / √3. User: 46 µs p99 when the
# process is undisturbed. Instrument: a time-interval counter's 100 ns. Box: its own millisecond clock. Virtual time is exact.
STAMP_STANDARD_S: Mapping[StampSource, float] = MappingProxyType(
    {
        StampSource.KERNEL_RX: 1e-6,
        StampSource.KERNEL_TX: 1e-6,
        StampSource.USER: 46e-6 / math.sqrt(3),
        StampSource.INSTRUMENT: 100e-9,
        StampSource.BOX: 1e-3 / math.sqrt(3),
        StampSource.VIRTUAL: 0.0,
    }
)


@dataclass(frozen=True)
class Uncertainty:
    """What is known about the error of one line's delays. All in s; zeros for what does not apply."""

    from_stamp_s: float  # standard uncertainty of the stamp at the line's start …
    to_stamp_s: float  # … and at its end
    clock_sync_s: float = 0.0  # standard uncertainty of the offset between the two clocks; 0 on one host
    floor_s: float = 0.0  # what the bench itself may add to a delay: an undisturbed loopback's percentile

    @property
    def combined_s(self) -> float:
        """Combined standard uncertainty; the floor is rectangular over 0 … floor_s, so floor_s / √3 about an uncorrected 0."""
        return math.hypot(self.from_stamp_s, self.to_stamp_s, self.clock_sync_s, self.floor_s / math.sqrt(3))

    @property
    def expanded_s(self) -> float:
        """Expanded uncertainty, k = 2."""
        return COVERAGE_FACTOR * self.combined_s


def stamps_uncertainty(
    from_source: StampSource, to_source: StampSource, *, clock_sync_s: float = 0.0, floor_s: float = 0.0
) -> Uncertainty:
    """Uncertainty of a delay between two stamps of these sources, with the built-in figures for the stamps."""
    return Uncertainty(STAMP_STANDARD_S[from_source], STAMP_STANDARD_S[to_source], clock_sync_s, floor_s)


def bench_floor_s(loopback_delays_s: npt.NDArray[np.float64], percentile: float, confidence: float) -> float:
    """What the bench alone adds to a delay: upper bound of the percentile of an undisturbed loopback; inf if it is too short."""
    return percentile_bounds(loopback_delays_s, percentile, confidence).upper


def floor_too_high(floor_s: float, slack_s: float) -> bool:
    """Is the bench's own floor above the share of a budget line's slack that still lets it prove a pass?"""
    return floor_s > FLOOR_SHARE * max(slack_s, 0.0)
