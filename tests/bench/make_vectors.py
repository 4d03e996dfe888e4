"""Makes fixtures/vectors/demo_track_records.bin: every track record that the demo's boxes hand to their formatter.

Run it when the track record of docs/icd.md changes: `.venv/bin/python tests/bench/make_vectors.py`. Times of day are the run's.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "fixtures/vectors/demo_track_records.bin"
BOXES = ("jp_box", "kr_box")


def main() -> int:
    """Fly the staging scenario on the native bench with `--dump-records` in both boxes."""
    with tempfile.TemporaryDirectory() as folder:
        text = (
            (ROOT / "lab_config/benches/native.toml")
            .read_text()
            .replace('"../', f'"{ROOT}/lab_config/')
            .replace("lab_config/../", "")
        )
        for box in BOXES:
            extra = f'arguments = ["--dump-records", "{folder}/{box}.bin"]\n'
            head, tail = text.split(f'serial_number = "RIB-{box[:2].upper()}-0001"')
            text = (
                head + extra + f'serial_number = "RIB-{box[:2].upper()}-0001"' + tail.replace("arguments = []", "", 1)
            )
        bench = Path(folder) / "native.toml"
        bench.write_text(text)
        command = [sys.executable, "-m", "hil.cli", "run", str(bench), "--out", f"{folder}/runs"]
        code = subprocess.run(command, check=False, cwd=ROOT).returncode
        if code == 0:
            VECTORS.parent.mkdir(exist_ok=True)
            VECTORS.write_bytes(b"".join((Path(folder) / f"{box}.bin").read_bytes() for box in BOXES))
            print(f"{VECTORS.relative_to(ROOT)}: {VECTORS.stat().st_size // 56} records")
    return code


if __name__ == "__main__":
    sys.exit(main())
