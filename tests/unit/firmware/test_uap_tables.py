"""The committed item-length tables are what the generator makes of the published ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from conftest import FIRMWARE


def test_item_length_tables_are_those_of_the_published_standard(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(FIRMWARE / "gen/uap_tables.py"), str(tmp_path)], check=True)
    for name in ("uap_tables.h", "uap_tables.c"):
        assert (tmp_path / name).read_text() == (FIRMWARE / "app" / name).read_text()
