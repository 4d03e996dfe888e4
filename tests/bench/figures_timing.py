"""`make figures-timing`: every proof of docs/timing.md in one go, its figures as one flat object in build/figures/timing.json.

    python tests/bench/figures_timing.py [--quick]

Takes about half an hour and wants an idle machine; `--quick` does fewer rounds and leaves the runs under load out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

OUT = Path("build/figures/timing.json")
HERE = Path(__file__).parent
KEYS = (
    "send_ratio_c",
    "send_ratio_scapy",
    "capture_ratio_c",
    "pacing_p99_ratio_c",
    "pacing_p99_ratio_c_gil_busy",
    "delay_error_storm_p99_us",
    "serial_last_byte_p99_us",
    "pacing_p99_ratio_asyncio",
    "uncertainty_coverage",
    "uncertainty_idle_us",
    "false_pass",
    "false_fail",
    "pairing_s_per_million",
)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true")
    quick = options.parse_args().quick
    steps = [
        ["timing.py", "--rounds", "1" if quick else "5"],
        ["known_truth.py"],
        ["verdict_quality.py", *(["--runs", "50"] if quick else [])],
        ["pairing_speed.py"],
    ]
    if not quick:
        steps.append(["known_truth.py", "--load"])
    figures: dict[str, float] = {}
    failed = []
    for script, *words in steps:
        print(f"\n── {script} {' '.join(words)}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            said = Path(folder) / "figures.json"
            command = [sys.executable, str(HERE / script), *words, "--json", str(said)]
            if subprocess.run(command, check=False).returncode != 0:
                failed.append(" ".join([script, *words]))
            if said.exists():
                figures |= json.loads(said.read_text())
    missing = [key for key in KEYS if key not in figures]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=1) + "\n")
    print(f"\n{OUT}: {len(figures)} figures" + (f"; missing: {', '.join(missing)}" if missing else ""))
    print(f"below their mark: {', '.join(failed)}" if failed else "every step met its mark")
    return int(bool(missing or failed))


if __name__ == "__main__":
    sys.exit(main())
