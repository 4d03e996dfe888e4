"""`make figures-mutants`: issue 5's figures from the findings of run.py and random_mutants.py, as one flat object.

Writes build/figures/mutants.json; whatever has not been run yet is run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from run import BUILD  # found through the line above
from trial import ROOT

FIGURES = ROOT / "build/figures/mutants.json"
NAMED = ("defects_total", "defects_caught", "clean_runs", "false_alarms", "missed")
RANDOM = ("random_total", "random_killed")


def findings(script: str, path: Path, options: Sequence[str]) -> dict[str, Any]:
    """What a script has found; it is run when nothing is there."""
    if not path.exists():
        print(f"{script}: nothing in {path.relative_to(ROOT)} yet, so it is run", flush=True)
        command = [sys.executable, str(Path(__file__).with_name(script)), "--json", str(path), *options]
        subprocess.run(command, check=False)  # a missed defect is a finding, not an error here
    facts: dict[str, Any] = json.loads(path.read_text())
    return facts


def show_survivors(survivors: list[dict[str, str]]) -> None:
    """Each random mutant that lives, with the reason that survivors.toml gives."""
    for survivor in survivors:
        print(f"survived: {survivor['mutant']} in `{survivor['in']}`: {survivor['reason'] or 'UNEXPLAINED'}")
    print(f"{len(survivors)} survivors, {sum(not survivor['reason'] for survivor in survivors)} unexplained")


def main(arguments: Sequence[str] | None = None) -> int:
    """Gather and write."""
    parser = argparse.ArgumentParser(prog="make figures-mutants", description=__doc__)
    parser.add_argument("--clean-runs", default="50", help="clean runs to make (50)")
    parser.add_argument("--count", default="200", help="random mutants to try (200)")
    parser.add_argument("--anew", action="store_true", help="run everything, whatever was found before")
    chosen = parser.parse_args(arguments)
    named, drawn = BUILD / "named.json", BUILD / "random.json"
    if chosen.anew:
        named.unlink(missing_ok=True)
        drawn.unlink(missing_ok=True)
    by_name = findings("run.py", named, ["--clean-runs", chosen.clean_runs])
    by_chance = findings("random_mutants.py", drawn, ["--count", chosen.count])
    show_survivors(by_chance["survivors"])
    figures = {key: by_name[key] for key in NAMED} | {key: by_chance[key] for key in RANDOM}
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
    print(FIGURES.read_text(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
