"""The harness can fail: a box with a known defect gets the verdict that names it, and nothing else does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LATE_BOX = ROOT / "firmware_stubs/build/posix-delay_80ms/rib"


def test_a_box_that_is_80_ms_late_fails_its_own_segment_and_no_other(tmp_path: Path) -> None:
    subprocess.run(["make", "-s", "-C", str(ROOT / "firmware_stubs"), "posix", "DEFECT=delay_80ms"], check=True)
    bench = ROOT / "lab_config/benches/native.toml"
    command = [
        sys.executable,
        "-m",
        "hil.cli",
        "run",
        str(bench),
        "--scenario",
        "staging",
        "--image",
        f"kr_box={LATE_BOX}",
        "--out",
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    run = json.loads(next(tmp_path.glob("*/run.json")).read_text())
    failed = {segment["name"] for segment in run["segments"] if segment["verdict"] == "fail"}
    assert done.returncode == 1, done.stdout
    assert {"jp_to_kr: kr_box", "kr_to_jp: kr_box"} <= failed
    assert failed <= {"jp_to_kr: kr_box", "kr_to_jp: kr_box", "jp_to_kr: end to end", "kr_to_jp: end to end"}
    assert {verdict["requirement"] for verdict in run["verdicts"] if verdict["outcome"] == "fail"} <= {
        "LNK-TIM-001",
        "LNK-TIM-002",
    }
