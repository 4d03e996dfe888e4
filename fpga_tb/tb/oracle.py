"""What a formatter must send for given records, by a road of its own: libasterix builds each CAT062 record item by item.

Only the packing into blocks is stated here, by lengths (docs/icd.md §3). Nothing is taken from the RTL or the C code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from fpga_tb.tb.records import Table

CAT = 62
HEADER_OCTETS = 3


def record_octets(row: Any, sac: int, sic: int, service: int) -> bytes:
    """One row of `records.RECORDS` as a CAT062 record (edition 1.20), built by libasterix."""
    return bytes(_record_class().create(_items(row, sac, sic, service)).unparse().to_bytes())


def all_octets(table: Table, sac: int, sic: int, service: int) -> list[bytes]:
    """`record_octets` of every row."""
    return [record_octets(row, sac, sic, service) for row in table]


def blocks(records: Iterable[bytes], mtu_octets: int) -> Iterator[bytes]:
    """Records packed in order: a block is closed when the next record would take it past the MTU."""
    body = b""
    for record in records:
        if body and HEADER_OCTETS + len(body) + len(record) > mtu_octets:
            yield _block(body)
            body = b""
        body += record
    if body:
        yield _block(body)


def _block(body: bytes) -> bytes:
    return bytes([CAT]) + (HEADER_OCTETS + len(body)).to_bytes(2, "big") + body


def _items(row: Any, sac: int, sic: int, service: int) -> dict[str, Any]:
    items: dict[str, Any] = {
        "010": sac << 8 | sic,
        "015": service,
        "070": int(row["tod"]),
        "040": int(row["number"]),
        "080": _status(row["status"]),
    }
    if row["i105"]:
        items["105"] = _pair(row["latitude"], row["longitude"], 32)
    if row["i100"]:
        items["100"] = _pair(row["x"], row["y"], 24)
    if row["i185"]:
        items["185"] = _pair(row["vx"], row["vy"], 16)
    for name, field in (("136", "flight_level"), ("130", "altitude"), ("220", "climb")):
        if row[f"i{name}"]:
            items[name] = _unsigned(row[field], 16)
    if row["i060"]:
        items["060"] = int(row["mode_3a"])
    if row["i245"]:
        items["245"] = int.from_bytes(row["identification"].tobytes(), "big")
    if row["adr"]:
        items["380"] = {"ADR": int(row["address"])}
    measured: dict[str, int] = {}
    if row["sid"]:
        measured["SID"] = int.from_bytes(row["sensor"].tobytes(), "big")
    if row["hei"]:
        measured["HEIGHT"] = _unsigned(row["height"], 16)
    if measured:
        items["340"] = measured
    return items


def _status(octets: Any) -> tuple[int, ...]:
    """I062/080 as groups of seven bits, up to the last extent that says something."""
    last = max([0, *(i for i, octet in enumerate(octets) if octet)])
    return tuple(int(octet) >> 1 for octet in octets[: last + 1])


def _unsigned(value: Any, bits: int) -> int:
    return int(value) & ((1 << bits) - 1)


def _pair(first: Any, second: Any, bits: int) -> int:
    return _unsigned(first, bits) << bits | _unsigned(second, bits)


@cache
def _record_class() -> Any:
    from asterix.generated import Cat_062_1_20  # noqa: PLC0415 - 1.6 s, so only where an oracle is asked

    return Cat_062_1_20.cv_uap.cv_record
