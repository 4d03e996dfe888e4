"""Waiting for an instant, as exactly as this process may: sleep until shortly before, then spin.

Belongs into a process of its own (a second busy thread in the same interpreter makes it seconds late). It never spins for long:
the kernel throttles a real-time task that does.
"""

from __future__ import annotations

import ctypes
import gc
import os
import time

SPIN_NS = 60_000
FIFO_PRIORITY = 40
_MCL_CURRENT_AND_FUTURE = 3
_PR_SET_TIMERSLACK = 29


def claim_precision() -> str:
    """Ask for real-time scheduling, locked memory and no garbage collection; say in words what was granted."""
    gc.disable()
    granted = []
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)  # wake up when asked, not up to 50 µs later; real-time tasks have no slack anyway
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FIFO_PRIORITY))
        granted.append("SCHED_FIFO")
    except PermissionError:
        granted.append("normal scheduling (no permission for SCHED_FIFO)")
    if libc.mlockall(_MCL_CURRENT_AND_FUTURE) == 0:
        granted.append("locked memory")
    return ", ".join(granted)


def wait_until(instant_ns: int) -> int:
    """Return at `instant_ns` (CLOCK_REALTIME) or at once when it is past; gives the time it then is."""
    now_ns = time.time_ns()
    while instant_ns - now_ns > SPIN_NS:
        time.sleep((instant_ns - now_ns - SPIN_NS) / 1e9)
        now_ns = time.time_ns()
    while now_ns < instant_ns:
        now_ns = time.time_ns()
    return now_ns
