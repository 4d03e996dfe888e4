"""RFC metrics against worked examples and against a naive count."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.columns import MISSING
from hil.timing.journeys import TapStamps, identity, pair
from hil.timing.metrics import ipdv, pdv, reordering_of, stretch_metrics, summarise

S = 1_000_000_000


def test_pdv_is_measured_from_the_shortest_delay() -> None:
    assert pdv(np.array([3.0, 1.0, math.nan, 2.0])) == pytest.approx([2, 0, math.nan, 1], nan_ok=True)


def test_ipdv_takes_neighbours_that_both_arrived() -> None:
    assert ipdv(np.array([3.0, 1.0, math.nan, 2.0, 5.0])) == pytest.approx([-2, 3])


def test_a_lost_message_counts_as_infinitely_late_in_a_percentile() -> None:
    summary = summarise(np.full(98, 0.001), lost=2)
    assert (summary.n, summary.median_s, summary.p99_s, summary.max_s) == (100, 0.001, math.inf, 0.001)


def test_percentiles_are_values_that_were_measured() -> None:
    summary = summarise(np.arange(1.0, 1001.0))
    assert (summary.min_s, summary.median_s, summary.p99_s, summary.p999_s, summary.max_s) == (1, 500, 990, 999, 1000)


def test_reordering_of_rfc_4737_example() -> None:
    """RFC 4737 §4.2.2, table 1 shape: packet 4 arrives after 5, 6, 7 and 8: extent 4, late by 4 s."""
    found = reordering_of(np.array([1, 2, 3, 5, 6, 7, 8, 4, 9, 10]), np.arange(10) * S)
    assert (found.arrived, found.reordered, found.max_extent, found.max_late_time_s) == (10, 1, 4, 4.0)
    assert found.ratio == 0.1


@given(st.permutations(range(12)))
def test_reordering_agrees_with_the_definition_packet_by_packet(order: list[int]) -> None:
    reordered, extent = 0, 0
    for i, number in enumerate(order):
        overtakers = [j for j in range(i) if order[j] > number]
        if overtakers:
            reordered, extent = reordered + 1, max(extent, i - overtakers[0])
    found = reordering_of(np.array(order), np.arange(12))
    assert (found.reordered, found.max_extent) == (reordered, extent)


def test_a_stretch_counts_loss_duplicates_and_taps_that_missed() -> None:
    starts = S * np.arange(5, dtype=np.int64)
    keys = identity(np.arange(5), np.arange(5))
    arrived = [0, 1, 1, 3]  # 1 twice; 2 lost on the way; 4 missed by the tap but seen later
    taps = [
        TapStamps("b.in", keys[arrived], starts[arrived] + S // 100),
        TapStamps("b.out", keys[[0, 1, 3, 4]], starts[[0, 1, 3, 4]] + S // 50),
    ]
    found = stretch_metrics(pair(np.arange(5), keys, starts, taps, start_tap="a.out"), "a.out", "b.in")
    assert (found.sent, found.lost, found.duplicated, found.missed) == (5, 1, 1, 1)
    assert found.delay.min_s == pytest.approx(0.01)
    assert found.delay.p99_s == math.inf
    assert found.reordering.reordered == 0


def test_order_inside_one_block_counts_although_its_stamps_are_equal() -> None:
    starts = S * np.arange(3, dtype=np.int64)
    keys = identity(np.arange(3), np.arange(3))
    block = TapStamps("b.in", keys[[1, 0, 2]], np.full(3, 5 * S))
    found = stretch_metrics(pair(np.arange(3), keys, starts, [block], start_tap="a.out"), "a.out", "b.in")
    assert (found.reordering.reordered, found.reordering.max_extent) == (1, 1)


def test_nothing_arrived_is_nan_not_zero() -> None:
    none = np.zeros(0, np.int64)
    assert math.isnan(reordering_of(none, none).ratio)
    assert math.isnan(summarise(np.zeros(0)).median_s)
    assert MISSING == -1
