"""How many messages a percentile claim takes, and how long they take to send: what `hil plan` prints."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hil.errors import ConfigError
from hil.timing.percentiles import messages_needed


@dataclass(frozen=True)
class PlanRow:
    """If `late_bursts` independent bursts exceed the limit, the claim still stands after `messages`, sent in `duration_s`."""

    late_bursts: int
    messages: int
    duration_s: float


def plan(
    percentile: float,
    confidence: float,
    rate_hz: float,
    *,
    burst: float = 1.0,
    late_bursts: tuple[int, ...] = (0, 1, 2, 5, 10, 20),
) -> tuple[PlanRow, ...]:
    """Sample sizes and run times of the claim "the percentile is within its limit", one row per number of late bursts.

    `burst`: messages per burst that the claim has to hold against; each burst is worth one independent observation, so sample sizes
    grow by it. Raises ConfigError for a percentile, confidence, rate or burst that means nothing.
    """
    if not 0.0 < rate_hz < math.inf:
        raise ConfigError(f"a rate of {rate_hz:g} messages/s sends nothing", "give a rate greater than 0")
    if not 1.0 <= burst < math.inf:
        raise ConfigError(f"a burst of {burst:g} messages is none", "give 1 for single late messages, or more")
    sizes = [math.ceil(burst * messages_needed(percentile, confidence, late)) for late in late_bursts]
    return tuple(PlanRow(late, size, size / rate_hz) for late, size in zip(late_bursts, sizes, strict=True))
