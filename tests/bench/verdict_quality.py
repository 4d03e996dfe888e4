"""How often the timing verdict is wrong: simulated boxes at known shares of their budget, with tails as bursty as real ones.

    python tests/bench/verdict_quality.py [--runs 200] [--seed 1]

Each row is one kind of delay process and run length; a box "at 1.01" has its true p99 at 1.01 × budget. Printed: false passes and
false fails of `hil.timing.verdict.judge_delay`, and beside them those of plain order statistics, which take every message for
independent. The rest is inconclusive. `false_pass` and `false_fail` are those of the worst share of the budget, over all kinds of
delay; exit code 1 when one of them is above `--allowed`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.timing.budget import BudgetLine
from hil.timing.percentiles import percentile_bounds
from hil.timing.uncertainty import Uncertainty
from hil.timing.verdict import Outcome, judge_delay

Floats = npt.NDArray[np.float64]
Process = Callable[[np.random.Generator, int], Floats]

PERCENTILE, CONFIDENCE = 99.0, 97.5  # 2.5 % risk on either side
TAIL = 1 - PERCENTILE / 100
SHARES = (0.90, 0.99, 1.00, 1.01, 1.10)
LINE = BudgetLine("simulated box", "node", "box.in", "box.out", 1.0, 0.0, ())
SURE = Uncertainty(0.0, 0.0)  # no guard band: the statistics alone have to be right
REFERENCE_RUNS, REFERENCE_MESSAGES = 12, 2_000_000  # for the true percentile


def independent(rng: np.random.Generator, n: int) -> Floats:
    """No bursts: every delay drawn for itself, lognormal."""
    return rng.lognormal(0.0, 0.5, n)


def hiccups(mean_length: float, *, fixed: bool) -> Process:
    """A good box that every now and then is slow for a burst of messages (fixed or geometric length), levels exponential."""

    def delays(rng: np.random.Generator, n: int) -> Floats:
        base = rng.lognormal(0.0, 0.3, n)
        starts = np.flatnonzero(rng.random(n) < 3 * TAIL / mean_length)
        lengths = np.full(len(starts), int(mean_length)) if fixed else rng.geometric(1 / mean_length, len(starts))
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        at = np.repeat(starts, lengths) + within
        level = np.repeat(2.0 + rng.exponential(1.5, len(starts)), lengths) * rng.lognormal(0.0, 0.1, len(at))
        np.maximum.at(base, at[at < n], level[at < n])
        return base

    return delays


def stalls(chance: float, mean_length: float) -> Process:
    """A queue served in order whose server stops at times (a stolen CPU): Lindley's recursion, so the backlog drains slowly."""

    def delays(rng: np.random.Generator, n: int) -> Floats:
        work = rng.exponential(0.2, n) + (rng.random(n) < chance) * rng.exponential(mean_length, n)
        backlog = np.concatenate([[0.0], np.cumsum(work - 1.0)[:-1]])
        waiting: Floats = backlog - np.minimum.accumulate(backlog)
        return waiting + work + rng.lognormal(-1.0, 0.3, n)

    return delays


def wandering(memory: int) -> Process:
    """Load that wanders: a lognormal delay whose level is a moving average over `memory` messages, plus noise of its own."""

    def delays(rng: np.random.Generator, n: int) -> Floats:
        steps = np.cumsum(rng.normal(size=n + memory))
        level = (steps[memory:] - steps[:-memory]) / np.sqrt(memory)
        return np.asarray(np.exp(0.5 * (np.sqrt(0.8) * level + np.sqrt(0.2) * rng.normal(size=n))), np.float64)

    return delays


@dataclass(frozen=True)
class Case:
    """A delay process and the length of the run that judges it."""

    name: str
    process: Process
    messages: int
    burst: float = 1.0  # what the budget says of bursts
    bursts_unseen: bool = False  # a run too short to show bursts that nobody announced: printed, not counted


