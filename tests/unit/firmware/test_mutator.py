"""The mutator of `make mutants`: what it changes, and what it leaves alone."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "mutants"))

from mutate import mutants_of  # found through the line above

SOURCE = """
int f(int a)
{
    if (defect(DEFECT_one) && a > 1) {
        a = a + 2;
    }
    switch (a) {
    case DEFECT_two:
        if (a < 3) {
            return a - 4;
        }
        return 5;
    default: a++;
    }
    if (a == 6 && !defect(DEFECT_three)) {
        a += 7;
    }
    return a;
}
"""


def test_the_code_of_named_defects_is_left_alone_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "one.c"
    file.write_text(SOURCE)
    changed = {(mutant.line, mutant.old) for mutant in mutants_of(file)}
    assert {line for line, _ in changed} == {13, 16}
    assert {(13, "++"), (16, "+="), (16, "7"), (16, "a += 7;")} <= changed


def test_every_mutant_changes_the_text_where_it_says(tmp_path: Path) -> None:
    file = tmp_path / "one.c"
    file.write_text(SOURCE)
    for mutant in mutants_of(file):
        lines = mutant.apply(SOURCE).splitlines()
        different = [n for n, (old, new) in enumerate(zip(SOURCE.splitlines(), lines, strict=True), 1) if old != new]
        assert different == [mutant.line]
