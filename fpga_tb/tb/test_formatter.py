"""The formatter under test against its requirements, on every simulator that is installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from fpga_tb.tb import records, simulators
from fpga_tb.tb.formatter_file import ROOT, SHIPPED, Formatter
from fpga_tb.tb.simulators import Model, Run

DEMO_RECORDS = ROOT / "fixtures" / "vectors" / "demo_track_records.bin"
C_FORMATTER = ROOT / "firmware_stubs" / "build" / "formatter" / "cat062_format"


def test_every_protocol_corner_holds(model: Model, formatter_path: Path, seed: int, tmp_path: Path) -> None:
    environment = {"FORMATTER": str(formatter_path)}
    simulators.simulate(model, Run("fpga_tb.tb.bench_protocol", seed, environment, limit_s=280), tmp_path)


def test_demo_tracks_give_the_c_formatters_octets(
    model: Model, formatter_path: Path, seed: int, tmp_path: Path
) -> None:
    if not DEMO_RECORDS.exists():
        pytest.skip(f"{DEMO_RECORDS.relative_to(ROOT)} is not there: record it with the box's --dump-records")
    _compare_with_c(DEMO_RECORDS.read_bytes(), model, formatter_path, seed, tmp_path)


def test_random_tracks_give_the_c_formatters_octets(
    model: Model, formatter: Formatter, formatter_path: Path, seed: int, tmp_path: Path
) -> None:
    table = records.draw(np.random.default_rng(seed), 2000)
    _compare_with_c(records.octets(table, formatter.record).tobytes(), model, formatter_path, seed, tmp_path)


def _compare_with_c(recorded: bytes, model: Model, formatter_path: Path, seed: int, folder: Path) -> None:
    if formatter_path != SHIPPED:
        pytest.skip("the C formatter reads the shipped record layout only")
    _make_c_formatter()
    sac, sic, service, mtu = 8, 77, 3, 1400
    arguments = f"--sac {sac} --sic {sic} --service {service} --mtu {mtu}".split()
    wanted = subprocess.run([C_FORMATTER, *arguments], input=recorded, capture_output=True, check=True).stdout
    source, blocks = folder / "records.bin", folder / "blocks.bin"
    source.write_bytes(recorded)
    environment = {
        "FORMATTER": str(formatter_path),
        "RECORDS": str(source),
        "BLOCKS": str(blocks),
        "SETTINGS": f"{sac},{sic},{service},{mtu}",
    }
    simulators.simulate(model, Run("fpga_tb.tb.bench_replay", seed, environment), folder)
    assert len(wanted) > len(recorded) // 8
    assert blocks.read_bytes() == wanted


def _make_c_formatter() -> None:
    if not (ROOT / "firmware_stubs" / "Makefile").exists():
        pytest.skip("firmware_stubs has no Makefile")
    done = subprocess.run(
        ["make", "-C", str(ROOT / "firmware_stubs"), "formatter"], capture_output=True, text=True, check=False,
        env={**os.environ, "MAKEFLAGS": ""},
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"make formatter failed: {done.stderr.strip().splitlines()[-1:]}")
