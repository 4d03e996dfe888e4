"""What a box owes after a fault: itself again within its limit, nothing stale, nothing made up, and books and flags that say so.

Plots are columns: when each came in (`came_ns`) and when its record left (`left_ns`, MISSING = it never did). Instants are ns of
one clock. What a fault excuses is decided elsewhere (hil.run.outages); here is only what it does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from hil.columns import MISSING
from hil.timing.verdict import Outcome, Verdict, judge_count

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Span = tuple[int, int]  # from, to, ns


def comes_back(
    subject: str, came_ns: Ints, left_ns: Ints, ended_ns: int, limit_s: float, requirement: str, *, before_ns: int
) -> Verdict:
    """From `limit_s` after the end of a fault every plot gives its track again; looked at until `before_ns`, the next fault.

    `measured` is the latest plot after the end that was lost: the box surely took that long. When its first track came is in the
    reason.
    """
    since = (came_ns >= ended_ns) & (came_ns < before_ns)
    lost, kept = since & (left_ns == MISSING), since & (left_ns != MISSING)
    late = since & (came_ns >= ended_ns + round(limit_s * 1e9))
    measured_s = float((came_ns[lost].max() - ended_ns) * 1e-9) if lost.any() else 0.0
    first = f"first track after {(left_ns[kept].min() - ended_ns) * 1e-9:.3f} s" if kept.any() else "no track came"
    if not late.any():
        outcome, reason = Outcome.INCONCLUSIVE, f"no plot came later than {limit_s:g} s after the fault; {first}"
    elif measured_s > limit_s:
        outcome, reason = (
            Outcome.FAIL,
            f"a plot was lost {measured_s:.3f} s after the fault, allowed {limit_s:g}; {first}",
        )
    else:
        outcome, reason = Outcome.PASS, first
    return Verdict(requirement, subject, limit_s, "s", measured_s, 0.0, outcome, int(since.sum()), reason)


def catches_up(
    subject: str, came_ns: Ints, left_ns: Ints, stood_ns: Span, limit_s: float, requirement: str
) -> list[Verdict]:
    """What came while a box stood still (from, to) is not lost, and has left by `limit_s` after it goes on.

    No verdict where nothing came: that it goes on at all, `comes_back` tells.
    """
    waiting = (came_ns >= stood_ns[0]) & (came_ns <= stood_ns[1])
    n, lost = int(waiting.sum()), int((left_ns[waiting] == MISSING).sum())
    if not n:
        return []
    verdicts = [judge_count(requirement, subject, lost, 0, n, "plots lost that came while it stood still")]
    if n > lost:
        took_s = float((left_ns[waiting].max() - stood_ns[1]) * 1e-9)
        outcome = Outcome.PASS if took_s <= limit_s else Outcome.FAIL
        reason = (
            "" if outcome is Outcome.PASS else f"the last left {took_s:.3f} s after it went on, allowed {limit_s:g} s"
        )
        verdicts.append(Verdict(requirement, subject, limit_s, "s", took_s, 0.0, outcome, n, reason))
    return verdicts


def took_effect(subject: str, stamps_ns: Ints, silent_ns: Span, requirement: str) -> Verdict:
    """Nothing was seen while a fault lasted (from, to); if something was, the bench did not do the fault: blocked."""
    seen = int(((stamps_ns > silent_ns[0]) & (stamps_ns < silent_ns[1])).sum())
    outcome = Outcome.BLOCKED if seen else Outcome.PASS
    reason = f"{seen} messages were seen in the time of the fault: it was not done" if seen else ""
    return Verdict(requirement, subject, 0, "count", seen, 0.0, outcome, max(len(stamps_ns), 1), reason)


def gave_reason(box: str, said: str, expected: str, requirement: str) -> Verdict:
    """A box that started anew says why; `said` is empty where it did not answer."""
    words = f"says that it started by {said or 'nothing: no answer'}, should be {expected}"
    return judge_count(requirement, box, int(said != expected), 0, 1, words)


def notices(box: str, self_test: str, requirement: str) -> Verdict:
    """A box's self test (*TST?) says that something is wrong with it; `self_test` is empty where it did not answer."""
    found = self_test.isdecimal() and int(self_test) != 0
    words = f"self tests that find nothing: *TST? gave `{self_test or 'no answer'}`"
    return judge_count(requirement, box, int(not found), 0, 1, words)


