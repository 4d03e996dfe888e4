"""A chain's budget: its lines, its sums, and what the shipped link file promises."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from hil.errors import ConfigError
from hil.timing.budget import Budget, monte_carlo, read_budgets, with_clocks
from hil.timing.percentiles import messages_needed
from hil.timing.terms import Clocks

SHIPPED = Path(__file__).parents[3] / "lab_config" / "links" / "trilateral.toml"


@pytest.fixture(scope="module")
def budgets() -> dict[str, Budget]:
    return {budget.chain: budget for budget in read_budgets(SHIPPED.read_text(), SHIPPED.name)[1]}


def test_lines_of_a_chain_alternate_and_join_end_to_end(budgets: dict[str, Budget]) -> None:
    for budget in budgets.values():
        assert [line.kind for line in budget.lines] == ["link", "node"] * 5 + ["link"]
        ends = [(line.from_tap, line.to_tap) for line in budget.lines]
        assert all(before[1] == after[0] for before, after in pairwise(ends))
        assert (budget.end_to_end.from_tap, budget.end_to_end.to_tap) == (ends[0][0], ends[-1][1])


def test_first_tap_is_the_radars_out_and_last_the_c2s_in(budgets: dict[str, Budget]) -> None:
    assert (budgets["jp_to_kr"].taps[0], budgets["jp_to_kr"].taps[-1]) == ("jp_radar.out", "kr_c2.in")


def test_counted_clocks_are_a_term_of_their_node_and_end_to_end(budgets: dict[str, Budget]) -> None:
    plain = budgets["jp_to_kr"]
    once = with_clocks(plain, {"jp_box": Clocks(max_clocks=150_000, clock_mhz=150.0)})
    again = with_clocks(once, {"jp_box": Clocks(max_clocks=300_000, clock_mhz=150.0)})  # in its place, not on top of it
    for counted, more_s in ((once, 1e-3), (again, 2e-3)):
        for line, before in zip(counted.judged, plain.judged, strict=True):
            extra_s = more_s if line.name in ("jp_box", "end to end") else 0.0
            assert line.worst_s == pytest.approx(before.worst_s + extra_s)
            assert line.limit_s == before.limit_s


def test_end_to_end_adds_up_every_term_of_the_lines(budgets: dict[str, Budget]) -> None:
    for budget in budgets.values():
        assert budget.end_to_end.worst_s == pytest.approx(sum(line.worst_s for line in budget.lines))


def test_a_line_whose_terms_exceed_its_limit_is_refused_with_the_sum() -> None:
    text = SHIPPED.read_text().replace("limit_ms = 56.0", "limit_ms = 40.0")
    with pytest.raises(
        ConfigError, match=r"usfj_gw → hub: the terms add up to 46\.256 ms, more than its limit of 40 ms"
    ):
        read_budgets(text, "link.toml")


def test_a_chain_whose_terms_exceed_its_limit_is_refused_with_the_sum() -> None:
    text = SHIPPED.read_text().replace("limit_ms = 170.0", "limit_ms = 150.0")
    with pytest.raises(ConfigError, match=r"end to end: the terms add up to 157\.419 ms"):
        read_budgets(text, "link.toml")


def test_monte_carlo_repeats_by_seed_and_stays_under_the_worst_case(budgets: dict[str, Budget]) -> None:
    line = budgets["jp_to_kr"].end_to_end
    drawn = monte_carlo(line, 20_000, seed=3)
    assert np.array_equal(drawn, monte_carlo(line, 20_000, seed=3))
    assert drawn.max() <= line.worst_s


def test_monte_carlo_of_two_even_terms_is_a_triangle(budgets: dict[str, Budget]) -> None:
    hub = next(line for line in budgets["jp_to_kr"].lines if line.name == "hub")
    twice = type(hub)("twice", "node", "a", "b", 1.0, 0.0, hub.terms * 2)
    drawn = monte_carlo(twice, 200_000, seed=5)
    assert np.quantile(drawn, 0.98) == pytest.approx(3e-3 * (2 - np.sqrt(2 * 0.02)), rel=2e-3)


def test_540_messages_can_prove_every_shipped_line(budgets: dict[str, Budget]) -> None:
    for budget in budgets.values():
        assert budget.burst * messages_needed(budget.percentile, budget.confidence, 1) <= 540


def test_80_ms_more_in_the_kr_box_break_its_own_line_and_the_end_to_end_line_only(budgets: dict[str, Budget]) -> None:
    budget = budgets["jp_to_kr"]
    box = next(line for line in budget.lines if line.name == "kr_box")
    assert box.limit_s < 0.080
    shortest_s = monte_carlo(budget.end_to_end, 10_000, seed=1).min()
    assert shortest_s + 0.080 > budget.end_to_end.limit_s


def test_every_line_leaves_slack_for_a_shared_host(budgets: dict[str, Budget]) -> None:
    for budget in budgets.values():
        assert min(line.slack_s for line in budget.lines) >= 5e-3
