"""Faults that are done to boxes while plots fly: each becomes acts at instants, and notes what really happened and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from hil.bench.stand import Act, Stand
from hil.boxes.box import Box, StartsSlowly
from hil.columns import MISSING
from hil.errors import BenchError, ConfigError, HilError
from hil.run.setup import Recovery, Setup
from hil.scenario import faults
from hil.scenario.faults import AnyFault, LineFault

DRIFT_STEP_S = 0.1  # a clock that drifts is stepped this often, each time by less than anybody flags
Deed = Callable[[], object]
RESET_CAUSES = {"power_cycle": "POWER", "slow_start": "POWER", "watchdog": "WATCHDOG", "memory": "WATCHDOG"}


@dataclass
class Strike:
    """One fault as it was carried out. Instants are ns of the bench's clock, MISSING until they have come.

    From `begun_ns` on it was being done, by `done_ns` it surely was; `ended_ns` is when it was taken away again, and what an
    instant does is over as it begins. Before a restart the box's counters are kept, as it forgets them. `answers` are what the box
    said of it: `cause`, `self_test`.
    """

    fault: AnyFault
    at_ns: int
    live: bool = False
    begun_ns: int = MISSING
    done_ns: int = MISSING
    ended_ns: int = MISSING
    counters: Mapping[str, int] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    trouble: str = ""

    @property
    def expected_cause(self) -> str:
        """What SYST:RES:CAUS? has to say after it; empty = it starts nothing anew."""
        if isinstance(self.fault, faults.Reset):
            return "PIN" if self.fault.by == "pin" else "SOFTWARE"
        return RESET_CAUSES.get(self.fault.kind, "")

    def facts(self) -> dict[str, Any]:
        """For run.json: what was done, when, and what the box said."""
        keys = {name: getattr(self.fault, name) for name in self.fault.__struct_fields__ if name not in ("box", "at_s")}
        said = self.answers | ({"trouble": self.trouble} if self.trouble else {})
        when = {"planned_ns": self.at_ns, "begun_ns": self.begun_ns, "ended_ns": self.ended_ns}
        return {"box": self.fault.box, "kind": self.fault.kind, "keys": keys, **when, "live": self.live, "said": said}


def check_possible(setup: Setup, stand: Stand, fault: AnyFault) -> None:
    """Raise ConfigError for a box that the bench does not have, BenchError for what this bench cannot do to it."""
    spec = setup.bench.box(fault.box)
    line = any(radar.feeds == fault.box and radar.port == "radar_serial" for radar in setup.bench.file.radar)
    if isinstance(fault, LineFault) and not line:
        raise ConfigError(
            f"{fault.kind}: no radar feeds {fault.box} by a serial line", "take another box, or another kind"
        )
    box = stand.boxes[fault.box]
    if isinstance(fault, faults.SlowStart) and not isinstance(box, StartsSlowly):
        raise BenchError(f"{fault.box} is {spec.kind} and cannot be made to start slowly", "take another bench")


def acts_of(strike: Strike, stand: Stand, recovery: Recovery) -> list[Act]:
    """What has to be done and when for one strike, its end and the questions after it included; nothing for a fault of a line."""
    fault, box = strike.fault, stand.boxes[strike.fault.box]
    if isinstance(fault, LineFault):
        return []
    end_ns = strike.at_ns + round(fault.span_s * 1e9)

    def keep_counters() -> None:
        strike.counters = box.counters()

    def note(instant: str) -> Deed:
        return lambda: setattr(strike, instant, stand.now_ns())

    def ask_why() -> None:
        strike.answers["cause"] = box.ask("SYST:RES:CAUS?")

    begin, end = _deeds(fault, box)
    if isinstance(fault, faults.Memory):
        begin = [partial(_upset, strike, fault, box)]
    if strike.expected_cause:
        begin = [keep_counters, *begin]
    acts = [
        Act(strike.at_ns, _noting(strike, begin, note("begun_ns"), note("done_ns"))),
        *_drift(strike, box),
        Act(end_ns, _noting(strike, end, note("ended_ns"))),
    ]
    if strike.expected_cause:
        acts.append(Act(end_ns + round(recovery.until_s(fault) * 1e9), _noting(strike, [ask_why])))
    return acts


def _deeds(fault: AnyFault, box: Box) -> tuple[list[Deed], list[Deed]]:
    """What is done to a box as a fault begins, and as it ends."""
    match fault:
        case faults.Freeze():
            return [lambda: box.freeze(True)], [lambda: box.freeze(False)]
        case faults.CablePull():
            return [lambda: box.cut_link(True)], [lambda: box.cut_link(False)]
        case faults.PowerCycle() | faults.SlowStart():
            slowly = partial(_start_slowly, box, fault.boot_s) if isinstance(fault, faults.SlowStart) else _nothing
            return [lambda: box.power(False)], [slowly, lambda: box.power(True)]
        case faults.Reset(by="pin"):
            return [box.reset], []
        case faults.Overload():
            kept: list[str] = []
            begin: list[Deed] = [lambda: kept.append(box.ask("CONF:CAP?"))]
            begin.append(lambda: box.tell(f"CONF:CAP {fault.capacity_per_s:g}"))
            return begin, [lambda: box.tell(f"CONF:CAP {kept[0]}")]
    begun, ended = _commands(fault)
    return [partial(box.tell, begun)] if begun else [], [partial(box.tell, ended)] if ended else []


def _nothing() -> None:
    """What ends a fault that is over as it begins."""


def _start_slowly(box: Box, boot_s: float) -> None:
    assert isinstance(box, StartsSlowly), "check_possible has looked"
    box.start_slowly(boot_s)


def _commands(fault: AnyFault) -> tuple[str, str]:
    """The same for faults that the box does to itself when its console says so (docs/icd.md §4); a drift has none of its own."""
    match fault:
        case faults.Reset():
            return "SYST:RES", ""
        case faults.Watchdog():
            return "DIAG:HANG", ""
        case faults.PpsLoss():
            return "DIAG:PPS 0", "DIAG:PPS 1"
        case faults.ClockStep():
            return f"DIAG:CLOC {fault.step_s:.9f}", ""
    return "", ""


def _upset(strike: Strike, fault: faults.Memory, box: Box) -> None:
    """One line for the fault and the self test: what comes in between would find it, and a box that has found it is silent."""
    strike.answers["self_test"] = box.ask(f"DIAG:UPS {faults.REGIONS.index(fault.region)};*TST?")


def _drift(strike: Strike, box: Box) -> list[Act]:
    """A clock that drifts is one that steps, often and by very little: that works on a box of any kind, by its console."""
    fault = strike.fault
    if not isinstance(fault, faults.ClockDrift):
        return []
    steps = max(1, round(fault.lasts_s / DRIFT_STEP_S))
    command = f"DIAG:CLOC {fault.drift_ppm * 1e-6 * fault.lasts_s / steps:.9f}"
    end_ns = strike.at_ns + round(fault.lasts_s * 1e9)
    instants = np.linspace(strike.at_ns, end_ns, steps + 1)[1:].astype(np.int64).tolist()
    return [Act(at_ns, _noting(strike, [lambda: box.tell(command)])) for at_ns in instants]


def _noting(
    strike: Strike, deeds: Sequence[Deed], before: Deed = _nothing, after: Deed = _nothing
) -> Callable[[], None]:
    """An act that keeps what goes wrong as the strike's `trouble`: a box that does not answer is what a fault may find."""

    def act() -> None:
        try:
            *prepared, last = [*deeds] or [_nothing]
            for step in prepared:
                step()
            before()  # as late as can be: what was asked before is not yet the fault
            last()
            after()
        except HilError as error:
            strike.trouble = strike.trouble or str(error)

    return act


def counted_in_all(after: Mapping[str, int], strikes: Sequence[Strike]) -> dict[str, int]:
    """A box's counters as if it had not forgotten them at each restart of `strikes` (those of this box); `tracks_live` is now's."""
    return {
        name: value if name == "tracks_live" else value + sum(strike.counters.get(name, 0) for strike in strikes)
        for name, value in after.items()
    }


def undo(stand: Stand, strikes: Sequence[Strike]) -> None:
    """Reset every box whose clock or settings a strike has changed, so that nothing outlasts the flight."""
    lasting = ("clock_step", "clock_drift", "pps_loss", "overload", "memory")
    for name in dict.fromkeys(strike.fault.box for strike in strikes if strike.fault.kind in lasting):
        stand.boxes[name].reset()
