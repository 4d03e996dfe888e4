"""From figures to verdicts: pass only if surely under the limit, fail only if surely over, else inconclusive with the reason.

Decision rule: ISO 14253-1 / ILAC-G8:09/2019 guard band w = expanded uncertainty, on the confidence bound of the statistic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from hil.timing.budget import BudgetLine
from hil.timing.clusters import burst_length
from hil.timing.percentiles import PercentileBounds, deciding_exceedances, messages_needed, percentile_bounds
from hil.timing.uncertainty import Uncertainty, floor_too_high

STARVED_S = 0.1  # a wait for a core that upsets what drills do at their instants


class Outcome(StrEnum):
    """`fail`: the box is at fault. `blocked`: the bench is. `inconclusive`: it cannot be told."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Verdict:
    """What one check found about one subject (a budget line, a box, a track)."""

    requirement: str
    subject: str
    limit: float
    unit: str
    measured: float  # NaN = nothing was measured
    uncertainty: float  # expanded, k = 2, in `unit`
    outcome: Outcome
    n: int  # observations behind `measured`
    reason: str  # one line: why, or what a pass rests on; may be empty for a pass
    artefacts: tuple[str, ...] = ()


def unless_starved(verdict: Verdict, waited_s: float, wakeups: int = 3) -> Verdict:
    """The verdict, but *blocked* where it is a fail that a starved machine can explain: processes there waited up to `waited_s`.

    A time that is over its limit is explained by `wakeups` such waits; anything else by a wait of `STARVED_S` or more, as what was
    to happen in a certain order and at certain instants then did not. A pass stands.
    """
    explained = verdict.measured - verdict.limit <= wakeups * waited_s if verdict.unit == "s" else waited_s >= STARVED_S
    if verdict.outcome is not Outcome.FAIL or waited_s <= 0.0 or not explained:
        return verdict
    reason = f"{verdict.reason}, but processes of the bench's machine waited up to {_ms(waited_s)} for a core"
    return replace(verdict, outcome=Outcome.BLOCKED, reason=reason)


def overall(outcomes: Iterable[Outcome]) -> Outcome:
    """One outcome for many: fail before blocked before inconclusive before pass; nothing judged is inconclusive."""
    found = set(outcomes)
    for outcome in (Outcome.FAIL, Outcome.BLOCKED, Outcome.INCONCLUSIVE, Outcome.PASS):
        if outcome in found:
            return outcome
    return Outcome.INCONCLUSIVE


def judge_delay(
    line: BudgetLine,
    delays_s: npt.NDArray[np.float64],
    uncertainty: Uncertainty,
    *,
    percentile: float,
    confidence: float,
    requirement: str,
    burst: float = 1.0,
    starved_s: float = 0.0,
    disturbed: str = "",
) -> Verdict:
    """Is the percentile of a budget line's delays within its limit?

    `delays_s`: (n,) f8 in the order of the schedule, NaN = no delay (lost messages are judged by `judge_loss`). `burst`: messages
    that late ones are taken to come in at least; longer bursts that show in the delays count more. `starved_s`: what waiting for
    a core of the bench's own machine may have added to a message: a fail that this could explain is blocked (a pass stands, as
    waiting only makes messages later). `disturbed`: why this run's bench cannot be believed at all (then the line is blocked). The
    risk of a wrong pass, and of a wrong fail, is 1 − confidence each.
    """
    delays = delays_s[~np.isnan(delays_s)]
    length = max(burst, burst_length(delays, line.limit_s))
    return judge_bounds(
        line,
        percentile_bounds(delays, percentile, confidence, len(delays) / length),
        lambda limit_s: int(np.count_nonzero(delays > limit_s)),
        uncertainty,
        requirement=requirement,
        backwards=int(np.count_nonzero(delays < -uncertainty.expanded_s)),
        starved_s=starved_s,
        disturbed=disturbed,
    )


def judge_bounds(
    line: BudgetLine,
    bounds: PercentileBounds,
    over: Callable[[float], int],
    uncertainty: Uncertainty,
    *,
    requirement: str,
    backwards: int = 0,
    starved_s: float = 0.0,
    disturbed: str = "",
) -> Verdict:
    """As `judge_delay`, from what is known of the delays when they are not kept one by one (hil.timing.histogram).

    `over(limit_s)` counts the delays above a limit, `backwards` those below minus the expanded uncertainty.
    """
    if disturbed:
        outcome, reason = Outcome.BLOCKED, disturbed
    elif backwards:
        outcome, reason = Outcome.BLOCKED, f"{backwards} messages arrived before they left: the clock stepped"
    else:
        outcome, reason = _decide(over, bounds, line, uncertainty)
    if outcome is Outcome.FAIL and bounds.lower - uncertainty.expanded_s - starved_s <= line.limit_s:
        outcome = Outcome.BLOCKED
        reason = f"{reason}, but waiting for a core of the bench's machine may have added {_ms(starved_s)}"
    return Verdict(
        requirement=requirement,
        subject=line.name,
        limit=line.limit_s,
        unit="s",
        measured=bounds.estimate,
        uncertainty=uncertainty.expanded_s,
        outcome=outcome,
        n=bounds.n,
        reason=reason,
    )


