"""Python's side of the batch transactor `batch_bench.sv` (runs inside the simulator): beats in, blocks out, one wake-up a batch."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from cocotb.triggers import Timer

from fpga_tb.tb.formatter_file import Formatter
from fpga_tb.tb.records import Octets

LAST = 0x100


@dataclass(frozen=True)
class Beats:
    """A stream of packets: 64-bit words with octet 0 lowest, and keep (bits 7:0) with last (bit 8)."""

    words: npt.NDArray[np.uint64]
    controls: npt.NDArray[np.uint16]


@dataclass(frozen=True)
class Outcome:
    """What came of a batch; clocks are counted from its start."""

    octets: Octets
    ends: npt.NDArray[np.int64]  # of each block in `octets`
    first_in: int
    last_in: int
    first_out: int
    end_before: int  # last beat of the block before the last one: the last waits for its flush time


def whole(records: Octets) -> Beats:
    """Records of one length, rows of octets, as beats."""
    per_record = records.shape[1] // 8
    words = np.ascontiguousarray(records).view("<u8").reshape(-1).astype(np.uint64)
    controls = np.tile(np.array([0xFF] * (per_record - 1) + [0xFF | LAST], np.uint16), len(records))
    return Beats(words, controls)


def ragged(packets: Sequence[bytes]) -> Beats:
    """Packets of any length as beats; the last beat of each keeps what is left."""
    words, controls = [], []
    for packet in packets:
        padded = packet + bytes(-len(packet) % 8)
        words.append(np.frombuffer(padded, "<u8"))
        control = np.full(len(padded) // 8, 0xFF, np.uint16)
        control[-1] = ((1 << (len(packet) - 1) % 8 + 1) - 1) | LAST
        controls.append(control)
    return Beats(np.concatenate(words).astype(np.uint64), np.concatenate(controls))


class BatchDevice:
    """The batch bench around one formatter. Registers by name; `run` carries one batch through."""

    def __init__(self, dut: Any, formatter: Formatter) -> None:
        self.dut, self.formatter = dut, formatter
        self._queues = None if os.environ["SIMULATOR"] == "icarus" else _Queues()

    async def reset(self) -> None:
        period = self.formatter.clock.period_ns
        self.dut.rst.value = 1
        await Timer(round(10 * period, 3), "ns")
        self.dut.rst.value = 0
        await Timer(round(10 * period, 3), "ns")

    async def configure(self, **settings: int) -> None:
        """Write registers by name; formatters without registers keep what they have."""
        if not self.formatter.registers:
            return
        for name, value in settings.items():
            self.dut.set_address.value = self.formatter.registers.address[name]
            self.dut.set_value.value = value
            self.dut.set.value = not int(self.dut.set.value)
            await self.dut.set_done.value_change

    async def run(
        self, beats: Beats, pause_in: int = 0, pause_out: int = 0, seed: int = 1, drain_clocks: int = 3000
    ) -> Outcome:
        """Carry a batch through; pauses are odds in 256 per clock. Ends after `drain_clocks` without any beat."""
        dut = self.dut
        dut.pause_in.value, dut.pause_out.value = pause_in, pause_out
        dut.seed.value, dut.drain_clocks.value = seed or 1, drain_clocks
        if self._queues:
            self._queues.load(beats)
        else:
            _write_file(beats)
        dut.go.value = not int(dut.go.value)
        await dut.done.value_change
        octets, ends = self._queues.unload() if self._queues else _read_file()
        clocks = [int(getattr(dut, name).value) for name in ("first_in", "last_in", "first_out", "end_before")]
        return Outcome(octets, ends, *clocks)


class _Queues:
    """The C queues that the Verilated bench calls; they live in the simulator's own process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)
        for name in ("batch_octets", "batch_blocks"):
            getattr(self._library, name).restype = ctypes.c_size_t

    def load(self, beats: Beats) -> None:
        n = len(beats.words)
        self._beats = beats  # C reads it while the batch runs
        self._octets = np.zeros(n * 9 + 4096, np.uint8)
        self._ends = np.zeros(n + 16, np.uint64)
        pointer = [
            ctypes.c_void_p(array.ctypes.data) for array in (beats.words, beats.controls, self._octets, self._ends)
        ]
        size = [ctypes.c_size_t(len(array)) for array in (beats.words, self._octets, self._ends)]
        self._library.batch_load(pointer[0], pointer[1], size[0], pointer[2], size[1], pointer[3], size[2])

    def unload(self) -> tuple[Octets, npt.NDArray[np.int64]]:
        octets, blocks = self._library.batch_octets(), self._library.batch_blocks()
        assert octets <= len(self._octets) and blocks <= len(self._ends), f"{octets} octets in {blocks} blocks came out"
        return self._octets[:octets], self._ends[:blocks].astype(np.int64)


def _write_file(beats: Beats) -> None:
    rows = np.zeros((len(beats.words), 10), np.uint8)  # Verilog reads the most significant octet first
    rows[:, 0] = beats.controls >> 8
    rows[:, 1] = beats.controls & 0xFF
    rows[:, 2:] = beats.words.astype(">u8").view(np.uint8).reshape(-1, 8)
    Path(os.environ["BATCH_IN"]).write_bytes(rows.tobytes())


def _read_file() -> tuple[Octets, npt.NDArray[np.int64]]:
    rows = np.fromfile(os.environ["BATCH_OUT"], np.dtype([("data", "<u8"), ("control", "<u4")]))
    data = np.ascontiguousarray(rows["data"]).view(np.uint8).reshape(-1, 8)
    kept = (rows["control"][:, None] >> np.arange(8)) & 1 == 1
    ends = np.cumsum(kept.sum(axis=1))[rows["control"] & LAST != 0]
    return data[kept], ends.astype(np.int64)
