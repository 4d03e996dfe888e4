"""Coverage closure of the shipped formatter: `python -m fpga_tb.tb.closure` writes build/fpga/coverage.json.

The functional plan is the list of bins that `plan` makes; each scenario below is checked by hil.asterix like any other batch and
then counted. Code coverage (Verilator line, branch, toggle) is of the same run and of the requirement suite. Exit code 1 when
a bin is empty, line or branch is below 100 %, or toggle is below 90 %.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fpga_tb.mutation.packets import packets
from fpga_tb.mutation.suite import Suite
from fpga_tb.sim import model
from fpga_tb.sim.model import OKAY, SLVERR, Device, Result
from fpga_tb.tb import formatter_file, records, simulators, verdict
from fpga_tb.tb.formatter_file import VALIDITY
from fpga_tb.tb.malformed import every_kind, spoil
from hil.asterix import decode
from hil.errors import HilError

SEED = 1
SHORTEST, LONGEST = 11, 58  # octets of a CAT062 record
MTU = 1400
FILL_MOST = (MTU - 3) // SHORTEST
PRESSURE = {"none": 0, "some": 80, "much": 230}  # odds in 256 of a blocked output clock
KINDS = ("shortest", "mixed", "longest", "among malformed")
FLOORS = {"line_coverage": 100.0, "branch_coverage": 100.0, "toggle_coverage": 90.0}


def plan(formatter: formatter_file.Formatter) -> set[str]:
    """Every bin that must be hit."""
    assert formatter.registers
    bins = {f"items {a}={x} {b}={y}" for a, b in itertools.combinations(VALIDITY, 2) for x in (0, 1) for y in (0, 1)}
    bins |= {f"status extents {n}" for n in range(4)}
    bins |= {f"fill {n}" for n in range(1, FILL_MOST + 1)}
    bins |= {
        f"closed by {cause}, pressure {p}, {kind}" for cause in ("mtu", "timer") for p in PRESSURE for kind in KINDS
    }
    bins |= {f"block length mod 8 = {n}" for n in range(8)}
    bins |= {f"register {name} read" for name in formatter.registers.address}
    bins |= {f"register {name} written" for name in formatter.registers.address if name != "version"}
    bins |= {f"register {name} refused" for name in ("version", "source", "service", "mtu")}
    bins |= {f"malformed {i}" for i in range(len(every_kind(bytes(56), formatter.record)))}
    bins |= {f"reset {when}" for when in ("idle", "inside a record", "inside a block", "under back-pressure")}
    return bins | {"input stalled", "output idle inside a run", "address before data", "data before address"}


@dataclass
class Closure:
    """One device, and what it has been seen to do."""

    formatter: formatter_file.Formatter
    device: Device
    rng: np.random.Generator
    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def carry(self, table: records.Table, stream: list[bytes], mtu: int, flush: int, pauses: tuple[int, int]) -> Result:
        """A batch with its own settings; counts its items, fills and lengths."""
        assert self.formatter.registers
        source, service = int(self.rng.integers(1 << 16)), int(self.rng.integers(256))
        for name, value in (("source", source), ("service", service), ("mtu", mtu), ("flush", flush)):
            if self.device.write(self.formatter.registers.address[name], value) == OKAY:
                self.seen[f"register {name} written"] += 1
        words, controls = packets(stream)
        seed = int(self.rng.integers(1, 1 << 32))
        result = self.device.run(
            words, controls, pauses=pauses, seed=seed, drain_clocks=flush + 300, most_clocks=1 << 22
        )
        by_timer = flush < 1000
        self.wrong += self._judge(result, table, source, service, None if by_timer else mtu)
        for a, b in itertools.combinations(VALIDITY, 2):
            for x, y in itertools.product((0, 1), repeat=2):
                self.seen[f"items {a}={x} {b}={y}"] += int(np.sum((table[a] == x) & (table[b] == y)))
        extents = np.max(np.where(table["status"] != 0, np.arange(4), 0), axis=1)
        for n in range(4):
            self.seen[f"status extents {n}"] += int(np.sum(extents == n))
        lengths = np.diff(np.append(0, result.ends.astype(np.int64)))
        for n in range(8):
            self.seen[f"block length mod 8 = {n}"] += int(np.sum(lengths % 8 == n))
        for n in _fills(result):
            self.seen[f"fill {n}"] += 1
        self.seen["input stalled"] += int(result.last_in - result.first_in >= len(words) and not pauses[0])
        self.seen["output idle inside a run"] += int(len(result.ends) > 1 and pauses[0] > 0)
        return result

    def _judge(self, result: Result, table: records.Table, source: int, service: int, mtu: int | None) -> list[str]:
        ends = result.ends.astype(np.int64)
        found = verdict.mismatches(result.octets, ends, table, source >> 8, source & 255, service, mtu)
        return found + ([f"{result.rules_broken} handshake rules broken"] if result.rules_broken else [])

    def count(self, name: str) -> int:
        assert self.formatter.registers
        response, value = self.device.read(self.formatter.registers.address[name])
        self.seen[f"register {name} read"] += response == OKAY
        return value


def main() -> int:
    """Run, print and store; see the module's text for the exit code."""
    formatter = formatter_file.load(formatter_file.SHIPPED)
    library = model.library(formatter, coverage=True)
    data = simulators.BUILD / "coverage.dat"
    with model.device(library) as device:
        closure = Closure(formatter, device, np.random.default_rng(SEED))
        _fill_levels(closure)
        _causes(closure)
        _each_malformed(closure)
        _registers(closure)
        _resets(closure)
        broken = Suite(formatter, SEED).first_broken(device)
        if broken:
            closure.wrong.append(f"suite: {broken}")
        device.write_coverage(data)
    wanted = plan(formatter)
    empty = sorted(name for name in wanted if not closure.seen[name])
    code, holes = code_coverage(data, formatter)
    figures = {
        "functional_coverage": round(100 * (1 - len(empty) / len(wanted)), 2),
        "functional_bins": len(wanted),
        **code,
    }
    stored = {**figures, "empty_bins": empty, "holes": holes, "wrong": closure.wrong}
    (simulators.BUILD / "coverage.json").write_text(json.dumps(stored, indent=1) + "\n")
    for name, value in figures.items():
        print(f"{name:22} {value}")
    for line in [*closure.wrong, *(f"empty bin: {name}" for name in empty), *holes[:60]]:
        print(f"  {line}")
    good = not closure.wrong and not empty and all(figures[name] >= least for name, least in FLOORS.items())
    return 0 if good else 1


