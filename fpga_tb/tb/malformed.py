"""Records that a formatter must drop whole: each way to be malformed, by the cause that it is counted under."""

from __future__ import annotations

import numpy as np

from fpga_tb.tb.formatter_file import Record
from fpga_tb.tb.records import TOD_TICKS_PER_DAY

CAUSES = ("bad_length", "bad_layout", "bad_time")


def every_kind(good: bytes, layout: Record, keep: bool = True) -> list[tuple[str, bytes]]:
    """(cause, octets) for each wrong length class, each reserved bit, wrong versions and wrong times.

    Without `keep` the port cannot tell a beat that is not full, so lengths are whole beats.
    """
    n = layout.octets
    kinds = [("bad_length", (good * 3)[:length]) for length in (1, 8, 16, 40, n - 8, n - 1, n + 1, n + 8, 2 * n, 3 * n)]
    kinds = [(cause, octets) for cause, octets in kinds if keep or len(octets) % 8 == 0]
    for at, mask in layout.reserved:
        kinds += [("bad_layout", _with(good, at, bytes([good[at] | 1 << bit]))) for bit in range(8) if mask >> bit & 1]
    for version in (layout.version ^ 1 << bit for bit in range(8)):
        kinds.append(("bad_layout", _with(good, layout.version_at, bytes([version]))))
    for tod in (TOD_TICKS_PER_DAY, TOD_TICKS_PER_DAY + 1, 0xB00000, 0xFFFFFF):
        kinds.append(("bad_time", _with(good, layout.at["tod"], tod.to_bytes(3, "big"))))
    return kinds


def spoil(good: bytes, layout: Record, rng: np.random.Generator, keep: bool = True) -> tuple[str, bytes]:
    """One of the kinds at random; only that one is made."""
    cause = CAUSES[int(rng.integers(3))]
    if cause == "bad_length":
        length = int(rng.choice([layout.octets - 8, layout.octets + 8, int(rng.integers(1, 4 * layout.octets))]))
        length = length if keep else -(-length // 8) * 8
        return cause, (good * 4)[: length if length != layout.octets else layout.octets - (1 if keep else 8)]
    if cause == "bad_layout":
        at, mask = layout.reserved[int(rng.integers(len(layout.reserved)))]
        bits = [bit for bit in range(8) if mask >> bit & 1]
        return cause, _with(good, at, bytes([good[at] | 1 << int(rng.choice(bits))]))
    return cause, _with(good, layout.at["tod"], int(rng.integers(TOD_TICKS_PER_DAY, 1 << 24)).to_bytes(3, "big"))


def _with(record: bytes, at: int, octets: bytes) -> bytes:
    return record[:at] + octets + record[at + len(octets) :]
