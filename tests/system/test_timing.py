"""Every line of the link budgets is kept."""

from __future__ import annotations

from collections.abc import Callable

from hil.checks import timing
from hil.run.result import RunResult
from hil_fixtures import req


@req("LNK-TIM-001")
def test_every_segment_keeps_its_budget(flown: RunResult, judge: Callable) -> None:
    judge(
        timing.line_delay(line, chain.budget, chain.journeys, chain.sources, "LNK-TIM-001")
        for chain in flown.chains.values()
        for line in chain.budget.lines
    )


@req("LNK-TIM-002")
def test_every_chain_keeps_its_budget_end_to_end(flown: RunResult, judge: Callable) -> None:
    judge(
        timing.line_delay(chain.budget.end_to_end, chain.budget, chain.journeys, chain.sources, "LNK-TIM-002")
        for chain in flown.chains.values()
    )
