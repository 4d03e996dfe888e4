"""Is every record that went into a box accounted for: forwarded as a track, or refused with its cause?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hil.checks.delivery import REFUSALS
from hil.timing.verdict import Verdict, judge_count


@dataclass(frozen=True)
class Account:
    """Of `records` plots, `forwarded` came out; the box names the causes of `refused`; the rest is `unaccounted`.

    `invented` are tracks that answer to no plot.
    """

    records: int
    forwarded: int
    refused: Mapping[str, int]
    invented: int

    @property
    def unaccounted(self) -> int:
        """Plots of which nobody knows; below zero when the box refused more than it was given."""
        return self.records - self.forwarded - sum(self.refused.values())


def record_key(
    tod_ticks: npt.NDArray[np.int64], sac: npt.NDArray[np.int64], sic: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Time of day and sensor of each record as one number; what a plot and its track share whatever else the plot has."""
    return np.asarray(tod_ticks, np.int64) << 16 | np.asarray(sac, np.int64) << 8 | np.asarray(sic, np.int64)


def account(plots: npt.NDArray[np.int64], tracks: npt.NDArray[np.int64], counted: Mapping[str, int]) -> Account:
    """Match plots and tracks by key, as often as each occurs; `counted` is how far each counter of the box went up."""
    keys, sent = np.unique(plots, return_counts=True)
    seen_keys, seen = np.unique(tracks, return_counts=True)
    place = np.searchsorted(seen_keys, keys)
    found = np.zeros(len(keys), np.int64)
    inside = place < len(seen_keys)
    same = inside.copy()
    same[inside] = seen_keys[place[inside]] == keys[inside]
    found[same] = seen[place[same]]
    forwarded = int(np.minimum(sent, found).sum())
    refused = {cause: counted[cause] for cause in REFUSALS if counted.get(cause)}
    return Account(len(plots), forwarded, refused, len(tracks) - forwarded)


def verdicts(box: str, found: Account, service_sent: int, service_counted: int, requirement: str) -> list[Verdict]:
    """Nothing is unaccounted for and nothing invented; service messages are counted one by one."""
    missing_service = abs(service_sent - service_counted)
    return [
        judge_count(
            requirement, box, abs(found.unaccounted), 0, found.records, "plots neither forwarded nor refused by name"
        ),
        judge_count(requirement, box, found.invented, 0, found.records, "tracks that answer to no plot"),
        judge_count(requirement, box, missing_service, 0, max(service_sent, 1), "service messages miscounted"),
    ]
