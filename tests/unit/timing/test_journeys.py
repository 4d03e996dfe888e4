"""Pairing: whatever happens to the records on their way, every journey is the plot's own or is reported."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hil.columns import MISSING, TOD_TICKS_PER_DAY
from hil.errors import ConfigError
from hil.timing.journeys import TapStamps, identity, pair, segment_delays

NOON_NS = 1_700_049_600_000_000_000
MS = 1_000_000


def plots(n: int, start_ns: int = NOON_NS, spacing_ns: int = 10 * MS) -> tuple[np.ndarray, np.ndarray]:
    """Start stamps and keys of n plots of n objects, time of day from the start stamp."""
    starts = start_ns + spacing_ns * np.arange(n, dtype=np.int64)
    tod = (starts // 1000 * 128 // 1_000_000) % TOD_TICKS_PER_DAY
    return starts, identity(np.arange(n) + 0x840000, tod)


def tap(name: str, keys: np.ndarray, stamps_ns: np.ndarray) -> TapStamps:
    return TapStamps(name, np.asarray(keys, np.int64), np.asarray(stamps_ns, np.int64))


def test_delays_are_stamp_differences_in_the_order_of_the_plots() -> None:
    starts, keys = plots(4)
    delays_ms = np.array([5, 1, 9, 2])
    arrival = np.argsort(starts + delays_ms * MS)
    j = pair(
        np.arange(4), keys, starts, [tap("b.in", keys[arrival], (starts + delays_ms * MS)[arrival])], start_tap="a.out"
    )
    assert segment_delays(j, "a.out", "b.in") == pytest.approx(delays_ms * 1e-3)
    assert list(j.rows[arrival, 1]) == [0, 1, 2, 3]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.floats(0, 0.5), st.floats(0, 0.5))
def test_loss_duplication_and_reordering_are_recovered_exactly(
    seed: int, n: int, loss: float, duplication: float
) -> None:
    rng = np.random.default_rng(seed)
    starts, keys = plots(n)
    alive, stamps, taps, truth = np.ones(n, bool), starts.copy(), [], []
    for name in ("b.in", "b.out", "c.in"):
        alive &= rng.random(n) >= loss
        stamps = stamps + rng.integers(1, 40 * MS, n)
        twice = alive & (rng.random(n) < duplication)
        rows = np.concatenate([np.flatnonzero(alive), np.flatnonzero(twice)])
        when = np.concatenate([stamps[alive], stamps[twice] + 50 * MS])
        order = np.argsort(when, kind="stable")
        taps.append(tap(name, keys[rows][order], when[order]))
        truth.append((np.where(alive, stamps, MISSING), alive.astype(int) + twice))
    j = pair(np.arange(n), keys, starts, taps, start_tap="a.out")
    for column, (first, copies) in enumerate(truth, 1):
        assert np.array_equal(j.stamps_ns[:, column], first)
        assert np.array_equal(j.copies[:, column], copies)
    died = np.array(
        [next((c for c, (first, _) in enumerate(truth, 1) if first[i] == MISSING), MISSING) for i in range(n)]
    )
    assert np.array_equal(j.lost_at, died)
    assert not j.ambiguous.any()
    assert all(len(rows) == 0 for rows in j.unmatched.values())


def test_records_of_one_block_share_its_stamp() -> None:
    starts, keys = plots(3)
    stamp = starts[-1] + 5 * MS
    j = pair(np.arange(3), keys, starts, [tap("b.in", keys, np.full(3, stamp))], start_tap="a.out")
    assert segment_delays(j, "a.out", "b.in") == pytest.approx([25e-3, 15e-3, 5e-3])


def test_plots_on_both_sides_of_midnight_are_paired() -> None:
    midnight_ns = NOON_NS + 43_200 * 1_000_000_000
    starts, keys = plots(10, midnight_ns - 50 * MS)
    j = pair(np.arange(10), keys, starts, [tap("b.in", keys, starts + MS)], start_tap="a.out")
    assert segment_delays(j, "a.out", "b.in") == pytest.approx(np.full(10, 1e-3))


def test_the_same_identity_on_the_next_day_is_another_plot() -> None:
    day_ns = 86_400 * 1_000_000_000
    starts, keys = plots(3)
    days = np.concatenate([starts, starts + day_ns, starts + 2 * day_ns])
    stamps = days + 7 * MS
    j = pair(np.arange(9), np.tile(keys, 3), days, [tap("b.in", np.tile(keys, 3), stamps)], start_tap="a.out")
    assert not j.ambiguous.any()
    assert np.array_equal(j.stamps_ns[:, 1], stamps)


def test_a_clock_step_changes_delays_but_never_the_pairing() -> None:
    starts, keys = plots(6)
    stamps = starts + MS
    stamps[3:] -= 1800 * 1_000_000_000  # the clock is set back half an hour
    j = pair(np.arange(6), keys, starts, [tap("b.in", keys, stamps)], start_tap="a.out")
    assert np.array_equal(j.stamps_ns[:, 1], stamps)
    assert (segment_delays(j, "a.out", "b.in")[3:] < 0).all()


def test_plots_that_cannot_be_told_apart_are_reported_not_guessed() -> None:
    starts, keys = plots(4)
    keys[2] = keys[1]
    j = pair(np.arange(4), keys, starts, [tap("b.in", keys, starts + MS)], start_tap="a.out")
    assert list(j.ambiguous) == [False, True, True, False]
    assert list(j.stamps_ns[1:3, 1]) == [MISSING, MISSING]
    assert list(j.lost_at) == [MISSING] * 4
    assert len(j.unmatched["b.in"]) == 0


def test_a_record_of_no_plot_is_reported_as_unmatched() -> None:
    starts, keys = plots(2)
    invented = identity(np.array([0x123456]), np.array([99]))
    j = pair(
        np.arange(2), keys, starts, [tap("b.in", [keys[0], invented[0], keys[1]], starts[[0, 0, 1]])], start_tap="a.out"
    )
    assert list(j.unmatched["b.in"]) == [1]
    assert j.copies[:, 1].tolist() == [1, 1]


def test_a_plot_missed_by_one_tap_but_seen_later_is_skipped_not_lost() -> None:
    starts, keys = plots(2)
    taps = [tap("b.in", keys[:1], starts[:1] + MS), tap("b.out", keys, starts + 2 * MS)]
    j = pair(np.arange(2), keys, starts, taps, start_tap="a.out")
    assert j.skipped().tolist() == [[False, False, False], [False, True, False]]
    assert list(j.lost_at) == [MISSING, MISSING]


def test_source_tells_plots_of_two_radars_apart() -> None:
    starts = np.full(2, NOON_NS)
    keys = identity(np.full(2, 5), np.full(2, 700), np.array([8, 8], "u1"), np.array([1, 2], "u1"))
    j = pair(np.arange(2), keys, starts, [tap("b.in", keys[::-1], starts + np.array([MS, 2 * MS]))], start_tap="a.out")
    assert segment_delays(j, "a.out", "b.in") == pytest.approx([2e-3, 1e-3])


def test_no_plots_and_no_records_make_empty_journeys() -> None:
    none = np.zeros(0, np.int64)
    j = pair(none, none, none, [tap("b.in", none, none)], start_tap="a.out")
    assert j.stamps_ns.shape == (0, 2)
    stray = pair(none, none, none, [tap("b.in", [1], [2])], start_tap="a.out")
    assert list(stray.unmatched["b.in"]) == [0]


@pytest.mark.parametrize(("address", "tod"), [(1 << 24, 0), (-2, 0), (0, TOD_TICKS_PER_DAY), (0, -1)])
def test_an_identity_that_no_record_can_have_is_refused(address: int, tod: int) -> None:
    with pytest.raises(ConfigError):
        identity(np.array([address]), np.array([tod]))


def test_an_unknown_tap_is_refused_with_the_taps_there_are() -> None:
    starts, keys = plots(1)
    j = pair(np.arange(1), keys, starts, [], start_tap="a.out")
    with pytest.raises(ConfigError, match=r"a\.out"):
        segment_delays(j, "a.out", "b.in")
