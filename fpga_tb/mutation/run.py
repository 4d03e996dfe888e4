"""Mutate the shipped formatter and see what survives: `python -m fpga_tb.mutation.run [N]` writes build/fpga/mutation.json.

yosys puts N first-order mutants into one netlist behind a selector, Verilator makes one library of it, and each mutant runs
through the suite until a requirement breaks. What survives goes to equivalence.py: *equivalent* is a proof, *argued* has a
reason in reasons.toml instead, *different* is a hole in the suite, *open* none of these. Exit code 1 when fewer than 95 % are
killed or a survivor is different or open.
"""

from __future__ import annotations

import json
import multiprocessing
import re
import signal
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

from fpga_tb.mutation import equivalence
from fpga_tb.mutation.suite import Suite
from fpga_tb.sim import model
from fpga_tb.synth.ecp5 import run_tool
from fpga_tb.tb import formatter_file, simulators
from fpga_tb.tb.wrapper import TOP, wrapper
from hil.errors import HilError

BUILD = simulators.BUILD / "mutation"
MUTANTS = 600
SEED = 1
LEAST_KILLED = 0.95
REASONS = Path(__file__).with_name("reasons.toml")
ARGUED = "argued"
HANG_S = 60  # a mutant that hangs the simulation itself is dead too

_suite = Suite(formatter_file.load(formatter_file.SHIPPED), SEED)


def main(count: int) -> int:
    """Print and store how many were killed, by which step, and where each survivor lies."""
    BUILD.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    library, commands = build(count)
    mutants = [_words(command) for command in commands]
    built_s = time.monotonic() - started
    control = first_broken((library, 0))
    if control is not None:
        print(f"the unmutated formatter fails {control}", file=sys.stderr)
        return 1
    started = time.monotonic()
    with multiprocessing.Pool(2, maxtasksperchild=64) as pool:
        broken = pool.map(first_broken, [(library, i) for i in range(1, len(mutants) + 1)], chunksize=8)
    alive = [i for i, step in enumerate(broken) if step is None]
    judged = equivalence.judge(BUILD / "plain.il", [commands[i] for i in alive], BUILD / "equivalence")
    survivors = [_survivor(i + 1, mutants[i], shown) for i, shown in zip(alive, judged, strict=True)]
    killed = len(mutants) - len(survivors)
    by_step = {step: broken.count(step) for step in sorted({step for step in broken if step})}
    figures = {
        "mutants_total": len(mutants), "mutants_killed": killed, "build_s": round(built_s, 1),
        "run_s": round(time.monotonic() - started, 1), "killed_by": by_step, "survivors": survivors,
    }  # fmt: skip
    (BUILD.parent / "mutation.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(
        f"{killed} of {len(mutants)} mutants killed ({killed / len(mutants):.1%}) in {figures['run_s']} s; by {by_step}"
    )
    for survivor in survivors:
        print(
            f"  survivor {survivor['mutant']:4} {survivor['shown']:10} {survivor['what']} {survivor['reason']}".rstrip()
        )
    unexplained = [survivor for survivor in survivors if survivor["shown"] in (equivalence.DIFFERENT, equivalence.OPEN)]
    return 0 if killed >= LEAST_KILLED * len(mutants) and not unexplained else 1


def _survivor(number: int, what: str, shown: str) -> dict[str, Any]:
    """One row of the list; what no proof shows may have a reason in reasons.toml: then it is *argued*."""
    words = set(what.split())
    reason = ""
    if shown != equivalence.PROVED:
        known = tomllib.loads(REASONS.read_text())["survivor"]
        reason = next((entry["reason"] for entry in known if set(entry["what"]) <= words), "")
    return {"mutant": number, "shown": ARGUED if reason else shown, "what": what, "reason": reason}


def build(count: int) -> tuple[Path, list[str]]:
    """The library with every mutant in it, and yosys' command that made each."""
    formatter = _suite.formatter
    text = BUILD / "wrapper.sv"
    text.write_text(wrapper(formatter))
    listing, netlist, plain = BUILD / "mutants.ys", BUILD / "mutated.v", BUILD / "plain.json"
    sources = " ".join([*formatter.sources, str(text)])
    yosys = [sys.executable, "-m", "fpga_tb.synth.yosys"]
    slim = "opt -full; splitcells; opt_clean -purge; opt -full"  # no mutants in logic that is not there
    prepare = f"read_verilog -sv {sources}; prep -flatten -top {TOP}; {slim}; write_rtlil {BUILD}/plain.il; write_json {plain}"
    run_tool(
        [*yosys, f"{prepare}; mutate -list {count * 5 // 4} -seed {SEED} -ctrl mutsel 16 1 -o {listing}"],
        BUILD / "list.log",
        "make fpga-tools",
    )
    candidates = [line for line in listing.read_text().splitlines() if line.startswith("mutate")]
    design = json.loads(plain.read_text())
    chosen = [line for line in candidates if not _is_none(line, design)][:count]
    chosen = [re.sub(r"-ctrl mutsel 16 \d+", f"-ctrl mutsel 16 {i}", line) for i, line in enumerate(chosen, 1)]
    listing.write_text("\n".join(chosen) + "\n")
    apply = f"read_rtlil {BUILD}/plain.il; script {listing}; opt_clean; write_verilog -noattr {netlist}"
    run_tool([*yosys, apply], BUILD / "apply.log", "make fpga-tools")
    library = BUILD / "libmutants.so"
    model.verilate(formatter, [netlist], BUILD, library, defines=["MUTANTS"])
    return library, chosen


def first_broken(job: tuple[Path, int]) -> str | None:
    """The step that kills a mutant, None when it survives."""
    library, mutant = job
    signal.signal(signal.SIGALRM, _hang)
    signal.alarm(HANG_S)
    try:
        with model.device(library, mutant) as device:
            return _suite.first_broken(device)
    except TimeoutError:
        return "hang"
    finally:
        signal.alarm(0)


def _hang(_signal: int, _frame: object) -> None:
    raise TimeoutError


def _is_none(line: str, design: dict[str, Any]) -> bool:
    """No mutant at all: a constant set to the value it has; or a clock's edge, which is timing, not function."""
    cell, port, mode = (re.search(rf"-{key} (\S+)", line) for key in ("cell", "port", "mode"))
    bit = re.search(r"-portbit (\d+)", line)
    if not (cell and port and mode and bit):
        return False
    name = port.group(1).removeprefix("\\")
    wires = design["modules"][TOP]["cells"][cell.group(1).removeprefix("\\")]["connections"][name]
    return name == "CLK" or mode.group(1) == f"const{wires[int(bit.group(1))]}"


def _words(line: str) -> str:
    """Mode, cell, port and place of a mutant, out of yosys' command."""
    found = {key: value for key, value in re.findall(r"-(mode|cell|port|portbit|wire|wirebit) (\S+)", line)}
    places = re.findall(r"rtl/(\w+\.sv:\d+)", line)
    return " ".join([*(f"{key}={value}" for key, value in found.items()), *sorted(set(places))])


if __name__ == "__main__":
    try:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else MUTANTS))
    except HilError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
