"""Is what a box puts out what the interface promises: blocks that decode whole, and a heartbeat that never stops?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hil.asterix import LiveCodec
from hil.errors import DecodeError, EncodeError
from hil.timing.verdict import Outcome, Verdict, judge_count


def decodes(tap: str, records: int, causes: Sequence[str], requirement: str) -> Verdict:
    """Every record at `tap` decoded; `causes` has one entry for each piece that did not."""
    verdict = judge_count(requirement, tap, len(causes), 0, records + len(causes), "pieces that do not decode")
    if not causes:
        return verdict
    first = f"{verdict.reason}; the first: {causes[0]}"
    return Verdict(requirement, tap, 0, "count", len(causes), 0.0, Outcome.FAIL, verdict.n, first)


def canonical(tap: str, category: int, blocks: Sequence[bytes], requirement: str) -> Verdict:
    """Blocks of `category` are what the standard makes of their values: reading and writing them again gives the same octets.

    That fails for a value outside the range of its item's definition, a field specification longer than it need be, spare bits
    that are not zero, a mandatory item left out.
    """
    codec, causes = LiveCodec(category), []
    for block in blocks:
        try:
            if codec.encode(codec.decode(block)) != block:
                causes.append(f"{block.hex()} is not the standard's form of its values")
        except (DecodeError, EncodeError) as error:
            causes.append(error.cause)
    return decodes(f"{tap} CAT{category:03d}", len(blocks) - len(causes), causes, requirement)


def heartbeat(
    tap: str,
    stamps_ns: npt.NDArray[np.int64],
    watched_ns: tuple[int, int],
    period_s: float,
    tolerance_s: float,
    requirement: str,
    pauses_ns: Sequence[tuple[int, int]] = (),
) -> Verdict:
    """Heartbeats at `tap` are never further apart than `period_s` + `tolerance_s` in the time that was watched (from, to).

    `pauses_ns` (from, to) are times in which the box was kept from it: they count as no time at all.
    """
    begin, end = (int(instant) for instant in _without(pauses_ns, np.array(watched_ns, np.int64)))
    limit_s = period_s + tolerance_s
    stamps_ns = _without(pauses_ns, stamps_ns)
    inside = np.sort(stamps_ns[(stamps_ns >= begin) & (stamps_ns <= end)])
    widest_s = float(np.diff(np.concatenate([[begin], inside, [end]])).max()) * 1e-9
    if end - begin < 2 * limit_s * 1e9:
        return Verdict(
            requirement, tap, limit_s, "s", widest_s, 0.0, Outcome.INCONCLUSIVE, len(inside), "watched too short"
        )
    outcome = Outcome.PASS if widest_s <= limit_s else Outcome.FAIL
    reason = "" if outcome is Outcome.PASS else f"a gap of {widest_s:.2f} s between heartbeats, allowed {limit_s:.2f} s"
    return Verdict(requirement, tap, limit_s, "s", widest_s, 0.0, outcome, len(inside), reason)


def _without(pauses_ns: Sequence[tuple[int, int]], stamps_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Instants on a clock that stands still during the pauses; pauses may overlap."""
    passed = np.zeros(len(stamps_ns), np.int64)
    up_to_ns = -1
    for begin, end in sorted(pauses_ns):
        since_ns = max(begin, up_to_ns)
        up_to_ns = max(end, up_to_ns)
        passed += np.clip(stamps_ns, since_ns, max(since_ns, end)) - since_ns
    return stamps_ns - passed
