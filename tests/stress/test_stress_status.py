"""What a box says of itself: heartbeat and sensor status item by item, its clock, its books of what it sent, its blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from compass import taps_out
from msgspec import structs
from test_stress_box import (
    DEGRADED,
    NOT_CONNECTED,
    OPERATIONAL,
    first_records,
    is_so,
    records_of,
    sensor_states,
    status_flags,
)
from test_stress_input import good

from hil.asterix.records import RecordTable
from hil.bench.model import Radar
from hil.checks import items
from hil.run.drill import Drilled, Message, Order, one_block, plot_blocks, service_block
from hil.scenario.radar import NORTH_MARKER, SECTOR_CROSSING
from hil.timing.verdict import Verdict
from hil_fixtures import req
from hil_fixtures.session import BenchSession

DAY_S = 86_400.0


def at_s(drilled: Drilled, tap: str, table: RecordTable) -> np.ndarray:
    """When each record left, s after the drill's start."""
    return np.asarray((drilled.capture.stamps_ns(tap)[table.datagram] - drilled.epoch_ns) * 1e-9)


@req("RIB-CON-002")
def test_a_heartbeat_says_who_sends_it_and_what_time_it_is(
    hil_session: BenchSession, drill: Callable, radar: Radar, judge: Callable
) -> None:
    """Before and after the clock is set to just before midnight, which it passes 30 ms early, and over a reset, which turns
    STTN over."""
    box, limits = hil_session.setup.bench.box(radar.feeds), hil_session.setup.limits
    told = [(0.0, "SYST:TIME 23,59,57.5"), (2.4, "DIAG:CLOC 0.03"), (5.0, "SYST:RES")]
    orders = [Order(radar.feeds, when, command) for when, command in told]
    drilled = drill([Message(radar.name, 0.5, service_block(radar, 30_000))], orders, lasts_s=3.0)
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        beats, states = drilled.capture.tables(tap)[65], drilled.capture.tables(tap)[63]
        for name, table in (("065", beats), ("063", states)):
            n = len(table)
            known = {"010/SAC": np.full(n, box.sac), "010/SIC": np.full(n, box.sic), "015": np.full(n, box.service)}
            if name == "065":
                known |= {"000": np.full(n, 1), "040/NOGO": np.zeros(n), "040/OVL": np.zeros(n)}
            else:
                known |= {"050/SAC": np.full(n, radar.sac), "050/SIC": np.full(n, radar.sic)}
            verdicts += items.equal(f"{tap} {name}", {path: table[path] for path in known}, known, "RIB-CON-002")
            when = at_s(drilled, tap, table)
            set_ = (when > 0.1) & (when < 4.9)
            off_s = (table["030"] - (DAY_S - 2.5 + when) + DAY_S / 2) % DAY_S - DAY_S / 2
            zero = np.zeros(int(set_.sum()))
            tolerance_s = limits.heartbeat_tolerance_s
            verdicts.append(items.within(f"{tap} {name}/030", off_s[set_], zero, tolerance_s, "s", "RIB-CON-002"))
        when = at_s(drilled, tap, beats)
        before, after = (set(beats["040/STTN"][rows].tolist()) for rows in (when < 4.9, when > 5.5))
        turned = {"STTN turns over": len(before) == 1 and len(after) == 1 and before != after}
        verdicts += is_so(tap, turned, "RIB-REC-001")
        flags = {"midnight is no step": status_flags(drilled, tap, "TSV", 0.1, 4.9) == {0}}
        verdicts += is_so(tap, flags, "RIB-TIM-003")
    judge(verdicts)


