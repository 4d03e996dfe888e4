"""A soak's histogram against the values it was fed."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.errors import ConfigError
from hil.timing.histogram import Histogram
from hil.timing.percentiles import percentile_bounds


@pytest.mark.parametrize("percentile", [0.1, 50, 90, 99, 99.9, 100])
def test_a_percentile_is_never_understated_and_at_most_one_step_over(percentile: float) -> None:
    values = np.random.default_rng(1).lognormal(-6, 1.5, 100_000)
    histogram = Histogram(bits=10)
    histogram.add(values)
    rank = math.ceil(Fraction(str(percentile)) * len(values) / 100)
    true = float(np.sort(values)[rank - 1])
    assert true <= histogram.percentile(percentile) <= true * (1 + 2**-10) * (1 + 1e-12)


def test_bounds_enclose_those_of_the_values_themselves() -> None:
    values = np.random.default_rng(2).exponential(0.01, 20_000)
    histogram = Histogram()
    histogram.add(values)
    coarse, fine = histogram.bounds(99.9, 95), percentile_bounds(values, 99.9, 95)
    assert coarse.lower <= fine.lower <= fine.upper <= coarse.upper
    assert coarse.upper == pytest.approx(fine.upper, rel=2**-10)


def test_two_halves_merged_are_the_whole() -> None:
    values = np.random.default_rng(3).exponential(0.01, 1000)
    whole, one, other = Histogram(), Histogram(), Histogram()
    whole.add(values)
    one.add(values[:300])
    other.add(values[300:])
    one.merge(other)
    assert np.array_equal(one.counts, whole.counts)


def test_memory_does_not_grow_with_the_run() -> None:
    histogram = Histogram()
    before = histogram.counts.nbytes
    for seed in range(20):
        histogram.add(np.random.default_rng(seed).exponential(0.01, 10_000))
    assert histogram.n == 200_000
    assert histogram.counts.nbytes == before < 500_000


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=50))
def test_no_value_is_dropped_however_small_or_large(values: list[float]) -> None:
    histogram = Histogram(smallest=1e-3, largest=10.0)
    histogram.add(np.array(values))
    assert histogram.n == len(values)
    assert histogram.percentile(100) >= min(max(values), 10.0)


def test_exceedances_of_a_limit_are_never_understated() -> None:
    values = np.random.default_rng(4).exponential(0.01, 50_000)
    histogram = Histogram()
    histogram.add(values)
    assert np.sum(values > 0.03) <= histogram.exceeding(0.03) <= np.sum(values > 0.03 * (1 - 2**-9))


def test_a_lost_message_is_refused_as_a_delay() -> None:
    with pytest.raises(ConfigError, match="NaN"):
        Histogram().add(np.array([0.1, np.nan]))


def test_histograms_of_different_steps_are_not_added() -> None:
    with pytest.raises(ConfigError, match="different steps"):
        Histogram(bits=8).merge(Histogram(bits=9))
