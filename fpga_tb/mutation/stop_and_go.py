"""A receiver that stops and goes at any time: the store runs full and half empty again at every place of its pointers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fpga_tb.sim.model import Device

BLOCKED = 256  # of 256: the output takes nothing
MOST_CLOCKS_STOPPED, MOST_CLOCKS_GOING = 1500, 700
NEVER = 2**31
ROUNDS = 60


def carries(
    device: Device,
    words: npt.NDArray[np.uint64],
    controls: npt.NDArray[np.uint16],
    wanted: Sequence[bytes],
    seed: int,
) -> bool:
    """Whether the blocks `wanted` come out of the records in `words`, whatever the receiver does; more may follow them."""
    rng = np.random.default_rng([seed, 12])
    at, octets, ends = 0, b"", [0]
    for round_ in range(ROUNDS + 1):
        going, last = bool(round_ % 2), round_ == ROUNDS
        clocks = int(rng.integers(1, MOST_CLOCKS_GOING if going else MOST_CLOCKS_STOPPED))
        result = device.run(
            words[at:],
            controls[at:],
            pauses=(0, 0 if going or last else BLOCKED),
            seed=1 + round_,
            drain_clocks=4_000 if last else NEVER,
            most_clocks=1 << 20 if last else clocks,
        )
        if result.rules_broken:
            return False
        ends += [len(octets) + end for end in result.ends.tolist()]
        octets += result.octets.tobytes()
        at += result.beats_taken
    whole = b"".join(wanted)
    return octets.startswith(whole) and set(np.cumsum([0, *map(len, wanted)]).tolist()) <= set(ends)
