"""The formatter on its own: any well-formed track record becomes a record that libasterix decodes to the same octets."""

from __future__ import annotations

import ctypes
import random

import pytest
from conftest import BUILD, DAY_TICKS, decode, make, raw

# item, where it lies in the record, octets, validity bit (docs/icd.md §3)
ITEMS = [
    ("105", 8, 8, 15),
    ("100", 16, 6, 14),
    ("185", 24, 4, 13),
    ("060", 22, 2, 12),
    ("245", 48, 7, 11),
    ("136", 36, 2, 9),
    ("130", 38, 2, 8),
    ("220", 40, 2, 7),
]


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    make("formatter")
    loaded = ctypes.CDLL(str(BUILD / "formatter/libcat062.so"))
    loaded.cat062_blocks.restype = ctypes.c_size_t
    loaded.cat062_blocks.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint16,
        ctypes.c_uint8,
        ctypes.c_uint8,
        ctypes.c_uint8,
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.POINTER(ctypes.c_uint64),
    ]
    return loaded


def blocks(library: ctypes.CDLL, records: bytes, mtu: int = 1400) -> tuple[bytes, int]:
    out = ctypes.create_string_buffer(len(records) * 2 + 1500)
    malformed = ctypes.c_uint64()
    n = library.cat062_blocks(records, len(records) // 56, mtu, 25, 100, 1, out, len(out), ctypes.byref(malformed))
    assert n <= len(out)
    return out.raw[:n], malformed.value


def any_record(source: random.Random) -> bytes:
    record = bytearray(source.randbytes(56))
    record[0:2] = (source.getrandbits(11) << 5).to_bytes(2, "big")
    record[4] = 1
    record[5:8] = source.randrange(DAY_TICKS).to_bytes(3, "big")
    record[28:32] = bytes(source.choice((0, source.getrandbits(7) << 1)) for _ in range(4))
    record[32] = 0
    record[46:48] = bytes(2)
    record[55] = 0
    return bytes(record)


def test_every_item_holds_the_octets_of_its_field(library: ctypes.CDLL) -> None:
    source = random.Random(62)
    records = [any_record(source) for _ in range(500)]
    stream, malformed = blocks(library, b"".join(records))
    assert malformed == 0
    decoded = [record for _, record in decode(stream)]
    assert len(decoded) == len(records)
    for record, track in zip(records, decoded, strict=True):
        valid = int.from_bytes(record[:2], "big")
        assert raw(track, "010") == bytes([25, 100])
        assert raw(track, "015") == b"\x01"
        assert raw(track, "070") == record[5:8]
        assert raw(track, "040") == record[2:4]
        for name, at, octets, bit in ITEMS:
            assert raw(track, name) == (record[at : at + octets] if valid >> bit & 1 else b"")
        assert raw(track, "380") == (b"\x80" + record[33:36] if valid >> 10 & 1 else b"")
        measured = (record[42:44] if valid >> 6 & 1 else b"") + (record[44:46] if valid >> 5 & 1 else b"")
        presence = (valid >> 6 & 1) << 7 | (valid >> 5 & 1) << 5
        assert raw(track, "340") == (bytes([presence]) + measured if measured else b"")
        status = record[28:32].rstrip(b"\0") or record[28:29]
        assert raw(track, "080") == bytes(octet | 1 for octet in status[:-1]) + status[-1:]


@pytest.mark.parametrize("mtu", [64, 65, 200, 1400, 1472])
def test_blocks_fill_the_mtu_and_never_pass_it(library: ctypes.CDLL, mtu: int) -> None:
    source = random.Random(mtu)
    records = [any_record(source) for _ in range(300)]
    alone = [len(blocks(library, record)[0]) - 3 for record in records]
    stream, _ = blocks(library, b"".join(records), mtu)
    at, used = 0, 0
    while at < len(stream):
        length = int.from_bytes(stream[at + 1 : at + 3], "big")
        count = len(decode(stream[at : at + length]))
        assert length == 3 + sum(alone[used : used + count]) <= mtu
        used += count
        assert used == len(records) or length + alone[used] > mtu
        at += length
    assert used == len(records)


@pytest.mark.parametrize("octet", [1, 4, 5, 28, 29, 30, 31, 32, 46, 47, 55])
def test_a_malformed_record_is_dropped_whole_and_counted(library: ctypes.CDLL, octet: int) -> None:
    source = random.Random(octet)
    good, bad = any_record(source), bytearray(any_record(source))
    bad[octet] |= 0xFF if octet == 5 else 1
    bad[4] += octet == 4
    stream, malformed = blocks(library, good + bytes(bad) + good)
    assert malformed == 1
    assert stream[3:] == blocks(library, good + good)[0][3:]
