"""A bench that stands: nodes in their namespaces, wires between them, boxes started and identified, every tap being captured.

`stand_up` brings it up from a bench file and a list of wires and takes it down again, whatever happens in between. It moves bytes
and processes; it neither decodes nor judges.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from hil.bench import isolation
from hil.bench.addressing import WireEnds, addresses_by_node, wire_ends
from hil.bench.boxes import make_box
from hil.bench.config import load
from hil.bench.model import BenchConfig
from hil.bench.processes import Processes
from hil.boxes.box import Box, Identity, WiredBox
from hil.columns import StampSource
from hil.drivers import pcapng
from hil.errors import BoxError
from hil.links.impairment import Impairment
from hil.links.node import NodeConfig, Route
from hil.links.policy import Policy
from hil.links.wan import WanConfig, Wire, WireState, map_counters

CRASHES = [-number for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)]


@dataclass(frozen=True)
class Hop:
    """One directed link that the bench is to have: a wire with its impairment, or a serial line."""

    source: str
    sink: str
    serial: bool
    impairment: Impairment = field(default_factory=Impairment)


@dataclass(frozen=True)
class Act:
    """Something to be done to a box at an instant of a run: a query, a reset, a fault."""

    at_ns: int
    do: Callable[[], object]


class WireCounters(Protocol):
    """What a wire shows of itself while it runs."""

    received: int
    sent: int
    cut: int

    @property
    def latest_delay_ns(self) -> int: ...
    def lateness_s(self) -> npt.NDArray[np.float64]:
        """How late each datagram left against the wire's plan, s, (n,) f8."""
        ...


class Stand(Protocol):
    """A bench that stands, of any fidelity. `taps` are the interfaces of the capture in order, `wires` the counters of `ends`."""

    config: BenchConfig
    folder: Path
    capture: Path
    identities: dict[str, Identity]
    isolation: tuple[str, str]
    precision: str

    @property
    def ends(self) -> Sequence[WireEnds]: ...
    @property
    def taps(self) -> Sequence[pcapng.TapInterface]: ...
    @property
    def wires(self) -> Sequence[WireCounters]: ...
    @property
    def boxes(self) -> Mapping[str, Box]: ...
    def now_ns(self) -> int:
        """The bench's clock, ns since the epoch: CLOCK_REALTIME, or virtual."""
        ...

    def drops(self) -> dict[str, int]:
        """What the bench itself lost, by wire."""
        ...


@dataclass
class ProcessStand:
    """A bench of processes, sockets and ptys, in real time."""

    config: BenchConfig
    folder: Path
    processes: Processes
    isolation: tuple[str, str]
    hops: Sequence[Hop]
    ends: Sequence[WireEnds]
    taps: Sequence[pcapng.TapInterface]
    capture: Path
    wires: Sequence[WireState]
    boxes: Mapping[str, WiredBox]
    identities: dict[str, Identity] = field(default_factory=dict)
    precision: str = ""

    def now_ns(self) -> int:
        """CLOCK_REALTIME."""
        return time.time_ns()

    def check(self) -> None:
        """Raise BoxError when a box has crashed, BenchError when any other process of the bench has died, or a box was killed."""
        for name, code in self.processes.ended().items():
            if name in self.boxes and code in CRASHES:
                raise BoxError(f"{name} crashed ({signal.Signals(-code).name})", f"see {self.processes.log_of(name)}")
        self.processes.check()

    def wire_into(self, source: str, sink: str) -> WireEnds:
        """The addresses of the wire from `source` to `sink`."""
        return next(wire for wire in self.ends if (wire.source, wire.sink) == (source, sink))

    def tap_number(self, name: str) -> int:
        """Interface number of a tap in the capture."""
        return [tap.name for tap in self.taps].index(name)

    def drops(self) -> dict[str, int]:
        """What the bench itself lost, by wire: full kernel buffers, full pools, failed sends. Each makes a verdict *blocked*."""
        lost = {}
        for wire, state in zip(self.ends, self.wires, strict=True):
            count = state.kernel_drops + state.overflowed + state.send_errors
            if count:
                lost[f"{wire.source} → {wire.sink}"] = int(count)
        return lost


