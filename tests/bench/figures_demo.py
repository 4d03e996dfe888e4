"""`make figures-demo`: fly the demo and put its figures into build/figures/demo.json."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

OUT = Path("build/figures/demo.json")
RUNS = Path("build/figures/demo")


def main() -> int:
    """Run `hil run BENCH --scenario SCENARIO`, read its run folder, write the figures; the exit code is the run's."""
    bench, scenario = sys.argv[1:3]
    begun = time.monotonic()
    command = [str(Path(sys.executable).parent / "hil"), "run", bench, "--scenario", scenario, "--out", str(RUNS)]
    code = subprocess.run(command, check=False).returncode
    wall_s = time.monotonic() - begun
    folder = max(RUNS.iterdir())
    run = json.loads((folder / "run.json").read_text())
    figures = {"segments": run.get("segments", []), "verdict": run["outcome"], "wall_s": round(wall_s, 1)}
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    print(f"{OUT}: {len(figures['segments'])} segments, verdict {figures['verdict']}")
    return code


if __name__ == "__main__":
    sys.exit(main())