def _fill_levels(closure: Closure) -> None:
    for n in range(1, FILL_MOST + 1):
        longest = n < 6
        octets = LONGEST if longest else SHORTEST
        table = _table(closure, "longest" if longest else "shortest", 3 * n)
        closure.carry(table, _stream(closure, table), max(64, 3 + octets * n), 4000, (0, 0))


def _causes(closure: Closure) -> None:
    for (name, odds), kind in itertools.product(PRESSURE.items(), KINDS):
        for cause, mtu, flush, pause_in in (("mtu", 200, 60_000, 0), ("timer", MTU, 40, 252)):
            table = _table(closure, kind, 60)
            before = closure.count(f"closed_by_{cause}")
            stream = _stream(closure, table, malformed=kind == "among malformed")
            closure.carry(table, stream, mtu, flush, (pause_in, odds))
            closed = closure.count(f"closed_by_{cause}") - before
            closure.seen[f"closed by {cause}, pressure {name}, {kind}"] += closed


def _each_malformed(closure: Closure) -> None:
    layout = closure.formatter.record
    table = _table(closure, "mixed", 1)
    good = _stream(closure, table)[0]
    for i, (cause, bad) in enumerate(every_kind(good, layout)):
        before = closure.count(cause)
        closure.carry(table, [bad, good], MTU, 4000, (0, 0))
        closure.seen[f"malformed {i}"] += closure.count(cause) == before + 1


