"""The formatter under test as a cocotb bench handles it: clock, reset, streams, registers (runs inside the simulator)."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from cocotb.utils import get_sim_time
from cocotbext.axi import (
    AxiLiteBus,
    AxiLiteMaster,
    AxiResp,
    AxiStreamBus,
    AxiStreamFrame,
    AxiStreamSink,
    AxiStreamSource,
)

from fpga_tb.tb import formatter_file

FORMATTER = formatter_file.load(Path(os.environ.get("FORMATTER", formatter_file.SHIPPED)))
_HELD = 6  # clocks of reset


class RegisterError(Exception):
    """The formatter answered SLVERR."""


class Device:
    """One formatter with a source, a sink and, where it has registers, an AXI4-Lite master."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.period_ns = FORMATTER.clock.period_ns

    async def start(self) -> Device:
        """Clock, reset, then the models (their first look at ready and valid must not be X)."""
        Clock(self.dut.clk, self.period_ns, "ns", impl="gpi").start()
        await self.reset()
        self.records = AxiStreamSource(AxiStreamBus.from_prefix(self.dut, "s_axis"), self.dut.clk, self.dut.rst)
        self.blocks = AxiStreamSink(AxiStreamBus.from_prefix(self.dut, "m_axis"), self.dut.clk, self.dut.rst)
        models = [self.records, self.blocks]
        if FORMATTER.registers:
            bus = AxiLiteBus.from_prefix(self.dut, "s_axil")
            self.bus = AxiLiteMaster(bus, self.dut.clk, self.dut.rst)
            models += [self.bus.write_if, self.bus.read_if]
        for model in models:
            model.log.setLevel(logging.ERROR)
        await self.clocks(2)
        return self

    async def reset(self, clocks: int = _HELD) -> None:
        """Everything driven, reset held for `clocks`."""
        for name in ("s_axis_tdata", "s_axis_tkeep", "s_axis_tvalid", "s_axis_tlast", "m_axis_tready"):
            getattr(self.dut, name).value = 0
        for name in (
            "awaddr",
            "awprot",
            "awvalid",
            "wdata",
            "wstrb",
            "wvalid",
            "bready",
            "araddr",
            "arprot",
            "arvalid",
            "rready",
        ):
            getattr(self.dut, f"s_axil_{name}").value = 0
        self.dut.rst.value = 1
        await self.clocks(clocks)
        self.dut.rst.value = 0
        await self.clocks(1)

    async def clocks(self, n: int) -> None:
        await ClockCycles(self.dut.clk, n)

    def now(self) -> float:
        """Clocks since the simulation began."""
        return get_sim_time("ns") / self.period_ns

    async def configure(self, **settings: int) -> None:
        """Set registers by name: source, service, mtu, flush."""
        for name, value in settings.items():
            await self.write(name, value)

    async def write(self, name: str, value: int) -> None:
        assert FORMATTER.registers
        await self.write_at(FORMATTER.registers.address[name], value)

    async def write_at(self, address: int, value: int) -> None:
        answer = await self.bus.write(address, value.to_bytes(4, "little"))
        if answer.resp != AxiResp.OKAY:
            raise RegisterError(f"write {value:#x} to {address:#x}: {answer.resp.name}")

    async def read(self, name: str) -> int:
        assert FORMATTER.registers
        return await self.read_at(FORMATTER.registers.address[name])

    async def read_at(self, address: int) -> int:
        answer = await self.bus.read(address, 4)
        if answer.resp != AxiResp.OKAY:
            raise RegisterError(f"read of {address:#x}: {answer.resp.name}")
        return int.from_bytes(answer.data, "little")

    def send(self, records: np.ndarray | Iterable[bytes]) -> None:
        """Queue records (rows of octets, any length)."""
        for record in records:
            self.records.send_nowait(AxiStreamFrame(bytes(record)))

    async def receive(self, n: int) -> list[bytes]:
        """The next `n` blocks."""
        return [bytes((await self.blocks.recv()).tdata) for _ in range(n)]

    async def expect(self, wanted: list[bytes]) -> None:
        """The next blocks are `wanted`, octet for octet; the first that is not is told."""
        for i, block in enumerate(wanted):
            got = bytes((await self.blocks.recv()).tdata)
            assert got == block, f"block {i} of {len(wanted)}: got {got.hex()}, wanted {block.hex()}"

    async def expect_silence(self, clocks: int) -> None:
        """No beat leaves for so many clocks."""
        for _ in range(clocks):
            await RisingEdge(self.dut.clk)
            assert not self.dut.m_axis_tvalid.value, "a beat left without cause"


def pauses(kind: str, rng: np.random.Generator) -> Iterator[bool]:
    """Endless pattern of blocked clocks: none, random, bursts, mostly blocked, one in two."""
    while True:
        if kind == "none":
            yield False
        elif kind == "random":
            yield bool(rng.random() < 0.4)
        elif kind == "bursts":
            yield from [bool(rng.random() < 0.5)] * int(rng.integers(1, 40))
        elif kind == "scarce":
            yield bool(rng.random() < 0.95)
        else:
            yield from (True, False)


PAUSES = ("none", "random", "bursts", "scarce", "alternate")


def seeded(label: str) -> np.random.Generator:
    """A generator forked by label from the run's seed, so that one line replays a failure."""
    return np.random.default_rng([int(cocotb.RANDOM_SEED), *label.encode()])
