"""Recordings made by anybody: the UDP payloads of a pcap or pcapng file of any size, with their stamps, in bounded memory; also
files of nothing but data blocks, one after the other (raw), which have no stamps.

Read in pieces of a MiB. What is not a whole UDP datagram is left out and counted by cause; a file that ends in the middle of a
packet is read up to there and says so. What the payloads mean is hil.asterix's business.
Source: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng, RFC 791, 8200, 768, IEEE 802.1Q.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from hil.errors import ConfigError

PIECE_OCTETS = 1 << 20  # of payload; decoded, it takes some hundred times a small record
RAW_LOOK_OCTETS = 65_536  # of a file, to tell whether it is data blocks
PACKET_MAX = 16 << 20  # longer than any real packet: the file is damaged there

LINK_NULL, LINK_ETHERNET, LINK_RAW, LINK_SLL, LINK_IPV4, LINK_IPV6, LINK_SLL2 = 0, 1, 101, 113, 228, 229, 276
IPV4, IPV6, VLAN_TAGS = 0x0800, 0x86DD, (0x8100, 0x88A8, 0x9100)
UDP = 17

_PCAP_MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}


@dataclass(frozen=True)
class Piece:
    """Some datagrams of a recording: payload k is `octets[offset[k] : offset[k] + length[k]]`, seen at `stamp_ns[k]`.

    `tap` is the number of its interface in the file (0 in a pcap), `place` the octet of the file where the payload begins;
    stamps are ns since the epoch.
    """

    octets: bytes
    offset: npt.NDArray[np.int64]
    length: npt.NDArray[np.int64]
    stamp_ns: npt.NDArray[np.int64]
    tap: npt.NDArray[np.int32]
    place: npt.NDArray[np.int64]


@dataclass
class Recording:
    """A recording that is read by iterating over `pieces()`; the other fields fill up while that goes on.

    `left_out` counts packets that are no whole UDP datagram, by cause; `cut_at` is the octet where the file breaks off, or -1.
    """

    path: Path
    size: int
    position: int = 0
    packets: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    cut_at: int = -1
    interfaces: list[str] = field(default_factory=list)
    is_raw: bool = False

    def pieces(self) -> Iterator[Piece]:
        """The datagrams in order. Raises ConfigError when the file cannot be opened or is damaged in the middle."""
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be opened ({error.strerror})", "give a readable file") from None
        with file:
            yield from _raw_pieces(self, file) if self.is_raw else _collect(self, _packets(self, file))

    def whole(self) -> Piece:
        """All datagrams at once, for recordings that fit into memory. Raises ConfigError as `pieces` does."""
        parts = list(self.pieces())
        shift = np.cumsum([0, *(len(part.octets) for part in parts)])
        return Piece(
            b"".join(part.octets for part in parts),
            np.concatenate([np.zeros(0, np.int64), *(part.offset + s for part, s in zip(parts, shift, strict=False))]),
            np.concatenate([np.zeros(0, np.int64), *(part.length for part in parts)]),
            np.concatenate([np.zeros(0, np.int64), *(part.stamp_ns for part in parts)]),
            np.concatenate([np.zeros(0, np.int32), *(part.tap for part in parts)]),
            np.concatenate([np.zeros(0, np.int64), *(part.place for part in parts)]),
        )


def open_recording(path: Path) -> Recording:
    """A recording at `path`, not read yet. Raises ConfigError when it is absent, unreadable, or neither pcap nor pcapng."""
    try:
        with path.open("rb") as file:
            head = file.read(RAW_LOOK_OCTETS)
        magic, size = head[:4], path.stat().st_size
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be opened ({error.strerror})", "give a readable pcap or pcapng file"
        ) from None
    if magic in _PCAP_MAGIC or magic == b"\x0a\x0d\x0d\x0a":
        return Recording(path, size)
    if _looks_raw(head):
        return Recording(path, size, is_raw=True)
    raise ConfigError(
        f"{path} is neither pcap nor pcapng (it begins with {magic.hex() or 'nothing'})", "give a recording"
    )


def _looks_raw(head: bytes) -> bool:
    """Does a file begin with whole data blocks whose lengths lead from one to the next, all of the same few categories?"""
    offset, categories = 0, set()
    while offset + 3 <= len(head):
        length = int.from_bytes(head[offset + 1 : offset + 3], "big")
        if head[offset] == 0 or length < 4:
            return False
        if offset + length > len(head):
            break  # torn, or longer than what was looked at
        categories.add(head[offset])
        offset += length
    return 0 < len(categories) <= 8


def _raw_pieces(recording: Recording, file: BinaryIO) -> Iterator[Piece]:
    """Data blocks as datagrams of one block each, stamped 0."""
    rest = b""
    recording.interfaces.append(recording.path.name)
    while more := file.read(PIECE_OCTETS):
        recording.position += len(more)
        octets = rest + more
        rows, offset = [], 0
        while offset + 3 <= len(octets):
            length = int.from_bytes(octets[offset + 1 : offset + 3], "big")
            if offset + length > len(octets):
                break
            rows.append((offset, max(length, 3), 0, 0, recording.position - len(octets) + offset))
            offset += max(length, 3)
        rest = octets[offset:]
        recording.packets += len(rows)
        if rows:
            yield _piece(bytearray(octets[:offset]), rows)
    if rest:
        recording.cut_at = recording.size - len(rest)


_Packet = tuple[int, int, int, bytes, int]  # interface, link type, stamp in ns, octets, their place in the file


def _collect(recording: Recording, packets: Iterator[_Packet]) -> Iterator[Piece]:
    octets, rows = bytearray(), []
    for tap, link, stamp_ns, packet, place in packets:
        recording.packets += 1
        payload = _udp_payload(link, packet)
        if isinstance(payload, str):
            recording.left_out[payload] += 1
            continue
        rows.append((len(octets), payload.stop - payload.start, stamp_ns, tap, place + payload.start))
        octets += packet[payload]
        if len(octets) >= PIECE_OCTETS:
            yield _piece(octets, rows)
            octets, rows = bytearray(), []
    if rows:
        yield _piece(octets, rows)


def _piece(octets: bytearray, rows: list[tuple[int, int, int, int, int]]) -> Piece:
    columns = np.array(rows, np.int64)
    return Piece(
        bytes(octets), columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3].astype(np.int32), columns[:, 4]
    )


# ---- the two file formats ----


def _packets(recording: Recording, file: BinaryIO) -> Iterator[_Packet]:
    magic = file.read(4)
    if magic in _PCAP_MAGIC:
        yield from _pcap_packets(recording, file, *_PCAP_MAGIC[magic])
    else:
        file.seek(0)
        yield from _pcapng_packets(recording, file)


def _take(recording: Recording, file: BinaryIO, count: int) -> bytes:
    """The next `count` octets, or nothing, with the place noted, when the file ends before."""
    start = file.tell()
    octets = file.read(count)
    recording.position = start + len(octets)
    if len(octets) < count:
        if octets:
            recording.cut_at = start
        return b""
    return octets


def _pcap_packets(recording: Recording, file: BinaryIO, order: str, tick_ns: int) -> Iterator[_Packet]:
    header = _take(recording, file, 20)
    if not header:
        return
    link = struct.unpack(order + "I", header[16:20])[0] & 0xFFFF
    recording.interfaces.append(recording.path.name)
    while head := _take(recording, file, 16):
        seconds, fraction, captured, original = struct.unpack(order + "IIII", head)
        start = file.tell() - 16
        if captured > PACKET_MAX:
            raise ConfigError(
                f"{recording.path}: a packet of {captured} octets at octet {start}", "the file is damaged there"
            )
        packet = _take(recording, file, captured) if captured else b""
        if len(packet) < captured or (captured == 0 and original):
            recording.cut_at = start
            return
        yield 0, link, seconds * 10**9 + fraction * tick_ns, packet, start + 16


def _pcapng_packets(recording: Recording, file: BinaryIO) -> Iterator[_Packet]:
    order, links, ticks = "<", list[int](), list[int]()
    base = 0
    while head := _take(recording, file, 8):
        start = file.tell() - 8
        kind = struct.unpack("<I", head[:4])[0]
        if kind == 0x0A0D0D0A:
            peek = _take(recording, file, 4)
            if not peek:
                recording.cut_at = start
                return
            order = "<" if peek == b"\x4d\x3c\x2b\x1a" else ">"
            file.seek(-4, 1)
            base = len(links)
        kind, length = struct.unpack(order + "II", head)
        if length < 12 or length % 4 or length > PACKET_MAX:
            raise ConfigError(
                f"{recording.path}: a block of {length} octets at octet {start}", "the file is damaged there"
            )
        body = _take(recording, file, length - 8)
        if not body:
            recording.cut_at = start
            return
        if kind == 1:
            links.append(struct.unpack(order + "H", body[:2])[0])
            options = _options(body[8:-4], order)
            ticks.append(options.get(9, b"\x06")[0])
            recording.interfaces.append(options.get(2, b"").decode(errors="replace") or f"interface {len(links) - 1}")
        elif kind == 6 and len(body) >= 24:
            number, high, low, captured, _ = struct.unpack(order + "IIIII", body[:20])
            tap = base + number
            if tap >= len(links) or captured > len(body) - 24:
                raise ConfigError(
                    f"{recording.path}: a packet block at octet {start} does not add up", "the file is damaged there"
                )
            yield tap, links[tap], _nanoseconds(high << 32 | low, ticks[tap]), body[20 : 20 + captured], start + 28


def _options(octets: bytes, order: str) -> dict[int, bytes]:
    found, offset = {}, 0
    while offset + 4 <= len(octets):
        code, length = struct.unpack_from(order + "HH", octets, offset)
        found[code] = octets[offset + 4 : offset + 4 + length]
        offset += 4 + length + -length % 4
    return found


def _nanoseconds(count: int, resolution: int) -> int:
    exponent = resolution & 0x7F
    return count * 10**9 >> exponent if resolution & 0x80 else count * 10**9 // 10**exponent


# ---- from a packet to the place of its UDP payload in it, or the reason why there is none ----


def _udp_payload(link: int, packet: bytes) -> slice | str:
    network = _network(link, packet)
    if isinstance(network, str):
        return network
    kind, start = network
    if kind == IPV4 and len(packet) >= start + 20 and packet[start] >> 4 == 4:
        return _from_ipv4(packet, start)
    if kind == IPV6 and len(packet) >= start + 40 and packet[start] >> 4 == 6:
        return _from_udp(packet, start + 40) if packet[start + 6] == UDP else "not UDP"
    return "not IP"


def _network(link: int, packet: bytes) -> tuple[int, int] | str:
    """Kind of the network layer and where it starts."""
    if link == LINK_ETHERNET:
        start = 12
        while packet[start : start + 2] and int.from_bytes(packet[start : start + 2], "big") in VLAN_TAGS:
            start += 4
        return int.from_bytes(packet[start : start + 2], "big"), start + 2
    if link in (LINK_RAW, LINK_IPV4, LINK_IPV6) and packet:
        return IPV6 if packet[0] >> 4 == 6 else IPV4, 0
    if link == LINK_NULL and len(packet) > 4:
        return IPV6 if packet[4] >> 4 == 6 else IPV4, 4
    if link == LINK_SLL:
        return int.from_bytes(packet[14:16], "big"), 16
    if link == LINK_SLL2:
        return int.from_bytes(packet[0:2], "big"), 20
    return f"link type {link} is not known here"


def _from_ipv4(packet: bytes, start: int) -> slice | str:
    if packet[start + 9] != UDP:
        return "not UDP"
    if int.from_bytes(packet[start + 6 : start + 8], "big") & 0x3FFF:
        return "IPv4 fragment"
    return _from_udp(packet, start + 4 * (packet[start] & 0x0F))


def _from_udp(packet: bytes, start: int) -> slice | str:
    length = int.from_bytes(packet[start + 4 : start + 6], "big")
    if len(packet) < start + 8 or length < 8 or len(packet) < start + length:
        return "cut by the recorder"
    return slice(start + 8, start + length)
