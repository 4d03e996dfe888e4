"""Is every line of a link budget kept? The figures come from journeys, the decision from hil.timing.verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hil.columns import StampSource
from hil.timing.budget import Budget, BudgetLine
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
    floor_s: float = 0.0,
    starved_s: float = 0.0,
    disturbed: str = "",
) -> Verdict:
    """The delay of one line at the budget's percentile and confidence.

    `sources` says for each tap where its stamps were taken, `floor_s` what the bench itself adds (hil.run.floor),
    `starved_s` what waiting for a core may have added to boxes that are processes, `disturbed` why the bench cannot be believed.
    """
    uncertainty = stamps_uncertainty(sources[line.from_tap], sources[line.to_tap], clock_sync_s=0.0, floor_s=floor_s)
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
