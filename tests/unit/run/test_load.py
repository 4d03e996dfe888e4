"""`hil load` on the simulated bench: what a box carries, and a verdict on its delay that ends as soon as it is sure."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hil.cli import main
from hil.run import schedule
from hil.run.load import TARGETS, plots_at
from hil.run.setup import read_setup
from hil.timing.histogram import Histogram
from hil.timing.journeys import identity

ROOT = Path(__file__).parents[3]
BENCH = ROOT / "lab_config/benches/sim.toml"


@pytest.fixture(scope="session")
def library() -> Callable[[str], Path]:
    """The simulated box, as it should be or with a defect."""

    def built(defect: str = "") -> Path:
        choice = [f"DEFECT={defect}"] if defect else []
        subprocess.run(["make", "-s", "-C", str(ROOT / "firmware_stubs"), "sim", *choice], check=True)
        return ROOT / "firmware_stubs/build" / (f"sim-{defect}" if defect else "sim") / "librib.so"

    return built


@pytest.fixture
def bench(tmp_path: Path, library: Callable[[str], Path]) -> Callable[[str], Path]:
    """The simulated bench's file with other boxes in it."""

    def written(defect: str = "") -> Path:
        image = library(defect)
        text = BENCH.read_text().replace("../../firmware_stubs/build/sim/librib.so", str(image))
        path = tmp_path / "sim.toml"
        path.write_text(text.replace('"../', f'"{ROOT}/lab_config/'))
        return path

    return written


def load(*words: object) -> int:
    return main(["load", *map(str, words)])


def run_of(out: Path) -> dict[str, object]:
    facts: dict[str, object] = json.loads(next(out.glob("*/run.json")).read_text())
    return facts


@pytest.mark.parametrize("shape", ["constant", "poisson", "burst:40"])
def test_a_good_box_passes_before_all_messages_are_sent(
    bench: Callable[[str], Path], tmp_path: Path, shape: str
) -> None:
    code = load("delay", bench(""), "--schedule", shape, "--rate", 200, "--messages", 4_000, "--out", tmp_path / "runs")
    facts = run_of(tmp_path / "runs")
    assert (code, facts["outcome"], facts["lost"]) == (0, "pass", 0)
    assert facts["sent"] == 1_000
    with np.load(next(tmp_path.glob("runs/*/delays.npz"))) as kept:
        delays = Histogram(float(kept["smallest_s"]), float(kept["largest_s"]), int(kept["bits"]))
        delays.counts = kept["counts"]
    assert delays.n == 1_000
    assert delays.percentile(100.0) == pytest.approx(0.005, rel=2**-9)  # the flush time


@pytest.mark.parametrize(
    ("defect", "requirement"),
    [("delay_80ms", "RIB-TIM-001"), ("lost_record", "RIB-DEL-001"), ("duplicate_record", "RIB-DEL-001")],
)
def test_a_bad_box_fails_by_what_is_wrong_with_it(
    bench: Callable[[str], Path], tmp_path: Path, defect: str, requirement: str
) -> None:
    code = load("delay", bench(defect), "--rate", 200, "--messages", 4_000, "--out", tmp_path / "runs")
    verdicts = run_of(tmp_path / "runs")["verdicts"]
    assert isinstance(verdicts, list)
    assert code == 1
    assert {verdict["requirement"] for verdict in verdicts if verdict["outcome"] == "fail"} == {requirement}


def test_the_capacity_that_the_box_is_set_to_is_found(bench: Callable[[str], Path], tmp_path: Path) -> None:
    """The box takes 500 plots a second and lets a burst of twice that through (docs/icd.md §2): over 10 s that is 600/s."""
    path = bench("")
    path.write_text(path.read_text().replace("arguments = []", "") + "\n")
    text = path.read_text().replace('name = "kr_box"\nkind', 'name = "kr_box"\narguments = ["--capacity", "500"]\nkind')
    path.write_text(text)
    assert (
        load("throughput", path, "--highest", 2_000, "--duration-s", 10, "--tries", 1, "--out", tmp_path / "runs") == 0
    )
    carried = run_of(tmp_path / "runs")["carried"]
    assert isinstance(carried, float)
    assert 500 <= carried <= 600


def test_a_burst_as_long_as_the_search_goes_is_carried(bench: Callable[[str], Path], tmp_path: Path) -> None:
    assert load("burst", bench(""), "--longest", 500, "--out", tmp_path / "runs") == 0
    assert run_of(tmp_path / "runs")["carried"] == 500


def test_no_two_plots_of_a_load_have_one_identity() -> None:
    """Not even in a burst of more messages than there are targets."""
    setup = read_setup(BENCH)
    noon_ns = 12 * 3600 * 10**9
    injection = plots_at(setup, "kr_radar", noon_ns + schedule.bursts(4 * TARGETS + 7, 1.0, 2))
    keys = identity(injection.address, injection.tod_ticks)
    assert len(np.unique(keys)) == len(keys)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["delay", BENCH, "--messages", 100], "100 messages cannot prove p99 at 95 %: plan 299 or more"),
        (["delay", BENCH, "--schedule", "sometimes"], "there is no schedule `sometimes`"),
        (["delay", BENCH, "--radar", "us_radar"], "give --radar jp_radar or kr_radar"),
        (["delay", BENCH, "--rate", 0], "a rate of 0"),
        (["throughput", BENCH, "--highest", 1], "cannot search from 10 to 1"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    words: list[object], said: str, tmp_path: Path, library: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    library("")
    assert load(*words, "--out", tmp_path / "runs") == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
