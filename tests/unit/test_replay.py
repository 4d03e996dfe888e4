"""A recording made by others goes through a box, and every record of it is accounted for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hil.asterix import decode
from hil.evidence.recording import open_recording

ROOT = Path(__file__).parents[2]
RECORDING = ROOT.parent / "shared/captures/croatia_cat_034_048.pcap"
BENCH = ROOT / "lab_config/benches/native.toml"

pytestmark = pytest.mark.skipif(not RECORDING.exists(), reason=f"the recordings of others are not here ({RECORDING})")


@pytest.mark.parametrize(
    "how", [["--via", "udp", "--speed", "2"], ["--via", "serial"], ["--rate", "500/s"]], ids=" ".join
)
def test_every_record_is_forwarded_or_refused_with_its_cause(tmp_path: Path, how: list[str]) -> None:
    whole = open_recording(RECORDING).whole()
    tables = decode(whole.octets, spans=(whole.offset, whole.length)).tables
    without_position = int((~tables[48].has("040")).sum())
    command = [
        sys.executable,
        "-m",
        "hil.cli",
        "replay",
        str(RECORDING),
        "--bench",
        str(BENCH),
        "--out",
        str(tmp_path),
        *how,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    run = json.loads(next(tmp_path.glob("*/run.json")).read_text())
    counted = run["counters"]
    assert counted["plots_in"] == len(tables[48])
    assert counted["service_in"] == len(tables[34])
    assert counted["missing_item"] == without_position
    assert counted["tracks_out"] == len(tables[48]) - without_position
    assert f"{counted['tracks_out']} forwarded, {without_position} refused (missing_item), 0 unaccounted" in done.stdout
    assert {verdict["outcome"] for verdict in run["verdicts"]} == {"pass"}