def _registers(closure: Closure) -> None:
    assert closure.formatter.registers
    address = closure.formatter.registers.address
    for name in address:
        value = closure.count(name)
        if name not in ("version", "source", "service", "mtu", "flush"):
            closure.seen[f"register {name} written"] += closure.device.write(address[name], ~value & 0xFFFFFFFF) == OKAY
            closure.device.write(address[name], value)
    for name in ("version", "source", "service", "mtu"):
        closure.seen[f"register {name} refused"] += closure.device.write(address[name], 1 << 31) == SLVERR
    closure.seen["address before data"] += closure.device.write(address["flush"], 5, lag=-3) == OKAY
    closure.seen["data before address"] += closure.device.write(address["flush"], 6, lag=3) == OKAY


def _resets(closure: Closure) -> None:
    table = _table(closure, "mixed", 100)
    words, controls = packets(_stream(closure, table))
    for when, clocks, pauses in (
        ("idle", 0, (0, 0)), ("inside a record", 10, (0, 0)), ("inside a block", 700, (0, 0)),
        ("under back-pressure", 700, (0, 256)),
    ):  # fmt: skip
        if clocks:
            closure.device.run(words, controls, pauses=pauses, drain_clocks=1 << 30, most_clocks=clocks)
        closure.device.reset(1)
        after = closure.device.run(words[:0], controls[:0], drain_clocks=200, most_clocks=300)
        closure.seen[f"reset {when}"] += not after.octets.size
        closure.carry(table, _stream(closure, table), MTU, 4000, (0, 0))


def _table(closure: Closure, kind: str, n: int) -> records.Table:
    density = {"shortest": 0.0, "longest": 1.0}.get(kind, 0.5)
    table = records.draw(closure.rng, n, density)
    if kind == "shortest":
        table["status"][:, 1:] = 0
    if kind == "longest":
        table["status"][:, 3] |= 2
    return table


def _stream(closure: Closure, table: records.Table, malformed: bool = False) -> list[bytes]:
    rows = [row.tobytes() for row in records.octets(table, closure.formatter.record)]
    if not malformed:
        return rows
    return [packet for row in rows for packet in (spoil(row, closure.formatter.record, closure.rng)[1], row)]


def _fills(result: Result) -> list[int]:
    decoded = decode(result.octets)
    counts = Counter(int(block) for block in decoded[62].block) if 62 in decoded.tables else Counter()
    return list(counts.values())


def code_coverage(data: Path, formatter: formatter_file.Formatter) -> tuple[dict[str, float], list[str]]:
    """Per cent of line, branch and toggle points hit in the RTL (instances taken together, nothing excluded), and the rest."""
    rtl = {Path(source).name for source in formatter.sources} - {"axis_rules.sv"}
    hits: dict[tuple[str, str, str, str, str], int] = {}
    for line in data.read_text(errors="replace").splitlines():
        if not (found := re.match(r"C '(.*)' (\d+)$", line)):
            continue
        parts = dict(item.split("\x02", 1) for item in found.group(1).split("\x01") if "\x02" in item)
        name = Path(parts.get("f", "")).name
        page = parts.get("page", "").split("/")[0]
        if name not in rtl or page not in ("v_line", "v_branch", "v_toggle"):
            continue
        key = (page, name, parts.get("l", ""), parts.get("n", ""), parts.get("o", ""))
        hits[key] = hits.get(key, 0) + int(found.group(2))
    figures, holes = {}, []
    for page in ("v_line", "v_branch", "v_toggle"):
        points = {key: n for key, n in hits.items() if key[0] == page}
        figures[f"{page[2:]}_coverage"] = round(100 * sum(n > 0 for n in points.values()) / max(len(points), 1), 2)
        holes += [f"{page[2:]} {key[1]}:{key[2]} {key[4]}" for key, n in sorted(points.items()) if not n]
    return figures, holes


if __name__ == "__main__":
    try:
        sys.exit(main())
    except HilError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
