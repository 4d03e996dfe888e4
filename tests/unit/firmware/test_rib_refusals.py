"""What is wrong is counted by its cause and dropped whole; the rest of the stream is unharmed and the books balance."""

from __future__ import annotations

import random
from typing import Any

import pytest
from conftest import DAY_TICKS, Rib, encode, frame, plot

REFUSALS = ("missing_item", "unknown_sensor", "bad_time", "test_target", "out_of_range", "table_full")


def balanced(counters: dict[str, int]) -> bool:
    return counters["plots_in"] == counters["tracks_out"] + sum(counters[cause] for cause in REFUSALS)


@pytest.mark.parametrize(
    ("cause", "items"),
    [
        ("missing_item", {"i040": None}),
        ("missing_item", {"i140": None}),
        ("missing_item", {"i010": None}),
        ("unknown_sensor", {"radar": (9, 9)}),
        ("bad_time", {"i140": DAY_TICKS}),
        ("test_target", {"i020": ((5, 0, 0, 0, 0, None), (1, 0, 0, 0, 0, 0, None))}),
        ("out_of_range", {"i040": (("RHO", 0xFFFF), ("THETA", 0))}),
    ],
)
def test_a_plot_that_cannot_be_used_is_counted_by_cause(rib: Rib, cause: str, items: dict[str, Any]) -> None:
    rib.send(encode(48, plot(1000, 1), plot(1000, 2, **items), plot(1000, 3)))
    rib.tracks(2)
    counters = rib.counters()
    assert counters[cause] == 1
    assert counters["plots_in"] == 3
    assert balanced(counters)


def good() -> bytes:
    return encode(48, plot(1000))


def damaged(what: str) -> bytes:
    block = bytearray(encode(48, plot(1000, 2)))
    match what:
        case "too short for its length":
            block[1:3] = (len(block) + 1).to_bytes(2, "big")
        case "shorter than a header":
            block[1:3] = (2).to_bytes(2, "big")
        case "a category that the port does not take":
            block[0] = 21
        case "an FSPEC that never ends":
            block[3:7] = b"\xff\xff\xff\xff"
        case "an FSPEC without any item":
            block[3:] = b"\0"
            block[1:3] = (4).to_bytes(2, "big")
        case "a record cut short":
            del block[-1:]
            block[1:3] = len(block).to_bytes(2, "big")
        case "an item without end":
            record = bytes.fromhex("20") + b"\x01" * 7  # I048/020 has six parts
            block[3:] = record
            block[1:3] = (3 + len(record)).to_bytes(2, "big")
        case "a repetition bomb":
            record = bytes.fromhex("0120") + b"\xff" + bytes(20)  # I048/250 with REP 255
            block[3:] = record
            block[1:3] = (3 + len(record)).to_bytes(2, "big")
    return bytes(block)


@pytest.mark.parametrize(
    ("what", "cause"),
    [
        ("too short for its length", "bad_length"),
        ("shorter than a header", "bad_length"),
        ("a category that the port does not take", "unknown_category"),
        ("an FSPEC that never ends", "bad_fspec"),
        ("an FSPEC without any item", "bad_fspec"),
        ("a record cut short", "truncated"),
        ("an item without end", "bad_item"),
        ("a repetition bomb", "truncated"),
    ],
)
def test_damaged_blocks_are_counted_and_do_not_spoil_their_neighbours(rib: Rib, what: str, cause: str) -> None:
    rib.send(good(), damaged(what), good() + damaged(what), good())
    assert len(rib.tracks(3)) == 3
    counters = rib.counters()
    assert counters[cause] == 2
    assert balanced(counters)


@pytest.mark.parametrize(
    ("octets", "cause"),
    [
        (frame(good())[:-3] + b"\x00\x00\x7e", "bad_fcs"),
        (b"\x7e" + good() + b"\x7d\x7e", "aborted"),
        (b"\x7e\x01\x02\x7e", "runt"),
        (b"\x7e" + b"\x30" * 3000 + b"\x7e", "too_long"),
    ],
)
def test_damaged_frames_are_counted_and_do_not_spoil_their_neighbours(rib: Rib, octets: bytes, cause: str) -> None:
    rib.send_serial(frame(good()) + octets + frame(good()))
    rib.tracks(2)
    counters = rib.counters()
    assert counters[cause] == 1
    assert counters["frames_ok"] == 2


def test_a_block_longer_than_its_datagram_hides_nothing_before_it(rib: Rib) -> None:
    rib.send(good() + good() + b"\x30\xff\xff")
    rib.tracks(2)
    assert rib.counters()["bad_length"] == 1


@pytest.mark.parametrize("seed", range(3))
def test_random_damage_never_stops_the_box_nor_upsets_its_books(rib: Rib, seed: int) -> None:
    """Bit flips, cuts and joins of valid blocks; `seed` replays a failure."""
    source = random.Random(seed)
    seeds = [
        good(),
        encode(48, *(plot(2000 + k, k) for k in range(5))),
        encode(34, {"010": 0x0A14, "000": 1, "030": 5}),
    ]
    for _ in range(300):
        octets = bytearray(b"".join(source.choices(seeds, k=source.randint(1, 3))))
        for _ in range(source.randint(1, 8)):
            octets[source.randrange(len(octets))] ^= 1 << source.randrange(8)
        rib.send(bytes(octets[: source.randint(1, len(octets))]))
        rib.send_serial(frame(bytes(octets)), bytes(octets))
    counters = rib.counters()
    assert counters["datagrams_in"] == 300
    assert balanced(counters)
    assert rib.ask("*TST?") == "0"
