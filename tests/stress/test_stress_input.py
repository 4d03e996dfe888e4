"""What is wrong on the way in: counted by its cause, dropped whole, and without a trace in what follows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from compass import taps_out

from hil.bench.model import Radar
from hil.checks import items
from hil.framing import frame
from hil.run.drill import Drilled, Message, Order, one_block, plot_blocks, service_block
from hil.scenario.radar import NORTH_MARKER, SECTOR_CROSSING
from hil.timing.verdict import Verdict
from hil_fixtures import req
from hil_fixtures.session import BenchSession

GAP_S = 0.1


def in_turn(radar: str, payloads: list[bytes]) -> list[Message]:
    return [Message(radar, GAP_S * k, payload) for k, payload in enumerate(payloads)]


def good(radar: Radar, address: int) -> bytes:
    """A plot that gives a record, told apart from others by its address."""
    spread = {"i040__RHO": 30e3 + 9e3 * (address % 40), "i040__THETA": (address % 60) / 10}
    return plot_blocks(radar, 30_000 + address / 8, i220=address, **spread)[0]


def only_good_ones(drilled: Drilled, box: str, addresses: list[int], requirement: str) -> list[Verdict]:
    """Records of just these objects, once each, at every tap behind the box."""
    verdicts = []
    for tap in taps_out(drilled, box):
        table = drilled.capture.tables(tap).get(62)
        said = table["380/ADR"] if table is not None else np.zeros(0, np.int64)
        verdicts += items.exactly(tap, said, np.array(addresses), requirement)
    return verdicts


def still_itself(drilled: Drilled, box: str, requirement: str) -> Verdict:
    """The box was not reset meanwhile: its counters never went down, and the last order, SYST:RES:CAUS?, says PIN as before."""
    fell = [name for name, n in drilled.grew(box).items() if n < 0 and name != "tracks_live"]
    said = np.array([drilled.answers[-1] == "PIN" and not fell])
    return items.equal(box, {"reset": ~said}, {"reset": np.array([False])}, requirement)[0]


def cause(box: str, at_s: float) -> Order:
    return Order(box, at_s, "SYST:RES:CAUS?")


@req("RIB-ROB-001")
def test_bad_blocks_and_records_are_counted_by_cause_and_nothing_else_is_lost(
    drill: Callable, radar: Radar, judge: Callable
) -> None:
    box = radar.feeds
    plot = good(radar, 1)
    cut = plot[:1] + (len(plot) - 1).to_bytes(2, "big") + plot[3:-1]
    too_long = plot[:1] + (len(plot) + 9).to_bytes(2, "big") + plot[3:]
    empty = b"\x30\x00\x03"
    no_item = b"\x30\x00\x04\x00"
    endless = b"\x30\x00\x08\xff\xff\xff\xff\xff"
    spare = b"\x30\x00\x0a\x01\x01\x01\x01\x01\x01\x80"
    payloads = [
        cut + good(radar, 11),
        too_long,
        good(radar, 12) + empty + plot,
        no_item + good(radar, 13),
        endless + good(radar, 14),
        spare + good(radar, 15),
        b"\xc8\x00\x05\x01\x02" + good(radar, 16),
        one_block([good(radar, 17), cut]) + good(radar, 18),
        good(radar, 19),
    ]
    drilled = drill(in_turn(radar.name, payloads), [cause(box, 1.0)])
    known = {
        "datagrams_in": 9,
        "truncated": 2,
        "bad_length": 2,
        "bad_fspec": 3,
        "unknown_category": 1,
        "plots_in": 9,
        "tracks_out": 9,
        "bad_item": 0,
    }
    judge(
        [
            *items.counted(box, drilled.grew(box), known, "RIB-ROB-001"),
            *only_good_ones(drilled, box, list(range(11, 20)), "RIB-ROB-001"),
            still_itself(drilled, box, "RIB-ROB-002"),
        ]
    )


@req("RIB-ROB-002")
def test_a_category_that_nobody_knows_does_no_harm(drill: Callable, radar: Radar, judge: Callable) -> None:
    box = radar.feeds
    payloads = [good(radar, 1), b"\x07\x00\x10" + bytes(13), b"\xff\x00\x04\x00", good(radar, 2)]
    drilled = drill(in_turn(radar.name, payloads), [cause(box, 0.5)])
    known = {"unknown_category": 2, "tracks_out": 2}
    counted = items.counted(box, drilled.grew(box), known, "RIB-ROB-002")
    judge([*counted, *only_good_ones(drilled, box, [1, 2], "RIB-ROB-002"), still_itself(drilled, box, "RIB-ROB-002")])


@req("RIB-ROB-003")
def test_plots_that_are_not_to_be_used_make_no_track(drill: Callable, radar: Radar, judge: Callable) -> None:
    box = radar.feeds
    stranger = {"i010__SAC": 9, "i010__SIC": 9}
    payloads = [
        plot_blocks(radar, 30_001, i220=1, i020__TST=1)[0],
        plot_blocks(radar, 30_002, i220=2, **stranger)[0],
        plot_blocks(radar, 30_003, i220=3, i040__RHO=None, i040__THETA=None)[0],
        after_midnight(plot_blocks(radar, 30_004, i220=4)[0]),
        good(radar, 5),
        one_block([plot_blocks(radar, 30_006, i220=6, **stranger)[0], good(radar, 7)]),
    ]
    drilled = drill(in_turn(radar.name, payloads), [cause(box, 0.8)])
    known = {"test_target": 1, "unknown_sensor": 2, "missing_item": 1, "bad_time": 1, "plots_in": 7, "tracks_out": 2}
    judge(
        [
            *items.counted(box, drilled.grew(box), known, "RIB-ROB-003"),
            *only_good_ones(drilled, box, [5, 7], "RIB-ROB-003"),
        ]
    )


def after_midnight(block: bytes) -> bytes:
    """The same plot at 24:00:00, which no day has."""
    right = (30_004 * 128).to_bytes(3, "big")
    assert block.count(right) == 1
    return block.replace(right, (86_400 * 128).to_bytes(3, "big"))


@req("RIB-ROB-001")
def test_bad_frames_are_counted_by_cause_and_the_next_one_is_whole(
    hil_session: BenchSession, drill: Callable, serial_radar: Radar, judge: Callable
) -> None:
    radar, box = serial_radar, serial_radar.feeds
    bits = hil_session.setup.bench.box(box).serial_fcs_bits
    plot = next(plot for plot in (good(radar, k) for k in range(20)) if 0x7D not in frame(plot, bits))
    damaged, wrong_fcs = bytearray(frame(plot, bits)), []
    damaged[8] ^= 0x01
    for k in range(2, 2 + bits // 8):  # each octet of the check sequence in turn
        wrong_fcs.append(bytearray(frame(plot, bits)))
        wrong_fcs[-1][-k] ^= 0x04
        assert wrong_fcs[-1][-k] not in (0x7D, 0x7E)
    lines = [
        b"\x00\x55noise" + frame(good(radar, 21), bits),
        bytes(damaged) + frame(good(radar, 22), bits),
        b"\x7e" + plot[:9] + b"\x7d\x7e" + frame(good(radar, 24), bits),
        b"\x7e\x30\x7e" + frame(good(radar, 25), bits),
        b"\x7e" + bytes(2100) + b"\x7e" + frame(good(radar, 26), bits),
        frame(good(radar, 27), bits)[:-1] + frame(good(radar, 28), bits),
        *(bytes(wrong) + frame(good(radar, 30 + k), bits) for k, wrong in enumerate(wrong_fcs)),
    ]
    messages = [Message(radar.name, 0.3 * k, plot, line) for k, line in enumerate(lines)]
    drilled = drill(messages, [cause(box, 0.3 * len(lines) + 0.1)])
    known = {"bad_fcs": 1 + len(wrong_fcs), "aborted": 1, "runt": 1, "too_long": 1}
    addresses = [21, 22, *range(24, 29), *range(30, 30 + len(wrong_fcs))]
    known |= dict.fromkeys(("frames_ok", "tracks_out", "plots_in"), len(addresses))
    judge(
        [
            *items.counted(box, drilled.grew(box), known, "RIB-ROB-001"),
            *only_good_ones(drilled, box, addresses, "RIB-ROB-001"),
            still_itself(drilled, box, "RIB-ROB-002"),
        ]
    )


@req("RIB-DEL-001")
def test_frames_of_every_length_and_content_arrive_whole(drill: Callable, serial_radar: Radar, judge: Callable) -> None:
    """Blocks of 1 … 40 plots; codes, addresses and times are such that flags and escapes stand at every place of a read."""
    radar, box, messages, addresses = serial_radar, serial_radar.feeds, [], []
    at_s = 0.0
    for k, count in enumerate([1, 2, 3, 1, 5, 8, 1, 13, 20, 1, 40]):
        own = [0x7D7E00 + 64 * k + n for n in range(count)]
        addresses += own
        rho = 30e3 + 4e3 * np.arange(count) + 3e3 * k
        block = one_block(plot_blocks(radar, 32_125 + k + np.arange(count) / 8, i220=np.array(own), i040__RHO=rho))
        messages.append(Message(radar.name, at_s, block))
        at_s += 0.02 + len(block) * 2.2e-4
    drilled = drill(messages)
    known = {"frames_ok": len(messages), "bad_fcs": 0, "plots_in": len(addresses), "tracks_out": len(addresses)}
    judge(
        [
            *items.counted(box, drilled.grew(box), known, "RIB-DEL-001"),
            *only_good_ones(drilled, box, addresses, "RIB-DEL-001"),
        ]
    )


@req("RIB-CON-009")
def test_service_messages_are_counted_one_by_one(drill: Callable, radar: Radar, judge: Callable) -> None:
    payloads = [service_block(radar, 30_000 + k, kind) for k in range(7) for kind in (NORTH_MARKER, SECTOR_CROSSING)]
    payloads += [
        b"\x22\x00\x05\x40\x01",
        b"\x22\x00\x06\x80\xfb\x15",
        b"\x22\x00\x07\xc0\x09\x09\x01",
    ]  # of nobody, of no kind
    drilled = drill(in_turn(radar.name, payloads))
    judge(items.counted(radar.feeds, drilled.grew(radar.feeds), {"service_in": 17, "plots_in": 0}, "RIB-CON-009"))
