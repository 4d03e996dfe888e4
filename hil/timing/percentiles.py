"""How sure a percentile of delays is: distribution-free bounds from order statistics, and the sample sizes they need.

The observations between the bounds are counted with the binomial distribution (David & Nagaraja, Order Statistics, §7.1). That
holds for independent observations; `clusters` says how many independent ones a bursty series is worth.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hil.errors import ConfigError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PercentileBounds:
    """A percentile and the one-sided bounds that each hold with the confidence asked for; ±inf where n is too small."""

    percentile: float
    confidence: float  # per cent, one-sided
    n: int  # observations
    effective_n: float  # independent observations they are worth
    estimate: float
    lower: float
    upper: float


def percentile_bounds(
    values: Floats, percentile: float, confidence: float, effective_n: float | None = None
) -> PercentileBounds:
    """Estimate and bounds of a percentile of `values`, (n,) f8, NaN left out; `effective_n` defaults to n.

    Raises ConfigError for a percentile or confidence outside 0 … 100.
    """
    ordered = np.sort(values[~np.isnan(values)])

    def at(rank: int) -> float:
        return float(ordered[rank - 1])

    return bounds_of_ranks(len(ordered), percentile, confidence, effective_n, at, at)


def bounds_of_ranks(
    n: int,
    percentile: float,
    confidence: float,
    effective_n: float | None,
    upper_at: Callable[[int], float],
    lower_at: Callable[[int], float],
) -> PercentileBounds:
    """As `percentile_bounds`, where `upper_at(rank)` and `lower_at(rank)` bound the value of a rank, 1 … n."""
    tail, risk = _tail(percentile), _risk(confidence)
    worth = float(n) if effective_n is None else min(effective_n, float(n))
    if n == 0:
        return PercentileBounds(percentile, confidence, 0, 0.0, math.nan, -math.inf, math.inf)
    allowed, proof = deciding_exceedances(n, worth, tail, risk)
    upper = upper_at(n - allowed) if allowed >= 0 else math.inf
    lower = lower_at(n - proof + 1) if proof <= n else -math.inf
    estimate = upper_at(max(1, math.ceil(n * (1.0 - tail) - 1e-9)))
    return PercentileBounds(percentile, confidence, n, worth, estimate, lower, upper)


def deciding_exceedances(n: int, effective_n: float, tail: float, risk: float) -> tuple[int, int]:
    """Of n messages worth `effective_n` independent ones: the most exceedances that prove a tail smaller than `tail` (−1: none
    can), and the fewest that prove a larger one, each at risk `risk` of being wrong.

    The second is never more than n · tail / risk (Markov's inequality), which holds however the messages depend on each other.
    """
    few = exceedances_between(math.floor(effective_n), tail, risk)[0]
    many = exceedances_between(math.ceil(effective_n), tail, risk)[1]
    weight = n / effective_n  # messages that one independent exceedance stands for
    allowed = math.floor(few * weight) if few >= 0 else -1
    return allowed, min(math.ceil((many + 1) * weight), math.ceil(n * tail / risk))


def exceedances_between(n: int, tail: float, risk: float) -> tuple[int, int]:
    """Of n independent trials: the most exceedances that still prove a smaller tail, the most that do not yet prove a larger one.

    First: largest e with P(Bin(n, tail) ≤ e) ≤ risk, −1 if there is none. Second: smallest f with P(Bin(n, tail) ≤ f) ≥ 1 − risk.
    """
    cumulative = _binomial_cdf(n, tail)
    few = int(np.searchsorted(cumulative, risk, side="right")) - 1
    many = int(np.searchsorted(cumulative, 1.0 - risk, side="left"))
    return few, many


def messages_needed(percentile: float, confidence: float, exceedances: int = 0) -> int:
    """Fewest independent messages that prove the percentile when `exceedances` of them are over the limit.

    Smallest n with P(Bin(n, 1 − percentile) ≤ exceedances) ≤ 1 − confidence (Wilks 1941 for 0 exceedances).
    """
    tail, risk = _tail(percentile), _risk(confidence)
    enough = exceedances + 1
    while _binomial_cdf_at(enough, tail, exceedances) > risk:
        enough *= 2
    too_few = exceedances
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        if _binomial_cdf_at(middle, tail, exceedances) > risk:
            too_few = middle
        else:
            enough = middle
    return enough


def _tail(percentile: float) -> float:
    if not 0.0 < percentile < 100.0:
        raise ConfigError(
            f"percentile {percentile:g} must lie between 0 and 100", "99 means: one in a hundred may be later"
        )
    return 1.0 - percentile / 100.0


def _risk(confidence: float) -> float:
    if not 0.0 < confidence < 100.0:
        raise ConfigError(f"confidence {confidence:g} must lie between 0 and 100", "95 is customary")
    return 1.0 - confidence / 100.0


def _binomial_cdf(n: int, p: float) -> Floats:
    """P(Bin(n, p) ≤ k) for k = 0 … well past its mean, computed in logarithms so that n may be millions."""
    last = min(n, math.ceil(n * p + 10 * math.sqrt(n * p + 1) + 20))
    k = np.arange(last)
    steps = np.log((n - k) / (k + 1)) + math.log(p / (1 - p))
    log_pmf = n * math.log1p(-p) + np.concatenate([[0.0], np.cumsum(steps)])
    return np.asarray(np.minimum(np.cumsum(np.exp(log_pmf)), 1.0), np.float64)


def _binomial_cdf_at(n: int, p: float, k: int) -> float:
    cumulative = _binomial_cdf(n, p)
    return float(cumulative[min(k, len(cumulative) - 1)])
