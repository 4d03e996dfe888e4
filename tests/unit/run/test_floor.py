"""What the bench itself adds to each line of a budget: nothing is forgotten, the worse of qualification and run counts."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from hil.columns import DEPARTURES, MISSING, Table
from hil.run.floor import WAKEUPS, BenchFloor, lateness_s, line_lateness_s
from hil.run.injection import Injection
from hil.run.qualification import Qualification, figures
from hil.run.setup import Setup, read_setup
from hil.timing.budget import Budget, BudgetLine

BENCH = Path("lab_config/benches/native.toml")
KINDS_US = {"pacing": 1.0, "into_wire": 10.0, "wire": 100.0, "out_of_wire": 1_000.0, "serial": 10_000.0}


@pytest.fixture(scope="module")
def setup() -> Setup:
    return read_setup(BENCH)


def constant(value_s: float) -> np.ndarray:
    return np.full(5_000, value_s)


def qualified(**changes_us: float) -> Qualification:
    kinds = {kind: figures(kind, constant(value * 1e-6)) for kind, value in (KINDS_US | changes_us).items()}
    none = figures("none", constant(0.0))
    return Qualification("native", "namespace", "", "2026-01-01T00:00:00+00:00", {}, kinds, [], none, none, 0.0, 0.0)


def line_of(budget: Budget, name: str) -> BudgetLine:
    return next(line for line in budget.judged if line.name == name)


@pytest.mark.parametrize(
    ("chain", "name", "expected_us"),
    [
        ("jp_to_kr", "jp_radar → jp_box", 10_000),  # serial
        ("kr_to_jp", "kr_radar → kr_box", 111),  # pacing, into the wire, the wire
        ("jp_to_kr", "usfj_gw → hub", 100),  # the wire
        ("jp_to_kr", "jp_box", 1_010),  # out of a wire, into the next
        ("jp_to_kr", "end to end", 10_000 + 5 * 1_010 + 5 * 100),
    ],
)
def test_a_line_has_the_floor_of_what_it_is_made_of(setup: Setup, chain: str, name: str, expected_us: float) -> None:
    budget = setup.budgets[chain]
    floor = BenchFloor(setup, qualified(), "")
    assert floor.floor_s(line_of(budget, name), budget) == pytest.approx(expected_us * 1e-6)


def test_a_run_that_was_worse_than_the_qualification_counts(setup: Setup) -> None:
    budget = setup.budgets["jp_to_kr"]
    line = line_of(budget, "usfj_gw → hub")
    worse = BenchFloor(setup, qualified(), "", own={"wire": constant(300e-6)})
    better = BenchFloor(setup, qualified(), "", own={"wire": constant(1e-6)})
    assert worse.floor_s(line, budget) == pytest.approx(300e-6)
    assert better.floor_s(line, budget) == pytest.approx(100e-6)


def test_without_a_qualification_the_run_speaks_for_itself(setup: Setup) -> None:
    budget = setup.budgets["jp_to_kr"]
    floor = BenchFloor(setup, None, "not qualified", own={"wire": constant(70e-6)})
    assert floor.floor_s(line_of(budget, "usfj_gw → hub"), budget) == pytest.approx(70e-6)


def test_a_qualification_too_small_for_the_claim_proves_nothing(setup: Setup) -> None:
    budget = setup.budgets["jp_to_kr"]
    kinds = {kind: figures(kind, np.zeros(50)) for kind in KINDS_US}
    none = figures("none", np.zeros(1))
    few = Qualification("native", "", "", "2026-01-01T00:00:00+00:00", {}, kinds, [], none, none, 0.0, 0.0)
    assert BenchFloor(setup, few, "").floor_s(budget.lines[0], budget) == math.inf


def test_only_what_runs_as_a_process_waits_for_a_core(setup: Setup) -> None:
    budget = setup.budgets["jp_to_kr"]
    floor = BenchFloor(setup, None, "", waits_s=constant(2e-3))
    assert floor.starved_s(line_of(budget, "usfj_gw → hub"), budget) == 0.0
    assert floor.starved_s(line_of(budget, "jp_box"), budget) == pytest.approx(WAKEUPS * 2e-3)
    assert floor.starved_s(line_of(budget, "end to end"), budget) == pytest.approx(5 * WAKEUPS * 2e-3)


def departures(scheduled: list[int], departed: list[int]) -> Table:
    rows = np.zeros(len(scheduled), DEPARTURES)
    rows["scheduled_ns"], rows["departed_ns"] = scheduled, departed
    return rows


def test_lateness_counts_from_the_schedule_and_leaves_out_what_never_left() -> None:
    rows = departures([1_000, 2_000, 3_000], [1_500, MISSING, 3_100])
    assert lateness_s(rows) == pytest.approx([500e-9, 100e-9])


def test_a_busy_line_is_no_lateness_of_the_writer() -> None:
    epoch, octet_ns = 1_700_000_000 * 10**9, 86_805.6
    scheduled = epoch + np.array([0, 0, 10_000_000])
    lengths = [20, 30, 10]
    ends = [20 * octet_ns, 50 * octet_ns, 10_000_000 + 10 * octet_ns]
    octets = [bytes(length) for length in lengths]
    injection = Injection("radar", np.arange(3), scheduled, scheduled, scheduled, octets, octets)
    late = line_lateness_s(
        departures(scheduled.tolist(), [epoch + round(end) + 7_000 for end in ends]), injection, octet_ns
    )
    assert late == pytest.approx([7e-6] * 3, abs=2e-9)