@req("RIB-TIM-003")
def test_a_step_of_the_clock_is_told_from_a_slew_in_both_directions(
    drill: Callable, radar: Radar, judge: Callable
) -> None:
    """30 ms are none, a leap second is one, back is as bad as forth; ten seconds later the clock is trusted again."""
    box = radar.feeds
    steps = [(1.0, "0.03"), (3.5, "-0.03"), (6.0, "-1"), (20.0, "1")]
    drilled = drill([], [Order(box, when, f"DIAG:CLOC {step}") for when, step in steps], lasts_s=3.0)
    verdicts = []
    for tap in taps_out(drilled, box):
        states = drilled.capture.tables(tap)[63]
        when = at_s(drilled, tap, states)
        flags = {
            "a small step is none": status_flags(drilled, tap, "TSV", 0.0, 5.9) == {0},
            "a leap second is one": status_flags(drilled, tap, "TSV", 7.2, 15.5) == {1},
            "trusted after ten seconds": status_flags(drilled, tap, "TSV", 17.6, 19.9) == {0},
            "forth as well": status_flags(drilled, tap, "TSV", 21.2, 22.9) == {1},
            "CAT063 says the same": set(states["060/TSV"][(when > 7.2) & (when < 15.5)].tolist()) == {1},
        }
        verdicts += is_so(tap, flags, "RIB-TIM-003")
    judge(verdicts)


@req("RIB-CON-008")
def test_a_radar_that_does_not_tell_its_period_is_timed_by_its_markers(
    drill: Callable, radar: Radar, judge: Callable
) -> None:
    """One marker says nothing of the period; markers 1 s apart do, and plots that stop while they come show as NPW."""
    messages = [Message(radar.name, 0.0, service_block(radar, 30_000))]
    messages += [Message(radar.name, 4.0 + k, service_block(radar, 30_004.0 + k)) for k in range(5)]
    messages += [Message(radar.name, 4.5 + 0.5 * k, good(radar, 1 + k)) for k in range(2)]
    messages += [Message(radar.name, 10.0 + 0.5 * k, good(radar, 11 + k)) for k in range(6)]
    drilled = drill(messages, lasts_s=4.0)
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[63]
        when = at_s(drilled, tap, table)

        def without_plots(
            begin_s: float, end_s: float, when: np.ndarray = when, table: RecordTable = table
        ) -> set[int]:
            return set(np.maximum(table["060/NPW"][(when > begin_s) & (when < end_s)], 0).tolist())

        states = {
            "still there four seconds after a lone marker": sensor_states(drilled, tap, 0.1, 3.9) == {OPERATIONAL},
            "no plots yet": without_plots(0.1, 3.9) == {1},
            "operational": sensor_states(drilled, tap, 5.1, 8.0) == {OPERATIONAL},
            "plots": without_plots(5.1, 7.0) == {0},
            "plots stopped": without_plots(7.9, 9.1) == {1},
            "markers lost, plots come": sensor_states(drilled, tap, 10.7, 12.4) == {DEGRADED},
            "nothing comes": sensor_states(drilled, tap, 15.2, 16.5) == {NOT_CONNECTED},
        }
        verdicts += is_so(tap, states, "RIB-CON-008")
    judge(verdicts)


def lost_after_twice_2_s(drilled: Drilled, box: str) -> list[Verdict]:
    """What a radar of 2 s a turn is whose last marker came within the first 0.6 s."""
    verdicts = []
    for tap in taps_out(drilled, box):
        states = {
            "not lost yet": sensor_states(drilled, tap, 3.3, 4.2) == {OPERATIONAL},
            "lost": sensor_states(drilled, tap, 5.9, 7.0) == {NOT_CONNECTED},
        }
        verdicts += is_so(tap, states, "RIB-CON-008")
    return verdicts


