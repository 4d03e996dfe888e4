"""Adds up what gcov counted in every build under a directory, and prints lines and branches reached in app/.

python gen/coverage.py BUILD_DIRECTORY
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def main(directory: Path) -> None:
    lines: dict[str, Counter[int]] = defaultdict(Counter)
    branches: dict[str, Counter[tuple[int, int]]] = defaultdict(Counter)
    for data in directory.rglob("*.gcda"):
        for file in reports(data):
            name = Path(file["file"]).name
            if "app" not in Path(file["file"]).parts or not name.endswith(".c"):
                continue
            for line in file["lines"]:
                number = line["line_number"]
                lines[name][number] += line["count"]
                for index, branch in enumerate(line["branches"]):
                    branches[name][number, index] += branch["count"]
    if not lines:
        raise SystemExit(f"{directory} has no .gcda file: run the tests of a build with --coverage first")
    print(f"{'file':<20} {'lines':>14} {'branches':>14}")
    for name in sorted(lines):
        print(f"{name:<20} {share(lines[name]):>14} {share(branches[name]):>14}")
    print(f"{'all':<20} {share(joined(lines)):>14} {share(joined(branches)):>14}")


def reports(data: Path) -> list[dict[str, Any]]:
    """gcov's view of one object file."""
    said = subprocess.run(
        ["gcov", "--json-format", "--branch-probabilities", "--stdout", str(data.resolve())],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [file for text in said.splitlines() if text for file in json.loads(text)["files"]]


def joined(counts: Mapping[str, Counter[Any]]) -> Counter[Any]:
    return Counter({(name, place): n for name, places in counts.items() for place, n in places.items()})


def share(counts: Counter[Any]) -> str:
    reached = sum(n > 0 for n in counts.values())
    return f"{reached}/{len(counts)} {100 * reached / max(len(counts), 1):.1f}%"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
