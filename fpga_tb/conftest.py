"""What the FPGA tests share: the formatter under test and the simulators that are there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from fpga_tb.tb import formatter_file, simulators  # noqa: E402 - `fpga_tb` is a folder of the repository, not installed
from hil.errors import BenchError  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--formatter", type=Path, default=formatter_file.SHIPPED, help="lab_config/formatters/*.toml to test"
    )
    parser.addoption("--fpga-seed", type=int, default=1, help="seed of every bench (a failure names its own)")
    parser.addoption("--fpga-full", action="store_true", help="the slow ones too")
    parser.addoption("--fpga-records", type=int, default=100_000, help="random records through the batch bench")


@pytest.fixture(scope="session")
def formatter_path(request: pytest.FixtureRequest) -> Path:
    path: Path = request.config.getoption("--formatter")
    return path.resolve()


@pytest.fixture(scope="session")
def formatter(formatter_path: Path) -> formatter_file.Formatter:
    return formatter_file.load(formatter_path)


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--fpga-seed"))


@pytest.fixture(scope="session")
def fpga_records(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--fpga-records"))


@pytest.fixture(scope="session", params=[simulators.ICARUS, simulators.VERILATOR])
def simulator(request: pytest.FixtureRequest) -> str:
    """Each simulator that is installed; a missing one is skipped with what mends it."""
    name: str = request.param
    try:
        simulators.require(name)
    except BenchError as error:
        pytest.skip(str(error))
    return name


@pytest.fixture
def model(formatter: formatter_file.Formatter, simulator: str) -> simulators.Model:
    return simulators.build(formatter, simulator)
