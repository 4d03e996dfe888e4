"""A box that does not recover as it should fails by name: the shipped scenario of faults, flown over boxes with known defects."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "firmware_stubs/build/sim-any/librib.so"
FLY = """
import ctypes, sys
from pathlib import Path
from hil_fixtures.suite import run_suite
library, defect, out = sys.argv[1:]
assert ctypes.CDLL(library).rib_choose_defect(defect.encode())
images = {box: Path(library) for box in ("jp_box", "kr_box")}
bench = Path("lab_config/benches/sim.toml")
sys.exit(run_suite(bench, scenario="faults", out=Path(out), images=images, select="recovery or delivery"))
"""


@pytest.fixture(scope="module")
def library() -> Path:
    subprocess.run(["make", "-s", "-C", str(ROOT / "firmware_stubs"), "sim", "DEFECT=any"], check=True)
    return LIBRARY


@pytest.mark.parametrize(
    ("defect", "requirements"),
    [
        ("none", set()),
        ("reset_cause_lost", {"RIB-REC-001"}),
        ("stale_after_reset", {"RIB-REC-002"}),
        ("memory_trusted", {"RIB-REC-005"}),
        ("pps_loss_hidden", {"RIB-TIM-003"}),
        ("overload_hides", {"RIB-OVL-001"}),
        ("fcs_ignored", {"RIB-ROB-001"}),
    ],
)
def test_a_box_that_recovers_badly_fails_the_requirement_that_says_so(
    library: Path, tmp_path: Path, defect: str, requirements: set[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FLY, str(library), defect, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    run = json.loads(next(tmp_path.glob("*/run.json")).read_text())
    failed = {verdict["requirement"] for verdict in run["verdicts"] if verdict["outcome"] == "fail"}
    assert requirements <= failed, done.stdout
    assert bool(failed) == bool(requirements), done.stdout
    assert done.returncode == (1 if requirements else 0), done.stdout
