"""Records cut short at every octet, and every way in which an item can lie: counted by cause, and the next block is whole."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from compass import taps_out
from test_stress_association import ITEMS
from test_stress_far import object_blocks
from test_stress_input import cause, good, only_good_ones, still_itself

from hil.asterix import LiveCodec, decode, encode
from hil.bench.model import Radar
from hil.checks import items
from hil.framing import frame
from hil.run.drill import Message, plot_blocks, service_block
from hil_fixtures import req
from hil_fixtures.session import BenchSession

GAP_S = 0.004


def rich_plot(radar: Radar) -> bytes:
    """A CAT048 block with every item of `ITEMS` and subfields of its expansion field: each kind of item that ASTERIX has."""
    everything = {path: value for extra in ITEMS for path, value in extra.items()}
    everything |= {"i020__ADSB__EP": 1, "iRE__ERR": 600e3, "iRE__RPC__SCO": 5, "i130__SAM": -60.0}
    return plot_blocks(radar, 30_000, i220=0xABCDEF, **everything)[0]


def rich_object(radar: Radar) -> bytes:
    """The same of CAT015."""
    return object_blocks(
        radar, 30_000, i020__TTAX=0, i627__AZR=0.01, i627__SDASZ=0.01, i628__EL=0.2, i601__GH=5000.0, i601__RSGH=10.0
    )[0]


def rich_marker(radar: Radar) -> bytes:
    return service_block(radar, 30_000, turn_s=4.0)


LAST_ITEMS = [
    {"030": [1]},
    {"030": [1, 2, 3]},
    {"161": {"TRN": 7}},
    {"170": {"CNF": 1}},
    {"250": [{"MBDATA": 0x123456789ABC}]},
]


@req("RIB-DEL-001")
def test_an_item_may_end_where_its_block_ends(drill: Callable, radar: Radar, judge: Callable) -> None:
    codec = LiveCodec(48, partial=True)
    messages = []
    for k, last in enumerate(LAST_ITEMS):
        plot = codec.decode(good(radar, 1 + k))[0]
        names = [name for name in plot if name < "100" or name in ("140", "220")]
        messages.append(Message(radar.name, GAP_S * k, codec.encode([{name: plot[name] for name in names} | last])))
    drilled = drill(messages)
    judge(only_good_ones(drilled, radar.feeds, [1 + k for k in range(len(LAST_ITEMS))], "RIB-DEL-001"))


@pytest.mark.parametrize("made_of", [rich_plot, rich_object, rich_marker])
@req("RIB-ROB-001")
def test_a_record_that_is_cut_short_anywhere_is_refused_whole(
    drill: Callable, radar: Radar, judge: Callable, made_of: Callable[[Radar], bytes]
) -> None:
    box, whole = radar.feeds, made_of(radar)
    messages, addresses = [], []
    for k, octets in enumerate(range(4, len(whole))):
        cut = whole[:1] + octets.to_bytes(2, "big") + whole[3:octets]
        messages.append(Message(radar.name, GAP_S * k, cut + good(radar, 1000 + k)))
        addresses.append(1000 + k)
    drilled = drill(messages, [cause(box, GAP_S * len(messages) + 0.1)])
    n = len(messages)
    known = {
        "truncated": n,
        "bad_fspec": 0,
        "bad_item": 0,
        "bad_length": 0,
        "plots_in": n,
        "tracks_out": n,
        "service_in": 0,
    }
    judge(
        [
            *items.counted(box, drilled.grew(box), known, "RIB-ROB-001"),
            *only_good_ones(drilled, box, addresses, "RIB-ROB-001"),
            still_itself(drilled, box, "RIB-ROB-002"),
        ]
    )


LIES = {  # records from the FSPEC on, of CAT048 where nothing is said, and what each counts as
    "020 without an end": ("2001 01 01 01 01 01 01 01 01 01 01 01 01", "bad_item"),
    "SP of length 0": ("01 01 01 04 00", "bad_item"),
    "RE of length 0": ("01 01 01 02 00", "bad_item"),
    "RE longer than the record": ("01 01 01 02 09 00", "truncated"),
    "130 with an eighth subfield": ("02 01 80 00", "bad_item"),
    "120 with a third subfield": ("01 01 04 20 00", "bad_item"),
    "250 without its elements": ("01 20 02 01 02 03 04 05 06 07 08 01 02", "truncated"),
    "030 that goes on": ("01 01 40 01 01 01", "truncated"),
    "CAT015: 625 with a ninth subfield": ("01 01 04 01 40 00 00 00", "bad_item"),
    "no item in four octets": ("01 01 01 00", "bad_fspec"),
    "FSPEC of five octets": ("01 01 01 01 80 00", "bad_fspec"),
    "FSPEC without an end": ("81 81", "truncated"),
}


@req("RIB-ROB-001")
def test_items_that_lie_are_refused_by_their_cause(drill: Callable, radar: Radar, judge: Callable) -> None:
    """The harness's decoder, which allows records without items, agrees."""
    box, messages = radar.feeds, []
    known = {"bad_item": 0, "truncated": 0, "bad_fspec": 0, "plots_in": len(LIES), "tracks_out": len(LIES)}
    for k, (name, (record, why)) in enumerate(LIES.items()):
        body = bytes.fromhex(record)
        block = (b"\x0f" if "CAT015" in name else b"\x30") + (3 + len(body)).to_bytes(2, "big") + body
        assert why == "bad_fspec" or len(decode(block).errors), record
        messages.append(Message(radar.name, 0.05 * k, block + good(radar, 100 + k)))
        known[why] += 1
    drilled = drill(messages, [cause(box, 0.05 * len(messages) + 0.1)])
    judge(
        [
            *items.counted(box, drilled.grew(box), known, "RIB-ROB-001"),
            *only_good_ones(drilled, box, [100 + k for k in range(len(LIES))], "RIB-ROB-001"),
            still_itself(drilled, box, "RIB-ROB-002"),
        ]
    )


