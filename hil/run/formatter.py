"""What the formatter of a box took, in clocks of its FPGA, and its place in the link budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hil.bench.stand import Stand
from hil.boxes import console
from hil.boxes.box import FormatterClocks
from hil.run.setup import Setup
from hil.timing.budget import with_clocks
from hil.timing.terms import Clocks


def formatter_clocks(stand: Stand) -> dict[str, FormatterClocks]:
    """What the boxes of an `rtl` bench have counted; empty on other benches. Raises BenchError for an answer of another form."""
    if stand.config.file.fidelity != "rtl":
        return {}
    asked = {name: console.formatter_clocks(name, box.ask) for name, box in stand.boxes.items()}
    return {name: clocks for name, clocks in asked.items() if clocks.messages}


def with_formatter(setup: Setup, formatter: Mapping[str, FormatterClocks]) -> Setup:
    """The set-up with the clocks that were counted as terms of its budgets."""
    terms = {
        name: Clocks(
            min_clocks=seen.clocks_min,
            max_clocks=seen.clocks_max,
            clock_mhz=seen.clock_mhz,
            note=f"formatter, counted over {seen.messages} messages",
        )
        for name, seen in formatter.items()
    }
    return replace(setup, budgets={name: with_clocks(budget, terms) for name, budget in setup.budgets.items()})
