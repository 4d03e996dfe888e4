"""Every line of the link budgets is kept."""

from __future__ import annotations

from collections.abc import Callable

from hil.checks import timing
from hil.run.result import ChainResult, RunResult
from hil.timing.budget import BudgetLine
from hil.timing.verdict import Verdict
from hil_fixtures import req


def line_delay(run: RunResult, chain: ChainResult, line: BudgetLine, requirement: str) -> Verdict:
    """Verdict on one line, with what the bench itself may have added to it."""
    return timing.line_delay(
        line,
        chain.budget,
        chain.timely(line.to_tap),
        chain.sources,
        requirement,
        clock_sync_s=run.clock_sync_s,
        floor_s=run.floor.floor_s(line, chain.budget),
        starved_s=run.floor.starved_s(line, chain.budget),
    )


@req("LNK-TIM-001")
def test_every_segment_keeps_its_budget(flown: RunResult, judge: Callable) -> None:
    judge(
        line_delay(flown, chain, line, "LNK-TIM-001") for chain in flown.chains.values() for line in chain.budget.lines
    )


@req("LNK-TIM-002")
def test_every_chain_keeps_its_budget_end_to_end(flown: RunResult, judge: Callable) -> None:
    judge(line_delay(flown, chain, chain.budget.end_to_end, "LNK-TIM-002") for chain in flown.chains.values())