@contextmanager
def stand_up(
    config: BenchConfig, hops: Sequence[Hop], folder: Path, *, isolation_mode: str = "", seed: int = 0
) -> Iterator[ProcessStand]:
    """Stand the bench up, with logs and capture in `folder`, and take it down at the end.

    Raises BenchError (blocked) when a box, port, lock or node is not to be had; the message says which and what to do.
    """
    names = nodes_of(hops)
    for name in names:
        config.role_of(name)
    policy = load(config.follow(config.file.policy), Policy)
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    wired = [hop for hop in hops if not hop.serial]
    with Processes(logs) as processes:
        for box in config.file.box:
            processes.lock(box.serial_number)
        pairs = [(hop.source, hop.sink) for hop in wired]
        spaces = addresses_by_node(names, wire_ends(names, pairs, loopback=False))
        reached = processes.isolate(isolation_mode or config.file.isolation, spaces)
        ends = wire_ends(names, pairs, loopback=reached[0] == "loopback")
        taps = taps_of(hops, ends)
        capture = folder / "capture.pcapng"
        pcapng.create(capture, taps, "radar-hil")
        wires = start_wires(processes, wired, ends, taps, capture, seed)
        stand = ProcessStand(config, folder, processes, reached, hops, ends, taps, capture, list(wires), {})
        stand.precision = processes.wait_ready("wan")
        _start_nodes(stand, policy)
        stand.boxes = {
            box.name: make_box(config, box, ends, stand.wires, processes)
            for box in config.file.box
            if box.name in names
        }
        for name, started in stand.boxes.items():
            started.start()
            stand.identities[name] = started.identify()
        yield stand
        for started in stand.boxes.values():
            started.stop()


def nodes_of(hops: Sequence[Hop]) -> list[str]:
    """Every node that a hop begins or ends at, in their order."""
    return list(dict.fromkeys(name for hop in hops for name in (hop.source, hop.sink)))


def taps_of(hops: Sequence[Hop], ends: Sequence[WireEnds]) -> list[pcapng.TapInterface]:
    """Two taps a hop. A tap is named by node and direction, and by the other end where a node has several that way."""
    taps = []
    wires = iter(ends)
    for hop in hops:
        if hop.serial:
            words = f"serial line {hop.source} to {hop.sink}, one packet a frame"
            taps += [
                pcapng.TapInterface(tap_name(hop.source, "out", hop.sink), StampSource.USER, words + ", first octet"),
                pcapng.TapInterface(tap_name(hop.sink, "in", hop.source), StampSource.USER, words + ", last octet"),
            ]
        else:
            wire = next(wires)
            taps += [
                pcapng.TapInterface(tap_name(hop.source, "out", hop.sink), StampSource.KERNEL_RX, f"{wire.listen}"),
                pcapng.TapInterface(tap_name(hop.sink, "in", hop.source), StampSource.KERNEL_TX, f"{wire.into}"),
            ]
    return taps


def tap_name(node: str, way: str, other: str) -> str:
    """Name of a tap: `jp_box.out.usfj_gw` = what leaves jp_box towards usfj_gw."""
    return f"{node}.{way}.{other}"


def start_wires(
    processes: Processes,
    hops: Sequence[Hop],
    ends: Sequence[WireEnds],
    taps: Sequence[pcapng.TapInterface],
    capture: Path,
    seed: int,
) -> ctypes.Array[WireState]:
    """Start the process that carries the wires of `hops` (no serial ones) between `ends`; gives their live counters."""
    number = {tap.name: k for k, tap in enumerate(taps)}
    wires = [
        Wire(
            name=f"{wire.source} → {wire.sink}",
            listen=wire.listen,
            send_from=wire.send_from,
            to=wire.into,
            tap_in=number[tap_name(wire.source, "out", wire.sink)],
            tap_out=number[tap_name(wire.sink, "in", wire.source)],
            impairment=hop.impairment,
        )
        for hop, wire in zip(hops, ends, strict=True)
    ]
    counters = processes.scratch / "wires"
    counters.touch()
    state = map_counters(counters, len(wires))
    config = WanConfig(seed=seed, capture=str(capture), counters=str(counters), wires=wires)
    _spawn_python(processes, "wan", "hil.links.wan", config, isolation.WAN, piped=True)
    return state


def _start_nodes(stand: ProcessStand, policy: Policy) -> None:
    nodes = [node for node in stand.config.file.node if node.name in nodes_of(stand.hops)]
    for node in nodes:
        config = NodeConfig(
            name=node.name, role=node.role, routes=routes_of(stand.config, stand.ends, node.name), policy=policy
        )
        _spawn_python(stand.processes, node.name, "hil.links.node", config, node.name)
    for node in nodes:
        stand.processes.wait_ready(node.name)


def routes_of(config: BenchConfig, ends: Sequence[WireEnds], node: str) -> list[Route]:
    """What comes in on a wire goes out on the one that leads on; a gateway or hub never sends back where it came from."""
    arriving = [wire for wire in ends if wire.sink == node]
    leaving = [wire for wire in ends if wire.source == node]
    routes = []
    for wire in arriving:
        onward = next((out for out in leaving if out.sink != wire.source), None)
        routes.append(
            Route(
                listen=wire.into,
                send_from=onward.out_of if onward else "",
                to=onward.listen if onward else "",
                sender=config.nation_of(wire.source),
                receiver=config.nation_of(onward.sink) if onward else "",
            )
        )
    return routes


def _spawn_python(
    processes: Processes, name: str, module: str, config: msgspec.Struct, node: str, *, piped: bool = False
) -> None:
    path = processes.scratch / f"{name}.json"
    path.write_bytes(msgspec.json.encode(config))
    processes.spawn(name, [sys.executable, "-m", module, str(path)], node, piped=piped)
