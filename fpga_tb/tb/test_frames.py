"""The formatter with Ethernet, IPv4 and UDP around its blocks."""

from __future__ import annotations

from pathlib import Path

from fpga_tb.tb import formatter_file, simulators
from fpga_tb.tb.formatter_file import ROOT
from fpga_tb.tb.simulators import Run

ETHERNET = ROOT / "lab_config" / "formatters" / "ethernet.toml"


def test_every_frame_is_as_scapy_would_build_it(simulator: str, seed: int, tmp_path: Path) -> None:
    model = simulators.build(formatter_file.load(ETHERNET), simulator)
    simulators.simulate(
        model, Run("fpga_tb.tb.bench_frames", seed, {"FORMATTER": str(ETHERNET)}, limit_s=200), tmp_path
    )