CASES = (
    Case("independent", independent, 1_000),
    Case("independent", independent, 10_000),
    Case("hiccups of 10", hiccups(10, fixed=True), 20_000),
    Case("hiccups of 10, geometric", hiccups(10, fixed=False), 40_000),
    Case("hiccups of 50", hiccups(50, fixed=True), 50_000),
    Case("stalls of 10", stalls(0.002, 10), 60_000),
    Case("stalls of 30", stalls(0.0006, 30), 60_000),
    Case("wandering over 20", wandering(20), 40_000),
    Case("hiccups of 50, short run, burst = 50", hiccups(50, fixed=True), 3_000, burst=50.0),
    Case("hiccups of 50, short run, burst = 1", hiccups(50, fixed=True), 3_000, bursts_unseen=True),
)


@dataclass(frozen=True)
class Rates:
    """Of all runs at one share of the budget: passes and fails, ours and those of plain order statistics."""

    passed: float
    failed: float
    plain_passed: float
    plain_failed: float

    def wrong(self, share: float) -> float:
        return self.passed if share > 1 else self.failed


def rates(case: Case, runs: int, seed: int) -> Iterator[tuple[float, Rates]]:
    """Rates at each of SHARES."""
    reference = [
        np.quantile(case.process(np.random.default_rng([seed, 0, i]), REFERENCE_MESSAGES), 1 - TAIL)
        for i in range(REFERENCE_RUNS)
    ]
    for index, share in enumerate(SHARES, 1):
        outcomes = [
            judge_both(case.process(np.random.default_rng([seed, index, run]), case.messages), share, reference, case)
            for run in range(runs)
        ]
        yield (
            share,
            Rates(
                *(
                    sum(pair[side] is wanted for pair in outcomes) / runs
                    for side in (0, 1)
                    for wanted in (Outcome.PASS, Outcome.FAIL)
                )
            ),
        )


def judge_both(
    delays: Floats, share: float, reference: Sequence[np.floating[Any]], case: Case
) -> tuple[Outcome, Outcome]:
    """Verdict on delays scaled so that the true percentile is at `share` of the budget: ours, and plain order statistics'."""
    scaled = delays / float(np.mean(reference)) * share
    ours = judge_delay(
        LINE, scaled, SURE, percentile=PERCENTILE, confidence=CONFIDENCE, requirement="simulated", burst=case.burst
    )
    plain = percentile_bounds(scaled, PERCENTILE, CONFIDENCE)
    if plain.upper <= LINE.limit_s:
        return ours.outcome, Outcome.PASS
    return ours.outcome, Outcome.FAIL if plain.lower > LINE.limit_s else Outcome.INCONCLUSIVE


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument(
        "--allowed", type=float, default=0.025, help="wrong verdicts allowed at each share of the budget"
    )
    options.add_argument("--json", type=Path, help="write the figures here")
    given = options.parse_args()
    print(
        f"p{PERCENTILE:g} at {CONFIDENCE:g} %, {given.runs} runs per cell, seed {given.seed}; % passed/failed; plain in ()"
    )
    print("| delays | messages | " + " | ".join(f"at {share:.2f}" for share in SHARES) + " |")
    print("|---|---|" + "---|" * len(SHARES))
    wrong: dict[float, list[float]] = {share: [] for share in SHARES}
    for case in CASES:
        cells = []
        for share, found in rates(case, given.runs, given.seed):
            cells.append(
                f"{100 * found.passed:.1f}/{100 * found.failed:.1f} "
                f"({100 * found.plain_passed:.1f}/{100 * found.plain_failed:.1f})"
            )
            if not case.bursts_unseen:
                wrong[share].append(found.wrong(share))
        print(f"| {case.name} | {case.messages} | " + " | ".join(cells) + " |", flush=True)
    figures = {
        "false_pass": max(float(np.mean(wrong[share])) for share in SHARES if share > 1),
        "false_fail": max(float(np.mean(wrong[share])) for share in SHARES if share < 1),
        "false_pass_worst_cell": max(max(wrong[share]) for share in SHARES if share > 1),
        "false_fail_worst_cell": max(max(wrong[share]) for share in SHARES if share < 1),
    }
    print(", ".join(f"{name} {100 * value:.2f} %" for name, value in figures.items()))
    if given.json:
        given.json.write_text(json.dumps(figures) + "\n")
    return int(max(figures["false_pass"], figures["false_fail"]) > given.allowed)


if __name__ == "__main__":
    sys.exit(main())
