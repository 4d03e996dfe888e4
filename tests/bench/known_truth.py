"""Is what the harness reports true? A reference delay line of known delay, loss, duplication and reordering is measured.

    python tests/bench/known_truth.py                 coverage of the stated uncertainty: 5 delays, 100 runs
    python tests/bench/known_truth.py --verdicts      boxes at 0.90 … 1.10 of their budget, 200 runs
    python tests/bench/known_truth.py --load          the same, both cores kept busy and the box an ordinary process

Coverage: the share of runs whose reported p50 and p99 both lie within the stated uncertainty of the delay line's own. Verdicts: a
fail below the budget or a pass above it is wrong. The idle figures need an idle machine; that no verdict is wrong does not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from delay_rig import Flight, Rig

from hil.columns import MISSING, StampSource
from hil.run import schedule
from hil.run.floor import WAKEUPS
from hil.timing.budget import BudgetLine
from hil.timing.journeys import segment_delays
from hil.timing.metrics import reordering_of, stretch_metrics
from hil.timing.percentiles import percentile_bounds
from hil.timing.uncertainty import Uncertainty, bench_floor_s, stamps_uncertainty
from hil.timing.verdict import Outcome, judge_delay

DELAYS_MS = (0.2, 2.0, 20.0, 80.0, 200.0)
RUNS = 20  # at each delay
MESSAGES = 500  # in each run
RATE_HZ = 1_000.0
LOSS, DUPLICATE, REORDER = 0.02, 0.01, 0.01
HOLD_MS = 2.5  # what lets two later messages pass
SHARES = (0.90, 0.99, 1.01, 1.10)
LIMIT_S = 0.02
BURST = 3
SETTLE = 500  # first messages of a stream, not judged


def programmed(rng: np.random.Generator, delay_ms: float, n: int) -> np.ndarray:
    """Plan of the delay line, (n, 2): delay in ns, copies."""
    delay_ns = np.rint((delay_ms + 0.4 * rng.random(n)) * 1e6).astype(np.int64)
    delay_ns[rng.random(n) < REORDER] += int(HOLD_MS * 1e6)
    copies = np.ones(n, np.int64)
    copies[rng.random(n) < DUPLICATE] = 2
    copies[rng.random(n) < LOSS] = 0
    return np.column_stack([delay_ns, copies])


def floor_of(messages: int) -> float:
    """What the harness adds to the residence of a box, s: two passages between a wire and a socket, undisturbed."""
    with Rig(np.zeros((0, 2)), line=False) as rig:
        journeys = rig.fly(schedule.constant(RATE_HZ, messages), 0.1).journeys
    return 2 * bench_floor_s(segment_delays(journeys, "line.in", "line.out"), 99.0, 95.0)


def coverage(seed: int) -> dict[str, float]:
    """Fly every delay; print a line for each and return the figures."""
    floor_s = floor_of(3_000)
    stated = stamps_uncertainty(StampSource.KERNEL_TX, StampSource.KERNEL_RX, floor_s=floor_s)
    print(f"stated uncertainty {stated.expanded_s * 1e6:.1f} µs (floor {floor_s * 1e6:.1f} µs)")
    print("delay ms   runs within   worst |Δp50| µs   worst |Δp99| µs   loss, duplicates, reordering exact")
    within, runs, exact = 0, 0, 0
    for index, delay_ms in enumerate(DELAYS_MS):
        n = RUNS * MESSAGES
        plan = programmed(np.random.default_rng([seed, index]), delay_ms, n)
        with Rig(plan) as rig:
            flight = rig.fly(schedule.constant(RATE_HZ, n), delay_ms * 1e-3 + 0.5)
        off = np.array([errors(flight, slice(k * MESSAGES, (k + 1) * MESSAGES)) for k in range(RUNS)])
        good = int((np.abs(off).max(axis=1) <= stated.expanded_s).sum())
        same = counts_agree(flight, plan)
        worst = np.abs(off).max(axis=0) * 1e6
        print(
            f"{delay_ms:8.1f}   {good:4d} of {RUNS:<4d}  {worst[0]:15.2f}   {worst[1]:15.2f}   {'yes' if same else 'NO'}"
        )
        within, runs, exact = within + good, runs + RUNS, exact + same
    return {
        "uncertainty_coverage": within / runs,
        "uncertainty_idle_us": stated.expanded_s * 1e6,
        "counts_exact": exact / len(DELAYS_MS),
    }


def errors(flight: Flight, run: slice) -> tuple[float, float]:
    """Reported minus true p50 and p99 of one run, s."""
    reported = segment_delays(flight.journeys, "line.in", "line.out")[run]
    received, sent = flight.truth_ns[run, 0], flight.truth_ns[run, 1]
    true = np.where(sent > 0, (sent - received) * 1e-9, np.nan)
    p50, p99 = (
        percentile_bounds(reported, p, 95.0).estimate - percentile_bounds(true, p, 95.0).estimate for p in (50, 99)
    )
    return p50, p99


def counts_agree(flight: Flight, plan: np.ndarray) -> bool:
    """Are loss, duplicates and reordering reported exactly as the delay line did them?"""
    found = stretch_metrics(flight.journeys, "line.in", "line.out")
    sent = flight.truth_ns[:, 1]
    in_order = np.argsort(sent, kind="stable")
    in_order = in_order[sent[in_order] > 0]
    true = reordering_of(in_order, sent[in_order])
    copies = plan[:, 1]
    return (found.lost, found.duplicated, found.missed, found.reordering.reordered, found.reordering.max_extent) == (
        int((copies == 0).sum()),
        int((copies == 2).sum()),
        0,
        true.reordered,
        true.max_extent,
    )


def bursty(rng: np.random.Generator, n: int) -> np.ndarray:
    """Delays of a box with a bursty tail: lognormal, and every now and then BURST slow messages in a row."""
    base = rng.lognormal(0.0, 0.3, n)
    for start in np.flatnonzero(rng.random(n) < 0.03 / BURST):
        slow = (2.0 + rng.exponential(1.5)) * rng.lognormal(0, 0.1, BURST)[: n - start]
        base[start : start + BURST] = np.maximum(base[start : start + BURST], slow)
    return base


def verdicts(seed: int, runs: int, messages: int, *, loaded: bool) -> dict[str, float]:
    """Judge `runs` runs at every share of the budget; print a table and return how many verdicts were wrong."""
    line = BudgetLine("box", "node", "line.in", "line.out", LIMIT_S, 0.0, ())
    reference = float(np.quantile(bursty(np.random.default_rng([seed, 0]), 4_000_000), 0.99))
    burners = (
        [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
        if loaded
        else []
    )
    wrong = {"false_pass": 0, "false_fail": 0}
    print(
        f"{'busy cores' if loaded else 'no load of ours'}: {runs} runs of {messages} messages a share, budget {LIMIT_S * 1e3:g} ms"
    )
    print("share   pass   fail   inconclusive   blocked")
    try:
        for index, share in enumerate(SHARES):
            rng = np.random.default_rng([seed, index + 1])
            n = SETTLE + runs * messages
            delays_ns = np.rint(bursty(rng, n) / reference * share * LIMIT_S * 1e9)
            with Rig(np.column_stack([delays_ns, np.ones(n)]), fifo=not loaded) as rig:
                flight = rig.fly(schedule.constant(4 * RATE_HZ, n), 1.0)
            found = Counter(outcome_of(flight, line, SETTLE + k * messages, messages) for k in range(runs))
            print(
                f"{share:5.2f} " + " ".join(f"{found[outcome]:6d}" for outcome in (Outcome.PASS, Outcome.FAIL)), end=" "
            )
            print(f"{found[Outcome.INCONCLUSIVE]:14d} {found[Outcome.BLOCKED]:9d}")
            wrong["false_pass" if share > 1 else "false_fail"] += found[Outcome.PASS if share > 1 else Outcome.FAIL]
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
    total = 2 * runs
    return {f"{name}_{'load' if loaded else 'rig'}": count / total for name, count in wrong.items()}


def outcome_of(flight: Flight, line: BudgetLine, first: int, messages: int) -> Outcome:
    """Verdict on one run, as a bench gives it: kernel stamps, the bench's floor, and what its witness saw of waiting."""
    if flight.bench_drops:
        return Outcome.BLOCKED
    journeys = flight.journeys
    here, there = (journeys.stamps_ns[first : first + messages, column] for column in (1, 2))
    delays = np.where((here != MISSING) & (there != MISSING), (there - here) * 1e-9, np.nan)
    waited = min(percentile_bounds(flight.waits_s, 99.0, 97.5).upper, float(flight.waits_s.max()))
    known: Uncertainty = stamps_uncertainty(StampSource.KERNEL_TX, StampSource.KERNEL_RX, floor_s=1e-5)
    return judge_delay(
        line, delays, known, percentile=99.0, confidence=97.5, requirement="", starved_s=WAKEUPS * waited
    ).outcome


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--verdicts", action="store_true", help="verdicts on boxes at known shares of their budget")
    options.add_argument("--load", action="store_true", help="the same with both cores kept busy")
    options.add_argument("--runs", type=int, default=50, help="at each share of the budget (50)")
    options.add_argument("--messages", type=int, default=2_000, help="in each of these runs (2000)")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--json", type=Path, help="write the figures here")
    given = options.parse_args()
    if given.verdicts or given.load:
        figures = verdicts(given.seed, given.runs, given.messages, loaded=given.load)
        good = max(figures.values()) <= (0.0 if given.load else 0.025)
    else:
        figures = coverage(given.seed)
        good = figures["uncertainty_coverage"] >= 0.95 and figures["counts_exact"] == 1.0
    print(", ".join(f"{name} {value:.4g}" for name, value in figures.items()))
    if given.json:
        given.json.write_text(json.dumps(figures) + "\n")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
