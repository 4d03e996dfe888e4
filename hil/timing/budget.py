"""What a chain of a link file may take, line by line and end to end: allowed, worst case, Monte Carlo.

A chain of k nodes gives alternating lines: link, node, link, …, link. Taps are named `<node>.in` and `<node>.out`; the first is
`<radar>.out` (the instant the plot was scheduled), the last `<c2>.in`. Measured delays do not come in here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from hil.errors import ConfigError
from hil.timing.link_file import Chain, LinkFile, read_links
from hil.timing.terms import Clocks, Term

__all__ = ["Budget", "BudgetLine", "budget", "monte_carlo", "read_budgets", "with_clocks"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BudgetLine:
    """One stretch of a chain between two taps and what it may take there."""

    name: str
    kind: Literal["link", "node", "end_to_end"]
    from_tap: str
    to_tap: str
    limit_s: float
    loss_allowance: float  # share of messages
    terms: tuple[Term, ...]

    @property
    def worst_s(self) -> float:
        """Sum of the terms' worst cases."""
        return math.fsum(term.worst_s() for term in self.terms)

    @property
    def slack_s(self) -> float:
        """What the limit leaves beyond the worst case; never negative in a budget as it was accepted (see `with_clocks`)."""
        return self.limit_s - self.worst_s


@dataclass(frozen=True)
class Budget:
    """A chain's lines in order, its end-to-end line, and the claim that each of them has to meet."""

    chain: str
    percentile: float
    confidence: float  # per cent
    burst: float  # messages that late ones are taken to come in, at least
    lines: tuple[BudgetLine, ...]
    end_to_end: BudgetLine

    @property
    def taps(self) -> tuple[str, ...]:
        """Names of all taps in order, from `<radar>.out` to `<c2>.in`."""
        return (self.lines[0].from_tap, *(line.to_tap for line in self.lines))

    @property
    def judged(self) -> tuple[BudgetLine, ...]:
        """Every line that gets a verdict: the stretches, then end to end."""
        return (*self.lines, self.end_to_end)

    def subject(self, line: BudgetLine) -> str:
        """How verdicts name one of this budget's lines: chain and line."""
        return f"{self.chain}: {line.name}"


def read_budgets(text: str, source: str) -> tuple[LinkFile, tuple[Budget, ...]]:
    """A link file's text, checked, and the budget of each of its chains. Raises ConfigError as `read_links` and `budget` do."""
    links = read_links(text, source)
    return links, tuple(budget(links, chain.name, source) for chain in links.chain)


def budget(links: LinkFile, chain_name: str, source: str = "link file") -> Budget:
    """The budget of one chain.

    Raises ConfigError when the terms of a line, or of the whole chain, add up to more than its limit; the sum is in the message.
    """
    chain = links.chain_named(chain_name)
    lines = _lines(links, chain)
    end_to_end = BudgetLine(
        name="end to end",
        kind="end_to_end",
        from_tap=lines[0].from_tap,
        to_tap=lines[-1].to_tap,
        limit_s=chain.limit_ms * 1e-3,
        loss_allowance=_end_to_end_loss(chain, lines),
        terms=tuple(term for line in lines for term in line.terms),
    )
    for line in (*lines, end_to_end):
        if line.worst_s > line.limit_s:
            raise ConfigError(
                f"{source}: chain `{chain.name}`, {line.name}: the terms add up to {line.worst_s * 1e3:.3f} ms, "
                f"more than its limit of {line.limit_s * 1e3:g} ms",
                "raise limit_ms or lower a term",
            )
    return Budget(chain.name, chain.percentile, chain.confidence, chain.burst, lines, end_to_end)


def with_clocks(budget: Budget, counted: Mapping[str, Clocks]) -> Budget:
    """The budget with what was counted in its nodes, by name, in place of the allowance of the same kind that the link file
    gives, if it gives one. Limits stay: a count above them takes the slack below 0, and no verdict on that line passes any more."""
    lines = tuple(
        replace(line, terms=(*(term for term in line.terms if not isinstance(term, Clocks)), counted[line.name]))
        if line.kind == "node" and line.name in counted
        else line
        for line in budget.lines
    )
    terms = tuple(term for line in lines for term in line.terms)
    return replace(budget, lines=lines, end_to_end=replace(budget.end_to_end, terms=terms))


def monte_carlo(line: BudgetLine, n: int, seed: int) -> Floats:
    """`n` draws of the sum of a line's terms, (n,) f8, s; terms are independent, the same seed gives the same draws."""
    rng = np.random.default_rng(seed)
    total = np.zeros(n)
    for term in line.terms:
        total += term.sample_s(rng, n)
    return total


def _end_to_end_loss(chain: Chain, lines: tuple[BudgetLine, ...]) -> float:
    """The chain's own allowance if it has one, else what its lines allow together."""
    return chain.loss_allowance or 1.0 - math.prod(1.0 - line.loss_allowance for line in lines)


def _lines(links: LinkFile, chain: Chain) -> tuple[BudgetLine, ...]:
    lines: list[BudgetLine] = []
    for here, there in zip(chain.path, chain.path[1:], strict=False):
        segment = links.segment_between(here, there)
        assert segment is not None, "read_links has checked that every chain can be walked"
        limit_s, loss = segment.limit_ms * 1e-3, segment.allowed_loss()
        lines.append(BudgetLine(f"{here} → {there}", "link", f"{here}.out", f"{there}.in", limit_s, loss, segment.term))
        node = links.node_named(there)
        if node is not None and there != chain.path[-1]:
            limit_s, loss = node.limit_ms * 1e-3, node.loss_allowance
            lines.append(BudgetLine(there, "node", f"{there}.in", f"{there}.out", limit_s, loss, node.term))
    return tuple(lines)
