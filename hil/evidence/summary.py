"""One screen that says how a run went: every line of every budget, then what else was found, then where the evidence is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console, Group
from rich.table import Table as Screen
from rich.text import Text

from hil.run.result import ChainResult, RunResult
from hil.timing.budget import BudgetLine
from hil.timing.journeys import segment_delays
from hil.timing.verdict import Outcome, Verdict, overall

REASONS_MAX = 12
STYLES = {Outcome.PASS: "green", Outcome.FAIL: "bold red", Outcome.INCONCLUSIVE: "yellow", Outcome.BLOCKED: "magenta"}


@dataclass(frozen=True)
class SegmentRow:
    """One line of a budget as measured; delays in s, NaN where nothing arrived."""

    chain: str
    name: str
    sent: int
    received: int
    lost: int
    p50_s: float
    p99_s: float
    max_s: float
    limit_s: float
    outcome: Outcome
    reason: str
    judged: bool = True

    def facts(self) -> dict[str, object]:
        """The row as run.json has it, delays in ms."""
        name = f"{self.chain}: {self.name}"
        counts = {"name": name, "sent": self.sent, "received": self.received, "lost": self.lost}
        delays = {"p50_ms": self.p50_s, "p99_ms": self.p99_s, "max_ms": self.max_s, "budget_ms": self.limit_s}
        return counts | {key: round(value * 1e3, 4) for key, value in delays.items()} | {"verdict": self.outcome.value}


def segment_rows(result: RunResult, verdicts: Sequence[Verdict]) -> list[SegmentRow]:
    """Every line of every chain, with the worst of the verdicts on it (a line that nobody judged is inconclusive)."""
    return [_row(name, chain, line, verdicts) for name, chain in result.chains.items() for line in chain.budget.judged]


def _row(name: str, chain: ChainResult, line: BudgetLine, verdicts: Sequence[Verdict]) -> SegmentRow:
    journeys = chain.due(line.to_tap)
    here, there = journeys.column(line.from_tap), journeys.column(line.to_tap)
    sent = (journeys.stamps_ns[:, here] >= 0) & ~journeys.ambiguous
    received = sent & (journeys.stamps_ns[:, there] >= 0)
    delays_s = segment_delays(chain.timely(line.to_tap), line.from_tap, line.to_tap)
    delays_s = delays_s[~np.isnan(delays_s)]
    p50_s, p99_s, max_s = np.percentile(delays_s, [50, 99, 100]) if len(delays_s) else [np.nan] * 3
    found = [verdict for verdict in verdicts if verdict.subject == chain.budget.subject(line)]
    outcome = overall(verdict.outcome for verdict in found)
    reason = next((verdict.reason for verdict in found if verdict.outcome is outcome), "")
    return SegmentRow(
        chain=name,
        name=line.name,
        sent=int(sent.sum()),
        received=int(received.sum()),
        lost=int(sent.sum() - received.sum()),
        p50_s=float(p50_s),
        p99_s=float(p99_s),
        max_s=float(max_s),
        limit_s=line.limit_s,
        outcome=outcome,
        reason=reason,
        judged=bool(found),
    )


def _ms(seconds: float) -> str:
    return "–" if np.isnan(seconds) else f"{seconds * 1e3:.2f}"


def _verdict_text(outcome: Outcome) -> Text:
    return Text(outcome.value, style=STYLES[outcome])


def _row_text(row: SegmentRow) -> Text:
    return _verdict_text(row.outcome) if row.judged else Text("not judged", style="dim")


def _segments(rows: Sequence[SegmentRow]) -> Screen:
    screen = Screen(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))  # fits 80 columns
    screen.add_column("delays in ms", no_wrap=True)
    for heading in ("sent", "received", "lost", "p50", "p99", "max", "budget"):
        screen.add_column(heading, justify="right", no_wrap=True)
    screen.add_column("verdict", no_wrap=True)
    chain = ""
    for row in rows:
        if row.chain != chain:
            screen.add_row(Text(row.chain, style="bold cyan"))
            chain = row.chain
        cells = (str(row.sent), str(row.received), str(row.lost), _ms(row.p50_s), _ms(row.p99_s), _ms(row.max_s))
        style = "bold" if row.name == "end to end" else ""
        screen.add_row(f" {row.name}", *cells, _ms(row.limit_s), _row_text(row), style=style)
    return screen


def _others(verdicts: Sequence[Verdict], rows: Sequence[SegmentRow]) -> Screen:
    """Verdicts that are not on a budget line, one row a requirement; what did not pass is spelled out below it."""
    on_lines = {f"{row.chain}: {row.name}" for row in rows}
    screen = Screen(box=None, pad_edge=False, show_header=False)
    families: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.subject not in on_lines:
            families.setdefault(verdict.requirement, []).append(verdict)
    for requirement, found in sorted(families.items()):
        screen.add_row(requirement, f"{len(found)} checks", _verdict_text(overall(v.outcome for v in found)))
    return screen


def _reasons(verdicts: Sequence[Verdict]) -> list[Text]:
    """What did not pass, worst first; subjects with the same reason share a line."""
    worst_first = (Outcome.FAIL, Outcome.BLOCKED, Outcome.INCONCLUSIVE)
    grouped: dict[tuple[Outcome, str, str], list[str]] = {}
    for verdict in sorted(
        (v for v in verdicts if v.outcome in worst_first), key=lambda v: worst_first.index(v.outcome)
    ):
        grouped.setdefault((verdict.outcome, verdict.requirement, verdict.reason), []).append(verdict.subject)
    lines = []
    for (outcome, requirement, reason), subjects in grouped.items():
        named = subjects[0] + (f" and {len(subjects) - 1} more" if len(subjects) > 1 else "")
        lines.append(Text(f"{outcome.value}: {requirement} {named}: {reason}", style=STYLES[outcome]))
    return lines[:REASONS_MAX] + (
        [Text(f"… and {len(lines) - REASONS_MAX} more, see report.html")] if lines[REASONS_MAX:] else []
    )


def show(
    console: Console,
    facts: Mapping[str, object],
    result: RunResult | None,
    verdicts: Sequence[Verdict],
    errors: Sequence[str],
    outcome: Outcome,
    folder: Path,
) -> None:
    """Print the screen."""
    rows = segment_rows(result, verdicts) if result is not None else []
    parts: list[Screen | Text] = [_segments(rows), Text("")] if rows else []
    others = _others(verdicts, rows)
    parts += [others] if others.row_count else []
    parts += _reasons(verdicts)
    parts += [Text(error, style="bold red") for error in errors]
    where = f"isolation: {facts.get('isolation', 'none')} ({facts.get('isolation_reason', 'the bench did not stand')})"
    parts.append(Text(f"{where}, executors: {facts.get('precision', '–')}", style="dim"))
    done = facts.get("faults")
    if isinstance(done, list):
        boxes = sorted({str(fault["box"]) for fault in done})
        parts.append(
            Text(f"faults: {len(done)} done to {', '.join(boxes)}; what they can have met is excused", style="dim")
        )
    if "floor" in facts:
        parts.append(Text(f"bench: {facts['floor']}", style="dim"))
    for box, clocks in (result.formatter if result is not None else {}).items():
        parts.append(Text(f"formatter of {box}: {clocks.words()}", style="dim"))
    parts.append(Text.assemble("verdict: ", (outcome.value, STYLES[outcome]), f"   run folder: {folder}"))
    console.print(Group(*parts), soft_wrap=True)