@req("RIB-CON-008")
def test_a_marker_that_says_24_00_tells_no_period(drill: Callable, radar: Radar, judge: Callable) -> None:
    """Markers at 23:59:58, 23:59:59 and 00:00:01, one with an impossible time between: the last period is 2 s, not 1 s."""
    blocks = [service_block(radar, tod_s) for tod_s in (DAY_S - 2, DAY_S - 1, DAY_S - 1 / 128, 1.0)]
    last, beyond = (round(tod_s * 128).to_bytes(3, "big") for tod_s in (DAY_S - 1 / 128, DAY_S))
    assert blocks[2].count(last) == 1
    blocks[2] = blocks[2].replace(last, beyond)
    drilled = drill([Message(radar.name, 0.2 * k, block) for k, block in enumerate(blocks)], lasts_s=6.5)
    judge(lost_after_twice_2_s(drilled, radar.feeds))


@req("RIB-CON-008")
def test_markers_less_than_a_second_apart_tell_no_period(drill: Callable, radar: Radar, judge: Callable) -> None:
    """No antenna turns in half a second: the 2 s of the markers before stand."""
    blocks = [service_block(radar, tod_s) for tod_s in (30_000, 30_002, 30_002.5)]
    drilled = drill([Message(radar.name, 0.2 * k, block) for k, block in enumerate(blocks)], lasts_s=6.5)
    judge(lost_after_twice_2_s(drilled, radar.feeds))


@req("RIB-CON-009")
def test_the_books_of_what_was_sent_agree_with_what_arrived(drill: Callable, radar: Radar, judge: Callable) -> None:
    """Datagrams are heartbeats, of two blocks each, and track blocks, on both outputs."""
    box = radar.feeds
    payloads = [
        good(radar, 1),
        good(radar, 2) + good(radar, 3),
        service_block(radar, 30_000) + good(radar, 4),
        b"\xc8\x00\x04\x00",
    ]
    drilled = drill([Message(radar.name, 0.1 + 0.1 * k, payload) for k, payload in enumerate(payloads)], lasts_s=2.2)
    grew = drilled.grew(box)
    taps = taps_out(drilled, box)
    tracks = sum(len(drilled.capture.datagrams(tap, 62)) for tap in taps)
    beats = grew["heartbeats"]
    known = {"datagrams_in": 4, "blocks_in": 5, "plots_in": 4, "service_in": 1, "tracks_new": 4, "tracks_live": 4}
    known |= {"datagrams_out": tracks + len(taps) * beats, "blocks_out": tracks + 2 * len(taps) * beats}
    known |= {"send_errors": 0, "malformed": 0, "remote_out": 0}
    seen = [len(drilled.capture.datagrams(tap, 65)) for tap in taps]
    some = {"heartbeats are counted": all(beats - 1 <= n <= beats + 1 for n in seen) and beats >= 2}
    judge([*items.counted(box, grew, known, "RIB-CON-009"), *is_so(box, some, "RIB-CON-009")])


@req("RIB-TIM-001")
def test_records_share_a_block_until_its_flush_time_and_no_longer(
    drill: Callable, radar: Radar, judge: Callable
) -> None:
    """Three plots 50 ms apart: one block while a block may stay open for half a second, three when for none."""
    box = radar.feeds
    spread = [0.2, 0.25, 0.3, 1.2, 1.25, 1.3, 2.2, 2.25, 2.3]
    orders = [Order(box, 0.0, "CONF:FLUS 500"), Order(box, 1.0, "CONF:FLUS 0"), Order(box, 2.0, "CONF:FLUS 500;*RST")]
    drilled = drill([Message(radar.name, at, good(radar, 1 + k)) for k, at in enumerate(spread)], orders)
    verdicts = []
    for tap in taps_out(drilled, box):
        table = drilled.capture.tables(tap)[62]
        verdicts += items.exactly(tap, table["380/ADR"], np.arange(1, 10), "RIB-DEL-001")
        shared = {"datagrams": np.array([len(set(table.datagram[k : k + 3].tolist())) for k in (0, 3, 6)])}
        verdicts += items.equal(tap, shared, {"datagrams": np.array([1, 3, 3])}, "RIB-TIM-001")
        later_s = at_s(drilled, tap, table) - np.array(spread)
        early = {"not before it is due": np.array([bool((later_s[:3] > 0.35).all())])}
        verdicts += items.equal(tap, early, {"not before it is due": np.array([True])}, "RIB-TIM-001")
    judge(verdicts)


