"""What a wide-area segment does to each datagram that passes, worked out beforehand: delay, loss, duplication.

Pure and seeded: the same seed gives the same fate to the k-th datagram of a wire, so a run can be repeated and a report can
compare what was planned with what was done.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hil.errors import ConfigError

PLAN_LENGTH = 65_536  # datagrams; the plan starts over after that
REORDER_HOLD_S = 0.005
OVERTAKEN = 0x80  # flag beside the number of copies, as in wan.c


@dataclass(frozen=True)
class Impairment:
    """Delay of one wire: `delay_s` plus a uniform 0…`jitter_s`; `loss`, `duplicate` and `reorder` are shares of datagrams.

    A datagram never overtakes an earlier one, as on one path of a real network, but for the share `reorder`: those are held
    back by REORDER_HOLD_S while later ones pass.
    """

    delay_s: float = 0.0
    jitter_s: float = 0.0
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0

    def __post_init__(self) -> None:
        if self.delay_s < 0 or self.jitter_s < 0:
            raise ConfigError(
                f"a wire cannot delay by {self.delay_s} s + {self.jitter_s} s", "give delays of 0 or more"
            )
        for name in ("loss", "duplicate", "reorder"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} = {getattr(self, name)} is no share of datagrams", "give 0…1")


def plan(impairment: Impairment, seed: int, wire: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Fate of the datagrams of wire number `wire`: delay in ns (PLAN_LENGTH,) and copies (PLAN_LENGTH,), 0 = lost.

    Copies of datagrams that later ones may overtake carry the flag OVERTAKEN.
    """
    random = np.random.default_rng([seed, wire])
    delay_s = impairment.delay_s + impairment.jitter_s * random.random(PLAN_LENGTH)
    copies = np.ones(PLAN_LENGTH, np.uint8)
    copies[random.random(PLAN_LENGTH) < impairment.duplicate] = 2
    copies[random.random(PLAN_LENGTH) < impairment.loss] = 0
    overtaken = random.random(PLAN_LENGTH) < impairment.reorder
    delay_s[overtaken] += REORDER_HOLD_S
    copies[overtaken & (copies > 0)] |= OVERTAKEN
    return np.rint(delay_s * 1e9).astype(np.int64), copies
