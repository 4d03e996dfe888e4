"""Records as beats of the record port, and blocks as they must come out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fpga_tb.sim.model import Result

LAST = 0x100


def packets(stream: Sequence[bytes]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint16]]:
    """Packets of any length as beats."""
    words, controls = [], []
    for packet in stream:
        words.append(np.frombuffer(packet + bytes(-len(packet) % 8), "<u8"))
        control = np.full(len(words[-1]), 0xFF, np.uint16)
        control[-1] = ((1 << (len(packet) - 1) % 8 + 1) - 1) | LAST
        controls.append(control)
    return np.concatenate(words).astype(np.uint64), np.concatenate(controls)


def sent(result: Result, wanted: Sequence[bytes]) -> bool:
    """Whether exactly the blocks that were wanted came, under the rules of the handshake."""
    ends = np.cumsum([len(block) for block in wanted]).astype(np.uint64)
    return (
        not result.rules_broken
        and np.array_equal(result.ends, ends)
        and result.octets.tobytes() == b"".join(wanted)
    )  # fmt: skip