def judge_loss(
    line: BudgetLine,
    lost: int,
    sent: int,
    *,
    confidence: float,
    requirement: str,
    burst: float = 1.0,
    tap_drops: int = 0,
) -> Verdict:
    """Is the share of messages lost on a line within its allowance? `tap_drops` are the capture's own: they block.

    With an allowance of 0 a single loss fails and none passes; else the share's confidence bounds decide, and losses count in
    bursts of `burst` messages (`clusters.burst_length_of` the lost ones).
    """
    share = lost / sent if sent else math.nan
    outcome, reason = _decide_loss(line.loss_allowance, lost, sent, confidence, burst, tap_drops)
    return Verdict(requirement, line.name, line.loss_allowance, "ratio", share, 0.0, outcome, sent, reason)


def judge_count(requirement: str, subject: str, count: int, limit: int, n: int, what: str) -> Verdict:
    """Is an exact count (duplicates, invented records, …) of `n` at most `limit`? `what` names the thing counted."""
    ok = count <= limit
    outcome = (Outcome.PASS if ok else Outcome.FAIL) if n else Outcome.INCONCLUSIVE
    reason = "" if ok and n else f"{count} {what}, allowed {limit}" if n else "nothing was observed"
    return Verdict(requirement, subject, limit, "count", count, 0.0, outcome, n, reason)


def _decide(
    over: Callable[[float], int], bounds: PercentileBounds, line: BudgetLine, uncertainty: Uncertainty
) -> tuple[Outcome, str]:
    guard_s, floor_s = uncertainty.expanded_s, uncertainty.floor_s
    claim = f"p{bounds.percentile:g} at {bounds.confidence:g} %"
    if bounds.lower - guard_s > line.limit_s:
        return Outcome.FAIL, f"{claim} is at least {_ms(bounds.lower)} − {_ms(guard_s)}, limit {_ms(line.limit_s)}"
    if bounds.upper + guard_s <= line.limit_s:
        if not floor_too_high(floor_s, line.slack_s):
            return Outcome.PASS, _grounds(over, bounds, line.limit_s - guard_s)
        return Outcome.INCONCLUSIVE, f"floor too high: bench adds up to {_ms(floor_s)}, slack is {_ms(line.slack_s)}"
    if abs(bounds.estimate - line.limit_s) <= guard_s:
        within = f"{_ms(bounds.estimate)} ± {_ms(guard_s)} at a limit of {_ms(line.limit_s)}"
        return Outcome.INCONCLUSIVE, f"inside guard band: {within}"
    return Outcome.INCONCLUSIVE, _too_few(over, bounds, line.limit_s - guard_s, claim)


def _grounds(over: Callable[[float], int], bounds: PercentileBounds, threshold_s: float) -> str:
    """What a pass rests on: how long bursts of late messages could be for it still to hold."""
    late_bursts = math.ceil(over(threshold_s) * bounds.effective_n / bounds.n)
    longest = bounds.n / messages_needed(bounds.percentile, bounds.confidence, late_bursts)
    return f"holds if late messages come in bursts of no more than {longest:.1f}"


def _too_few(over: Callable[[float], int], bounds: PercentileBounds, threshold_s: float, claim: str) -> str:
    if bounds.estimate > threshold_s:
        return f"too few samples: {bounds.n} messages put {claim} between {_ms(bounds.lower)} and {_ms(bounds.upper)}"
    length = bounds.n / bounds.effective_n if bounds.n else 1.0
    late = over(threshold_s)
    needed = math.ceil(length * messages_needed(bounds.percentile, bounds.confidence, math.ceil(late / length)))
    bursts = f" in bursts of {length:.1f}" if length > 1 else ""
    return f"too few samples: {claim} needs {needed} messages with {late} over{bursts}, got {bounds.n}"


def _decide_loss(
    allowance: float, lost: int, sent: int, confidence: float, burst: float, tap_drops: int
) -> tuple[Outcome, str]:
    if tap_drops:
        return Outcome.BLOCKED, f"the capture itself dropped {tap_drops} messages, so a loss cannot be told"
    if not sent:
        return Outcome.INCONCLUSIVE, "nothing was sent"
    if allowance == 0.0:
        return (Outcome.PASS, "") if lost == 0 else (Outcome.FAIL, f"{lost} of {sent} lost, none allowed")
    passes, fails = deciding_exceedances(sent, sent / burst, allowance, 1.0 - confidence / 100.0)
    if lost <= passes:
        return Outcome.PASS, ""
    if lost >= fails:
        return Outcome.FAIL, f"{lost} of {sent} lost, more than {allowance:g} at {confidence:g} % confidence"
    return (
        Outcome.INCONCLUSIVE,
        f"too few samples: {lost} of {sent} lost proves neither more nor less than {allowance:g}",
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3f} ms"
