"""A link budget for the eye (`hil budget show LINK`): term by term as a table, and as a waterfall that fills up to the limit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table as Screen
from rich.text import Text

from hil.bench.config import read_text
from hil.errors import ConfigError
from hil.evidence.plots import INK, LIMIT, svg
from hil.timing.budget import Budget, BudgetLine, monte_carlo, read_budgets
from hil.timing.terms import kind_of

DRAWS = 100_000  # of a Monte Carlo total
BAR_CELLS = 24
SLACK = "#c7d5e3"
NARROW_COLUMNS = 110  # terminals below that get no waterfall


def show_budget(link_file: Path, console: Console, *, chain: str = "", picture: Path | None = None) -> int:
    """Print the budgets of a link file (all its chains, or one) and write the waterfall plot to `picture`; returns exit code 0.

    Raises ConfigError for a file that cannot be read, a budget that exceeds its own limit, or a chain that it does not have.
    """
    _, budgets = read_budgets(read_text(link_file), str(link_file))
    chosen = [budget for budget in budgets if chain in ("", budget.chain)]
    if not chosen:
        raise ConfigError(
            f"{link_file} has no chain `{chain}`", f"it has {', '.join(budget.chain for budget in budgets)}"
        )
    for budget in chosen:
        console.print(budget_table(budget, bars=console.width >= NARROW_COLUMNS))
    if picture is not None:
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_text(waterfall(chosen), encoding="utf-8")
        console.print(f"waterfall: {picture}")
    return 0


def budget_table(budget: Budget, *, bars: bool = True) -> Screen:
    """One chain: every line with its terms, worst cases, Monte Carlo percentile, limit and slack, in ms."""
    title = f"{budget.chain}: p{budget.percentile:g} at {budget.confidence:g} % within each limit, ms"
    screen = Screen(
        title=title, title_justify="left", box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0)
    )
    screen.add_column("line and term", no_wrap=True)
    screen.add_column("formula", overflow="fold", max_width=44)
    for heading in ("worst", f"p{budget.percentile:g}", "limit", "slack"):
        screen.add_column(heading, justify="right", no_wrap=True)
    if bars:
        screen.add_column("0 … end-to-end limit", no_wrap=True)
    before_s, total_s = 0.0, budget.end_to_end.limit_s
    for line in budget.judged:
        whole = line.kind == "end_to_end"
        start_s = 0.0 if whole else before_s
        bar: list[str | Text] = [_bar(start_s, line.worst_s, total_s)] if bars else []
        likely_s = float(np.percentile(monte_carlo(line, DRAWS, seed=1), budget.percentile))
        cells: list[str | Text] = [
            line.name,
            "",
            _ms(line.worst_s),
            _ms(likely_s),
            _ms(line.limit_s),
            _ms(line.slack_s),
            *bar,
        ]
        screen.add_row(*cells, style="bold")
        if whole:
            continue
        for term in line.terms:
            bar = [_bar(before_s, term.worst_s(), total_s)] if bars else []
            screen.add_row(f"  {kind_of(term)}", term.formula(), _ms(term.worst_s()), "", "", "", *bar, style="dim")
            before_s += term.worst_s()
    return screen


def _bar(start_s: float, length_s: float, total_s: float) -> Text:
    begin = round(start_s / total_s * BAR_CELLS)
    end = max(begin + (length_s > 0), round((start_s + length_s) / total_s * BAR_CELLS))
    return Text(" " * begin + "█" * (end - begin), style="cyan")


def waterfall(budgets: Sequence[Budget]) -> str:
    """Every chain as bars that begin where the one above ends: worst cases, the slack of each line, the end-to-end limit. SVG."""
    heights = [len(budget.lines) + 1 for budget in budgets]
    figure = Figure(figsize=(10, 0.34 * sum(heights) + 1.1 * len(budgets)), layout="constrained")
    rows = figure.subplots(len(budgets), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, budget in zip(rows, budgets, strict=True):
        before_ms = 0.0
        for place, line in enumerate(budget.lines):
            _draw(axes, place, line, before_ms)
            before_ms += line.worst_s * 1e3
        _draw(axes, len(budget.lines), budget.end_to_end, 0.0)
        axes.axvline(budget.end_to_end.limit_s * 1e3, color=LIMIT, linewidth=1)
        axes.set_yticks(range(len(budget.judged)), [line.name for line in budget.judged], fontsize=8)
        axes.invert_yaxis()
        axes.set_title(
            f"{budget.chain}: worst case (dark), slack to each limit (light), end-to-end limit (red)", fontsize=9
        )
        axes.set_xlabel("ms from the scheduled instant", fontsize=8)
        axes.tick_params(labelsize=8)
    return svg(figure)


def _draw(axes: object, place: int, line: BudgetLine, before_ms: float) -> None:
    worst_ms, limit_ms = line.worst_s * 1e3, line.limit_s * 1e3
    draw = axes.barh  # type: ignore[attr-defined]  # matplotlib has no types here
    draw(place, limit_ms, left=before_ms, color=SLACK, height=0.7)
    draw(place, worst_ms, left=before_ms, color=INK, height=0.7)


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3f}"
