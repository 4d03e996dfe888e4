"""The tables come from libasterix once, live in a cache keyed by its version, and do without a cache that cannot be written."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from hil.asterix import units
from hil.asterix.plans import plan
from hil.asterix.tables import categories, editions, expansion_editions
from hil.errors import ConfigError

PROBE = "import sys; from hil.asterix import plan; print(len(plan(62).fields), 'asterix.generated' in sys.modules)"


def probe(cache: Path) -> str:
    """What a fresh process says: how many fields CAT062 has, and whether it had to import libasterix for that."""
    run = [sys.executable, "-c", PROBE]
    environment = os.environ | {"XDG_CACHE_HOME": str(cache)}
    return subprocess.run(run, capture_output=True, text=True, check=True, env=environment).stdout.strip()


def test_tables_are_walked_once_and_then_read_from_the_cache(tmp_path: Path) -> None:
    fields = len(plan(62).fields)
    assert probe(tmp_path) == f"{fields} True"
    assert probe(tmp_path) == f"{fields} False"
    (folder,) = (tmp_path / "radar-hil").iterdir()
    assert version("libasterix") in folder.name


def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way of the folder")
    assert probe(blocked) == f"{len(plan(62).fields)} True"


def test_importing_the_package_imports_neither_libasterix_nor_scapy() -> None:
    code = "import sys, hil, hil.asterix; print([m for m in ('asterix', 'scapy', 'numpy') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_unknown_categories_and_editions_are_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="category 3 has no published table here: use one of 001, 002"):
        editions(3)
    with pytest.raises(ConfigError, match=r"CAT062 has no edition 9.9: use one of 1.16"):
        plan(62, "9.9")
    with pytest.raises(ConfigError, match=r"CAT048 has no RE edition 9.9: use one of 1.11"):
        plan(48, "1.32", "9.9")


def test_every_plan_builds_and_every_unit_has_its_si_factor() -> None:
    for category in categories():
        for edition in editions(category):
            used = plan(category, edition)
            assert used.fields
            assert {field.element.content.unit for field in used.fields} <= set(units.SI)
    assert expansion_editions(48) == ("1.11", "1.12", "1.13")
    assert expansion_editions(34) == ()


def test_editions_are_in_order_and_the_latest_is_the_default() -> None:
    assert editions(20) == ("1.9", "1.10", "1.11")
    assert plan(20).edition == "1.11"
