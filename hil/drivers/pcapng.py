"""Writes the frame of a capture file: section header and one interface per tap, after which blocks are only appended.

The taps append in C (`c/capture_block.c`): blocks go out in unbuffered writes to a descriptor opened for appending, so several
processes share one file and a `kill -9` loses at most a torn last block. Payloads are wrapped in IPv4/UDP towards port 8600, so
any tool shows them as ASTERIX.
Source: draft-ietf-opsawg-pcapng (SHB 4.1, IDB 4.2, EPB 4.3); LINKTYPE_RAW = 101.
"""

from __future__ import annotations

import ipaddress
import os
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hil.columns import StampSource

LINKTYPE_RAW = 101
ASTERIX_PORT = 8600


@dataclass(frozen=True)
class TapInterface:
    """One tap of a capture: its name (`jp_box.in`), where its stamps are taken, and what it watches, in words."""

    name: str
    stamp_source: StampSource
    description: str


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def _block(kind: int, body: bytes) -> bytes:
    length = 12 + len(body)
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def create(path: Path, taps: Sequence[TapInterface], application: str) -> None:
    """Start a capture file at `path` with one interface per tap, in order (nanosecond stamps)."""
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _option(4, application.encode()) + _option(0, b"")
    blocks = _block(0x0A0D0D0A, section)
    for tap in taps:
        text = f"stamps: {tap.stamp_source.name.lower()}; {tap.description}"
        options = _option(2, tap.name.encode()) + _option(3, text.encode()) + _option(9, b"\x09") + _option(0, b"")
        blocks += _block(1, struct.pack("<HHI", LINKTYPE_RAW, 0, 0) + options)
    path.write_bytes(blocks)


def open_for_append(path: Path) -> int:
    """A descriptor that appends blocks to the capture at `path`; the caller closes it."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)


def network_order(address: str) -> int:
    """A dotted IPv4 address as the compiled taps take it: four octets in network order, read as this machine's integer."""
    return int.from_bytes(ipaddress.IPv4Address(address).packed, sys.byteorder)


def packet(tap: int, stamp_ns: int, source: str, destination: str, payload: bytes) -> bytes:
    """The block of a datagram seen at `tap`, as the compiled taps write it; for benches that have no sockets."""
    length = len(payload)
    addresses = _packed(source) + _packed(destination)
    header = struct.pack(">BBHHHBBH", 0x45, 0, 28 + length, 0, 0, 64, 17, 0) + addresses
    total = sum(struct.unpack(">10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    header = header[:10] + struct.pack(">H", checksum) + header[12:]
    udp = struct.pack(">HHHH", ASTERIX_PORT, ASTERIX_PORT, 8 + length, 0)
    captured = 28 + length
    fixed = struct.pack("<IIIII", tap, stamp_ns >> 32, stamp_ns & 0xFFFFFFFF, captured, captured)
    return _block(6, fixed + header + udp + payload + bytes(-captured % 4))


@cache
def _packed(address: str) -> bytes:
    return ipaddress.IPv4Address(address).packed
