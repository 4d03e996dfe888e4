"""Whatever is wrong with a user's formatter or the tools comes back as one line with a remedy, never as a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpga_tb.tb import formatter_file, simulators
from fpga_tb.tb.formatter_file import SHIPPED
from fpga_tb.tb.simulators import FormatterError, FormatterHangError, Run
from hil.errors import BenchError, ConfigError


def variant(folder: Path, old: str, new: str) -> Path:
    """The shipped formatter file with one text replaced."""
    text = SHIPPED.read_text()
    assert old in text
    path = folder / "formatter.toml"
    path.write_text(text.replace(old, new))
    return path


def rtl_variant(folder: Path, source: str, old: str, new: str) -> Path:
    """A formatter file whose RTL differs from the shipped in one text of one source."""
    text = (formatter_file.ROOT / "fpga_tb" / "rtl" / source).read_text()
    assert old in text
    (folder / source).write_text(text.replace(old, new))
    return variant(folder, f"fpga_tb/rtl/{source}", source)


def rate_run(path: Path, seed: int, folder: Path, limit_s: float = 60) -> Run:
    """A short bench on a formatter."""
    environment = {"FORMATTER": str(path), "RECORDS": "100", "FIGURES": str(folder / "figures.json")}
    return Run("fpga_tb.tb.bench_rate", seed, environment, limit_s=limit_s)


@pytest.fixture
def simulator(simulator: str, request: pytest.FixtureRequest) -> str:
    """Runs of broken formatters: on Icarus, which builds in no time, unless everything is asked for."""
    if simulator != simulators.ICARUS and not request.config.getoption("--fpga-full"):
        pytest.skip("with --fpga-full")
    return simulator


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "shipped"', 'name = "shipped"\ncolour = 1', "colour"),
        ("period_ns = 6.4", 'period_ns = "6.4"', "period_ns"),
        ("i105 = 15\n", "", "i105"),
        ("fpga_tb/rtl/beat_ram.sv", "fpga_tb/rtl/beat_rom.sv", "beat_rom.sv"),
        ("octets = 56", "octets = 55", "55"),
        ("[clock]", "[clock", "line 19"),
    ],
)
def test_formatter_file_that_cannot_be_used_is_refused_in_one_line(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        formatter_file.load(variant(tmp_path, old, new))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_formatter_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: No such file"):
        formatter_file.load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('top = "cat062_formatter"', 'top = "cat063_formatter"', "top level cat063_formatter"),
        ('tkeep = "s_axis_tkeep"', 'tkeep = "s_axis_strobe"', "no port s_axis_strobe"),
        ("address_bits = 8", "address_bits = 12", "bits wide"),
    ],
)
def test_formatter_that_is_not_as_its_file_says_is_refused_in_one_line(
    tmp_path: Path, simulator: str, old: str, new: str, words: str
) -> None:
    formatter = formatter_file.load(variant(tmp_path, old, new))
    with pytest.raises(ConfigError) as caught:
        simulators.build(formatter, simulator)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_source_that_does_not_compile_is_one_line(tmp_path: Path, simulator: str) -> None:
    path = rtl_variant(tmp_path, "axis_skid.sv", "wire move =", "wire move = =")
    with pytest.raises(FormatterError) as caught:
        simulators.build(formatter_file.load(path), simulator)
    assert "cannot build shipped" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_formatter_that_never_answers_times_out_in_one_line(tmp_path: Path, simulator: str, seed: int) -> None:
    path = rtl_variant(tmp_path, "axis_skid.sv", "m_valid <= s_valid || !s_ready;", "m_valid <= 1'b0;")
    model = simulators.build(formatter_file.load(path), simulator)
    run = rate_run(path, seed, tmp_path)
    with pytest.raises(FormatterError) as caught:
        simulators.simulate(model, run, tmp_path)
    assert "\n" not in str(caught.value)


def test_simulation_that_hangs_is_killed_by_the_watchdog(tmp_path: Path, simulator: str, seed: int) -> None:
    endless = "    integer turns = 1;\n    initial while (turns != 0) turns = 3 - turns;\n"
    path = rtl_variant(tmp_path, "axis_skid.sv", "    wire move =", f"{endless}    wire move =")
    model = simulators.build(formatter_file.load(path), simulator)
    run = rate_run(path, seed, tmp_path, limit_s=5)
    with pytest.raises(FormatterHangError, match="hung for 5 s"):
        simulators.simulate(model, run, tmp_path)


def test_wrong_octet_is_told_with_its_block_and_waves_are_kept(tmp_path: Path, simulator: str, seed: int) -> None:
    path = rtl_variant(tmp_path, "item_slots.sv", "{8'h80, rec.address, 32'd0}", "{8'h40, rec.address, 32'd0}")
    model = simulators.build(formatter_file.load(path), simulator)
    run = rate_run(path, seed, tmp_path)
    with pytest.raises(FormatterError, match="block 0 of") as caught:
        simulators.simulate(model, run, tmp_path)
    assert f"bench_rate-{simulator}-seed{seed}.fst" in str(caught.value)
    assert (tmp_path / f"bench_rate-{simulator}-seed{seed}.fst").stat().st_size > 0


def test_missing_simulator_names_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(simulators, "environment", lambda: {"PATH": str(tmp_path)})
    with pytest.raises(BenchError, match="apt-get install -y iverilog"):
        simulators.require(simulators.ICARUS)


def test_simulator_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "verilator"
    old.write_text("#!/bin/sh\necho Verilator 5.006 2023-01-22\n")
    old.chmod(0o755)
    monkeypatch.setattr(simulators, "environment", lambda: {"PATH": f"{tmp_path}:/usr/bin:/bin"})
    with pytest.raises(BenchError, match=r"5\.006 is older than 5\.036"):
        simulators.require(simulators.VERILATOR)
