"""Pass only if surely under, fail only if surely over, else inconclusive: with the reason."""

import numpy as np
import pytest

from hil.columns import StampSource
from hil.timing.budget import BudgetLine
from hil.timing.terms import Processing
from hil.timing.uncertainty import Uncertainty, stamps_uncertainty
from hil.timing.verdict import Outcome, Verdict, judge_count, judge_delay, judge_loss, overall, unless_starved

LINE = BudgetLine("kr_box", "node", "kr_box.in", "kr_box.out", 0.020, 0.0, (Processing(max_ms=10.0),))
KERNEL = stamps_uncertainty(StampSource.KERNEL_RX, StampSource.KERNEL_TX)
EXACT = Uncertainty(0.0, 0.0)


def judged(delays_s: np.ndarray, uncertainty: Uncertainty = KERNEL, **more: object) -> Verdict:
    given = {"percentile": 99.0, "confidence": 95.0, "requirement": "TIM-1"} | more
    return judge_delay(LINE, np.asarray(delays_s, float), uncertainty, **given)  # type: ignore[arg-type]  # (mixed keywords)


def around(centre_s: float, n: int = 540, seed: int = 1) -> np.ndarray:
    return centre_s + np.random.default_rng(seed).uniform(-1e-3, 1e-3, n)


def test_a_box_well_within_its_limit_passes_and_says_what_that_rests_on() -> None:
    verdict = judged(around(0.004))
    assert verdict.outcome is Outcome.PASS
    assert "bursts of no more than 1.8" in verdict.reason


def test_a_box_80_ms_late_fails() -> None:
    assert judged(around(0.084)).outcome is Outcome.FAIL


def test_a_box_with_a_few_per_cent_late_fails() -> None:
    delays = around(0.004, 2000)
    delays[np.random.default_rng(2).choice(2000, 80, replace=False)] = 0.030
    assert judged(delays).outcome is Outcome.FAIL


def test_one_stall_of_the_same_number_of_messages_proves_nothing() -> None:
    delays = around(0.004, 2000)
    delays[900:980] = 0.030
    assert judged(delays).outcome is Outcome.INCONCLUSIVE


def test_too_few_messages_are_inconclusive_and_say_how_many_are_needed() -> None:
    verdict = judged(around(0.004, 298))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "needs 299 messages" in verdict.reason


def test_declared_bursts_raise_the_number_of_messages_needed() -> None:
    verdict = judged(around(0.004), burst=10.0)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "needs 2990 messages" in verdict.reason


def test_a_percentile_exactly_at_the_limit_passes_only_without_uncertainty() -> None:
    at_limit = np.full(600, LINE.limit_s)
    assert judged(at_limit, EXACT).outcome is Outcome.PASS
    within = judged(at_limit)
    assert within.outcome is Outcome.INCONCLUSIVE
    assert "guard band" in within.reason


@pytest.mark.parametrize(("offset", "outcome"), [(-1.01, Outcome.PASS), (-0.99, Outcome.INCONCLUSIVE)])
def test_a_pass_keeps_the_expanded_uncertainty_off_the_limit(offset: float, outcome: Outcome) -> None:
    assert judged(np.full(600, LINE.limit_s + offset * KERNEL.expanded_s)).outcome is outcome


@pytest.mark.parametrize(("offset", "outcome"), [(1.01, Outcome.FAIL), (0.99, Outcome.INCONCLUSIVE)])
def test_a_fail_keeps_the_expanded_uncertainty_off_the_limit(offset: float, outcome: Outcome) -> None:
    assert judged(np.full(600, LINE.limit_s + offset * KERNEL.expanded_s)).outcome is outcome


def test_a_bench_floor_above_half_the_slack_lets_nothing_pass() -> None:
    noisy = stamps_uncertainty(StampSource.KERNEL_RX, StampSource.KERNEL_RX, floor_s=0.0051)
    verdict = judged(around(0.004), noisy)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "floor too high" in verdict.reason


def test_a_bench_floor_does_not_hide_a_box_that_is_surely_late() -> None:
    noisy = stamps_uncertainty(StampSource.KERNEL_RX, StampSource.KERNEL_RX, floor_s=0.0051)
    assert judged(around(0.084), noisy).outcome is Outcome.FAIL


