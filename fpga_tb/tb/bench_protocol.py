"""Protocol corners of a formatter, with cocotbext-axi: every block against libasterix, under pauses, resets and bad records.

Runs inside the simulator (`test_formatter.py` starts it). Volume is `bench_volume`'s business.
"""

from __future__ import annotations

import cocotb

from fpga_tb.tb import oracle, records
from fpga_tb.tb.device import FORMATTER, PAUSES, Device, RegisterError, pauses, seeded
from fpga_tb.tb.malformed import every_kind

LIMIT = {"timeout_time": 5, "timeout_unit": "ms"}
NO_REGISTERS = FORMATTER.registers is None

SAC, SIC, SERVICE = (0, 0, 0) if NO_REGISTERS else (0x19, 0xC9, 7)
FLUSH_CLOCKS = 1500  # longer than a full block of the shortest records takes to come in


async def ready(dut, mtu: int = FORMATTER.settings.mtu_octets, flush: int = FLUSH_CLOCKS) -> Device:
    """A device that is out of reset and, where it has registers, configured."""
    device = await Device(dut).start()
    if not NO_REGISTERS:
        await device.configure(source=SAC << 8 | SIC, service=SERVICE, mtu=mtu, flush=flush)
    return device


def blocks_of(table: records.Table, mtu: int = FORMATTER.settings.mtu_octets) -> list[bytes]:
    return list(oracle.blocks(oracle.all_octets(table, SAC, SIC, SERVICE), mtu))


def on_bus(table: records.Table) -> records.Octets:
    return records.octets(table, FORMATTER.record)


@cocotb.test(**LIMIT)
@cocotb.parametrize(outgoing=PAUSES, incoming=("none", "random", "bursts"))
async def blocks_equal_the_reference_under_any_pauses(dut, outgoing: str, incoming: str) -> None:
    rng = seeded(outgoing + incoming)
    device = await ready(dut, flush=100_000)
    device.records.set_pause_generator(pauses(incoming, rng))
    device.blocks.set_pause_generator(pauses(outgoing, rng))
    table = records.draw(rng, 120)
    wanted = blocks_of(table)
    device.send(on_bus(table))
    await device.expect(wanted[:-1])  # the last waits for its flush time