@req("RIB-CON-010")
def test_a_block_is_filled_to_the_mtu_and_not_beyond(drill: Callable, radar: Radar, judge: Callable) -> None:
    """Records of one length; the MTU is set to what just holds three of them, then to one octet less."""
    box = radar.feeds
    probe = drill([Message(radar.name, 0.0, good(radar, 63))])
    size = len(records_of(probe, taps_out(probe, box)[0])[0])
    messages, orders = [], []
    for k, mtu in enumerate((3 + 3 * size, 2 + 3 * size)):
        orders.append(Order(box, float(k), f"CONF:MTU {mtu};FLUS 300"))
        block = one_block([good(radar, 64 + 6 * k + n) for n in range(6)])
        messages.append(Message(radar.name, k + 0.2, block))
    drilled = drill(messages, orders)
    verdicts = []
    for tap in taps_out(drilled, box):
        table = drilled.capture.tables(tap)[62]
        verdicts += items.exactly(tap, table["380/ADR"], np.arange(64, 76), "RIB-DEL-001")
        _, held = np.unique(table.datagram, return_counts=True)
        verdicts += items.exactly(f"{tap} records a block", held, np.array([3, 3, 2, 2, 2]), "RIB-CON-010")[:3]
    judge(verdicts)


@req("RIB-REC-002")
def test_nothing_in_an_open_block_outlives_a_reset(drill: Callable, radar: Radar, judge: Callable) -> None:
    """A block may stay open for a second; the box is reset while it is, and an object that it knew is a new one afterwards."""
    box = radar.feeds
    orders = [Order(box, 0.0, "CONF:FLUS 1000"), Order(box, 0.6, "SYST:RES")]
    messages = [Message(radar.name, at, good(radar, address)) for at, address in ((0.1, 1), (0.5, 2), (2.5, 1))]
    drilled = drill(messages, orders, lasts_s=1.5)
    verdicts = []
    for tap in taps_out(drilled, box):
        table = drilled.capture.tables(tap)[62]
        verdicts += items.exactly(tap, table["380/ADR"], np.array([1]), "RIB-REC-002")
        begun = {"080/TSB": np.maximum(table["080/TSB"], 0), "080/CNF": table["080/CNF"]}
        verdicts += items.equal(tap, begun, {path: np.ones(len(table)) for path in begun}, "RIB-REC-002")
    judge(verdicts)


@req("RIB-OVL-002")
def test_a_box_that_was_overloaded_has_its_room_back_a_second_later(
    drill: Callable, radar: Radar, judge: Callable
) -> None:
    """Room for 200: 300 with an address at once lose 100 of them, and 1.5 s later 190 lose none; 100 a second never lose any."""
    box, capacity = radar.feeds, 200

    def burst(first: int, count: int, at: float) -> list[Message]:
        own = np.arange(first, first + count)
        blocks = plot_blocks(radar, 30_000 + own / 16, i220=own, i040__RHO=20e3 + 600.0 * (own % 700))
        return [Message(radar.name, at, one_block(blocks[k : k + 30])) for k in range(0, count, 30)]

    messages = burst(1000, 300, 0.5) + burst(2000, 190, 2.0)
    for k in range(10):
        messages += burst(3000 + 10 * k, 10, 3.1 + 0.1 * k)
    drilled = drill(messages, [Order(box, 0.0, f"CONF:CAP {capacity}")], lasts_s=0.5)
    grew = drilled.grew(box)
    verdicts = is_so(
        box,
        {
            "what is beyond the room is shed": 85 <= grew["shed"] <= 100,
            "each is counted": grew["plots_in"] == 590 == grew["tracks_out"] + grew["shed"],
        },
        "RIB-OVL-001",
    )
    for tap in taps_out(drilled, box):
        addresses = drilled.capture.tables(tap)[62]["380/ADR"]
        known = np.array([*range(2000, 2190), *range(3000, 3100)])
        verdicts += items.exactly(tap, addresses[addresses >= 2000], known, "RIB-OVL-002")
    judge(verdicts)


