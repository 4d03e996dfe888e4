"""The fate of every datagram is planned, repeatable, and as asked for."""

from __future__ import annotations

import numpy as np
import pytest

from hil.errors import ConfigError
from hil.links.impairment import OVERTAKEN, PLAN_LENGTH, Impairment, plan


def test_the_same_seed_gives_the_same_fate_and_wires_differ() -> None:
    one = Impairment(delay_s=0.01, jitter_s=0.002, loss=0.1)
    first, again, other = plan(one, 7, 0), plan(one, 7, 0), plan(one, 7, 1)
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


def test_delays_lie_between_delay_and_delay_plus_jitter() -> None:
    delay_ns, copies = plan(Impairment(delay_s=0.04, jitter_s=0.002), 1, 0)
    assert delay_ns.min() >= 40_000_000 and delay_ns.max() <= 42_000_000
    assert (copies == 1).all()


def test_shares_are_met_within_sampling_error() -> None:
    _, copies = plan(Impairment(loss=0.05, duplicate=0.02, reorder=0.01), 3, 0)
    lost, twice = (copies % OVERTAKEN) == 0, (copies % OVERTAKEN) == 2
    for share, expected in (
        (lost.mean(), 0.05),
        (twice.mean(), 0.02 * 0.95),
        ((copies & OVERTAKEN > 0).mean(), 0.01 * 0.95),
    ):
        assert abs(share - expected) < 5 * np.sqrt(expected / PLAN_LENGTH)


@pytest.mark.parametrize("wrong", [{"delay_s": -1.0}, {"loss": 1.5}, {"reorder": -0.1}])
def test_what_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        Impairment(**wrong)
