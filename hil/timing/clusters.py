"""How many independent events a bursty series of exceedances is worth: late messages come in bursts, and bursts count once.

Exceedances are grouped by the intervals estimator (Ferro & Segers 2003, J. R. Statist. Soc. B 65, 545–556), which finds the gap
that separates two bursts from the series itself. A compound Poisson count whose bursts have size S varies like independent
events of weight E[S²]/E[S]: that is the burst length used here. What it means for a percentile is `percentiles`' business.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

SURPLUS = 2.0  # standard errors added to an observed burst length: too long a burst only costs messages
NEAR_MISSES = (0.5, 0.75, 1.0)  # of the way from the median to the limit: where bursts show before they exceed it


def burst_length(delays: Floats, limit: float) -> float:
    """Messages that one independent late event is worth, ≥ 1, judged from exceedances of `limit` and from near misses.

    `delays`: (n,) f8 in the order of the schedule, no NaN. A run without a near miss says nothing about bursts: 1.0.
    """
    if not len(delays):
        return 1.0
    median = float(np.median(delays))
    shares = NEAR_MISSES if median < limit else (1.0,)
    return max(burst_length_of(delays > median + share * (limit - median)) for share in shares)


def burst_length_of(events: Bools) -> float:
    """Messages that one independent event is worth, ≥ 1; `events`: (n,) bool in the order of the schedule, as late or lost.

    ΣS²/ΣS over the clusters' sizes S, raised by two standard errors (delta method for a ratio); a single cluster doubles its
    excess over 1.
    """
    sizes = cluster_sizes(events).astype(np.float64)
    if not len(sizes):
        return 1.0
    weight = float(np.sum(sizes**2) / sizes.sum())
    if len(sizes) == 1:
        return 2.0 * weight - 1.0
    scatter = np.sum((sizes**2 - weight * sizes) ** 2) * len(sizes) / (len(sizes) - 1)
    return weight + SURPLUS * math.sqrt(scatter) / float(sizes.sum())


def cluster_sizes(exceeds: Bools) -> Ints:
    """Sizes of the clusters of True in a series, (n,) bool → (clusters,) i8; the series is closed to a ring."""
    at = np.flatnonzero(exceeds)
    n = len(at)
    if n == 0:
        return np.zeros(0, np.int64)
    gaps = np.diff(at, append=at[0] + len(exceeds))
    clusters = min(n, math.floor(_extremal_index(gaps) * n) + 1)
    shortest_between = np.partition(gaps, n - clusters)[n - clusters]
    between = gaps >= shortest_between
    if np.count_nonzero(between) > clusters:  # a tie: gaps of that length are within clusters
        between = gaps > shortest_between
    ends = np.flatnonzero(between)
    if not len(ends):  # all gaps are the same: nothing is bunched
        return np.ones(n, np.int64)
    return np.diff(ends, append=ends[0] + n)


def _extremal_index(gaps: Ints) -> float:
    """Intervals estimator of the extremal index, 0 … 1: the reciprocal of the mean cluster size."""
    times = gaps.astype(np.float64)
    if times.max() <= 2:
        above, below = times.sum() ** 2, np.sum(times**2)
    else:
        above, below = np.sum(times - 1) ** 2, np.sum((times - 1) * (times - 2))
    return min(1.0, float(2 * above / (len(times) * below)))
