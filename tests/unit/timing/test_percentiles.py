"""Bounds of percentiles against closed forms and exact binomial sums."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hil.errors import ConfigError
from hil.timing.percentiles import exceedances_between, messages_needed, percentile_bounds


def exact_cdf(k: int, n: int, p: Fraction) -> Fraction:
    return sum((math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1)), Fraction(0))


@pytest.mark.parametrize(
    ("percentile", "exceedances", "messages"),
    [(99, 0, 299), (99, 1, 473), (99.9, 0, 2995), (99.9, 1, 4742), (99.9, 5, 10511)],
)
def test_sample_sizes_at_95_percent_are_the_published_ones(percentile: float, exceedances: int, messages: int) -> None:
    assert messages_needed(percentile, 95, exceedances) == messages


@pytest.mark.parametrize(("percentile", "confidence"), [(50, 90), (90, 95), (99, 97.5), (99.99, 99)])
def test_without_exceedances_the_sample_size_is_the_logarithms_quotient(percentile: float, confidence: float) -> None:
    closed = math.ceil(math.log(1 - confidence / 100) / math.log(percentile / 100))
    assert messages_needed(percentile, confidence) == closed


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 150), st.sampled_from([Fraction(1, 100), Fraction(1, 10), Fraction(1, 2)]))
def test_exceedances_that_decide_agree_with_exact_binomial_sums(n: int, tail: Fraction) -> None:
    few, many = exceedances_between(n, float(tail), 0.05)
    assert few == max((e for e in range(n + 1) if exact_cdf(e, n, tail) <= Fraction(1, 20)), default=-1)
    assert many == min(f for f in range(n + 1) if exact_cdf(f, n, tail) >= Fraction(19, 20))


def test_bounds_of_independent_values_hold_with_the_stated_confidence() -> None:
    rng = np.random.default_rng(11)
    bounds = [percentile_bounds(rng.random(1200), 99, 95) for _ in range(2000)]
    assert np.mean([b.upper < 0.99 for b in bounds]) <= 0.06
    assert np.mean([b.lower > 0.99 for b in bounds]) <= 0.06


def test_too_few_values_give_no_upper_bound() -> None:
    assert percentile_bounds(np.arange(298.0), 99, 95).upper == math.inf
    assert percentile_bounds(np.arange(299.0), 99, 95).upper == 298.0


def test_bursts_cost_as_many_messages_as_they_are_long() -> None:
    assert percentile_bounds(np.arange(2989.0), 99, 95, effective_n=2989 / 10).upper == math.inf
    assert percentile_bounds(np.arange(2990.0), 99, 95, effective_n=2990 / 10).upper == 2989.0


def test_values_late_in_one_run_of_a_fifth_prove_a_fail_whatever_their_dependence() -> None:
    values = np.concatenate([np.zeros(400), np.ones(140)])
    assert percentile_bounds(values, 99, 95, effective_n=1.0).lower == 1.0


def test_one_burst_proves_no_fail() -> None:
    values = np.concatenate([np.zeros(2000), np.ones(60)])
    assert percentile_bounds(values, 99, 95, effective_n=2060 / 60).lower == 0.0


def test_lost_messages_are_left_out() -> None:
    values = np.array([1.0, math.nan, 3.0])
    assert percentile_bounds(values, 50, 80).n == 2


def test_nothing_measured_is_bounded_by_nothing() -> None:
    bounds = percentile_bounds(np.zeros(0), 99, 95)
    assert (bounds.n, bounds.lower, bounds.upper) == (0, -math.inf, math.inf)


def test_millions_of_messages_are_counted_exactly() -> None:
    few, many = exceedances_between(4_000_000, 0.001, 0.05)
    spread = 1.6449 * math.sqrt(4000 * 0.999)
    assert few == pytest.approx(4000 - spread, abs=3)
    assert many == pytest.approx(4000 + spread, abs=3)


@pytest.mark.parametrize(("percentile", "confidence"), [(100, 95), (0, 95), (99, 100), (99, 0)])
def test_a_claim_that_no_sample_can_prove_is_refused(percentile: float, confidence: float) -> None:
    with pytest.raises(ConfigError):
        messages_needed(percentile, confidence)
