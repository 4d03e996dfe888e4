"""A bench in one process and on a virtual clock: simulated boxes, the harness's own nodes, wires that keep to their seeded plans.

The same seed gives the same capture, octet for octet. What stands here has the form of hil.bench.stand.Stand, so nobody who checks
needs to know; only who injects does (`Sending`). Nothing here waits or looks at a real clock.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from hil.bench.addressing import WireEnds, wire_ends
from hil.bench.boxes import cable_of, settings_of
from hil.bench.config import load
from hil.bench.model import BenchConfig
from hil.bench.stand import Act, Hop, nodes_of, routes_of, tap_name, taps_of
from hil.boxes.box import Identity
from hil.boxes.rib_library import Input, Output
from hil.boxes.sim import SimBox
from hil.columns import StampSource
from hil.drivers import pcapng
from hil.drivers.serial import octet_time_ns
from hil.errors import BenchError
from hil.links.node import Node, NodeConfig, Route
from hil.links.policy import Policy
from hil.links.virtual_wire import VirtualWire

NOON_NS = int(datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()) * 10**9  # where the virtual clock begins
UART_READ_OCTETS = 8  # half of a 16-octet FIFO: how much of a serial line a box is handed at a time
LABEL = "127.0.0.1"  # a serial line has no addresses

Way = tuple[str, str]  # from node, to node


@dataclass(frozen=True)
class Sending:
    """What one radar sends: when each row begins to leave (ns), its payload, and its octets on the wire."""

    at_ns: Sequence[int]
    payloads: Sequence[bytes]
    octets: Sequence[bytes]


class VirtualStand:
    """A `Stand` (see stand.py). Its clock moves only in `run_until`."""

    isolation = ("virtual", "one process, no sockets")
    precision = "exact, virtual clock"

    def __init__(
        self, config: BenchConfig, hops: Sequence[Hop], folder: Path, library_of: Callable[[str], Path], seed: int
    ) -> None:
        self.config = config
        self.folder = folder
        self.hops = hops
        wired = [hop for hop in hops if not hop.serial]
        self.ends: list[WireEnds] = wire_ends(nodes_of(hops), [(hop.source, hop.sink) for hop in wired], loopback=True)
        self.taps = [
            pcapng.TapInterface(tap.name, StampSource.VIRTUAL, tap.description) for tap in taps_of(hops, self.ends)
        ]
        self.capture = folder / "capture.pcapng"
        self.wires = [VirtualWire(hop.impairment, seed, index) for index, hop in enumerate(wired)]
        self.identities: dict[str, Identity] = {}
        self._now_ns = NOON_NS
        self._events: list[tuple[int, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._tap_number = {tap.name: number for number, tap in enumerate(self.taps)}
        self._wire = {(end.source, end.sink): number for number, end in enumerate(self.ends)}
        self._line_free_ns: dict[Way, int] = {}
        policy = load(config.follow(config.file.policy), Policy)
        self._nodes = {
            spec.name: Node(
                NodeConfig(
                    name=spec.name, role=spec.role, routes=routes_of(config, self.ends, spec.name), policy=policy
                )
            )
            for spec in config.file.node
            if spec.name in nodes_of(hops)
        }
        self.boxes: Mapping[str, SimBox] = {
            spec.name: SimBox(
                spec.name,
                library_of(spec.name),
                self.now_ns,
                self._box_sends,
                cable_of(spec.name, self.ends, self.wires),
                settings=settings_of(config, spec),
                expected_build_id=spec.build_id,
            )
            for spec in config.file.box
            if spec.name in nodes_of(hops)
        }
        pcapng.create(self.capture, self.taps, "radar-hil")
        self._file = self.capture.open("ab", buffering=0)

    def now_ns(self) -> int:
        """The virtual clock."""
        return self._now_ns

    def drops(self) -> dict[str, int]:
        """Nothing is ever lost but by plan."""
        return {}

    def close(self) -> None:
        """Stop the boxes, close the capture."""
        for box in self.boxes.values():
            box.stop()
        self._file.close()

    def at(self, at_ns: int, do: Callable[[], object]) -> None:
        """Have something done at an instant; what is due together is done in the order of asking."""
        heapq.heappush(self._events, (max(at_ns, self._now_ns), next(self._order), do))

    def run_until(self, until_ns: int) -> None:
        """Let everything happen that is due until then."""
        boxes = list(self.boxes.values())
        while True:
            box = min(boxes, key=SimBox.deadline_ns)
            box_ns = box.deadline_ns()
            event_ns = self._events[0][0] if self._events else until_ns + 1
            next_ns = min(box_ns, event_ns)
            if next_ns > until_ns:
                break
            self._now_ns = max(self._now_ns, next_ns)
            if box_ns <= event_ns:
                box.work()
            else:
                heapq.heappop(self._events)[2]()
        self._now_ns = until_ns

    def send(self, radar: str, sending: Sending) -> list[int]:
        """Have a radar send; returns when the last octet of each row is handed over, ns."""
        spec = self.config.radar(radar)
        if spec.port == "radar_serial":
            return self._send_on_line(radar, spec.feeds, sending)
        wire = self._wire[radar, spec.feeds]
        for at_ns, payload in zip(sending.at_ns, sending.octets, strict=True):
            self.at(at_ns, partial(self._enter, wire, at_ns, payload))
        return list(sending.at_ns)

    def act(self, acts: Sequence[Act]) -> None:
        """Have things done to boxes."""
        for act in acts:
            self.at(act.at_ns, act.do)

    def _send_on_line(self, radar: str, box: str, sending: Sending) -> list[int]:
        octet_ns = octet_time_ns(self.config.box(box).serial_baud)
        departed = []
        free_ns = self._line_free_ns.get((radar, box), 0)
        for at_ns, payload, octets in zip(sending.at_ns, sending.payloads, sending.octets, strict=True):
            first_ns = max(at_ns, free_ns)
            free_ns = first_ns + round(len(octets) * octet_ns)
            for end in range(UART_READ_OCTETS, len(octets) + UART_READ_OCTETS, UART_READ_OCTETS):
                read = octets[end - UART_READ_OCTETS : end]
                self.at(first_ns + round(min(end, len(octets)) * octet_ns), self._reader(box, read))
            self.at(first_ns, self._noter(tap_name(radar, "out", box), payload))
            self.at(free_ns, self._noter(tap_name(box, "in", radar), payload))
            departed.append(free_ns)
        self._line_free_ns[radar, box] = free_ns
        return departed

    def _reader(self, box: str, octets: bytes) -> Callable[[], None]:
        return lambda: self.boxes[box].receive(Input.RADAR_SERIAL, octets)

    def _noter(self, tap: str, payload: bytes) -> Callable[[], None]:
        return lambda: self._note(tap, self._now_ns, LABEL, LABEL, payload)

    def _box_sends(self, box: str, at_ns: int, port: Output, octets: bytes) -> None:
        role = "gateway" if port is Output.LINK_OUT else "c2"
        for number, end in enumerate(self.ends):
            if end.source == box and self.config.role_of(end.sink) == role:
                self._enter(number, at_ns, octets)

    def _enter(self, wire: int, at_ns: int, datagram: bytes) -> None:
        end = self.ends[wire]
        self._note(tap_name(end.source, "out", end.sink), at_ns, end.out_of, end.listen, datagram)
        for due_ns in self.wires[wire].accept(at_ns):
            self.at(due_ns, lambda: self._leave(wire, datagram))

    def _leave(self, wire: int, datagram: bytes) -> None:
        end = self.ends[wire]
        if not self.wires[wire].leave():
            return
        self._note(tap_name(end.sink, "in", end.source), self._now_ns, end.send_from, end.into, datagram)
        if end.sink in self.boxes:
            port = Input.RADAR_ETH if self.config.role_of(end.source) == "radar" else Input.LINK_IN
            self.boxes[end.sink].receive(port, datagram)
            return
        node = self._nodes[end.sink]
        route = next(route for route in node.config.routes if route.listen == end.into)
        onward = node.forward(datagram, route)
        if onward and route.to:
            self._enter(self._wire_to(route), self._now_ns, onward)

    def _wire_to(self, route: Route) -> int:
        return next(number for number, end in enumerate(self.ends) if end.listen == route.to)

    def _note(self, tap: str, at_ns: int, source: str, destination: str, payload: bytes) -> None:
        self._file.write(pcapng.packet(self._tap_number[tap], at_ns, source, destination, payload))


@contextmanager
def stand_up_virtual(
    config: BenchConfig, hops: Sequence[Hop], folder: Path, *, seed: int = 0
) -> Iterator[VirtualStand]:
    """Stand a simulated bench up, with its capture in `folder`. Raises BenchError (blocked) when a library is not to be had."""
    for name in nodes_of(hops):
        config.role_of(name)
    for spec in config.file.box:
        if spec.kind != "sim":
            raise BenchError(f"box {spec.name} is {spec.kind}, but the bench is simulated", "give its boxes kind = sim")
    stand = VirtualStand(config, hops, folder, lambda name: config.follow(config.box(name).image), seed)
    try:
        for name, box in stand.boxes.items():
            box.start()
            stand.identities[name] = box.identify()
        yield stand
    finally:
        stand.close()
