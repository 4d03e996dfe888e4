"""The report's pictures as inline SVG: the topology with its verdicts, delay distributions, delays over time."""

from __future__ import annotations

import io
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from hil.evidence.summary import SegmentRow
from hil.run.result import ChainResult
from hil.timing.journeys import segment_delays
from hil.timing.verdict import Outcome

COLOURS = {
    Outcome.PASS: "#2e7d32",
    Outcome.FAIL: "#c62828",
    Outcome.INCONCLUSIVE: "#b58900",
    Outcome.BLOCKED: "#8e24aa",
}
INK, LIMIT = "#1f4e79", "#c62828"
COLUMNS = 4


def topology(paths: Mapping[str, Sequence[str]], rows: Sequence[SegmentRow]) -> str:
    """Each chain as a row of nodes and arrows, coloured by verdict, with the p99 of every stretch in ms."""
    width = max(len(path) for path in paths.values())
    figure = Figure(figsize=(1.75 * width, 1.6 * len(paths)))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-0.6, width - 0.4)
    axes.set_ylim(-0.6, len(paths) - 0.3)
    axes.axis("off")
    found = {(row.chain, row.name): row for row in rows}
    for y, (chain, path) in enumerate(reversed(list(paths.items()))):
        axes.text(-0.45, y + 0.42, chain, fontsize=10, fontweight="bold", color=INK)
        for x, node in enumerate(path):
            row = found.get((chain, node))
            colour = COLOURS[row.outcome] if row else "#555555"
            label = node if row is None else f"{node}\n{_ms(row.p99_s)}"
            frame = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": colour, "linewidth": 1.8}
            axes.text(x, y, label, ha="center", va="center", fontsize=8.5, bbox=frame, zorder=3)
        for x, (source, sink) in enumerate(itertools.pairwise(path)):
            row = found.get((chain, f"{source} → {sink}"))
            colour = COLOURS[row.outcome] if row else "#555555"
            arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.6}
            axes.annotate("", (x + 0.69, y), (x + 0.31, y), arrowprops=arrow)
            if row is not None:
                axes.text(x + 0.5, y + 0.13, _ms(row.p99_s), ha="center", fontsize=7.5, color=colour)
    return svg(figure)


def distributions(chain: ChainResult) -> str:
    """A histogram of the delays on every line of the budget, its limit marked."""
    lines = chain.budget.judged
    height = -(-len(lines) // COLUMNS)
    figure = Figure(figsize=(11, 2.0 * height), layout="constrained")
    grid = figure.subplots(height, COLUMNS, squeeze=False).ravel()
    for axes, line in zip(grid, lines, strict=False):
        delays_ms = segment_delays(chain.journeys, line.from_tap, line.to_tap) * 1e3
        delays_ms = delays_ms[~np.isnan(delays_ms)]
        if len(delays_ms):
            axes.hist(delays_ms, bins=40, color=INK, log=True)
        axes.axvline(line.limit_s * 1e3, color=LIMIT, linewidth=1)
        axes.set_title(line.name, fontsize=8)
        axes.tick_params(labelsize=7)
    for axes in grid[len(lines) :]:
        axes.axis("off")
    figure.supxlabel("one-way delay, ms (limit in red)", fontsize=8)
    figure.supylabel("plots", fontsize=8)
    return svg(figure)


def timeline(name: str, chain: ChainResult) -> str:
    """End-to-end delay of each plot over the time it was scheduled at; lost plots as crosses on the limit."""
    journeys, line = chain.journeys, chain.budget.end_to_end
    delays_ms = segment_delays(journeys, line.from_tap, line.to_tap) * 1e3
    begun_ns = journeys.stamps_ns[0, 0] if len(delays_ms) else 0
    start_s = (journeys.stamps_ns[:, 0] - begun_ns) * 1e-9
    lost = np.isnan(delays_ms)
    figure = Figure(figsize=(11, 2.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(start_s[~lost], delays_ms[~lost], ".", color=INK, markersize=3)
    axes.plot(start_s[lost], np.full(int(lost.sum()), line.limit_s * 1e3), "x", color=LIMIT, markersize=5)
    axes.axhline(line.limit_s * 1e3, color=LIMIT, linewidth=1)
    axes.set_ylim(bottom=0)
    axes.set_title(f"{name}: end to end over the run ({int(lost.sum())} lost)", fontsize=9)
    axes.set_xlabel("scheduled at, s", fontsize=8)
    axes.set_ylabel("delay, ms", fontsize=8)
    axes.tick_params(labelsize=7)
    return svg(figure)


def _ms(seconds: float) -> str:
    return "–" if np.isnan(seconds) else f"{seconds * 1e3:.1f}"


def svg(figure: Any) -> str:
    """A figure as an <svg> element; the same figure gives the same text."""
    out = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "radar-hil"}):
        figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]
