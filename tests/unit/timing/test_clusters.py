"""Bursts are seen where they are, and not where they are not."""

import numpy as np
import pytest

from hil.timing.clusters import burst_length, cluster_sizes


def test_scattered_exceedances_are_one_each() -> None:
    rng = np.random.default_rng(2)
    sizes = [cluster_sizes(rng.random(20_000) < 0.01) for _ in range(20)]
    assert np.mean([s.sum() / len(s) for s in sizes]) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("length", [5, 50])
def test_bursts_of_one_length_are_counted_as_bursts(length: int) -> None:
    rng = np.random.default_rng(3)
    late = np.zeros(400 * length, bool)
    for start in rng.choice(40, 12, replace=False) * 10 * length:
        late[start : start + length] = True
    assert cluster_sizes(late).tolist() == [length] * 12


def test_one_burst_is_one_cluster() -> None:
    late = np.zeros(2000, bool)
    late[700:750] = True
    assert cluster_sizes(late).tolist() == [50]


def test_a_burst_across_the_end_of_the_run_is_not_torn() -> None:
    late = np.zeros(2000, bool)
    late[:20] = late[-30:] = late[1000:1050] = True
    assert sorted(cluster_sizes(late).tolist()) == [50, 50]


def test_every_message_late_is_no_burst() -> None:
    assert cluster_sizes(np.ones(500, bool)).tolist() == [1] * 500


def test_bursts_with_gaps_inside_are_still_bursts() -> None:
    late = np.zeros(50_000, bool)
    for start in range(1000, 50_000, 5000):
        late[start : start + 60 : 3] = True  # every third message of a burst
    assert cluster_sizes(late).tolist() == [20] * 10


def test_burst_length_shows_in_near_misses_before_the_limit_is_exceeded() -> None:
    rng = np.random.default_rng(4)
    delays = rng.uniform(1.0, 2.0, 200_000)
    for start in rng.choice(2000, 100, replace=False) * 100:
        delays[start : start + 30] = 8.0
    assert 30 <= burst_length(delays, 10.0) < 60  # neighbours may count as one: that errs towards more messages


def test_independent_delays_have_bursts_of_about_one() -> None:
    delays = np.random.default_rng(5).lognormal(0.0, 0.5, 50_000)
    assert 1.0 <= burst_length(delays, float(np.quantile(delays, 0.99))) < 1.6


def test_no_near_miss_says_nothing_of_bursts() -> None:
    assert burst_length(np.random.default_rng(6).uniform(1, 2, 1000), 100.0) == 1.0
    assert burst_length(np.zeros(0), 1.0) == 1.0
