"""What the bench itself adds to the delays of a run: from its qualification, and from what this very run shows of the bench.

The harness certifies itself in every run: how late its executors and wires were against their own plans is known, and a witness
tells how long ordinary processes waited for a core. The larger of qualification and run counts.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hil.bench.stand import Stand
from hil.columns import MISSING, Table
from hil.drivers.serial import octet_time_ns
from hil.run import qualification
from hil.run.injection import Injection
from hil.run.qualification import Qualification
from hil.run.setup import Setup
from hil.run.witness import WITNESS_FILE, read_witness
from hil.timing.budget import Budget, BudgetLine
from hil.timing.percentiles import percentile_bounds

WAKEUPS = 3  # of a box or node for one message: it is read, worked on, and sent when its block is flushed

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BenchFloor:
    """The bench's share in the delays of the lines of a budget.

    `own` has what a run showed of the harness by kind (pacing, serial, wire), `waits_s` what its witness noted; both are empty
    before a run. `reason` says why there is no valid qualification, and is empty when there is one.
    """

    setup: Setup
    qualified: Qualification | None
    reason: str
    own: Mapping[str, Floats] = field(default_factory=dict)
    waits_s: Floats = field(default_factory=lambda: np.zeros(0))

    def words(self) -> str:
        """One line for a report: since when the bench is qualified, or that it is not, and what this run shows of it."""
        known = f"qualified {self.qualified.taken}" if self.qualified else f"{self.reason}: run `hil bench qualify`"
        shown = {**self.own, "waiting for a core": self.waits_s}
        p99 = [f"{what} {np.percentile(late, 99) * 1e3:.3f}" for what, late in shown.items() if len(late)]
        return f"{known}; late in this run, p99 in ms: {', '.join(p99)}" if p99 else known

    def floor_s(self, line: BudgetLine, budget: Budget) -> float:
        """What the harness may add to a delay on `line`, s, at the budget's percentile and confidence; inf if nobody can tell."""
        return sum(self._kind_s(kind, budget) for kind in self._kinds(line, budget))

    def starved_s(self, line: BudgetLine, budget: Budget) -> float:
        """What waiting for a core may have added to a message on `line`, s: boxes and nodes of this bench are processes."""
        nodes = [part for part in self._parts(line, budget) if part.kind == "node"]
        return len(nodes) * WAKEUPS * _bound_s(self.waits_s, budget)

    @property
    def longest_wait_s(self) -> float:
        """The longest that the witness waited for a core, s."""
        return float(self.waits_s.max(initial=0.0))

    def _parts(self, line: BudgetLine, budget: Budget) -> tuple[BudgetLine, ...]:
        return budget.lines if line.kind == "end_to_end" else (line,)

    def _kinds(self, line: BudgetLine, budget: Budget) -> list[str]:
        kinds = []
        for part in self._parts(line, budget):
            if part.kind == "node":
                kinds += ["out_of_wire", "into_wire"]
                continue
            source, sink = part.from_tap.rsplit(".", 1)[0], part.to_tap.rsplit(".", 1)[0]
            segment = self.setup.links.segment_between(source, sink)
            if segment is not None and segment.carrier == "serial":
                kinds += ["serial"]
            elif self.setup.bench.role_of(source) == "radar":
                kinds += ["pacing", "into_wire", "wire"]
            else:
                kinds += ["wire"]
        return kinds

    def _kind_s(self, kind: str, budget: Budget) -> float:
        qualified_s = 0.0
        if self.qualified is not None and kind in self.qualified.kinds:
            qualified_s = self.qualified.kinds[kind].bound_s(budget.percentile, budget.confidence)
        return max(qualified_s, _bound_s(self.own.get(kind, np.zeros(0)), budget))


def floor_for(setup: Setup) -> BenchFloor:
    """What is known of the bench of `setup` before a run: its qualification on this host, if it holds."""
    qualified, reason = qualification.find(setup.bench.file.name)
    return BenchFloor(setup, qualified, reason)


def floor_of_run(
    setup: Setup, stand: Stand, injections: Mapping[str, Injection], departures: Mapping[str, Table]
) -> BenchFloor:
    """What is known of the bench after a run, its own showing included."""
    known = floor_for(setup)
    if known.qualified is not None and known.qualified.isolation != stand.isolation[0]:
        reason = (
            f"the bench was qualified with isolation {known.qualified.isolation}, this run has {stand.isolation[0]}"
        )
        known = BenchFloor(setup, None, reason)
    own: dict[str, list[Floats]] = {"pacing": [], "serial": [], "wire": [wire.lateness_s() for wire in stand.wires]}
    for name, injection in injections.items():
        radar = setup.bench.radar(name)
        if radar.port == "radar_serial":
            octet_ns = octet_time_ns(setup.bench.box(radar.feeds).serial_baud)
            own["serial"].append(line_lateness_s(departures[name], injection, octet_ns))
        else:
            own["pacing"].append(lateness_s(departures[name]))
    shown = {kind: np.concatenate([np.zeros(0), *values]) for kind, values in own.items()}
    return BenchFloor(setup, known.qualified, known.reason, shown, read_witness(stand.folder / WITNESS_FILE))


def lateness_s(departures: Table) -> Floats:
    """How late each row left against the schedule, (n,) f8, s; rows that never left are left out."""
    sent = departures["departed_ns"] != MISSING
    return np.asarray((departures["departed_ns"][sent] - departures["scheduled_ns"][sent]) * 1e-9)


def line_lateness_s(departures: Table, injection: Injection, octet_ns: float) -> Floats:
    """How late the last octets of each frame were handed over against the line's rate, (n,) f8, s; a busy line is no lateness."""
    sent = departures["departed_ns"] != MISSING
    lengths_ns = np.array([len(octets) for octets in injection.octets], np.float64) * octet_ns
    origin_ns = int(injection.scheduled_ns[0]) if len(lengths_ns) else 0
    before_ns = np.array([0.0, *itertools.accumulate(lengths_ns)])
    free_ns = np.maximum.accumulate(injection.scheduled_ns - origin_ns - before_ns[:-1]) + before_ns[1:]
    return np.asarray((departures["departed_ns"][sent] - origin_ns - free_ns[sent]) * 1e-9)


def _bound_s(values_s: Floats, budget: Budget) -> float:
    """Upper bound of the budget's percentile of what a run shows; of a sample too small for one its largest value."""
    if not len(values_s):
        return 0.0
    return min(percentile_bounds(values_s, budget.percentile, budget.confidence).upper, float(values_s.max()))
