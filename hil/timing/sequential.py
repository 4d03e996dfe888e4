"""When a run may stop early: a few planned looks at the data, each paid for out of the one risk that the claim allows.

Looking after every message and stopping at the first good moment would accept far too many bad boxes. Here the risks of all looks
add up to 1 − confidence (union bound), so the verdict of any look holds with the confidence of the claim.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hil.errors import ConfigError
from hil.timing.percentiles import messages_needed


@dataclass(frozen=True)
class Look:
    """Judge once, when `messages` are through, at `confidence` (per cent); stop if the verdict is pass or fail."""

    messages: int
    confidence: float


def looks(messages: int, percentile: float, confidence: float, burst: float = 1.0, most: int = 3) -> tuple[Look, ...]:
    """Looks of a run of `messages`, at 1/4, 1/2 and all of it (`most` = 3), or fewer if the first could prove nothing.

    Each look's risk is the share of the messages that came in since the look before. Raises ConfigError when even the whole run
    is too short for the claim.
    """
    needed = math.ceil(burst * messages_needed(percentile, confidence))
    if messages < needed:
        raise ConfigError(
            f"{messages} messages cannot prove p{percentile:g} at {confidence:g} %", f"plan {needed} or more (hil plan)"
        )
    risk = 1.0 - confidence / 100.0
    for count in range(most, 1, -1):
        sizes = [messages >> (count - 1 - k) for k in range(count)]
        new = [after - before for before, after in zip([0, *sizes], sizes, strict=False)]
        planned = tuple(
            Look(size, 100.0 * (1.0 - risk * fresh / messages)) for size, fresh in zip(sizes, new, strict=True)
        )
        if planned[0].messages >= burst * messages_needed(percentile, planned[0].confidence):
            return planned
    return (Look(messages, confidence),)
