"""A node that is not under test, as a process: a nation's gateway, the hub, or a C2 that only listens.

`python -m hil.links.node CONFIG.json` says `ready`, serves its routes until SIGTERM, and prints its counters as one JSON line. A
gateway passes whole CAT062 datagrams on as they are; the hub takes records apart and builds new ones from released items; a C2
swallows everything.
"""

from __future__ import annotations

import json
import selectors
import signal
import socket
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Literal, NoReturn

import msgspec

from hil.asterix import LiveCodec
from hil.drivers.ethernet import open_udp
from hil.drivers.pcapng import ASTERIX_PORT
from hil.errors import DecodeError, EncodeError, HilError
from hil.links.policy import Policy, released

DATAGRAM_MAX_OCTETS = 65_535
TRACKS = 62


class Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What reaches `listen` from nation `sender` leaves from `send_from` towards `to` for nation `receiver`."""

    listen: str
    send_from: str
    to: str
    sender: str
    receiver: str


class NodeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the process needs, as written to its JSON file; a C2 has routes with an empty `to`."""

    name: str
    role: Literal["gateway", "hub", "c2"]
    routes: list[Route]
    policy: Policy


def blocks(datagram: bytes) -> Iterator[tuple[int, bytes]]:
    """Category and octets of each data block of a datagram. Raises DecodeError when the lengths do not add up."""
    offset = 0
    while offset < len(datagram):
        length = int.from_bytes(datagram[offset + 1 : offset + 3], "big")
        if length < 3 or offset + length > len(datagram):
            raise DecodeError(f"block at octet {offset} claims {length} octets of {len(datagram) - offset}", "")
        yield datagram[offset], datagram[offset : offset + length]
        offset += length


class Node:
    """The node's counters and what it does with one datagram."""

    def __init__(self, config: NodeConfig) -> None:
        self.config = config
        self.counters: Counter[str] = Counter()
        self._codecs: dict[int, LiveCodec] = {}

    def forward(self, datagram: bytes, route: Route) -> bytes:
        """What is to be sent on for `datagram`, empty for nothing; what is not passed is counted by cause."""
        act: Callable[[bytes, Route], bytes] = {"gateway": self._gateway, "hub": self._hub, "c2": self._c2}[
            self.config.role
        ]
        self.counters["datagrams_in"] += 1
        try:
            onward = act(datagram, route)
        except DecodeError:
            self.counters["refused_malformed"] += 1
            return b""
        except EncodeError:
            self.counters["refused_out_of_range"] += 1
            return b""
        self.counters["datagrams_out"] += bool(onward)
        return onward

    def _gateway(self, datagram: bytes, route: Route) -> bytes:  # noqa: ARG002  # one signature for all roles
        onward = b""
        for category, block in blocks(datagram):
            if category == TRACKS:
                onward += block
            else:
                self.counters[f"kept_back_cat{category:03d}"] += 1
        return onward

    def _hub(self, datagram: bytes, route: Route) -> bytes:
        rules = self.config.policy.rules(route.sender, route.receiver)
        onward = b""
        for category, block in blocks(datagram):
            allowed = rules.get(category)
            if allowed is None:
                self.counters[f"withheld_cat{category:03d}"] += 1
                continue
            if category not in self._codecs:
                self._codecs[category] = LiveCodec(category)
            codec = self._codecs[category]
            rebuilt = [record for record in (released(r, allowed) for r in codec.decode(block)) if record]
            if rebuilt:
                onward += codec.encode(rebuilt)
        return onward

    def _c2(self, datagram: bytes, route: Route) -> bytes:  # noqa: ARG002  # one signature for all roles
        for category, _ in blocks(datagram):
            self.counters[f"blocks_cat{category:03d}"] += 1
        return b""


def serve(config: NodeConfig) -> NoReturn:
    """Serve the routes until the process is told to end. Raises LinkError for an address that cannot be opened."""
    node = Node(config)

    def end(_signal: int, _frame: FrameType | None) -> NoReturn:
        print(json.dumps(node.counters), flush=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    selector = selectors.DefaultSelector()
    for route in config.routes:
        receiver = open_udp((route.listen, ASTERIX_PORT))
        sender = open_udp((route.send_from, 0), (route.to, ASTERIX_PORT)) if route.to else None
        selector.register(receiver, selectors.EVENT_READ, (route, sender))
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            route, sender = key.data
            assert isinstance(key.fileobj, socket.socket)
            onward = node.forward(key.fileobj.recv(DATAGRAM_MAX_OCTETS), route)
            if onward and sender is not None:
                try:
                    sender.send(onward)
                except ConnectionRefusedError:
                    node.counters["send_refused"] += 1


def main() -> int:
    """Entry point of the process; errors are one line on standard error."""
    try:
        serve(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=NodeConfig))
    except HilError as error:
        print(f"node: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
