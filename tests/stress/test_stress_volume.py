"""As much as the box is made for: 4,000 tracks, 2,000 reports a second, every one of them accounted for; and one track more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from compass import key_of, taps_out

from hil.bench.model import Radar
from hil.checks import continuity, items
from hil.columns import TRACKS
from hil.run.drill import Message, one_block, plot_blocks
from hil_fixtures import req
from hil_fixtures.session import BenchSession

TRACKS_MAX, RATE_PER_S, A_BLOCK = 4000, 2000, 20


@req("RIB-DEL-001")
def test_four_thousand_tracks_at_two_thousand_reports_a_second(
    hil_session: BenchSession, drill: Callable, radar: Radar, judge: Callable
) -> None:
    """Two turns of everyone; then one object that has no room, and one that is known already."""
    own = np.arange(TRACKS_MAX)
    payloads = []
    for turn in range(2):
        tod_s = 60_000 + turn * TRACKS_MAX / RATE_PER_S + own / RATE_PER_S
        where = {"i040__RHO": 20e3 + 100.0 * own, "i040__THETA": own % 60 / 10}
        blocks = plot_blocks(radar, np.floor(tod_s * 128) / 128, i220=own + 1, **where)
        payloads += [one_block(blocks[k : k + A_BLOCK]) for k in range(0, TRACKS_MAX, A_BLOCK)]
    gap_s = A_BLOCK / RATE_PER_S
    messages = [Message(radar.name, gap_s * k, payload) for k, payload in enumerate(payloads)]
    extra = [plot_blocks(radar, 60_010 + k, i220=address)[0] for k, address in enumerate((TRACKS_MAX + 1, 1))]
    messages += [Message(radar.name, gap_s * len(payloads) + 0.5, one_block(extra))]
    box = radar.feeds
    drilled = drill(messages)
    known = {"plots_in": 2 * TRACKS_MAX + 2, "tracks_out": 2 * TRACKS_MAX + 1, "tracks_new": TRACKS_MAX, "shed": 0}
    known |= {"table_full": 1, "tracks_live": TRACKS_MAX, "send_errors": 0, "malformed": 0}
    verdicts = items.counted(box, drilled.grew(box), known, "RIB-DEL-003")
    sent = drilled.capture.tables(f"{box}.in.{radar.name}")[48]
    sent_key = key_of(sent, "140", "220")[sent["220"] <= TRACKS_MAX]
    came_ns = drilled.capture.stamps_ns(f"{box}.in.{radar.name}")[sent.datagram][sent["220"] <= TRACKS_MAX]
    limits, flush_s = hil_session.setup.limits, hil_session.setup.bench.box(box).flush_ms * 1e-3
    for tap in taps_out(drilled, box):
        table = drilled.capture.tables(tap)[62]
        said = key_of(table, "070", "380/ADR")
        verdicts += items.exactly(tap, said, sent_key, "RIB-DEL-001")
        rows = np.zeros(len(table), TRACKS)
        rows["address"], rows["track_number"] = table["380/ADR"], table["040"]
        verdicts += continuity.one_number_each(rows, tap, "RIB-CNT-001")
        if len(said) == len(sent_key):
            delay_s = (drilled.capture.stamps_ns(tap)[table.datagram] - came_ns) * 1e-9
            middle = np.array([np.median(delay_s)])
            budget_s = flush_s + limits.block_lateness_s
            verdicts.append(items.within(f"{tap} median delay", middle, np.zeros(1), budget_s, "s", "RIB-TIM-001"))
    judge(verdicts)
