"""One wire in virtual time: what wan.c does to each datagram, without sockets and without lateness of its own.

The fate of the k-th datagram is that of the seeded plan (impairment.py). It holds nothing, knows no clock: it says when the copies
of a datagram come out, and counts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hil.links.impairment import OVERTAKEN, PLAN_LENGTH, Impairment, plan


class VirtualWire:
    """One direction of one link, number `index` of its bench. `down` is a cable that has been pulled: everything is lost."""

    def __init__(self, impairment: Impairment, seed: int, index: int) -> None:
        self._delay_ns, self._fate = plan(impairment, seed, index)
        self._latest_due_ns = 0
        self.down = False
        self.received = 0
        self.sent = 0
        self.latest_delay_ns = 0

    def accept(self, at_ns: int) -> list[int]:
        """When each copy of a datagram that enters at `at_ns` comes out; empty when it is lost."""
        turn = self.received % PLAN_LENGTH
        self.received += 1
        fate = int(self._fate[turn])
        copies = 0 if self.down else fate & ~OVERTAKEN
        if copies == 0:
            return []
        self.latest_delay_ns = int(self._delay_ns[turn])
        due_ns = at_ns + self.latest_delay_ns
        if not fate & OVERTAKEN:
            due_ns = self._latest_due_ns = max(due_ns, self._latest_due_ns)
        self.sent += copies
        return [due_ns] * copies

    def lateness_s(self) -> npt.NDArray[np.float64]:
        """How late each datagram left against the plan: never."""
        return np.zeros(0)