@req("RIB-TIM-001")
def test_own_records_are_in_time_while_remote_ones_pass(
    hil_session: BenchSession, drill: Callable, radar: Radar, serial_radar: Radar, judge: Callable
) -> None:
    """Remote records share one output with the box's own; the other output's blocks have deadlines of their own."""
    box, count = serial_radar.feeds, 60
    own = np.arange(count)
    remote = plot_blocks(radar, 30_000 + own / 16, i220=own + 1, i040__RHO=20e3 + 3e3 * own)
    mine = plot_blocks(serial_radar, 30_000 + own / 16, i220=own + 1001, i040__RHO=20e3 + 3e3 * own)
    messages = [Message(radar.name, 0.1 + 0.05 * k, block) for k, block in enumerate(remote)]
    messages += [Message(serial_radar.name, 0.1 + 0.051 * k, block) for k, block in enumerate(mine)]
    drilled = drill(messages, [Order(box, 0.0, "CONF:FLUS 10")])
    came = drilled.capture.tables(f"{box}.in.{serial_radar.name}")[48]
    came_s = dict(zip(came["220"].tolist(), at_s(drilled, f"{box}.in.{serial_radar.name}", came).tolist(), strict=True))
    verdicts = []
    for tap in taps_out(drilled, box):
        table = drilled.capture.tables(tap)[62]
        rows = table["380/ADR"] > 1000
        verdicts += items.exactly(tap, table["380/ADR"][rows], own + 1001, "RIB-DEL-001")
        late_s = at_s(drilled, tap, table)[rows] - np.array([came_s[a] for a in table["380/ADR"][rows].tolist()])
        limit_s = 0.010 + hil_session.setup.limits.block_lateness_s
        verdicts.append(items.within(f"{tap} delay", late_s, np.zeros(len(late_s)), limit_s, "s", "RIB-TIM-001"))
    judge(verdicts)


@req("RIB-ROB-003")
def test_a_service_message_of_a_radar_that_nobody_knows_changes_nothing(
    drill: Callable, radar: Radar, judge: Callable
) -> None:
    stranger = structs.replace(radar, sac=(radar.sac + 1) % 256, sic=(radar.sic + 7) % 256)
    box, messages = radar.feeds, [Message(radar.name, 0.2, service_block(radar, 30_000, turn_s=4.0))]
    messages += [
        Message(radar.name, 0.5 + 0.1 * k, service_block(stranger, 30_001 + k, kind, turn_s=0.5))
        for k, kind in enumerate((NORTH_MARKER, SECTOR_CROSSING) * 4)
    ]
    messages.append(Message(radar.name, 3.0, good(radar, 7)))
    orders = [Order(box, at_s, "CONF:SENS?") for at_s in (0.4, 2.5)] + [Order(box, 3.5, "SYST:RES:CAUS?;*TST?")]
    drilled = drill(messages, orders)
    truths = {
        "the list of sensors is as it was": drilled.answers[0] == drilled.answers[1],
        "it has not started anew, and is well": drilled.answers[2] == "PIN;0",
    }
    verdicts = is_so(box, truths, "RIB-ROB-003")
    for tap in taps_out(drilled, box):
        verdicts += items.exactly(tap, first_records(drilled, tap, 0.0), np.array([7]), "RIB-ROB-003")
        states = drilled.capture.tables(tap)[63]
        said = set(zip(states["050/SAC"].tolist(), states["050/SIC"].tolist(), strict=True))
        verdicts += is_so(tap, {"no other sensor is shown": said == {(radar.sac, radar.sic)}}, "RIB-ROB-003")
    judge(verdicts)
