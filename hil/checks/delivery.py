"""Does everything arrive that should, once and in order, and do the box's own books say the same?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hil.timing.budget import Budget, BudgetLine
from hil.timing.clusters import burst_length_of
from hil.timing.journeys import Journeys
from hil.timing.metrics import losses
from hil.timing.verdict import Outcome, Verdict, judge_count, judge_loss

REFUSALS = ("missing_item", "unknown_sensor", "bad_time", "test_target", "out_of_range", "table_full", "shed")


def line_loss(line: BudgetLine, budget: Budget, journeys: Journeys, requirement: str, *, tap_drops: int = 0) -> Verdict:
    """Loss on one line of a budget: of the plots seen where it begins, how many were seen neither at its end nor later."""
    sent, lost = losses(journeys, line.from_tap, line.to_tap)
    missed = int(journeys.skipped()[:, journeys.column(line.to_tap)].sum())
    verdict = judge_loss(
        line,
        int(lost.sum()),
        int(sent.sum()),
        confidence=budget.confidence,
        requirement=requirement,
        burst=burst_length_of(lost[sent]),
        tap_drops=tap_drops + missed,
    )
    return replace(verdict, subject=budget.subject(line))


def once(journeys: Journeys, tap: str, requirement: str) -> list[Verdict]:
    """No plot is seen twice at `tap`, no record there belongs to no plot, and every plot can be told from the others."""
    copies = journeys.copies[:, journeys.column(tap)]
    n = len(journeys.plot_id)
    alike = judge_count(requirement, tap, int(journeys.ambiguous.sum()), 0, n, "plots that cannot be told apart")
    if alike.outcome is Outcome.FAIL:
        alike = replace(alike, outcome=Outcome.BLOCKED)  # the scenario sent them so: not the box's fault
    return [
        judge_count(requirement, tap, int(np.maximum(copies - 1, 0).sum()), 0, n, "records too many"),
        judge_count(requirement, tap, len(journeys.unmatched.get(tap, ())), 0, n, "records of no plot"),
        alike,
    ]


def none_missing(journeys: Journeys, from_tap: str, to_tap: str, requirement: str) -> Verdict:
    """Every plot that was seen at `from_tap` was seen at `to_tap`, or at least further on."""
    sent, lost = losses(journeys, from_tap, to_tap)
    return judge_count(requirement, to_tap, int(lost.sum()), 0, int(sent.sum()), "plots without a record")


def in_order(order: npt.NDArray[np.int64], tap: str, requirement: str) -> Verdict:
    """Records leave in the order of their plots. `order`: the plots' places in the schedule, in the order seen at the tap.

    A record is reordered when an earlier-scheduled one comes after a later one (RFC 4737 §3.3, singleton Type-P-Reordered).
    """
    late = np.maximum.accumulate(order) > order if len(order) else np.zeros(0, bool)
    return judge_count(requirement, tap, int(late.sum()), 0, len(order), "records out of order")


def books(
    box: str,
    before: Mapping[str, int],
    after: Mapping[str, int],
    plots_sent: int,
    requirement: str,
    *,
    may_miss: int = 0,
) -> list[Verdict]:
    """The counters of a box balance over a run, and it counted every plot that was sent to it, but for the `may_miss` that met it
    in an outage.
    """
    grew = {name: after[name] - before.get(name, 0) for name in after}
    needed = {"plots_in", "tracks_out", *REFUSALS}
    if not needed <= grew.keys():
        missing = ", ".join(sorted(needed - grew.keys()))
        return [
            Verdict(
                requirement,
                box,
                0,
                "count",
                np.nan,
                0.0,
                Outcome.FAIL,
                plots_sent,
                f"STAT:COUN? does not give {missing}",
            )
        ]
    refused = sum(grew[name] for name in REFUSALS)
    above, below = grew["plots_in"] - plots_sent, plots_sent - grew["plots_in"]
    astray = grew["plots_in"] - grew["tracks_out"] - refused
    return [
        judge_count(requirement, box, max(above, below - may_miss), 0, plots_sent, "plots miscounted on the way in"),
        judge_count(requirement, box, abs(astray), 0, plots_sent, "plots that no counter accounts for"),
    ]
