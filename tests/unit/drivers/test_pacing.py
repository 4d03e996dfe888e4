"""A pacer never spins so much that the kernel would throttle it."""

from __future__ import annotations

import numpy as np
import pytest

from hil.drivers.pacing import SPIN_NS, SPIN_SHARE, spin_ns_for


@pytest.mark.parametrize("rate", [1, 100, 1_000, 10_000, 50_000, 400_000])
def test_the_busiest_second_is_not_spent_spinning(rate: int) -> None:
    at_ns = np.rint(np.arange(2 * rate) * 1e9 / rate).astype(np.int64)
    assert spin_ns_for(at_ns) <= SPIN_NS
    assert spin_ns_for(at_ns) * rate <= 1.001 * SPIN_SHARE * 1e9


def test_messages_of_one_instant_cost_one_wait() -> None:
    assert spin_ns_for(np.zeros(1_000_000, np.int64)) == SPIN_NS


def test_one_busy_second_in_a_long_run_counts() -> None:
    quiet = np.arange(3_600, dtype=np.int64) * 10**9
    busy = 5 * 10**9 + np.arange(100_000, dtype=np.int64) * 10_000
    assert spin_ns_for(np.sort(np.concatenate([quiet, busy]))) <= SPIN_SHARE * 1e9 / 100_000


def test_an_empty_schedule_has_a_spin() -> None:
    assert spin_ns_for(np.zeros(0, np.int64)) == SPIN_NS
