"""Do items of records say what they should? Values are compared column by column with what is known of the plots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.timing.verdict import Outcome, Verdict, judge_count

Column = npt.NDArray[Any]


def equal(tap: str, said: Mapping[str, Column], known: Mapping[str, Column], requirement: str) -> list[Verdict]:
    """Each column of `known` is what `said` has under the same name, row by row."""
    return [
        judge_count(
            requirement,
            f"{tap} I062/{name}",
            int((said[name] != column).sum()) if name in said else len(column),
            0,
            len(column),
            "records that say otherwise",
        )
        for name, column in known.items()
    ]


def within(
    subject: str,
    said: npt.NDArray[np.float64],
    known: npt.NDArray[np.float64],
    limit: float,
    unit: str,
    requirement: str,
) -> Verdict:
    """No value is further than `limit` from what is known; rows where the box says nothing (NaN) are too far."""
    if not len(known):
        return Verdict(requirement, subject, limit, unit, np.nan, 0.0, Outcome.INCONCLUSIVE, 0, "nothing was observed")
    away = np.abs(said - known)
    worst = float(np.inf if np.isnan(away).any() else away.max())
    outcome = Outcome.PASS if worst <= limit else Outcome.FAIL
    reason = "" if outcome is Outcome.PASS else f"up to {worst:.3g} {unit} off, allowed {limit:.3g} {unit}"
    return Verdict(requirement, subject, limit, unit, worst, 0.0, outcome, len(known), reason)


def exactly(subject: str, said: Column, known: Column, requirement: str) -> list[Verdict]:
    """The same keys, each as often, in the same order: nothing lost, nothing twice, nothing invented, nothing out of turn."""
    keys, times = np.unique(known, return_counts=True)
    seen, seen_times = np.unique(said, return_counts=True)
    got = np.zeros(len(keys), np.int64)
    common, at, of = np.intersect1d(keys, seen, return_indices=True)
    got[at] = seen_times[of]
    first = said[np.sort(np.unique(said, return_index=True)[1])]
    order = known[np.sort(np.unique(known, return_index=True)[1])]
    in_turn = np.array_equal(first[np.isin(first, common)], order[np.isin(order, common)])
    n = len(known)
    return [
        judge_count(requirement, subject, int(np.maximum(times - got, 0).sum()), 0, n, "records missing"),
        judge_count(requirement, subject, int(np.maximum(got - times, 0).sum()), 0, n, "records too many"),
        judge_count(requirement, subject, int(seen_times[~np.isin(seen, keys)].sum()), 0, n, "records of no plot"),
        judge_count(requirement, subject, int(not in_turn), 0, n, "sequences out of order"),
    ]


def counted(box: str, grew: Mapping[str, int], known: Mapping[str, int], requirement: str) -> list[Verdict]:
    """Each counter in `known` went up by just that much."""
    return [
        judge_count(
            requirement, f"{box} {name}", abs(grew.get(name, -1) - n), 0, max(n, 1), f"off, should have counted {n}"
        )
        for name, n in known.items()
    ]
