"""How far two hosts' clocks are apart is asked of those who keep them in step, and a bench without them is blocked."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from msgspec.structs import replace

from hil.bench.model import BenchFile, load_bench
from hil.errors import BenchError
from hil.run.clock import clock_sync_standard_s

BENCH = Path(__file__).parents[3] / "lab_config/benches/native.toml"
TRACKING = "A29FC87B,162.159.200.123,3,1700000000.1,0.000010,-0.00002,0.00003,1.2,0.001,0.02,0.0004,0.0001,64.2,Normal"


def bench(clock: str, standard_us: float = 0.0) -> BenchFile:
    return replace(load_bench(BENCH).file, clock=clock, clock_standard_us=standard_us)  # type: ignore[arg-type]


def says(folder: Path, program: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of that name which prints `text`, found before any other."""
    script = folder / program
    script.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_one_host_has_one_clock() -> None:
    assert clock_sync_standard_s(bench("one_host")) == 0.0


def test_an_instrument_says_it_itself() -> None:
    assert clock_sync_standard_s(bench("instrument", 0.4)) == pytest.approx(0.4e-6)


def test_chrony_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half-width of a rectangle: offset, root dispersion, half of the root delay."""
    says(tmp_path, "chronyc", TRACKING, monkeypatch)
    assert clock_sync_standard_s(bench("chrony")) == pytest.approx((10e-6 + 100e-6 + 200e-6) / math.sqrt(3))


def test_ptp_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says(tmp_path, "pmc", "\tstepsRemoved 1\n\toffsetFromMaster -300.0\n\tmeanPathDelay 400.0", monkeypatch)
    assert clock_sync_standard_s(bench("ptp")) == pytest.approx(500e-9 / math.sqrt(3))


@pytest.mark.parametrize(("clock", "remedy"), [("chrony", "chrony"), ("ptp", "linuxptp")])
def test_a_keeper_of_time_that_is_not_there_blocks(
    clock: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchError, match=f"apt-get install {remedy}"):
        clock_sync_standard_s(bench(clock))
