"""Is every line of a link budget kept? The figures come from journeys, the decision from hil.timing.verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hil.columns import StampSource
from hil.timing.budget import Budget, BudgetLine
from hil.timing.clusters import burst_length
from hil.timing.journeys import Journeys, segment_delays
from hil.timing.uncertainty import stamps_uncertainty
from hil.timing.verdict import Verdict, judge_delay


def line_delay(
    line: BudgetLine,
    budget: Budget,
    journeys: Journeys,
    sources: Mapping[str, StampSource],
    requirement: str,
    *,
    clock_sync_s: float = 0.0,
    floor_s: float = 0.0,
    starved_s: float = 0.0,
    disturbed: str = "",
) -> Verdict:
    """The delay of one line at the budget's percentile and confidence.

    `sources` says for each tap where its stamps were taken, `clock_sync_s` the standard uncertainty of the offset between their
    clocks, `floor_s` what the bench itself adds (hil.run.floor),
    `starved_s` what waiting for a core may have added to boxes that are processes, `disturbed` why the bench cannot be believed.
    """
    uncertainty = stamps_uncertainty(
        sources[line.from_tap], sources[line.to_tap], clock_sync_s=clock_sync_s, floor_s=floor_s
    )
    verdict = judge_delay(
        line,
        segment_delays(journeys, line.from_tap, line.to_tap),
        uncertainty,
        percentile=budget.percentile,
        confidence=budget.confidence,
        requirement=requirement,
        burst=budget.burst,
        starved_s=starved_s,
        disturbed=disturbed,
    )
    return replace(verdict, subject=budget.subject(line))


def clustered_delays(line: BudgetLine, journeys: Journeys) -> tuple[npt.NDArray[np.float64], float]:
    """A line's delays, (m,) f8, s, without the lost, and how many messages one independent late one is worth: what is known of a
    part of a long run before its delays are only counted."""
    delays_s = segment_delays(journeys, line.from_tap, line.to_tap)
    delays_s = delays_s[~np.isnan(delays_s)]
    return delays_s, burst_length(delays_s, line.limit_s)
