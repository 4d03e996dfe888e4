"""As much as the box is made for: 4,000 tracks, 2,000 reports a second, each accounted for; and ten thousand datagrams in time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from compass import key_of, taps_out

from hil.bench.model import Radar
from hil.checks import conformance, continuity, items
from hil.columns import TRACKS
from hil.run.drill import Message, Order, one_block, plot_blocks
from hil_fixtures import req
from hil_fixtures.session import BenchSession

TRACKS_MAX, RATE_PER_S, A_BLOCK = 4000, 2000, 20
NUMBERS = 65_535


@req("RIB-CNT-004")
@req("RIB-DEL-001")
def test_four_thousand_tracks_at_two_thousand_reports_a_second(
    hil_session: BenchSession, drill: Callable, radar: Radar, judge: Callable
) -> None:
    """Two turns of everyone, an object that has no room and one that is known; then all of them end and as many others begin."""
    own, box, turn_s = np.arange(TRACKS_MAX), radar.feeds, TRACKS_MAX / RATE_PER_S
    starts_s, messages = (0.0, turn_s, 2 * turn_s + 2.5), []
    for turn, start_s in enumerate(starts_s):
        tod_s = 60_000 + turn * turn_s + own / RATE_PER_S
        address = own + 1 + (turn == 2) * 10_000
        where = {"i040__RHO": 20e3 + 100.0 * own, "i040__THETA": own % 60 / 10}
        blocks = plot_blocks(radar, np.floor(tod_s * 128) / 128, i220=address, **where)
        for k in range(0, TRACKS_MAX, A_BLOCK):
            messages.append(Message(radar.name, start_s + k / RATE_PER_S, one_block(blocks[k : k + A_BLOCK])))
    extra = [plot_blocks(radar, 60_010 + k, i220=address)[0] for k, address in enumerate((TRACKS_MAX + 1, 1))]
    messages.append(Message(radar.name, 2 * turn_s + 0.3, one_block(extra)))
    orders = [Order(box, 2 * turn_s + 0.5, "CONF:COAS 1"), Order(box, starts_s[2] - 0.2, "*RST")]
    drilled = drill(messages, orders)
    known = {"plots_in": 3 * TRACKS_MAX + 2, "tracks_out": 3 * TRACKS_MAX + 1, "tracks_new": 2 * TRACKS_MAX, "shed": 0}
    known |= {"table_full": 1, "tracks_live": TRACKS_MAX, "tracks_ended": TRACKS_MAX, "send_errors": 0, "malformed": 0}
    verdicts = items.counted(box, drilled.grew(box), known, "RIB-DEL-003")
    sent = drilled.capture.tables(f"{box}.in.{radar.name}")[48]
    had_room = sent["220"] != TRACKS_MAX + 1
    sent_key = key_of(sent, "140", "220")[had_room]
    came_ns = drilled.capture.stamps_ns(f"{box}.in.{radar.name}")[sent.datagram][had_room]
    limits, flush_s = hil_session.setup.limits, hil_session.setup.bench.box(box).flush_ms * 1e-3
    for tap in taps_out(drilled, box):
        table = drilled.capture.tables(tap)[62]
        of_plot = table["080/TSE"] != 1
        verdicts += items.exactly(tap, key_of(table, "070", "380/ADR")[of_plot], sent_key, "RIB-DEL-001")
        rows = np.zeros(len(table), TRACKS)
        rows["address"], rows["track_number"] = table["380/ADR"], table["040"]
        verdicts += continuity.one_number_each(rows, tap, "RIB-CNT-001")
        early = table["380/ADR"] <= 10_000
        again = np.isin(table["040"][~early], table["040"][early])
        verdicts += items.equal(
            tap, {"numbers given again": again}, {"numbers given again": np.zeros(len(again))}, "RIB-CNT-004"
        )
        verdicts.append(
            conformance.heartbeat(
                tap,
                drilled.capture.heartbeats["arrived_ns"][
                    drilled.capture.heartbeats["tap"] == drilled.capture.taps.index(tap)
                ],
                drilled.watched_ns,
                limits.heartbeat_period_s,
                limits.heartbeat_tolerance_s,
                "RIB-CON-002",
            )
        )
        if of_plot.sum() == len(sent_key):
            delay_s = (drilled.capture.stamps_ns(tap)[table.datagram][of_plot] - came_ns) * 1e-9
            middle = np.array([np.median(delay_s)])
            budget_s = flush_s + limits.block_lateness_s
            verdicts.append(items.within(f"{tap} median delay", middle, np.zeros(1), budget_s, "s", "RIB-TIM-001"))
    judge(verdicts)


@req("RIB-CNT-004")
def test_a_number_rests_a_minute_even_when_none_is_left(drill: Callable, radar: Radar, judge: Callable) -> None:
    """More new objects within a minute than there are numbers: each of these is given once, then plots are refused."""
    count = NUMBERS + 1000
    own, box = np.arange(count), radar.feeds
    where = {"i040__RHO": 20e3 + 100.0 * (own % TRACKS_MAX), "i040__THETA": own % 60 / 10}
    blocks = plot_blocks(radar, np.floor((60_000 + own / RATE_PER_S) * 128) / 128, i220=own + 1, **where)
    messages = [
        Message(radar.name, 0.2 + k / RATE_PER_S, one_block(blocks[k : k + A_BLOCK])) for k in range(0, count, A_BLOCK)
    ]
    drilled = drill(messages, [Order(box, 0.0, "CONF:COAS 1")])
    known = {"plots_in": count, "tracks_new": NUMBERS, "table_full": 1000, "shed": 0}
    verdicts = items.counted(box, drilled.grew(box), known, "RIB-CNT-004")
    for tap in taps_out(drilled, box):
        table = drilled.capture.tables(tap)[62]
        begun = np.sort(table["040"][table["080/TSB"] == 1])
        verdicts += items.exactly(tap, begun, np.arange(1, NUMBERS + 1), "RIB-CNT-004")
    judge(verdicts)


@req("RIB-TIM-002")
@req("RIB-TIM-001")
def test_no_block_is_late(hil_session: BenchSession, drill: Callable, radar: Radar, judge: Callable) -> None:
    """Ten thousand datagrams: plots, each the only one of its block, and every one leaves both outputs in time.

    The first 400 and the last 400 are apart by more than the flush time; the others are spared that by a shorter one.
    """
    slow, count = 400, 5200
    own = np.arange(count)
    blocks = plot_blocks(radar, 30_000 + own / 64, i220=own % 3000 + 1, i040__RHO=20e3 + 130.0 * (own % 3000))
    gap_s = np.where((own < slow) | (own > count - slow), 0.008, 0.002)
    at_s = 0.1 + np.cumsum(gap_s)
    orders = [Order(radar.feeds, at_s[slow] - 0.001, "CONF:FLUS 0"), Order(radar.feeds, at_s[-slow] - 0.004, "*RST")]
    drilled = drill([Message(radar.name, at, block) for at, block in zip(at_s.tolist(), blocks, strict=True)], orders)
    limits = hil_session.setup.limits
    into = f"{radar.feeds}.in.{radar.name}"
    plots = drilled.capture.tables(into)[48]
    came_in = dict(zip(plots["140"].tolist(), drilled.capture.stamps_ns(into)[plots.datagram].tolist(), strict=True))
    verdicts = []
    flush_s = hil_session.setup.bench.box(radar.feeds).flush_ms * 1e-3
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        out_ns = drilled.capture.stamps_ns(tap)[table.datagram]
        delay_s = np.array(
            [(out - came_in[a]) * 1e-9 for a, out in zip(table["070"].tolist(), out_ns.tolist(), strict=True)]
        )
        verdicts.append(
            items.within(
                f"{tap} delay", delay_s, np.zeros(len(delay_s)), flush_s + limits.block_lateness_s, "s", "RIB-TIM-001"
            )
        )
        begin, end = np.median(delay_s[:slow]), np.median(delay_s[-slow:])
        verdicts.append(
            items.within(f"{tap} growth", np.array([end]), np.array([begin]), limits.delay_growth_s, "s", "RIB-TIM-002")
        )
    judge(verdicts)
