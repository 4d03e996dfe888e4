"""X-propagation: on a simulator with four states nothing unknown leaves the formatter, and the bench notices when it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpga_tb.tb import formatter_file, simulators
from fpga_tb.tb.formatter_file import Formatter
from fpga_tb.tb.simulators import FormatterError, Run
from fpga_tb.tb.test_bad_formatter import rtl_variant
from hil.errors import BenchError


@pytest.fixture(autouse=True)
def icarus() -> None:
    try:
        simulators.require(simulators.ICARUS)
    except BenchError as error:
        pytest.skip(str(error))


def carry(formatter: Formatter, path: Path, seed: int, folder: Path) -> None:
    model = simulators.build(formatter, simulators.ICARUS)
    simulators.simulate(model, Run("fpga_tb.tb.bench_unknowns", seed, {"FORMATTER": str(path)}), folder)


def test_nothing_unknown_reaches_an_output(
    formatter: Formatter, formatter_path: Path, seed: int, tmp_path: Path
) -> None:
    carry(formatter, formatter_path, seed, tmp_path)


@pytest.mark.parametrize(
    ("source", "old", "new", "words"),
    [
        ("axis_skid.sv", "if (rst) begin", "if (1'b0) begin", "unknown"),  # state that no reset sets
        ("record_gate.sv", "wire accept = in_valid && in_ready;", "wire accept = in_ready;", "unknown"),
    ],
)
def test_what_is_unknown_is_noticed(tmp_path: Path, seed: int, source: str, old: str, new: str, words: str) -> None:
    path = rtl_variant(tmp_path, source, old, new)
    with pytest.raises(FormatterError, match=words):
        carry(formatter_file.load(path), path, seed, tmp_path)
