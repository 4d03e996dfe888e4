"""report.html of a run: one file that needs nothing else, with the pictures in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from hil.evidence import plots
from hil.evidence.summary import segment_rows
from hil.run.result import RunResult
from hil.run.setup import Setup
from hil.timing.terms import kind_of
from hil.timing.verdict import Verdict


def write_report(
    folder: Path, facts: Mapping[str, Any], setup: Setup, result: RunResult | None, verdicts: Sequence[Verdict]
) -> Path:
    """Write report.html into `folder` and return its path. Without a result it holds the facts and the verdicts only."""
    rows = segment_rows(result, verdicts) if result is not None else []
    paths = {chain.name: chain.path for chain in setup.links.chain}
    charts = []
    if result is not None:
        for name, chain in result.chains.items():
            charts.append((name, plots.distributions(chain), plots.timeline(name, chain)))
    environment = Environment(
        loader=PackageLoader("hil.evidence", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["ms"] = lambda seconds: "–" if seconds != seconds else f"{seconds * 1e3:.3f}"  # noqa: PLR0124  # NaN
    page = environment.get_template("report.html.j2").render(
        facts=facts,
        title=setup.bench.file.title,
        topology=plots.topology(paths, rows),
        rows=rows,
        budgets=[chain.budget for chain in result.chains.values()] if result is not None else setup.budgets.values(),
        formatter=result.formatter if result is not None else {},
        kind_of=kind_of,
        charts=charts,
        verdicts=verdicts,
        requirements=setup.requirements,
    )
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path