def test_a_disturbed_bench_blocks_whatever_was_measured() -> None:
    assert judged(around(0.084), disturbed="both cores were busy").outcome is Outcome.BLOCKED


def test_a_fail_that_waiting_for_a_core_could_explain_is_blocked() -> None:
    verdict = judged(around(0.084), starved_s=0.2)
    assert verdict.outcome is Outcome.BLOCKED
    assert "waiting for a core" in verdict.reason


def test_a_starved_machine_excuses_no_more_than_its_waiting() -> None:
    assert judged(around(0.084), starved_s=1e-3).outcome is Outcome.FAIL


def test_a_pass_on_a_starved_machine_stands() -> None:
    assert judged(around(0.004), starved_s=0.2).outcome is Outcome.PASS


def test_arrivals_before_departures_block() -> None:
    verdict = judged(np.append(around(0.004), -0.5))
    assert verdict.outcome is Outcome.BLOCKED
    assert "clock" in verdict.reason


def test_nothing_measured_is_inconclusive() -> None:
    verdict = judged(np.full(10, np.nan))
    assert (verdict.outcome, verdict.n) == (Outcome.INCONCLUSIVE, 0)


@pytest.mark.parametrize(("lost", "outcome"), [(0, Outcome.PASS), (1, Outcome.FAIL)])
def test_without_an_allowance_one_lost_message_fails(lost: int, outcome: Outcome) -> None:
    assert judge_loss(LINE, lost, 540, confidence=95, requirement="TIM-2").outcome is outcome


@pytest.mark.parametrize(("lost", "outcome"), [(0, Outcome.PASS), (10, Outcome.INCONCLUSIVE), (40, Outcome.FAIL)])
def test_an_allowance_is_judged_by_confidence_bounds(lost: int, outcome: Outcome) -> None:
    lossy = BudgetLine("wan", "link", "a.out", "b.in", 1.0, 0.01, ())
    assert judge_loss(lossy, lost, 1000, confidence=95, requirement="TIM-2").outcome is outcome


def test_losses_in_one_burst_prove_less_than_as_many_scattered() -> None:
    lossy = BudgetLine("wan", "link", "a.out", "b.in", 1.0, 0.01, ())
    outcome = judge_loss(lossy, 40, 1000, confidence=95, requirement="TIM-2", burst=40.0).outcome
    assert outcome is Outcome.INCONCLUSIVE


def test_losses_of_the_capture_itself_block() -> None:
    assert judge_loss(LINE, 3, 540, confidence=95, requirement="TIM-2", tap_drops=1).outcome is Outcome.BLOCKED


def test_nothing_sent_is_inconclusive() -> None:
    assert judge_loss(LINE, 0, 0, confidence=95, requirement="TIM-2").outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(("count", "n", "outcome"), [(0, 5, "pass"), (1, 5, "fail"), (0, 0, "inconclusive")])
def test_a_count_is_exact(count: int, n: int, outcome: str) -> None:
    assert judge_count("TIM-3", "kr_box", count, 0, n, "duplicates").outcome == outcome


def test_one_outcome_for_many_is_the_gravest() -> None:
    assert overall(["pass", "blocked", "inconclusive"]) is Outcome.BLOCKED  # type: ignore[list-item]  # (StrEnum)
    assert overall([Outcome.PASS, Outcome.FAIL, Outcome.BLOCKED]) is Outcome.FAIL
    assert overall([]) is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("unit", "measured", "waited_s", "outcome"),
    [
        ("s", 1.9, 0.0, Outcome.FAIL),
        ("s", 1.9, 0.05, Outcome.FAIL),  # 3 × 50 ms do not make 400 ms
        ("s", 1.9, 0.2, Outcome.BLOCKED),
        ("s", 1.4, 9.0, Outcome.PASS),
        ("count", 7.0, 0.05, Outcome.FAIL),
        ("count", 7.0, 0.3, Outcome.BLOCKED),
    ],
)
def test_a_fail_that_a_starved_machine_explains_is_blocked(
    unit: str, measured: float, waited_s: float, outcome: Outcome
) -> None:
    found = Outcome.PASS if measured <= 1.5 else Outcome.FAIL
    verdict = Verdict("RIB-CON-002", "tap", 1.5, unit, measured, 0.0, found, 9, "why")
    assert unless_starved(verdict, waited_s).outcome is outcome
