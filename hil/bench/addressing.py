"""Gives every wire its four addresses and every node its own, from nothing but the order of the nodes; pure.

Node number k owns 10.77.k.0/24 in a namespace and 127.77.k.0/24 on loopback; on wire number j its own end is .(1 + j) and the
WAN's end is .(129 + j). All ASTERIX goes to UDP port 8600.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hil.errors import ConfigError

WIRES_MAX = 64


@dataclass(frozen=True)
class WireEnds:
    """One wire from node `source` to node `sink`: `out_of` and `into` are the nodes' ends, `listen` and `send_from` the WAN's."""

    source: str
    sink: str
    out_of: str
    listen: str
    send_from: str
    into: str


def wire_ends(nodes: Sequence[str], wires: Sequence[tuple[str, str]], *, loopback: bool) -> list[WireEnds]:
    """Addresses of every wire (source node, sink node), in their order. Raises ConfigError beyond 64 wires or 250 nodes."""
    if len(wires) > WIRES_MAX or len(nodes) > 250:
        raise ConfigError(
            f"{len(wires)} wires between {len(nodes)} nodes", f"a bench carries {WIRES_MAX} wires and 250 nodes at most"
        )
    prefix = "127.77" if loopback else "10.77"
    place = {node: f"{prefix}.{1 + k}" for k, node in enumerate(nodes)}
    return [
        WireEnds(
            source=source,
            sink=sink,
            out_of=f"{place[source]}.{1 + j}",
            listen=f"{place[source]}.{129 + j}",
            send_from=f"{place[sink]}.{129 + j}",
            into=f"{place[sink]}.{1 + j}",
        )
        for j, (source, sink) in enumerate(wires)
    ]


def addresses_by_node(nodes: Sequence[str], ends: Sequence[WireEnds]) -> dict[str, list[tuple[str, str]]]:
    """For each node the pairs (own address, address of the WAN on the same wire), as a namespace needs them."""
    pairs: dict[str, list[tuple[str, str]]] = {node: [] for node in nodes}
    for wire in ends:
        pairs[wire.source].append((wire.out_of, wire.listen))
        pairs[wire.sink].append((wire.into, wire.send_from))
    return pairs
