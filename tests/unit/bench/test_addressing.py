"""Every wire has its own four addresses, and no two nodes share one."""

from __future__ import annotations

import ipaddress

import pytest

from hil.bench.addressing import addresses_by_node, wire_ends
from hil.errors import ConfigError

NODES = ["radar", "box", "gateway", "c2"]
WIRES = [("radar", "box"), ("box", "gateway"), ("gateway", "box"), ("box", "c2")]


@pytest.mark.parametrize("loopback", [False, True])
def test_no_address_is_given_twice(loopback: bool) -> None:
    ends = wire_ends(NODES, WIRES, loopback=loopback)
    given = [address for wire in ends for address in (wire.out_of, wire.listen, wire.send_from, wire.into)]
    assert len(set(given)) == 4 * len(WIRES)
    assert all(ipaddress.IPv4Address(address).is_loopback == loopback for address in given)


def test_a_node_and_the_wan_meet_in_one_subnet() -> None:
    for pairs in addresses_by_node(NODES, wire_ends(NODES, WIRES, loopback=False)).values():
        for own, other in pairs:
            assert ipaddress.ip_interface(f"{own}/24").network == ipaddress.ip_interface(f"{other}/24").network


def test_a_bench_with_too_many_wires_is_refused() -> None:
    with pytest.raises(ConfigError, match="65 wires"):
        wire_ends(NODES, WIRES[:1] * 65, loopback=True)
