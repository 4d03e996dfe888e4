"""Measures what a bench adds to a delay by itself (`hil bench qualify`): its own wires without impairment, no boxes, no nodes.

Every wire carries a paced stream from an executor where its source node lives to a tap where its sink node lives. Kernel stamps at
departure, at both ends of the wire and at the tap split each delay into its parts. Takes about half a minute.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hil.bench.addressing import WireEnds, addresses_by_node, wire_ends
from hil.bench.processes import Processes
from hil.bench.stand import start_wires, tap_name, taps_of
from hil.columns import DEPARTURES, StampSource
from hil.drivers import pcapng
from hil.drivers.tap import TapConfig, UdpTap
from hil.errors import BenchError
from hil.links.impairment import Impairment
from hil.run import schedule
from hil.run.capture import read_capture
from hil.run.executor import EthernetPort, ExecutorConfig
from hil.run.qualification import Figures, Qualification, figures, fingerprint
from hil.run.qualify_host import (
    HEARTBEAT,
    cpu_ticks,
    probe_plan,
    serial_errors,
    spawn_module,
    stamp_errors,
    steal_share,
    stolen_s,
)
from hil.run.setup import Setup
from hil.run.witness import WitnessConfig, read_witness

RATE_HZ = 1_000.0
MESSAGES = 1_200  # on each wire
START_MARGINS = (2.0, 8.0, 32.0)  # an executor may take so many times as long to start as a tap did; tried in turn
SPARE_S = 1.0  # and all must be there so long before the first of them sends

Floats = npt.NDArray[np.float64]
Watcher = Callable[[str, float], None]


@dataclass(frozen=True)
class _Probe:
    """A stream over one wire: when it begins, and the number of the tap behind the wire."""

    wire: WireEnds
    begins_ns: int
    number: int

    @property
    def name(self) -> str:
        return f"probe.{self.wire.source}.{self.wire.sink}"


def qualify(setup: Setup, isolation: str = "", watch: Watcher = lambda _what, _share: None) -> Qualification:
    """Measure the bench of `setup`; `watch` hears what is being done and the share of the time that has passed.

    Raises BenchError when the bench does not come up or its wires lose datagrams.
    """
    hops = [replace(hop, impairment=Impairment()) for hop in setup.hops()]
    wired = [hop for hop in hops if not hop.serial]
    baud = max(
        (setup.bench.box(r.feeds).serial_baud for r in setup.bench.file.radar if r.port == "radar_serial"), default=0
    )
    stolen_before, ticks_before, begun = stolen_s(), cpu_ticks(), time.monotonic()
    watch("standing up the wires", 0.0)
    with tempfile.TemporaryDirectory(prefix="hil-qualify-") as name, Processes(Path(name)) as processes:
        folder = Path(name)
        names = list(dict.fromkeys(node for hop in hops for node in (hop.source, hop.sink)))
        pairs = [(hop.source, hop.sink) for hop in wired]
        spaces = addresses_by_node(names, wire_ends(names, pairs, loopback=False))
        reached, _ = processes.isolate(isolation or setup.bench.file.isolation, spaces)
        ends = wire_ends(names, pairs, loopback=reached == "loopback")
        taps = taps_of(hops, ends)
        first = len(taps)
        taps += [pcapng.TapInterface(f"{w.sink}.probe.{w.source}", StampSource.KERNEL_RX, w.into) for w in ends]
        capture = folder / "capture.pcapng"
        pcapng.create(capture, taps, "radar-hil")
        start_wires(processes, wired, ends, taps, capture, 0)
        precision = processes.wait_ready("wan")
        start_s = _start_taps(processes, ends, first, capture)
        witness = folder / "witness.npy"
        probes = _start_probes(processes, folder, ends, first, capture, start_s)
        begins_ns, until_ns = probes[0].begins_ns, probes[-1].begins_ns + int(_slot_s() * 1e9)
        spawn_module(processes, "witness", "hil.run.witness", WitnessConfig(until_ns, str(witness)), names[0])
        processes.wait_ready("witness")
        _wait(processes, [probe.name for probe in probes], begins_ns, until_ns, watch)
        parts = _parts(read_capture(capture).arrivals, probes, [tap.name for tap in taps], folder)
        serial_s = serial_errors(processes, folder, baud, names[0]) if baud else np.zeros(0)
        watch("stamps", 0.95)
        stamps_s = stamp_errors()
        waits_s = read_witness(witness)
    kinds = {
        kind: figures(kind, np.concatenate([part[kind] for part in parts.values()])) for kind in parts[probes[0].name]
    }
    if len(serial_s):
        kinds["serial"] = figures("serial", serial_s)
    return Qualification(
        bench=setup.bench.file.name,
        isolation=reached,
        precision=precision,
        taken=f"{datetime.now(UTC).isoformat(timespec='seconds')}",
        fingerprint=fingerprint(),
        kinds=kinds,
        pairs=[_pair(probe, parts[probe.name]) for probe in probes],
        stamps=figures("user stamp − kernel stamp", stamps_s),
        waits=figures("wake-up of an ordinary process", waits_s),
        stolen=(stolen_s() - stolen_before) / (time.monotonic() - begun),
        steal=steal_share(ticks_before, cpu_ticks()),
    )


def _start_taps(processes: Processes, ends: Sequence[WireEnds], first: int, capture: Path) -> float:
    """One process for all taps of a node; returns how long one takes to start beside the others, s."""
    begun = time.monotonic()
    nodes = list(dict.fromkeys(wire.sink for wire in ends))
    for node in nodes:
        taps = [UdpTap(wire.into, first + k) for k, wire in enumerate(ends) if wire.sink == node]
        config = TapConfig(str(capture), str(processes.scratch / f"taps-{node}"), taps)
        spawn_module(processes, f"taps-{node}", "hil.drivers.tap", config, node, piped=True)
    for node in nodes:
        processes.wait_ready(f"taps-{node}")
    return (time.monotonic() - begun) / len(nodes)


def _slot_s() -> float:
    return MESSAGES / RATE_HZ + 0.05


def _start_probes(
    processes: Processes, folder: Path, ends: Sequence[WireEnds], first: int, capture: Path, start_s: float
) -> list[_Probe]:
    """One executor for each wire, all of them ready before the first one sends; a machine that turns slow gets more time."""
    for margin in START_MARGINS:
        begins_ns = time.time_ns() + int((2 * SPARE_S + margin * start_s * len(ends)) * 1e9)
        probes = [_Probe(wire, begins_ns + int(k * _slot_s() * 1e9), first + k) for k, wire in enumerate(ends)]
        for probe in probes:
            _start_probe(processes, folder, probe, capture)
        for probe in probes:
            processes.wait_ready(probe.name)
        spare_s = (begins_ns - time.time_ns()) * 1e-9
        if spare_s > SPARE_S:
            return probes
        if spare_s < 0.0:  # the first have sent: what is captured cannot be told apart
            break
        for probe in probes:
            processes.stop(probe.name)
    raise BenchError("this machine is too busy to be qualified: processes start too slowly", "stop other work")


def _start_probe(processes: Processes, folder: Path, probe: _Probe, capture: Path) -> None:
    at_ns = probe.begins_ns + schedule.constant(RATE_HZ, MESSAGES)
    plan, departures = folder / f"{probe.name}.npz", folder / f"{probe.name}.npy"
    probe_plan(at_ns, HEARTBEAT).save(plan)
    port = EthernetPort(probe.wire.out_of, probe.wire.listen)
    config = ExecutorConfig(port, str(plan), str(departures), str(capture))
    processes.expected_to_end.add(probe.name)
    spawn_module(processes, probe.name, "hil.run.executor", config, probe.wire.source)


def _wait(processes: Processes, names: Sequence[str], begins_ns: int, until_ns: int, watch: Watcher) -> None:
    processes.expected_to_end.add("witness")
    while any(processes.exit_code(name) is None for name in names):
        processes.check()
        now_ns = time.time_ns()
        if now_ns > until_ns + 10 * 10**9:
            raise BenchError("the probes of the qualification do not end", "is the machine overloaded?")
        watch("loopback over every wire", 0.9 * min(1.0, max(0.0, (now_ns - begins_ns) / (until_ns - begins_ns))))
        time.sleep(0.1)
    time.sleep(0.1)  # what is still between a wire and its tap


def _parts(
    arrivals: npt.NDArray[np.void], probes: Sequence[_Probe], taps: Sequence[str], folder: Path
) -> dict[str, dict[str, Floats]]:
    """For each probe: every part of its messages' way, s."""
    found = {}
    for probe in probes:
        wire = probe.wire
        departures = np.load(folder / f"{probe.name}.npy")
        assert departures.dtype == DEPARTURES
        numbers = (
            taps.index(tap_name(wire.source, "out", wire.sink)),
            taps.index(tap_name(wire.sink, "in", wire.source)),
            probe.number,
        )
        into, out, at_tap = (arrivals["arrived_ns"][arrivals["tap"] == number] for number in numbers)
        if not len(into) == len(out) == len(at_tap) == MESSAGES:
            counts = f"{len(into)}, {len(out)} and {len(at_tap)} of {MESSAGES}"
            raise BenchError(f"the wire {wire.source} → {wire.sink} lost datagrams ({counts})", "stop other work")
        departed = departures["departed_ns"]
        found[probe.name] = {
            "pacing": (departed - departures["scheduled_ns"]) * 1e-9,
            "into_wire": (into - departed) * 1e-9,
            "wire": (out - into) * 1e-9,
            "out_of_wire": (at_tap - out) * 1e-9,
        }
    return found


def _pair(probe: _Probe, part: dict[str, Floats]) -> Figures:
    wire = probe.wire
    return figures(
        f"{tap_name(wire.source, 'out', wire.sink)} → {tap_name(wire.sink, 'in', wire.source)}", part["wire"]
    )