@cocotb.test(**LIMIT, skip=NO_REGISTERS)
@cocotb.parametrize(mtu=(FORMATTER.settings.mtu_min, 64, 100, 121, 500, 1472, FORMATTER.settings.mtu_max))
async def block_never_passes_the_mtu_nor_leaves_room_for_the_next_record(dut, mtu: int) -> None:
    rng = seeded(str(mtu))
    device = await ready(dut, mtu=mtu, flush=2**31)
    table = records.draw(rng, 60 + mtu // 12, density=float(rng.random()))
    device.send(on_bus(table))
    await device.expect(blocks_of(table, mtu)[:-1])


@cocotb.test(**LIMIT, skip=NO_REGISTERS)
async def block_leaves_within_flush_time_of_its_first_record(dut) -> None:
    rng = seeded("flush")
    device = await ready(dut)
    for flush in (0, 1, 50, 400):
        await device.configure(flush=flush)
        for pieces in (1, 2):  # a second record in the same block must not prolong it
            table = records.draw(rng, pieces)
            start = device.now()
            device.send(on_bus(table[:1]))
            if pieces == 2:
                await device.clocks(flush // 2)
                device.send(on_bus(table[1:]))
            wanted = blocks_of(table) if flush > 20 else [block for row in table for block in blocks_of(row[None])]
            await device.expect(wanted[:1])
            clocks = device.now() - start
            assert flush <= clocks <= flush + 60, f"{clocks:.0f} clocks for a flush time of {flush}"
            await device.expect(wanted[1:])


@cocotb.test(**LIMIT)
async def malformed_record_is_dropped_whole_and_counted_and_its_neighbours_pass(dut) -> None:
    rng = seeded("malformed")
    device = await ready(dut)
    good = records.draw(rng, 100)
    bus = on_bus(good)
    cases = every_kind(bus[0].tobytes(), FORMATTER.record, bool(FORMATTER.records.tkeep))
    good["tod"][-1] = records.TOD_TICKS_PER_DAY - 1  # the last that is right
    bus = on_bus(good)
    assert len(cases) < len(bus)
    order = rng.permutation(len(cases))
    for i, row in enumerate(bus):
        device.send([cases[order[i]][1], row] if i < len(order) else [row])
    await device.expect(blocks_of(good))
    if not NO_REGISTERS:
        for cause in ("bad_length", "bad_layout", "bad_time"):
            count = sum(name == cause for name, _ in cases)
            assert await device.read(cause) == count, f"{cause} is not {count}"
        assert await device.read("records") == len(good)


@cocotb.test(**LIMIT)
async def no_block_leaves_without_a_record(dut) -> None:
    device = await ready(dut, flush=10)
    await device.expect_silence(500)


@cocotb.test(**LIMIT)
async def reset_at_any_time_leaves_nothing_behind(dut) -> None:
    rng = seeded("reset")
    device = await ready(dut)
    for _ in range(12):
        device.send(on_bus(records.draw(rng, int(rng.integers(1, 60)))))
        device.blocks.pause = bool(rng.random() < 0.5)
        await device.clocks(int(rng.integers(1, 500)))
        device.records.clear()
        device.dut.rst.value = 1
        await device.clocks(int(rng.integers(1, 4)))
        device.dut.rst.value = 0
        await device.clocks(2)
        device.blocks.clear()
        device.blocks.pause = False
        await device.expect_silence(60)
        if not NO_REGISTERS:
            assert await device.read("records") == 0
            await device.configure(source=SAC << 8 | SIC, service=SERVICE, flush=200)
        table = records.draw(rng, 5)
        device.send(on_bus(table))
        await device.expect(blocks_of(table))


@cocotb.test(**LIMIT, skip=NO_REGISTERS)
async def registers_hold_what_is_written_and_refuse_what_cannot_be(dut) -> None:
    rng = seeded("registers")
    device = await ready(dut)
    settings, address = FORMATTER.settings, FORMATTER.registers.address
    assert await device.read("version") == FORMATTER.registers.version_value
    for value in rng.integers(0, 2**16, 4):
        await device.write("source", int(value))
        assert await device.read("source") == value
    for value in (0, 255, int(rng.integers(256))):
        await device.write("service", value)
        assert await device.read("service") == value
    for value in (settings.mtu_min, settings.mtu_max, 1400):
        await device.write("mtu", value)
        assert await device.read("mtu") == value
    for value in (0, 1, 2**32 - 1, int(rng.integers(2**32))):
        await device.write("flush", value)
        assert await device.read("flush") == value
    before = {name: await device.read(name) for name in address}
    refused = [
        *(("mtu", value) for value in (0, settings.mtu_min - 1, settings.mtu_max + 1, 2**16 + 1400, 2**31 + 1400)),
        ("source", 2**16), ("source", 2**31), ("service", 256), ("service", 2**31), ("version", 5),
    ]  # fmt: skip
    for name, value in refused:
        try:
            await device.write(name, value)
        except RegisterError:
            continue
        raise AssertionError(f"{value:#x} was taken for {name}")
    for unmapped in (0x14, 0x18, 0x1C, 0x3C, 0x40, 0xFC):
        for attempt in (device.read_at(unmapped), device.write_at(unmapped, 1)):
            try:
                await attempt
            except RegisterError:
                continue
            raise AssertionError(f"{unmapped:#x} answered OKAY")
    assert {name: await device.read(name) for name in address} == before


@cocotb.test(**LIMIT, skip=NO_REGISTERS)
async def counters_wrap_and_can_be_set(dut) -> None:
    rng = seeded("wrap")
    device = await ready(dut, flush=20)
    for value in (2**32 - 1, 2**31 - 1, int(rng.integers(2**32))):
        for name in ("records", "blocks", "closed_by_timer"):
            await device.write(name, value)
        table = records.draw(rng, 1)
        device.send(on_bus(table))
        await device.expect(blocks_of(table))
        await device.clocks(20)
        for name in ("records", "blocks", "closed_by_timer"):
            assert await device.read(name) == (value + 1) % 2**32, name


@cocotb.test(**LIMIT, skip=NO_REGISTERS)
async def counters_add_up(dut) -> None:
    rng = seeded("counters")
    device = await ready(dut, mtu=300, flush=700)
    table = records.draw(rng, 90)
    device.send(on_bus(table))
    wanted = blocks_of(table, 300)
    await device.expect(wanted)
    await device.clocks(40)
    count = {name: await device.read(name) for name in ("records", "blocks", "closed_by_mtu", "closed_by_timer")}
    assert count == {"records": 90, "blocks": len(wanted), "closed_by_mtu": len(wanted) - 1, "closed_by_timer": 1}, (
        count
    )


@cocotb.test(**LIMIT)
@cocotb.parametrize(density=(0.0, 0.5, 1.0))
async def full_rate_is_one_beat_a_clock_with_no_bubble_between_records(dut, density: float) -> None:
    """Short records are limited by the input's beats, the longest (58 octets) by the output's; nothing else costs a clock."""
    rng = seeded(str(density))
    device = await ready(dut, flush=100_000)
    table = records.draw(rng, 500, density)
    if density == 1.0:
        table["status"][:, 3] |= 2
    wanted = blocks_of(table)[:-1]
    beats_in = len(table) * FORMATTER.record.octets // 8
    beats_out = sum(-(-len(block) // 8) for block in wanted)
    start = device.now()
    device.send(on_bus(table))
    await device.expect(wanted)
    clocks = device.now() - start
    first_block = 8 * 25 + 40  # nothing leaves before the first block is complete
    assert clocks <= max(beats_in, beats_out) + first_block, (
        f"{clocks:.0f} clocks for {beats_in} beats in, {beats_out} out"
    )