def nothing_stale(
    subject: str,
    plot_came_ns: Ints,
    record_left_ns: Ints,
    restarts_ns: Sequence[int],
    in_hand_s: float,
    requirement: str,
) -> Verdict:
    """No record leaves after a restart whose plot came before it; row by row the record and the plot whose time it carries.

    What is within `in_hand_s` of the restart may still have been on its way.
    """
    near_ns, stale = round(in_hand_s * 1e9), np.zeros(len(plot_came_ns), bool)
    for restart_ns in restarts_ns:
        stale |= (plot_came_ns < restart_ns - near_ns) & (record_left_ns > restart_ns + near_ns)
    return judge_count(
        requirement, subject, int(stale.sum()), 0, len(stale), "records from before a restart sent after it"
    )


def none_made_up(subject: str, copies: npt.NDArray[np.int32], spoilt: Bools, requirement: str) -> Verdict:
    """No plot that was not sent whole gives a record; `copies` is how often each plot was seen."""
    made_up = int((copies[spoilt] > 0).sum())
    return judge_count(requirement, subject, made_up, 0, int(spoilt.sum()), "records of plots that were not sent whole")


def counted_by_cause(
    box: str, grew: Mapping[str, int], planned: Mapping[str, tuple[int, int]], requirement: str
) -> list[Verdict]:
    """Each counter in `planned` went up by as much as was planned (least, most; they differ by what an outage may have hidden)."""
    verdicts = []
    for name, (least, most) in planned.items():
        off = max(least - grew.get(name, -1), grew.get(name, -1) - most, 0)
        words = f"off: it counted {grew.get(name, 'nothing')}, should be {least}" + (
            f" … {most}" if most > least else ""
        )
        verdicts.append(judge_count(requirement, f"{box} {name}", off, 0, max(most, 1), words))
    return verdicts


def flag_shows(
    subject: str, stamps_ns: Ints, flags: npt.NDArray[np.int64], on_ns: Span, off_ns: Sequence[Span], requirement: str
) -> list[Verdict]:
    """A status flag is set in every message of `on_ns` and clear in every one of `off_ns`; what lies between may be either."""
    on = (stamps_ns >= on_ns[0]) & (stamps_ns <= on_ns[1])
    off = np.zeros(len(stamps_ns), bool)
    for begin, end in off_ns:
        off |= (stamps_ns >= begin) & (stamps_ns <= end)
    return [
        judge_count(requirement, subject, int((flags[on] != 1).sum()), 0, int(on.sum()), "messages without the flag"),
        judge_count(
            requirement, subject, int((flags[off] != 0).sum()), 0, int(off.sum()), "messages with a flag too many"
        ),
    ]


def clock_went_astray(
    subject: str,
    stamps_ns: Ints,
    box_time_s: npt.NDArray[np.float64],
    drifted_ns: Span,
    by_s: float,
    limit_s: float,
    requirement: str,
) -> Verdict:
    """The box's own clock is off by `by_s` more after a drift or step (from, to) than before: the fault was done, and no more.

    `box_time_s` is the time of day in each message (86,400 s a day) that was seen at `stamps_ns`.
    """
    day_s = 86_400.0
    off_s = (box_time_s - stamps_ns % (86_400 * 10**9) * 1e-9 + day_s / 2) % day_s - day_s / 2
    before, after = off_s[stamps_ns < drifted_ns[0]], off_s[stamps_ns > drifted_ns[1]]
    if not len(before) or not len(after):
        return Verdict(requirement, subject, limit_s, "s", np.nan, 0.0, Outcome.INCONCLUSIVE, 0, "too few messages")
    moved_s = float((np.median(after) - np.median(before) + day_s / 2) % day_s - day_s / 2)
    wrong_s = abs((moved_s - by_s + day_s / 2) % day_s - day_s / 2)
    outcome = Outcome.PASS if wrong_s <= limit_s else Outcome.BLOCKED
    reason = (
        ""
        if outcome is Outcome.PASS
        else f"its clock moved by {moved_s:.4f} s, should be {by_s:.4f}: the fault was not done"
    )
    return Verdict(requirement, subject, limit_s, "s", wrong_s, 0.0, outcome, len(stamps_ns), reason)
