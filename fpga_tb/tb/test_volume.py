"""Random records by the batch: bit for bit against hil.asterix, samples by libasterix and tshark, on every simulator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fpga_tb.tb import simulators, volume
from fpga_tb.tb.formatter_file import Formatter


def test_random_records_come_out_bit_for_bit(
    formatter: Formatter, formatter_path: Path, simulator: str, seed: int, tmp_path: Path, fpga_records: int
) -> None:
    n = fpga_records if simulator == simulators.VERILATOR else max(fpga_records // 25, 4000)
    figures = volume.run(formatter, formatter_path, simulator, seed, n, tmp_path)
    assert figures["records_compared"] == n
    assert figures["mismatches"] == 0
    print(json.dumps(figures))


def test_libasterix_and_tshark_read_the_blocks_as_the_house_does(
    formatter: Formatter, formatter_path: Path, simulator: str, seed: int, tmp_path: Path
) -> None:
    volume.run(formatter, formatter_path, simulator, seed, 3000, tmp_path)
    sample = (tmp_path / "sample.bin").read_bytes()
    assert volume.libasterix_disagreements(sample) == []
    if not volume.tshark():
        pytest.skip("tshark is not installed: apt-get install -y tshark")
    assert volume.tshark_disagreements(sample, tmp_path) == []
