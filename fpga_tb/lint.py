"""The RTL's house rules: `python -m fpga_tb.lint`. verilator -Wall without a waiver, and one clock.

A formatter in one clock domain has no crossings to analyse: every process of it must be clocked by the rising edge of `clk`, and
nothing may latch (verilator says so). The synthesised netlist is held to the same (fpga_tb/synth/ecp5.py).
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from fpga_tb.tb import formatter_file, simulators
from fpga_tb.tb.formatter_file import ROOT, Formatter
from hil.errors import HilError

FORMATTERS = tuple(ROOT / "lab_config" / "formatters" / f"{name}.toml" for name in ("shipped", "ethernet"))


def main() -> int:
    """Print every complaint; exit code 1 when there is one."""
    simulators.require(simulators.VERILATOR)
    complaints = [words for path in FORMATTERS for words in complaints_about(formatter_file.load(path))]
    for words in complaints:
        print(words)
    print(f"RTL: {len(FORMATTERS)} top levels, {len(complaints)} complaints")
    return 1 if complaints else 0


def complaints_about(formatter: Formatter) -> list[str]:
    """What verilator -Wall says, lint waivers, and clocks other than the one that the formatter file names."""
    command = ["verilator", "--lint-only", "-Wall", "--quiet", "--top-module", formatter.top, *formatter.sources]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=simulators.environment())
    found = [line for line in done.stderr.splitlines() if line.startswith("%")]
    for source in map(Path, formatter.sources):
        for number, line in enumerate(source.read_text().splitlines(), 1):
            edges = re.findall(r"(?:pos|neg)edge\s+\w+", line)
            if "lint_off" in line or any(edge != f"posedge {formatter.clock.port}" for edge in edges):
                found.append(f"{source.name}:{number}: {line.strip()}: one clock, no waivers")
    return found


if __name__ == "__main__":
    try:
        sys.exit(main())
    except HilError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
