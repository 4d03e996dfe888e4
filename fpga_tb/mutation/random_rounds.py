"""Rounds of anything at any time, against a model of the requirements: what a mutant meets last, when no directed step killed it.

Each round: reset, random register traffic with random pauses between any two accesses, counters set to random values, then good and
malformed records under random settings; octets and counters must come out as asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fpga_tb.mutation.packets import packets, sent
from fpga_tb.sim.model import OKAY, SLVERR, Device
from fpga_tb.tb import oracle, records
from fpga_tb.tb.formatter_file import Formatter
from fpga_tb.tb.malformed import spoil

ROUNDS = 80
ACCESSES = 60
COUNTERS = ("records", "bad_length", "bad_layout", "bad_time", "blocks", "closed_by_mtu", "closed_by_timer")
WORD = 0xFFFFFFFF


@dataclass(frozen=True)
class Access:
    """One write and what must be answered; then a pause, and a read of the same address."""

    address: int
    value: int
    strobe: int
    lag: int
    pause: int
    response: int
    read: tuple[int, int]


@dataclass(frozen=True)
class Round:
    """Everything that one round does, and what must come of it."""

    accesses: list[Access]
    settings: dict[str, int]
    presets: dict[str, int]
    words: npt.NDArray[np.uint64]
    controls: npt.NDArray[np.uint16]
    pauses: tuple[int, int]
    seed: int
    blocks: list[bytes]
    counted: dict[str, int]


def draw_rounds(formatter: Formatter, seed: int, count: int = ROUNDS) -> list[Round]:
    """`count` rounds of this seed."""
    rng = np.random.default_rng([seed, 11])
    return [_draw(formatter, rng) for _ in range(count)]


def holds(device: Device, formatter: Formatter, one: Round) -> bool:
    """Whether the device does in this round what is asked of it."""
    assert formatter.registers
    address = formatter.registers.address
    nothing = one.words[:0], one.controls[:0]
    device.reset()
    for access in one.accesses:
        if device.write(access.address, access.value, access.strobe, access.lag, access.pause % 3) != access.response:
            return False
        if access.pause:
            device.run(*nothing, drain_clocks=access.pause)
        if device.read(access.address, access.pause % 2) != access.read:
            return False
    for name, value in (one.settings | one.presets).items():
        if device.write(address[name], value) != OKAY:
            return False
    result = device.run(
        one.words, one.controls, pauses=one.pauses, seed=one.seed, drain_clocks=12_500, most_clocks=200_000
    )
    if not sent(result, one.blocks):
        return False
    wanted = {name: (one.presets[name] + one.counted[name]) & WORD for name in COUNTERS} | one.settings
    for pause in (1, 2):
        device.run(*nothing, drain_clocks=pause)
        if any(device.read(address[name]) != (OKAY, value) for name, value in wanted.items()):
            return False
    return True


def _draw(formatter: Formatter, rng: np.random.Generator) -> Round:
    low, high = formatter.settings.mtu_min, min(formatter.settings.mtu_max, 4000)
    mtu = int(np.exp(rng.uniform(np.log(low), np.log(high + 0.5))))
    source, service = int(rng.integers(1 << 16)), int(rng.integers(256))
    table = records.draw(rng, int(rng.integers(20, 100)), float(rng.random()))
    stream, counted = [], dict.fromkeys(COUNTERS, 0)
    spoilt = float(rng.choice([0.0, 0.3, 0.7]))
    for row in records.octets(table, formatter.record):
        while rng.random() < spoilt:
            cause, octets = spoil(row.tobytes(), formatter.record, rng)
            counted[cause] += 1
            stream.append(octets)
        stream.append(row.tobytes())
    words, controls = packets(stream)
    blocks = list(oracle.blocks(oracle.all_octets(table, source >> 8, source & 0xFF, service), mtu))
    counted |= {"records": len(table), "blocks": len(blocks), "closed_by_mtu": len(blocks) - 1, "closed_by_timer": 1}
    return Round(
        accesses=_accesses(formatter, rng),
        settings={"source": source, "service": service, "mtu": mtu, "flush": 12_000},
        presets={name: _any_word(rng) for name in COUNTERS},
        words=words,
        controls=controls,
        pauses=((0, 0), (int(rng.integers(100)), 0), (0, int(rng.integers(100))))[int(rng.integers(3))],
        seed=int(rng.integers(1, 1 << 32)),
        blocks=blocks,
        counted=counted,
    )


def _accesses(formatter: Formatter, rng: np.random.Generator) -> list[Access]:
    """Writes to any address, most of them to registers, with the register file as it must answer."""
    assert formatter.registers
    settings = formatter.settings
    state = {
        "source": settings.sac << 8 | settings.sic, "service": settings.service, "mtu": settings.mtu_octets,
        "flush": settings.flush_clocks, "version": formatter.registers.version_value, **dict.fromkeys(COUNTERS, 0),
    }  # fmt: skip
    names = {address: name for name, address in formatter.registers.address.items()}
    drawn = []
    for _ in range(ACCESSES):
        address = int(rng.choice(list(names))) if rng.random() < 0.9 else int(rng.integers(64)) * 4
        value = _any_word(rng)
        strobe = 15 if rng.random() < 0.6 else int(rng.integers(16))
        name = names.get(address, "")
        if name in ("source", "service", "mtu") and rng.random() < 0.7:  # else hardly any would be taken
            value &= {"source": 0xFFFF, "service": 0xFF, "mtu": 0x1FFF}[name]
        taken = _take(state, name, value, strobe, (settings.mtu_min, settings.mtu_max))
        read = (OKAY, state[name]) if name else (SLVERR, 0)
        lag, pause = int(rng.integers(-4, 5)), int(rng.integers(0, 7))
        drawn.append(Access(address, value, strobe, lag, pause, OKAY if taken else SLVERR, read))
    return drawn


def _take(state: dict[str, int], name: str, value: int, strobe: int, mtu: tuple[int, int]) -> bool:
    """What a write does to the register file (fpga_tb/README.md); False: SLVERR."""
    mask = sum(0xFF << 8 * lane for lane in range(4) if strobe >> lane & 1)
    merged = state.get(name, 0) & ~mask | value & mask
    usable = {"source": merged < 1 << 16, "service": merged < 1 << 8, "mtu": mtu[0] <= merged <= mtu[1], "flush": True}
    taken = usable.get(name, name in COUNTERS and strobe == 15)
    if taken:
        state[name] = merged
    return taken


def _any_word(rng: np.random.Generator) -> int:
    """A word in which carries run far as often as not."""
    value = int(rng.integers(1 << 32))
    ones = (1 << int(rng.integers(33))) - 1
    return (value, value | ones, value & ~ones, value & int(rng.integers(1 << 32)))[int(rng.integers(4))]