@req("RIB-DEL-001")
def test_a_record_with_everything_is_read_to_its_end(drill: Callable, radar: Radar, judge: Callable) -> None:
    """Repeated items of 0 … 9 elements, and what follows them in the same block."""
    messages, addresses = [], []
    for k in range(10):
        element = {"MBDATA": np.arange(k) + 1, "BDS1": np.arange(k) % 16, "BDS2": np.arange(k) % 16}
        fixed = {
            "010/SAC": radar.sac,
            "010/SIC": radar.sic,
            "140": 30_000.0 + k,
            "020/TYP": 5,
            "040/RHO": 50e3 + 9e3 * k,
            "040/THETA": 1.0,
        }
        columns = {path: np.array([value]) for path, value in fixed.items()}
        columns |= {"220": np.array([500 + k]), "250": (np.array([0, k]), element)}
        block = bytes(encode(48, columns)[0])
        both = block[3:] + good(radar, 600 + k)[3:]
        messages.append(Message(radar.name, 0.05 * k, b"\x30" + (3 + len(both)).to_bytes(2, "big") + both))
        addresses += [500 + k, 600 + k]
    whole = plot_blocks(radar, 30_100, i220=700, i110__3DH=9144.0, iRE__RPC__SCO=5, i130__SRL=0.05)[0]
    messages.append(Message(radar.name, 0.6, whole + good(radar, 701)))
    addresses += [700, 701]
    drilled = drill(messages)
    known = {"plots_in": len(addresses), "tracks_out": len(addresses), "truncated": 0, "bad_item": 0}
    verdicts = items.counted(radar.feeds, drilled.grew(radar.feeds), known, "RIB-DEL-001")
    judge([*verdicts, *only_good_ones(drilled, radar.feeds, addresses, "RIB-DEL-001")])


@req("RIB-ROB-001")
def test_frames_of_the_smallest_and_the_largest_length_are_told_from_those_beyond(
    hil_session: BenchSession, drill: Callable, serial_radar: Radar, judge: Callable
) -> None:
    """A frame carries 1 … 2,048 octets besides its check sequence; two flags in a row are no frame."""
    radar, box = serial_radar, serial_radar.feeds
    bits = hil_session.setup.bench.box(box).serial_fcs_bits
    plot = good(radar, 31)

    def filled(octets: int) -> bytes:
        rest = octets - len(plot)
        return plot + b"\xc8" + rest.to_bytes(2, "big") + bytes(rest - 3)

    lines = [
        frame(filled(2048), bits),
        frame(filled(2049), bits) + frame(good(radar, 32), bits),
        b"\x7e" + bytes(bits // 8) + b"\x7e" + frame(good(radar, 33), bits),
        frame(b"\x30", bits) + frame(good(radar, 34), bits),
        b"\x7e\x7e\x7e" + frame(good(radar, 35), bits),
        b"\x7e\x7d\x5d\x7d\x7e" + frame(good(radar, 36), bits),
        b"\x7e\x7d\x7d\x01\x7e" + frame(good(radar, 37), bits),
    ]
    drilled = drill([Message(radar.name, 0.4 * k, plot, line) for k, line in enumerate(lines)], [cause(box, 3.0)])
    known = {
        "frames_ok": 8,
        "too_long": 1,
        "runt": 2,
        "bad_length": 1,
        "aborted": 1,
        "bad_fcs": 0,
        "unknown_category": 1,
    }
    judge(
        [
            *items.counted(box, drilled.grew(box), known | {"tracks_out": 7}, "RIB-ROB-001"),
            *only_good_ones(drilled, box, list(range(31, 38)), "RIB-ROB-001"),
            still_itself(drilled, box, "RIB-ROB-002"),
        ]
    )


@req("RIB-CON-001")
def test_what_the_parser_skipped_leaves_no_trace(drill: Callable, radar: Radar, judge: Callable) -> None:
    """The record of a plot with everything says the same as that of a plot with what the box uses."""
    rich = rich_plot(radar)
    drilled = drill([Message(radar.name, 0.0, rich), Message(radar.name, 0.1, good(radar, 9))])
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        verdicts += items.exactly(tap, table["380/ADR"], np.array([0xABCDEF, 9]), "RIB-DEL-001")
    judge(verdicts)
