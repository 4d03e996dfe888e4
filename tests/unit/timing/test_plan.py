"""What a claim takes in messages and time, and when a run may stop early."""

import numpy as np
import pytest

from hil.errors import ConfigError
from hil.timing.budget import BudgetLine
from hil.timing.plan import plan
from hil.timing.sequential import looks
from hil.timing.uncertainty import Uncertainty
from hil.timing.verdict import Outcome, judge_delay


def test_p999_at_95_percent_takes_2995_messages_and_five_minutes_at_ten_a_second() -> None:
    row = plan(99.9, 95, 10.0)[0]
    assert (row.late_bursts, row.messages, row.duration_s) == (0, 2995, pytest.approx(299.5))


def test_bursts_multiply_the_plan() -> None:
    assert [row.messages for row in plan(99, 95, 1.0, burst=50, late_bursts=(0, 1))] == [299 * 50, 473 * 50]


def test_a_planned_sample_is_just_enough_for_a_pass() -> None:
    line = BudgetLine("box", "node", "b.in", "b.out", 1.0, 0.0, ())
    size = plan(99, 95, 1.0, burst=3)[0].messages
    for n, outcome in ((size, Outcome.PASS), (size - 3, Outcome.INCONCLUSIVE)):
        verdict = judge_delay(
            line, np.full(n, 0.1), Uncertainty(0, 0), percentile=99, confidence=95, requirement="x", burst=3
        )
        assert verdict.outcome is outcome


@pytest.mark.parametrize(("rate_hz", "burst"), [(0.0, 1.0), (-1.0, 1.0), (1.0, 0.5), (float("inf"), 1.0)])
def test_a_plan_that_means_nothing_is_refused(rate_hz: float, burst: float) -> None:
    with pytest.raises(ConfigError):
        plan(99, 95, rate_hz, burst=burst)


def test_the_risks_of_all_looks_add_up_to_the_risk_of_the_claim() -> None:
    planned = looks(10_000, 99, 95)
    assert [look.messages for look in planned] == [2500, 5000, 10_000]
    assert sum(100 - look.confidence for look in planned) == pytest.approx(5)


def test_no_look_is_planned_that_could_not_decide() -> None:
    assert [look.messages for look in looks(540, 99, 95)] == [540]
    with pytest.raises(ConfigError, match="plan 299"):
        looks(298, 99, 95)


def test_looking_more_than_once_does_not_let_more_bad_boxes_pass() -> None:
    line = BudgetLine("box", "node", "b.in", "b.out", 1.0, 0.0, ())
    planned = looks(4000, 99, 95)
    rng = np.random.default_rng(8)
    passed = 0
    for _ in range(300):
        delays = rng.random(4000) / 0.9895  # p99 just over the limit
        for look in planned:
            verdict = judge_delay(
                line,
                delays[: look.messages],
                Uncertainty(0, 0),
                percentile=99,
                confidence=look.confidence,
                requirement="x",
            )
            if verdict.outcome is not Outcome.INCONCLUSIVE:
                passed += verdict.outcome is Outcome.PASS
                break
    assert passed <= 0.05 * 300
