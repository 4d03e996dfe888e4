"""What is unknown stays inside: power-up state, and data lanes that are X whenever they are not valid, reach no output.

Runs inside Icarus, whose signals have four states; Verilator's have two.
"""

from __future__ import annotations

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadWrite, RisingEdge
from cocotb.types import LogicArray

from fpga_tb.tb import oracle, records
from fpga_tb.tb.device import FORMATTER, seeded

SETTINGS = FORMATTER.settings
X = {name: LogicArray("X" * width) for name, width in (("tdata", 64), ("tkeep", 8), ("tlast", 1))}
BUS = ("awready", "wready", "bvalid", "arready", "rvalid")
HANDSHAKES = ("s_axis_tready", "m_axis_tvalid", *(f"s_axil_{pin}" for pin in BUS))


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(blocked=(0.0, 0.4))
async def nothing_unknown_reaches_an_output(dut, blocked: float) -> None:
    rng = seeded(f"unknown {blocked}")
    table = records.draw(rng, 80)
    wanted = list(
        oracle.blocks(oracle.all_octets(table, SETTINGS.sac, SETTINGS.sic, SETTINGS.service), SETTINGS.mtu_octets)
    )
    beats = [
        (int.from_bytes(row[at : at + 8].tobytes(), "little"), at + 8 == len(row))
        for row in records.octets(table, FORMATTER.record)
        for at in range(0, len(row), 8)
    ]
    await _power_up(dut)
    offered = False
    block, found = bytearray(), []
    clocks = 0
    while len(found) < len(wanted) - 1:  # the last waits for its flush time
        clocks += 1
        assert clocks < 200 * len(table), f"{len(found)} of {len(wanted) - 1} blocks came in {clocks} clocks"
        if not offered and beats and rng.random() < 0.7:
            word, last = beats.pop(0)
            _offer(dut, word, last)
            offered = True
        ready = bool(rng.random() >= blocked)
        dut.m_axis_tready.value = ready
        await FallingEdge(dut.clk)  # inputs and outputs have settled; the next rising edge takes what is offered
        _handshakes_are_known(dut)
        if dut.m_axis_tvalid.value and ready:
            block += _octets(dut)
            if dut.m_axis_tlast.value:
                found.append(bytes(block))
                block.clear()
        taken = offered and bool(dut.s_axis_tready.value)
        await _after_rising_edge(dut)
        if taken:
            offered = False
            _withdraw(dut)
    assert found == wanted[:-1]


async def _power_up(dut) -> None:
    """Reset for as few clocks as a synchronous reset takes: one, of logic that nobody has initialised."""
    _withdraw(dut)
    dut.m_axis_tready.value = 0
    for pin, width in {
        "awprot": 3,
        "awvalid": 1,
        "wstrb": 4,
        "wvalid": 1,
        "bready": 1,
        "arprot": 3,
        "arvalid": 1,
        "rready": 1,
    }.items():
        getattr(dut, f"s_axil_{pin}").value = 0 if pin.endswith(("valid", "ready")) else LogicArray("X" * width)
    for pin in ("awaddr", "wdata", "araddr"):
        signal = getattr(dut, f"s_axil_{pin}")
        signal.value = LogicArray("X" * len(signal))
    dut.rst.value = 1
    Clock(dut.clk, FORMATTER.clock.period_ns, "ns", impl="gpi").start()
    for _ in range(2):
        await _after_rising_edge(dut)
    dut.rst.value = 0


async def _after_rising_edge(dut) -> None:

    await RisingEdge(dut.clk)
    await ReadWrite()


def _offer(dut, word: int, last: bool) -> None:
    dut.s_axis_tdata.value, dut.s_axis_tkeep.value, dut.s_axis_tlast.value = word, 0xFF, last
    dut.s_axis_tvalid.value = 1


def _withdraw(dut) -> None:
    dut.s_axis_tvalid.value = 0
    for name, unknown in X.items():
        getattr(dut, f"s_axis_{name}").value = unknown


def _handshakes_are_known(dut) -> None:
    for name in HANDSHAKES:
        assert getattr(dut, name).value.is_resolvable, f"{name} is unknown"


def _octets(dut) -> bytes:
    """The octets of a valid beat, none of which may be unknown."""
    assert dut.m_axis_tkeep.value.is_resolvable, "m_axis_tkeep is unknown"
    assert dut.m_axis_tlast.value.is_resolvable, "m_axis_tlast is unknown"
    data, keep = dut.m_axis_tdata.value, int(dut.m_axis_tkeep.value)
    lanes = [data[8 * i + 7 : 8 * i] for i in range(8) if keep >> i & 1]
    assert all(lane.is_resolvable for lane in lanes), f"m_axis_tdata is {data} at keep {keep:#04x}"
    return bytes(int(lane) for lane in lanes)
