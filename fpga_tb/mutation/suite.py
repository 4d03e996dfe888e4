"""The requirements of the formatter as steps that run on a Verilated model in milliseconds: what decides whether a mutant lives.

Each step is what the cocotb benches check too (octets against libasterix, counters, responses, time bounds); none compares
with a trace of the unmutated design, so a mutant dies only by breaking a requirement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from fpga_tb.mutation import random_rounds, stop_and_go
from fpga_tb.mutation.packets import packets, sent
from fpga_tb.sim.model import OKAY, SLVERR, Device
from fpga_tb.tb import oracle, records
from fpga_tb.tb.formatter_file import Formatter, Registers
from fpga_tb.tb.malformed import every_kind

NEVER = 2**31
HOLES = 300  # records with octets that do not count


@dataclass(frozen=True)
class Suite:
    """Stimulus and expectation, made once; `first_broken` runs on any model."""

    formatter: Formatter
    seed: int

    @property
    def registers(self) -> Registers:
        assert self.formatter.registers
        return self.formatter.registers

    def steps(self) -> Iterator[Callable[[Device], bool]]:
        """Cheap and telling ones first."""
        yield self._full_rate
        yield self._pauses
        yield self._malformed
        yield self._settings
        yield self._strobes
        yield self._refusals
        yield self._bus_traffic
        yield self._short_flush
        yield self._long_flush
        yield self._counters_wrap
        yield self._blocked_output
        yield self._held_output
        yield self._many_small_blocks
        yield self._stop_and_go
        yield self._reset
        yield self._random_rounds

    def first_broken(self, device: Device) -> str | None:
        """Name of the first step that the device fails, None when it passes all."""
        for step in self.steps():
            if not step(device):
                return step.__name__.strip("_")
        return None

    # ── streams ──

    def _full_rate(self, device: Device) -> bool:
        if not self._configure(device, 0x0102, 3, 1400, NEVER):
            return False
        for case in self._rate_cases:
            words, controls, wanted, beats_in = case
            result = device.run(words, controls, drain_clocks=600, most_clocks=40_000)
            whole = wanted[:-1]  # the last block waits for more
            beats_out = sum(-(-len(block) // 8) for block in whole)
            fast = result.last_in - result.first_in < max(beats_in, beats_out + 200) + 2
            if not (sent(result, whole) and fast and result.beats_taken == beats_in):
                return False
            if len(result.end_clocks) and result.end_clocks[-1] - result.first_out > max(beats_in, beats_out) + 2:
                return False
            device.reset()
            if not self._configure(device, 0x0102, 3, 1400, NEVER):
                return False
        return True

    def _pauses(self, device: Device) -> bool:
        for source, service, mtu, pauses, seed, (words, controls), wanted in self._pause_cases:
            device.reset()
            if not self._configure(device, source, service, mtu, 12_000):
                return False
            result = device.run(words, controls, pauses=pauses, seed=seed, drain_clocks=13_000, most_clocks=90_000)
            if not sent(result, wanted) or self._read(device, "blocks") != len(wanted):
                return False
            if self._read(device, "closed_by_mtu") != len(wanted) - 1 or self._read(device, "closed_by_timer") != 1:
                return False
        return True

    def _malformed(self, device: Device) -> bool:
        device.reset()
        (words, controls), wanted, counts = self._malformed_case
        if not self._configure(device, 0xFFFF, 255, 1472, 3000):
            return False
        result = device.run(words, controls, drain_clocks=4000, most_clocks=40_000)
        if not sent(result, wanted) or any(self._read(device, name) != n for name, n in counts.items()):
            return False
        holes, hole_controls = self._holes  # an octet that does not count, in any place of any beat
        result = device.run(holes, hole_controls, drain_clocks=300, most_clocks=20_000)
        return not result.octets.size and self._read(device, "bad_length") == counts["bad_length"] + HOLES

    def _blocked_output(self, device: Device) -> bool:
        """The store fills, the input stands still, and nothing is lost when the output opens."""
        device.reset()
        table, (words, controls), wanted = self._flood
        if not self._configure(device, 0, 0, 1472, 40_000):
            return False
        stuck = device.run(words, controls, pauses=(0, 256), drain_clocks=NEVER, most_clocks=9000)
        if stuck.octets.size or not 0 < stuck.beats_taken < len(words):
            return False
        if stuck.rules_broken:
            return False
        swallowed = self._blocks(table[: stuck.beats_taken // 7], 0, 0, 1472)
        if sum(map(len, swallowed)) < self.formatter.settings.mtu_max:  # a block of the greatest MTU must find room
            return False
        rest = device.run(
            words[stuck.beats_taken :],
            controls[stuck.beats_taken :],
            pauses=(200, 0),
            drain_clocks=45_000,
            most_clocks=200_000,
        )
        return sent(rest, wanted) and self._read(device, "records") == len(table)

    def _held_output(self, device: Device) -> bool:
        """All that a blocked formatter took comes out when the output opens, with nothing behind it to push."""
        table, (words, controls), _ = self._flood
        taken = len(words)
        for _ in ("how much it takes", "exactly that"):
            device.reset()
            if not self._configure(device, 0, 0, 1472, 40_000):
                return False
            blocked = device.run(words[:taken], controls[:taken], pauses=(0, 256), drain_clocks=NEVER, most_clocks=9000)
            if not blocked.offered:  # AXI4-Stream: valid does not wait for ready
                return False
            taken = blocked.beats_taken
        held = device.run(words[:0], controls[:0], drain_clocks=45_000, most_clocks=100_000)
        return sent(held, self._blocks(table[: taken // 7], 0, 0, 1472))

    def _many_small_blocks(self, device: Device) -> bool:
        """One record a block, output blocked: the list of lengths fills as well."""
        device.reset()
        (words, controls), wanted = self._small
        if not self._configure(device, 0x55AA, 1, self.formatter.settings.mtu_min, 5000):
            return False
        stuck = device.run(words, controls, pauses=(0, 256), drain_clocks=NEVER, most_clocks=1500)
        rest = device.run(
            words[stuck.beats_taken :], controls[stuck.beats_taken :], drain_clocks=6000, most_clocks=30_000
        )
        return not stuck.octets.size and sent(rest, wanted)

    def _stop_and_go(self, device: Device) -> bool:
        """Long blocks, then short ones, into a receiver that stops and goes; the last block waits for more."""
        for mtu, ((words, controls), wanted) in (
            (1472, self._flood[1:]),
            (self.formatter.settings.mtu_min, self._small),
        ):
            device.reset()
            source, service = (0, 0) if mtu == 1472 else (0x55AA, 1)
            if not self._configure(device, source, service, mtu, NEVER):
                return False
            if not stop_and_go.carries(device, words, controls, wanted[:-1], self.seed):
                return False
        return True

    def _reset(self, device: Device) -> bool:
        """In the middle of anything; afterwards silence, counters at 0, settings as documented, and good service."""
        settings = self.formatter.settings
        words, controls = self._beats(self._tables[0])
        for clocks in (3, 9, 60, 333):
            if not self._configure(device, 0x0A0B, 9, 200, 50):
                return False
            device.run(words, controls, pauses=(0, 128), seed=clocks, drain_clocks=NEVER, most_clocks=clocks)
            device.reset(1)
            silent = device.run(words[:0], controls[:0], drain_clocks=100, most_clocks=200)
            if silent.octets.size or silent.ends.size or silent.rules_broken:
                return False
            if any(
                self._read(device, name)
                for name in ("records", "blocks", "bad_length", "closed_by_mtu", "closed_by_timer")
            ):
                return False
            state = [self._read(device, name) for name in ("source", "service", "mtu", "flush")]
            if state != [
                settings.sac << 8 | settings.sic,
                settings.service,
                settings.mtu_octets,
                settings.flush_clocks,
            ]:
                return False
        return self._full_rate(device)

    def _random_rounds(self, device: Device) -> bool:
        return all(random_rounds.holds(device, self.formatter, one) for one in self._rounds)

    # ── time ──

    def _short_flush(self, device: Device) -> bool:
        device.reset()
        for i, flush in enumerate((0, 1, 2, 4, 7, 33, 90, 500, 1365, 2730, 4097, 0x1555, 0x2AAA, 0x7FFF)):
            if not self._configure(device, 0x0203, 4, 1400, flush):
                return False
            table, (words, controls) = self._single[i]
            result = device.run(words, controls, drain_clocks=flush + 100, most_clocks=flush + 400)
            if not sent(result, self._blocks(table, 0x0203, 4, 1400)):
                return False
            if not flush <= result.end_clocks[0] - result.last_in <= flush + 60:
                return False
        return True

    def _long_flush(self, device: Device) -> bool:
        """A block does not leave early, whichever bit of the time is set; a second record does not prolong it."""
        for bit in range(9, 32):
            device.reset()
            if not self._configure(device, 0, 0, 1400, 1 << bit):
                return False
            _, (words, controls) = self._single[bit % len(self._single)]
            result = device.run(words, controls, drain_clocks=NEVER, most_clocks=300)
            if result.octets.size:
                return False
        device.reset()
        table, (words, controls) = self._pair
        if not self._configure(device, 0x0203, 4, 1400, 700):
            return False
        first = device.run(words[:7], controls[:7], drain_clocks=NEVER, most_clocks=400)
        second = device.run(words[7:], controls[7:], drain_clocks=500, most_clocks=1500)
        due = 400 - first.last_in + second.end_clocks[0] if len(second.end_clocks) else 0
        return not first.octets.size and sent(second, self._blocks(table, 0x0203, 4, 1400)) and 700 <= due <= 760

    # ── registers ──

    def _settings(self, device: Device) -> bool:
        device.reset()
        lags = (0, 1, 5, -1, -5)
        for i in range(32):
            for name, value in (
                ("flush", 1 << i),
                ("flush", 0xFFFFFFFF ^ 1 << i),
                ("source", 1 << i % 16),
                ("service", 1 << i % 8),
            ):
                address = self.registers.address[name]
                if device.write(address, value, lag=lags[i % 5]) != OKAY or device.read(address) != (OKAY, value):
                    return False
        for mtu in (61, 64, 128, 255, 256, 512, 1024, 2048, 4096, 7680):
            if device.write(self.registers.address["mtu"], mtu) != OKAY or self._read(device, "mtu") != mtu:
                return False
        return self._read(device, "version") == self.registers.version_value

    def _strobes(self, device: Device) -> bool:
        """Each strobe writes its octet and no other."""
        device.reset()
        patterns = [("flush", 0x11223344, 0xAABBCCDD, strobe) for strobe in range(16)]
        patterns += [
            ("source", 0xA5C3, 0xFFFFFF42, 1),
            ("service", 0x3C, 0xFFFFFF42, 1),
            ("mtu", 0x06D2, 0xFFFFFF42, 1),
        ]
        patterns += [("source", 0xA5C3, 0x5A3C, 0), ("service", 0x3C, 0xC3, 0), ("mtu", 0x06D2, 0x0111, 0)]
        for name, first, second, strobe in patterns:
            at = self.registers.address[name]
            mask = sum(0xFF << 8 * i for i in range(4) if strobe >> i & 1)
            answers = (device.write(at, first), device.write(at, second, strobe), device.read(at))
            if answers != (OKAY, OKAY, (OKAY, first & ~mask | second & mask)):
                return False
        return True

    def _bus_traffic(self, device: Device) -> bool:
        """Accesses one behind the other, answers taken late: each gets its own answer, once."""
        device.reset()
        address = self.registers.address
        writes = [
            (address["flush"], 0x0F1E2D3C),
            (address["source"], 0x1234),
            (0xFC, 1),
            (address["mtu"], 777),
            (address["service"], 8),
        ]
        wanted = ([OKAY, OKAY, SLVERR, OKAY, OKAY] * 2, [0x0F1E2D3C, 0x1234, 0, 777, 8])
        if device.stream(writes, slow=False) != wanted or device.stream(writes, slow=True) != wanted:
            return False
        for delay in (1, 2, 7):
            if (
                device.write(address["flush"], delay << 20, delay=delay) != OKAY
                or device.write(0x3C, 0, delay=delay) != SLVERR
            ):
                return False
            if device.read(address["flush"], delay) != (OKAY, delay << 20) or device.read(0x3C, delay)[0] != SLVERR:
                return False
        return True

    def _refusals(self, device: Device) -> bool:
        device.reset()
        address = self.registers.address
        before = {name: device.read(at) for name, at in address.items()}
        refused = [(address["version"], 7)]
        refused += [(address["source"], 1 << bit) for bit in range(16, 32)] + [
            (address["service"], 1 << bit) for bit in range(8, 32)
        ]
        refused += [
            (address["mtu"], value)
            for value in (0, 1, 32, 60, 7681, 7684, 7936, 8191, *(1 << bit for bit in range(13, 32)))
        ]
        known = set(address.values())
        unmapped = [at for at in range(0, 256, 4) if at not in known]
        refused += [(at, 0x500) for at in unmapped]
        for at, value in refused:
            if device.write(at, value) != SLVERR:
                return False
        for at in unmapped:
            if device.read(at) != (SLVERR, 0):
                return False
        for strobe in (1, 7, 14):
            if device.write(address["records"], 5, strobe) != SLVERR:
                return False
        return before == {name: device.read(at) for name, at in address.items()}

    def _counters_wrap(self, device: Device) -> bool:
        device.reset()
        if not self._configure(device, 0, 0, 61, 200):
            return False
        names = ("records", "bad_length", "bad_layout", "bad_time", "blocks", "closed_by_mtu", "closed_by_timer")
        table, (words, controls) = self._one_of_each
        for value in self._counter_values:
            for i, name in enumerate(names):
                if device.write(self.registers.address[name], value ^ i << 8) != OKAY:
                    return False
            if not sent(device.run(words, controls, drain_clocks=280, most_clocks=900), self._blocks(table, 0, 0, 61)):
                return False
            moved = {name: 1 for name in names} | {"records": 2, "blocks": 2}
            for i, name in enumerate(names):
                if self._read(device, name) != ((value ^ i << 8) + moved[name]) % 2**32:
                    return False
        return True

    def _configure(self, device: Device, source: int, service: int, mtu: int, flush: int) -> bool:
        wanted = {"source": source, "service": service, "mtu": mtu, "flush": flush}
        return all(device.write(self.registers.address[name], value) == OKAY for name, value in wanted.items())

    def _read(self, device: Device, name: str) -> int | None:
        response, value = device.read(self.registers.address[name])
        return value if response == OKAY else None

    # ── stimulus ──

    @cached_property
    def _rounds(self) -> list[random_rounds.Round]:
        return random_rounds.draw_rounds(self.formatter, self.seed)

    def _beats(self, table: records.Table) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint16]]:
        return packets([row.tobytes() for row in records.octets(table, self.formatter.record)])

    def _blocks(self, table: records.Table, source: int, service: int, mtu: int) -> list[bytes]:
        return list(oracle.blocks(oracle.all_octets(table, source >> 8, source & 0xFF, service), mtu))

    @cached_property
    def _tables(self) -> list[records.Table]:
        rng = np.random.default_rng([self.seed, 1])
        return [records.draw(rng, 400, density) for density in (0.5, 0.0, 1.0)]

    @cached_property
    def _rate_cases(self) -> list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint16], list[bytes], int]]:
        cases = []
        for table in self._tables:
            words, controls = self._beats(table)
            cases.append((words, controls, self._blocks(table, 0x0102, 3, 1400), len(words)))
        return cases

    @cached_property
    def _pause_cases(
        self,
    ) -> list[tuple[int, int, int, tuple[int, int], int, tuple[np.ndarray, np.ndarray], list[bytes]]]:
        rng = np.random.default_rng([self.seed, 2])
        cases = []
        sizes = (61, 62, 64, 97, 170, 300, 555, 777, 1023, 1110, 1472, 2049, 2730, 4095, 5461, 7680)
        for mtu in sizes:
            table = records.draw(rng, 150 + mtu // 12, float(rng.random()))
            pauses = (
                ((0, 100), (100, 0), (180, 30), (30, 180), (0, 0), (60, 60))[int(rng.integers(6))]
                if mtu < 2000
                else (0, 0)
            )
            source, service = int(rng.integers(1 << 16)), int(rng.integers(256))
            blocks = self._blocks(table, source, service, mtu)
            cases.append((source, service, mtu, pauses, int(rng.integers(1, 1 << 32)), self._beats(table), blocks))
        return cases

    @cached_property
    def _malformed_case(self) -> tuple[tuple[np.ndarray, np.ndarray], list[bytes], dict[str, int]]:
        rng = np.random.default_rng([self.seed, 3])
        layout = self.formatter.record
        kinds = every_kind(records.octets(records.draw(rng, 1, 1.0), layout)[0].tobytes(), layout)
        good = records.draw(rng, len(kinds) + 1)
        good["tod"][-1] = records.TOD_TICKS_PER_DAY - 1
        rows = records.octets(good, layout)
        stream = [rows[0].tobytes()]
        for (_, bad), row in zip(kinds, rows[1:], strict=True):
            stream += [bad, row.tobytes()]
        counts = {cause: sum(name == cause for name, _ in kinds) for cause in ("bad_length", "bad_layout", "bad_time")}
        return packets(stream), self._blocks(good, 0xFFFF, 255, 1472), {**counts, "records": len(good)}

    @cached_property
    def _holes(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng([self.seed, 8])
        words, controls = self._beats(records.draw(rng, HOLES))
        for i in range(56):
            controls[7 * i + i // 8] ^= 1 << i % 8
        for i in range(56, HOLES):
            controls[7 * i + int(rng.integers(7))] &= 0x100 | int(rng.integers(0, 255))
        return words, controls

    @cached_property
    def _counter_values(self) -> list[int]:
        rng = np.random.default_rng([self.seed, 9])
        edges = [0xFFFFFFFF, 0xFFFFFFFE, 0xAAAAAAAA, 0x55555555, *((1 << bit) - 1 for bit in range(1, 32))]
        return edges + [int(value) for value in rng.integers(0, 1 << 32, 400)]

    @cached_property
    def _one_of_each(self) -> tuple[records.Table, tuple[np.ndarray, np.ndarray]]:
        """Two good records, one block each, and one malformed record of each cause."""
        table = records.draw(np.random.default_rng([self.seed, 10]), 2, 1.0)
        good = [row.tobytes() for row in records.octets(table, self.formatter.record)]
        bad = {cause: octets for cause, octets in every_kind(good[0], self.formatter.record)}
        return table, packets([good[0], *bad.values(), good[1]])

    @cached_property
    def _single(self) -> list[tuple[records.Table, tuple[np.ndarray, np.ndarray]]]:
        rng = np.random.default_rng([self.seed, 4])
        tables = [records.draw(rng, 1) for _ in range(14)]
        return [(table, self._beats(table)) for table in tables]

    @cached_property
    def _pair(self) -> tuple[records.Table, tuple[np.ndarray, np.ndarray]]:
        table = records.draw(np.random.default_rng([self.seed, 5]), 2)
        return table, self._beats(table)

    @cached_property
    def _flood(self) -> tuple[records.Table, tuple[np.ndarray, np.ndarray], list[bytes]]:
        table = records.draw(np.random.default_rng([self.seed, 6]), 500, 0.7)
        return table, self._beats(table), self._blocks(table, 0, 0, 1472)

    @cached_property
    def _small(self) -> tuple[tuple[np.ndarray, np.ndarray], list[bytes]]:
        table = records.draw(np.random.default_rng([self.seed, 7]), 60, 0.9)
        return self._beats(table), self._blocks(table, 0x55AA, 1, self.formatter.settings.mtu_min)
