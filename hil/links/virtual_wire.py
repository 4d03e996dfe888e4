"""One wire in virtual time: what wan.c does to each datagram, without sockets and without lateness of its own.

The fate of the k-th datagram is that of the seeded plan (impairment.py). It holds nothing, knows no clock: it says when the copies
of a datagram come out, and counts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hil.links.cable import End
from hil.links.impairment import OVERTAKEN, PLAN_LENGTH, Impairment, plan


class VirtualWire:
    """One direction of one link, number `index` of its bench."""

    def __init__(self, impairment: Impairment, seed: int, index: int) -> None:
        self._delay_ns, self._fate = plan(impairment, seed, index)
        self._latest_due_ns = 0
        self._unplugged = End(0)
        self.received = 0
        self.sent = 0
        self.cut = 0
        self.latest_delay_ns = 0

    def accept(self, at_ns: int) -> list[int]:
        """When each copy of a datagram that enters at `at_ns` comes out; empty when it is lost."""
        turn = self.received % PLAN_LENGTH
        self.received += 1
        fate = int(self._fate[turn])
        if self._unplugged & End.SOURCE:
            self.cut += 1
            return []
        copies = fate & ~OVERTAKEN
        if copies == 0:
            return []
        self.latest_delay_ns = int(self._delay_ns[turn])
        due_ns = at_ns + self.latest_delay_ns
        if not fate & OVERTAKEN:
            due_ns = self._latest_due_ns = max(due_ns, self._latest_due_ns)
        return [due_ns] * copies

    def leave(self) -> bool:
        """A copy is due: does it come out?"""
        if self._unplugged & End.SINK:
            self.cut += 1
            return False
        self.sent += 1
        return True

    def cut_at(self, end: End, cut: bool) -> None:
        """Pull the cable at one end, or plug it in; what it would have carried is dropped and counted in `cut`."""
        self._unplugged = self._unplugged | end if cut else self._unplugged & ~end

    def lateness_s(self) -> npt.NDArray[np.float64]:
        """How late each datagram left against the plan: never."""
        return np.zeros(0)
