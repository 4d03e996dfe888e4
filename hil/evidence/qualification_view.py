"""A bench's qualification for the eye (`hil bench qualify`): what the bench adds to a delay, part by part, as table and plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from rich.console import Console, Group
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Screen
from rich.text import Text

from hil.evidence.plots import INK, LIMIT, svg
from hil.run import qualification
from hil.run.qualification import Figures, Qualification
from hil.run.qualify import qualify
from hil.run.setup import read_setup

MEANING = {
    "pacing": "scheduled → departed (datagram)",
    "into_wire": "departed → received by the wire",
    "wire": "received → sent on by the wire",
    "out_of_wire": "sent on → received by the node",
    "serial": "last octets of a frame, against line rate",
}


def qualify_and_show(bench: Path, console: Console, *, isolation: str = "") -> int:
    """Qualify the bench, keep the result where runs look for it, and draw it; returns exit code 0.

    Raises ConfigError for files that do not fit, BenchError when the bench does not come up.
    """
    setup = read_setup(bench)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("qualifying", total=1.0)
        done = qualify(setup, isolation, lambda what, share: progress.update(task, description=what, completed=share))
    path = qualification.place(done.bench)
    qualification.keep(done, path)
    picture = path.with_suffix(".svg")
    picture.write_text(loopbacks(done), encoding="utf-8")
    console.print(Group(qualification_table(done), _words(done), Text(f"kept: {path}, {picture.name}")))
    return 0


def qualification_table(done: Qualification) -> Screen:
    """Every part of a delay that is the bench's own, in µs; the bound is that of p99 at 99 % confidence."""
    screen = Screen(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    screen.add_column("µs", no_wrap=True)
    for heading in ("n", "p50", "p99", "bound", "max"):
        screen.add_column(heading, justify="right", no_wrap=True)
    for kind, found in done.kinds.items():
        screen.add_row(*_cells(MEANING[kind], found), style="bold")
        if kind == "wire":
            for pair in done.pairs:
                screen.add_row(*_cells(f"  {pair.name}", pair), style="dim")
    for found in (done.stamps, done.waits):
        screen.add_row(*_cells(found.name, found))
    return screen


def loopbacks(done: Qualification) -> str:
    """p50, p99 and maximum of every part and every pair of taps on a logarithmic scale. SVG."""
    rows: Sequence[Figures] = [*done.kinds.values(), *done.pairs, done.stamps, done.waits]
    figure = Figure(figsize=(10, 0.3 * len(rows) + 1.2), layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(rows):
        low, high, most = (max(value * 1e6, 0.01) for value in (row.p50_s, row.p99_s, row.max_s))
        axes.plot([low, most], [place, place], color=INK, linewidth=1)
        axes.plot([low], [place], "o", color=INK, markersize=5)
        axes.plot([high], [place], "|", color=INK, markersize=10)
        axes.plot([most], [place], "x", color=LIMIT, markersize=5)
    axes.set_xscale("log")
    axes.set_yticks(range(len(rows)), [row.name for row in rows], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("µs: p50 (dot), p99 (bar), maximum (cross)", fontsize=8)
    axes.set_title(f"{done.bench}, {done.isolation}, {done.precision}, {done.taken}", fontsize=9)
    return svg(figure)


def _cells(name: str, found: Figures) -> list[str]:
    bound_s = found.bound_s(99.0, qualification.CONFIDENCE)
    return [name, str(found.n), *(f"{value * 1e6:.1f}" for value in (found.p50_s, found.p99_s, bound_s, found.max_s))]


def _words(done: Qualification) -> Text:
    waited, taken = f"{100 * done.stolen:.0f} %", f"{100 * done.steal:.1f} %"
    return Text(
        f"{done.bench}: {done.isolation}, {done.precision}; somebody waited for a core {waited} of the time, "
        f"a hypervisor took {taken}",
        style="dim",
    )
