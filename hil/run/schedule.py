"""Open-loop schedules: when messages are to leave, whatever becomes of those before. Pure; instants in ns from 0, never falling.

The scan-shaped schedule is not here: plots carry the instants at which the antenna sees them (hil.scenario.radar).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hil.errors import ConfigError

Ints = npt.NDArray[np.int64]


def constant(rate_hz: float, count: int) -> Ints:
    """`count` messages at one rate, (count,) i8. Rounding does not add up. Raises ConfigError for a rate that is none."""
    return np.asarray(np.rint(np.arange(_counted(count)) * (1e9 / _positive(rate_hz, "rate"))), np.int64)


def poisson(rate_hz: float, count: int, seed: int) -> Ints:
    """`count` messages with exponential gaps of mean 1/rate, the first after one gap, (count,) i8; RFC 2330 §11.1.1."""
    gaps_s = np.random.default_rng(seed).exponential(1.0 / _positive(rate_hz, "rate"), _counted(count))
    return np.rint(np.cumsum(gaps_s) * 1e9).astype(np.int64)


def bursts(messages: int, period_s: float, count: int) -> Ints:
    """`count` bursts of `messages` that are due at one instant (they leave back to back), one burst a period; RFC 2544 §26.4."""
    starts: Ints = np.rint(np.arange(_counted(count)) * (_positive(period_s, "period") * 1e9)).astype(np.int64)
    return np.repeat(starts, _counted(messages))


def recorded(stamp_ns: Ints, speed: float = 1.0) -> Ints:
    """The gaps of a recording, (n,) i8, divided by `speed`; a stamp before its predecessor is taken to be as late as that."""
    if not len(stamp_ns):
        return np.zeros(0, np.int64)
    since = np.maximum.accumulate(stamp_ns - stamp_ns[0])
    return np.rint(since / _positive(speed, "speed")).astype(np.int64)


def _positive(value: float, what: str) -> float:
    if not 0.0 < value < math.inf:
        raise ConfigError(f"a {what} of {value:g} sends nothing", f"give a {what} above 0")
    return value


def _counted(count: int) -> int:
    if count < 0:
        raise ConfigError(f"{count} messages cannot be sent", "give 0 or more")
    return count
