"""The Verilated formatter behind the interface of a box: same octets as the C formatter, blocks out when their time is over."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import numpy as np
import pytest

from fpga_tb.sim import model
from fpga_tb.tb import oracle, records, simulators
from fpga_tb.tb.formatter_file import Formatter
from hil.errors import BenchError

SINK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint8), ctypes.c_size_t)
FLUSH_NS = 5_000_000


class Settings(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_uint8) for name in ("sac", "sic", "service")),
        ("mtu_octets", ctypes.c_uint16),
        ("flush_ns", ctypes.c_uint64),
        ("sink", SINK),
        ("context", ctypes.c_void_p),
    ]


class Box:
    def __init__(self, library: str, mtu: int) -> None:
        self.blocks: list[bytes] = []
        self.now_ns = 1_000_000
        self._sink = SINK(lambda _context, block, n: self.blocks.append(ctypes.string_at(block, n)))
        self._library = ctypes.CDLL(library)
        self._library.formatter_box_new.restype = ctypes.c_void_p
        self._library.formatter_box_push.restype = ctypes.c_bool
        settings = Settings(1, 2, 3, mtu, FLUSH_NS, self._sink, None)
        self.handle = ctypes.c_void_p(self._library.formatter_box_new(ctypes.byref(settings)))

    def push(self, record: bytes) -> bool:
        now_ns = ctypes.c_uint64(self.now_ns)
        return bool(self._library.formatter_box_push(self.handle, record, ctypes.c_size_t(len(record)), now_ns))

    def advance(self, elapsed_ns: int) -> None:
        self.now_ns += elapsed_ns
        self._library.formatter_box_poll(self.handle, ctypes.c_uint64(self.now_ns))

    def close(self) -> None:
        if self.handle:
            self._library.formatter_box_free(self.handle)


@pytest.fixture
def library(formatter: Formatter) -> str:
    try:
        simulators.require(simulators.VERILATOR)
    except BenchError as error:
        pytest.skip(str(error))
    return str(model.library(formatter))


@pytest.fixture
def box(library: str) -> Iterator[Box]:
    made = Box(library, 1400)
    yield made
    made.close()


def test_records_become_the_reference_blocks(box: Box, formatter: Formatter, seed: int) -> None:
    table = records.draw(np.random.default_rng(seed), 400)
    for row in records.octets(table, formatter.record):
        box.push(row.tobytes())
    box.advance(2 * FLUSH_NS)
    assert box.blocks == list(oracle.blocks(oracle.all_octets(table, 1, 2, 3), 1400))


def test_block_leaves_when_its_flush_time_is_over_and_not_before(box: Box, formatter: Formatter, seed: int) -> None:
    table = records.draw(np.random.default_rng(seed), 1)
    box.push(records.octets(table, formatter.record)[0].tobytes())
    box.advance(FLUSH_NS * 9 // 10)
    assert box.blocks == []
    box.advance(FLUSH_NS * 2 // 10)
    assert len(box.blocks) == 1


def test_malformed_record_is_dropped(box: Box, formatter: Formatter, seed: int) -> None:
    table = records.draw(np.random.default_rng(seed), 2)
    rows = [row.tobytes() for row in records.octets(table, formatter.record)]
    taken = [box.push(record) for record in (rows[0], rows[0][:-1], b"", rows[0] + b"\0" * 8, rows[1])]
    assert taken == [True, False, False, False, True]
    box.advance(2 * FLUSH_NS)
    assert box.blocks == list(oracle.blocks(oracle.all_octets(table, 1, 2, 3), 1400))


def test_setting_that_the_formatter_refuses_gives_no_box(library: str) -> None:
    refused = Box(library, 60)
    assert not refused.handle
