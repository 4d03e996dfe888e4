"""`make mutants-random`: a sample of first-order mutants of the firmware, each tried by the shipped suites on the simulated bench.

A mutant that does not compile, or compiles to the very same library, is no mutant. Survivors are listed with the reason that
survivors.toml gives for them, if it gives one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mutate import Mutant, sample  # found through the line above
from run import BUILD, FIRMWARE
from trial import Finding, Job, try_one, warm_up

REASONS = Path(__file__).with_name("survivors.toml")
PARTS = ("app", "hal", "ports/host", "ports/sim", "net", "Makefile")
FLAGS = ["CFLAGS=-O2", "WARNINGS=-w"]  # no line numbers in the library: the same code is the same file


class Workshop:
    """A copy of the firmware's sources in which one file at a time is changed, and only that file compiled anew."""

    def __init__(self, folder: Path, source: Path = FIRMWARE) -> None:
        self.folder = folder
        for part in PARTS:
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (source / part).is_dir() else shutil.copy
            copy(source / part, folder / part)
        if not self.build(None, folder / "same.so"):
            raise SystemExit(f"{source} does not compile: make -C {source} sim")
        self._same = digest(folder / "same.so")

    def make(self, mutant: Mutant, into: Path) -> bool:
        """Build the library with the change; False when it does not compile, or is the same library as without."""
        return self.build(mutant, into) and digest(into) != self._same

    def build(self, mutant: Mutant | None, into: Path) -> bool:
        """Build the library, changed or not; False when it does not compile."""
        file = self.folder / "app" / mutant.file if mutant else None
        text = file.read_text() if file else ""
        try:
            if file and mutant:
                file.write_text(mutant.apply(text))
            command = ["make", "-s", "-C", str(self.folder), "sim", *FLAGS]
            if subprocess.run(command, capture_output=True, check=False).returncode:
                return False
            shutil.copy(self.folder / "build/sim/librib.so", into)
            return True
        finally:
            if file:
                file.write_text(text)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def try_mutants(
    workshop: Workshop, mutants: Sequence[Mutant], folder: Path, parallel: int
) -> Iterator[tuple[Mutant, Finding]]:
    """Build each mutant, while others are being tried, and try it; those that are none are left out."""

    def attempt(mutant: Mutant, path: Path) -> tuple[Mutant, Finding]:
        finding = try_one(Job(mutant.name, path, first_only=True))
        path.unlink()
        return mutant, finding

    with ThreadPoolExecutor(parallel) as pool:
        under_way: deque[Future[tuple[Mutant, Finding]]] = deque()
        for number, mutant in enumerate(mutants):
            if workshop.make(mutant, folder / f"{number}.so"):
                under_way.append(pool.submit(attempt, mutant, folder / f"{number}.so"))
            while len(under_way) > parallel or (under_way and number + 1 == len(mutants)):
                yield under_way.popleft().result()


def write(path: Path, facts: dict[str, object]) -> None:
    """Keep what is known so far."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, write the JSON file."""
    parser = argparse.ArgumentParser(prog="make mutants-random", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="mutants to try (200)")
    parser.add_argument("--seed", type=int, default=1, help="of the sample (1)")
    parser.add_argument("--parallel", type=int, default=2, help="trials at a time (2)")
    parser.add_argument("--json", type=Path, default=BUILD / "random.json", help="where the findings go")
    chosen = parser.parse_args(arguments)
    reasons = tomllib.loads(REASONS.read_text()).get("survivor", []) if REASONS.exists() else []
    known = {(entry["file"], entry["old"], entry["new"], entry["in"]): entry["reason"] for entry in reasons}
    survivors, killed, total = [], 0, 0
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder) / "firmware")
        drawn = sample(workshop.folder / "app", 2 * chosen.count, chosen.seed)
        tried = try_mutants(workshop, drawn, Path(folder), chosen.parallel)
        for mutant, finding in islice(tried, chosen.count):
            total += 1
            killed += finding.caught
            if finding.caught:
                by = ", ".join(sorted({requirement for requirement, _ in finding.failed}))
                print(f"killed   {mutant.name}: {by} {finding.ended} {finding.seconds:.1f} s", flush=True)
            else:
                text = (workshop.folder / "app" / mutant.file).read_text()
                where = text.splitlines()[mutant.line - 1].strip()
                reason = known.get((mutant.file, mutant.old, mutant.new, where), "")
                survivors.append({"mutant": mutant.name, "in": where, "reason": reason})
                print(
                    f"SURVIVED {mutant.name} in `{where}`: {reason or 'no reason given'} {finding.seconds:.1f} s",
                    flush=True,
                )
            write(chosen.json, {"random_total": total, "random_killed": killed, "survivors": survivors})
    print(f"{killed}/{total} random mutants killed ({100 * killed / max(total, 1):.1f} %)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
