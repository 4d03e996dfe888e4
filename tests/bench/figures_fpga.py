"""Figures of the FPGA formatter into build/figures/fpga.json: every one measured here, by the commands that it names.

`python tests/bench/figures_fpga.py` (make figures-fpga). Rates are messages per CPU second of the simulator: what else runs on
the machine does not count. Exit code 1 when a figure misses what is asked of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from fpga_tb.mutation.packets import packets  # noqa: E402
from fpga_tb.sim import model  # noqa: E402
from fpga_tb.tb import formatter_file, records, simulators, volume  # noqa: E402
from fpga_tb.tb.simulators import ICARUS, VERILATOR  # noqa: E402
from hil.errors import HilError  # noqa: E402

RECORDS = 1_000_000
SEED = 1
FIGURES = ROOT / "build" / "figures"
WORK = simulators.BUILD / "figures"


def main() -> int:
    """Measure, write, print; the floors are those of the requirement."""
    FIGURES.mkdir(parents=True, exist_ok=True)
    formatter = formatter_file.load(formatter_file.SHIPPED)
    built = volume.model(formatter, VERILATOR)
    compared = volume.carry(built, formatter_file.SHIPPED, SEED, RECORDS, WORK / "volume")
    icarus = volume.carry(volume.model(formatter, ICARUS), formatter_file.SHIPPED, SEED, 10_000, WORK / "icarus")
    unpaused = volume.carry(built, formatter_file.SHIPPED, SEED, 200_000, WORK / "unpaused", unpaused=True)
    rates = {
        "cocotbext_axi": _cocotbext_axi(formatter),
        "batch": unpaused["msgs_per_s"],
        "cpp": _cpp(formatter),
    }
    for module in ("fpga_tb.tb.closure", "fpga_tb.mutation.run", "fpga_tb.formal.prove", "fpga_tb.synth.ecp5"):
        _run(module)
    latency = _latency(formatter)
    coverage, mutation, synth = (_read(name) for name in ("coverage", "mutation", "synth"))
    proofs = json.loads((simulators.BUILD / "proofs.json").read_text())
    figures = {
        **_tests(),
        "records_compared": compared["records_compared"] + icarus["records_compared"],
        "mismatches": compared["mismatches"] + icarus["mismatches"],
        "msgs_per_s_cocotbext_axi": round(rates["cocotbext_axi"]),
        "msgs_per_s_batch": round(rates["batch"]),
        "msgs_per_s_cpp": round(rates["cpp"]),
        "batch_ratio": round(rates["batch"] / rates["cocotbext_axi"], 1),
        **{
            name: coverage[name]
            for name in ("functional_coverage", "line_coverage", "branch_coverage", "toggle_coverage")
        },
        "mutants_total": mutation["mutants_total"],
        "mutants_killed": mutation["mutants_killed"],
        "survivors_equivalent": _shown(mutation, "equivalent"),
        "survivors_argued": _shown(mutation, "argued"),
        "survivors_different": _shown(mutation, "different"),
        "survivors_open": _shown(mutation, "open"),
        "proofs": sum(proof["holds"] and proof["reachable"] for proof in proofs),
        "seeded_errors": sum(proof["errors"] for proof in proofs),
        "seeded_errors_found": sum(proof["errors_found"] for proof in proofs),
        "proof_depth_least": min(
            (proof["depth"] for proof in proofs if proof["depth"]), default=0
        ),  # 0 = all unbounded
        "proof_s": round(sum(proof["seconds"] for proof in proofs), 1),
        **{name: synth[name] for name in ("fmax_mhz_worst", "lut", "ff", "bram", "clocks")},
        "latency_clocks_min": latency[0],
        "latency_clocks_max": latency[1],
        "latency_ns_max": round(latency[1] * formatter.clock.period_ns, 1),
        "clocks_per_record_ratio": round(unpaused["clocks_per_record_ratio"], 4),
    }
    (FIGURES / "fpga.json").write_text(json.dumps(figures, indent=1) + "\n")
    for name, value in figures.items():
        print(f"{name:26} {value}")
    return 0 if _good(figures) else 1


def _good(figures: dict[str, Any]) -> bool:
    return bool(
        figures["records_compared"] >= RECORDS
        and figures["mismatches"] == 0
        and figures["batch_ratio"] >= 50
        and figures["functional_coverage"] == 100
        and figures["line_coverage"] == figures["branch_coverage"] == 100
        and figures["toggle_coverage"] >= 90
        and figures["mutants_total"] >= 500
        and figures["mutants_killed"] >= 0.95 * figures["mutants_total"]
        and figures["survivors_different"] == figures["survivors_open"] == 0
        and figures["tests_failed"] == 0
        and figures["seeded_errors_found"] == figures["seeded_errors"]
        and figures["fmax_mhz_worst"] >= 156.25
    )


def _shown(mutation: dict[str, Any], what: str) -> int:
    """Survivors of mutation that were shown to be so."""
    return sum(survivor["shown"] == what for survivor in mutation["survivors"])


def _tests() -> dict[str, int]:
    """The benches and the box with RTL, as pytest counts them."""
    results = WORK / "tests.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "fpga_tb/tb",
        "tests/unit/firmware/test_rib_rtl.py",
        f"--junitxml={results}",
    ]
    with (WORK / "tests.log").open("w") as log:
        subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False)
    suite = ET.parse(results).getroot()[0]
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    return {"tests": int(suite.get("tests", 0)), "tests_failed": failed, "tests_skipped": int(suite.get("skipped", 0))}


def _cocotbext_axi(formatter: formatter_file.Formatter) -> float:
    folder = WORK / "rate"
    environment = {"FORMATTER": str(formatter_file.SHIPPED), "RECORDS": "3000", "FIGURES": str(folder / "rate.json")}
    run = simulators.Run("fpga_tb.tb.bench_rate", SEED, environment)
    simulators.simulate(simulators.build(formatter, VERILATOR), run, folder)
    return float(json.loads((folder / "rate.json").read_text())["msgs_per_s"])


def _cpp(formatter: formatter_file.Formatter) -> float:
    table = records.draw(np.random.default_rng(SEED), 200_000)
    words, controls = packets([row.tobytes() for row in records.octets(table, formatter.record)])
    with model.device(model.library(formatter)) as device:
        started = time.process_time()
        device.run(words, controls)
        return len(table) / (time.process_time() - started)


def _latency(formatter: formatter_file.Formatter) -> tuple[int, int]:
    """Clocks from a record's last beat in to its block's last beat out when nothing is waited for: least and most."""
    assert formatter.registers
    rng = np.random.default_rng(SEED)
    with model.device(model.library(formatter)) as device:
        device.write(formatter.registers.address["flush"], 0)
        clocks = []
        for density in np.linspace(0.0, 1.0, 200):
            rows = records.octets(records.draw(rng, 1, float(density)), formatter.record)
            result = device.run(*packets([rows[0].tobytes()]), drain_clocks=100)
            clocks.append(int(result.end_clocks[0]) - result.last_in)
    return min(clocks), max(clocks)


def _run(module: str) -> None:
    """A module's own exit code is judged by its figures; what it says goes to the log."""
    with (WORK / f"{module}.log").open("w") as log:
        subprocess.run([sys.executable, "-m", module], cwd=ROOT, stdout=log, stderr=log, check=False)


def _read(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((simulators.BUILD / f"{name}.json").read_text())
    return values


if __name__ == "__main__":
    try:
        sys.exit(main())
    except HilError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
