"""What the taps saw, as columns: the capture file of a run becomes Arrivals and decoded records."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hil.asterix import Decoded, decode, describe
from hil.asterix.records import RecordTable
from hil.columns import ARRIVALS, MISSING, TOD_LSB_S, TRACKS, StampSource, Table
from hil.errors import DecodeError

IP_UDP_OCTETS = 28  # every packet of our own captures has a plain IPv4 and a UDP header
SECTION, INTERFACE, ENHANCED_PACKET = 0x0A0D0D0A, 1, 6
IF_NAME, IF_DESCRIPTION = 2, 3
HEARTBEAT = 65
ALWAYS = (0, np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Capture:
    """Taps by number, what arrived at each (hil.columns.ARRIVALS), and the CAT048 and CAT062 records in it (hil.columns.TRACKS).

    `faults` has a row (tap, cause in words) for each piece that does not decode, `heartbeats` the arrivals that carry CAT065;
    `torn` tells that the file ends in the middle of a block.
    """

    taps: tuple[str, ...]
    sources: tuple[StampSource, ...]
    arrivals: Table
    records: Table
    faults: tuple[tuple[int, str], ...]
    heartbeats: Table
    torn: bool
    octets: bytes = field(repr=False)  # what was read of the file; offsets of arrivals count from its beginning

    def datagrams(self, tap: str, category: int) -> list[bytes]:
        """Payloads at one tap that begin with a data block of `category`, in order of arrival."""
        rows = self.arrivals[self.arrivals["tap"] == self.taps.index(tap)]
        spans = zip(rows["offset"].tolist(), (rows["offset"] + rows["length"]).tolist(), strict=True)
        return [self.octets[begin:end] for begin, end in spans if self.octets[begin] == category]

    def tables(self, tap: str) -> Mapping[int, RecordTable]:
        """Every record at one tap with all its items, by category; `datagram` counts the arrivals at this tap."""
        return self._decoded(tap).tables

    def blocks(self, tap: str, category: int) -> list[bytes]:
        """Data blocks of `category` at one tap, in order of arrival."""
        found = self._decoded(tap).blocks
        found = found[found["category"] == category]
        spans = zip(found["offset"].tolist(), (found["offset"] + found["length"]).tolist(), strict=True)
        return [self.octets[begin:end] for begin, end in spans]

    def _decoded(self, tap: str) -> Decoded:
        rows = self.arrivals[self.arrivals["tap"] == self.taps.index(tap)]
        return decode(self.octets, spans=(rows["offset"], rows["length"].astype(np.int64)))

    def stamps_ns(self, tap: str) -> npt.NDArray[np.int64]:
        """When each datagram was seen at one tap, ns."""
        return np.asarray(self.arrivals["arrived_ns"][self.arrivals["tap"] == self.taps.index(tap)], np.int64)

    def at(self, tap: str) -> Table:
        """Records at one tap, in order of arrival."""
        rows: Table = self.records[self.records["tap"] == self.taps.index(tap)]
        return rows


def read_capture(path: Path, from_octet: int = 0, watched_ns: tuple[int, int] = ALWAYS) -> Capture:
    """Read the capture of a run; whatever is whole is read, even when the run was killed.

    `from_octet` is what the file's size was once: only what came after it is read; of that, what arrived from the first to the
    second instant of `watched_ns`. Raises DecodeError for another format.
    """
    data = _read(path, from_octet)
    taps, sources, arrivals, torn = _index(data, path)
    arrivals = arrivals[(arrivals["arrived_ns"] >= watched_ns[0]) & (arrivals["arrived_ns"] <= watched_ns[1])]
    arrivals = arrivals[np.argsort(arrivals["arrived_ns"], kind="stable")]
    decoded = decode(data, spans=(arrivals["offset"], arrivals["length"].astype(np.int64)))
    tables = decoded.tables
    records = [_plots(tables[48], arrivals)] if 48 in tables else []
    records += [_tracks(tables[62], arrivals)] if 62 in tables else []
    merged = np.concatenate([np.zeros(0, TRACKS), *records])
    merged = merged[np.lexsort((merged["arrival"], merged["arrived_ns"]))]
    beats = arrivals[np.unique(tables[HEARTBEAT].datagram)] if HEARTBEAT in tables else arrivals[:0]
    faults = tuple((int(arrivals["tap"][row["datagram"]]), describe(row)["cause"]) for row in decoded.errors)
    return Capture(taps, sources, arrivals, merged, faults, beats, torn, data)


def _read(path: Path, from_octet: int) -> bytes:
    """The blocks before the first packet, which declare the taps, and what comes from `from_octet` on."""
    with path.open("rb") as file:
        head = b""
        while len(block := file.read(8)) == 8:
            kind, length = struct.unpack("<II", block)
            if kind == ENHANCED_PACKET or length < 12:
                file.seek(max(from_octet, len(head)))
                return head + file.read()
            head += block + file.read(length - 8)
        return head + block


def _index(data: bytes, path: Path) -> tuple[tuple[str, ...], tuple[StampSource, ...], Table, bool]:
    if data[:4] != SECTION.to_bytes(4, "little"):
        raise DecodeError(f"{path}: not a capture of this harness", "give the capture.pcapng of a run folder")
    taps, sources, rows, offset, torn = [], [], [], 0, False
    while offset < len(data):
        kind, length = struct.unpack_from("<II", data, offset) if offset + 8 <= len(data) else (0, 0)
        if length < 12 or offset + length > len(data):
            torn = True
            break
        if kind == INTERFACE:
            name, words = _interface(data[offset + 16 : offset + length - 4])
            taps.append(name)
            sources.append(StampSource[words.split(";")[0].removeprefix("stamps: ").upper()])
        elif kind == ENHANCED_PACKET:
            tap, high, low, captured = struct.unpack_from("<IIII", data, offset + 8)
            payload = captured - IP_UDP_OCTETS
            rows.append((tap, high << 32 | low, sources[tap], offset + 28 + IP_UDP_OCTETS, payload))
        offset += length
    return tuple(taps), tuple(sources), np.array(rows, ARRIVALS), torn


def _interface(options: bytes) -> tuple[str, str]:
    found: dict[int, str] = {}
    offset = 0
    while offset + 4 <= len(options):
        code, length = struct.unpack_from("<HH", options, offset)
        found[code] = options[offset + 4 : offset + 4 + length].decode()
        offset += 4 + length + -length % 4
    return found.get(IF_NAME, ""), found.get(IF_DESCRIPTION, "")


def _blank(table: RecordTable, arrivals: Table, category: int) -> Table:
    rows = np.zeros(len(table), TRACKS)
    for name in TRACKS.names or ():
        rows[name] = np.nan if TRACKS[name].kind == "f" else 0 if TRACKS[name].kind in "bu" else MISSING
    rows["category"], rows["arrival"] = category, table.datagram
    rows["tap"], rows["arrived_ns"] = arrivals["tap"][table.datagram], arrivals["arrived_ns"][table.datagram]
    rows["sac"], rows["sic"] = table["010/SAC"], table["010/SIC"]
    return rows


def _fill(rows: Table, name: str, table: RecordTable, paths: Sequence[str]) -> None:
    for path in paths:
        if path in table:
            present = table.has(path)
            rows[name][present] = table[path][present]


def _ticks(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    return np.where(np.isnan(seconds), MISSING, np.rint(np.nan_to_num(seconds) / TOD_LSB_S)).astype(np.int64)


def _plots(table: RecordTable, arrivals: Table) -> Table:
    rows = _blank(table, arrivals, 48)
    if "140" in table:
        rows["tod_ticks"] = _ticks(table["140"])
    rows["sensor_sac"], rows["sensor_sic"] = rows["sac"], rows["sic"]
    _fill(rows, "address", table, ["220"])
    _fill(rows, "mode_3a", table, ["070/MODE3A"])
    return rows


def _tracks(table: RecordTable, arrivals: Table) -> Table:
    rows = _blank(table, arrivals, 62)
    if "070" in table:
        rows["tod_ticks"] = _ticks(table["070"])
    for name, path in (
        ("track_number", "040"),
        ("sensor_sac", "340/SID/SAC"),
        ("sensor_sic", "340/SID/SIC"),
        ("mode_3a", "060/MODE3A"),
        ("latitude_rad", "105/LAT"),
        ("longitude_rad", "105/LON"),
        ("height_m", "130"),
        ("vx_mps", "185/VX"),
        ("vy_mps", "185/VY"),
    ):
        _fill(rows, name, table, [path])
    if "380/ADR" in table:
        present = table.has("380/ADR")
        rows["address"][present] = table["380/ADR"][present]
    for name, path in (("coasted", "080/CST"), ("ended", "080/TSE")):
        if path in table:
            rows[name] = table[path] == 1
    return rows
