"""`make mutants`: gives the simulated box each named defect in turn and runs the shipped suites against it.

Prints what was caught, by which requirement, and what was missed; then the same suites on the box that works, with other seeds:
whatever fails there is a false alarm. Exit code 1 when anything was missed or alarmed falsely.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from trial import ROOT, Finding, Job, try_all, warm_up  # found through the line above

FIRMWARE = ROOT / "firmware_stubs"
BUILD = ROOT / "build/mutants"


@dataclass(frozen=True)
class Defect:
    """A named defect: the requirement that it breaks and what is wrong with the box."""

    name: str
    requirement: str
    what: str


def defects() -> list[Defect]:
    """Those of firmware_stubs/app/defects.h, as `make defects` lists them."""
    listed = subprocess.run(
        ["make", "-s", "-C", str(FIRMWARE), "defects"], capture_output=True, text=True, check=True
    ).stdout
    return [Defect(*line.split("\t")) for line in listed.splitlines()]


def build(defect: str = "") -> Path:
    """The simulated box: as it is shipped, or (`any`) with all defects in it, one of them chosen at run time."""
    choice = [f"DEFECT={defect}"] if defect else []
    subprocess.run(["make", "-s", "-C", str(FIRMWARE), "sim", f"BUILD={BUILD}", *choice], check=True)
    return BUILD / (f"sim-{defect}" if defect else "sim") / "librib.so"


def show(finding: Finding, defect: Defect | None = None) -> None:
    """One line a trial."""
    requirements = sorted({requirement for requirement, _ in finding.failed})
    said = ", ".join(requirements) or "no test"
    mark = "caught" if finding.caught else ("MISSED" if defect else "clean")
    if not defect and finding.caught:
        mark, said = "FALSE ALARM", ", ".join(test for _, test in finding.failed) or finding.ended
    ended = "" if finding.ended == "finished" else f" ({finding.ended})"
    owed = f" [{defect.requirement}]" if defect else ""
    undecided = f" undecided: {', '.join(test for _, test in finding.undecided)}" if finding.undecided else ""
    print(f"{mark:8} {finding.job.name}{owed}: {said}{ended}{undecided} {finding.seconds:.1f} s", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, write the JSON file."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="only these defects (all)")
    parser.add_argument(
        "--clean-runs", type=int, default=10, help="runs of the box that works, each with another seed (10)"
    )
    parser.add_argument("--quick", action="store_true", help="stop each defect's suites at the first test that fails")
    parser.add_argument("--parallel", type=int, default=2, help="trials at a time (2)")
    parser.add_argument("--json", type=Path, default=BUILD / "named.json", help="where the findings go")
    chosen = parser.parse_args(arguments)
    known = [defect for defect in defects() if not chosen.names or defect.name in chosen.names]
    if unknown := set(chosen.names) - {defect.name for defect in known}:
        parser.error(f"no such defect: {', '.join(sorted(unknown))}; `make -C firmware_stubs defects` lists them")
    warm_up()
    spoilt, working = build("any"), build()
    jobs = [Job(defect.name, spoilt, defect.name, first_only=chosen.quick) for defect in known]
    findings = []
    for defect, finding in zip(known, try_all(jobs, chosen.parallel), strict=True):
        show(finding, defect)
        findings.append(finding)
    clean = []
    for finding in try_all(
        [Job(f"seed {n}", working, seed=n) for n in range(1, chosen.clean_runs + 1)], chosen.parallel
    ):
        show(finding)
        clean.append(finding)
    facts = summary(known, findings, clean)
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps(facts, indent=1) + "\n")
    print(
        f"{facts['defects_caught']}/{facts['defects_total']} defects caught, "
        f"{facts['false_alarms']} false alarms in {facts['clean_runs']} clean runs"
    )
    return 1 if facts["missed"] or facts["false_alarms"] else 0


def summary(known: Sequence[Defect], findings: Sequence[Finding], clean: Sequence[Finding]) -> dict[str, object]:
    """The figures, and for each defect the requirements that its box failed."""
    return {
        "defects_total": len(known),
        "defects_caught": sum(finding.caught for finding in findings),
        "missed": [finding.job.name for finding in findings if not finding.caught],
        "caught_by": {f.job.name: sorted({requirement for requirement, _ in f.failed}) for f in findings},
        "clean_runs": len(clean),
        "false_alarms": sum(finding.caught for finding in clean),
    }


if __name__ == "__main__":
    sys.exit(main())
