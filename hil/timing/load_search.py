"""Which load to try next: the throughput search of RFC 2544 §26.1, and with burst lengths for loads, RFC 9004 back-to-back.

It proposes and concludes; whoever calls it sends the traffic and counts. A load may be messages/s or messages per burst.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from hil.errors import ConfigError


@dataclass(frozen=True)
class Trial:
    """One try: `load` was offered, `sent` messages, of which `lost` did not come out."""

    load: float
    sent: int
    lost: int


def next_load(
    trials: Iterable[Trial], lowest: float, highest: float, resolution: float, loss_allowance: float = 0.0
) -> float | None:
    """The load to try next, None when the answer is known to within `resolution`.

    Starts at `highest` (RFC 2544: the medium's maximum) and halves the interval between the highest load that was carried and the
    lowest that was not. A load above one that failed counts for nothing. Raises ConfigError for an empty or nonsensical range.
    """
    if not (0.0 < lowest < highest < math.inf and resolution > 0.0):
        raise ConfigError(
            f"cannot search from {lowest:g} to {highest:g} in steps of {resolution:g}", "give 0 < lowest < highest"
        )
    tried = list(trials)
    failed = min((trial.load for trial in tried if not _carried(trial, loss_allowance)), default=math.inf)
    carried = max((trial.load for trial in tried if trial.load < failed), default=-math.inf)
    if carried >= highest or failed <= lowest:
        return None
    if not tried:
        return highest
    if carried == -math.inf:
        return max(lowest, (lowest + failed) / 2) if failed - lowest > resolution else lowest
    return (carried + failed) / 2 if failed - carried > resolution else None


def throughput(trials: Iterable[Trial], loss_allowance: float = 0.0) -> float:
    """The highest load carried below the lowest that was not; NaN if none was."""
    tried = list(trials)
    failed = min((trial.load for trial in tried if not _carried(trial, loss_allowance)), default=math.inf)
    return max((trial.load for trial in tried if trial.load < failed), default=math.nan)


def _carried(trial: Trial, loss_allowance: float) -> bool:
    return trial.sent > 0 and trial.lost <= loss_allowance * trial.sent
