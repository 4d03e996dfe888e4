"""What a process asks of the kernel to be on time, and how long its pacer may spin. The waiting itself is in `c/clock.h`.

Belongs into a process of its own. It never spins for long: the kernel throttles a real-time task that does.
"""

from __future__ import annotations

import ctypes
import gc
import os

import numpy as np
import numpy.typing as npt

SPIN_NS = 60_000  # a sleeper of real-time priority is rarely woken later than that
FIFO_PRIORITY = 40
SPIN_SHARE = 0.6  # of the busiest second at most
_MCL_CURRENT_AND_FUTURE = 3
_PR_SET_TIMERSLACK = 29


def claim_precision() -> str:
    """Ask for real-time scheduling, locked memory and no garbage collection; say in words what was granted."""
    gc.disable()
    granted = []
    libc = ctypes.CDLL(None)
    libc.prctl(
        _PR_SET_TIMERSLACK, 1, 0, 0, 0
    )  # wake up when asked, not up to 50 µs later; real-time tasks have no slack anyway
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FIFO_PRIORITY))
        granted.append("SCHED_FIFO")
    except PermissionError:
        granted.append("normal scheduling (no permission for SCHED_FIFO)")
    granted.append(
        "locked memory"
        if libc.mlockall(_MCL_CURRENT_AND_FUTURE) == 0
        else "memory not locked (no permission: raise `ulimit -l`)"
    )
    return ", ".join(granted)


def spin_ns_for(at_ns: npt.NDArray[np.int64]) -> int:
    """How long to spin before each instant of a schedule: SPIN_NS, or less where the busiest second would be spent spinning."""
    instants = at_ns[np.concatenate([[True], np.diff(at_ns) > 0])] if len(at_ns) else at_ns
    within_a_second = np.arange(len(instants)) - np.searchsorted(instants, instants - 10**9, side="right") + 1
    busiest = int(within_a_second.max(initial=1))
    return min(SPIN_NS, int(SPIN_SHARE * 1e9 / busiest))
