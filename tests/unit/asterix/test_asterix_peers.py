"""Values equal those of other decoders: tshark, aviconv's typed subset, and libasterix on recordings made by others.

Every difference that is left is in a table with its reason. What is not installed or not there is skipped by name.
"""

from __future__ import annotations

import json
import math
import shutil
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from libasterix_oracle import ALL_CATEGORIES, differences, readings

from hil.asterix import LiveCodec, RecordTable, decode
from hil.asterix.generate import Generator

CAPTURES = Path(__file__).parents[4] / "shared" / "captures"
CORPUS = {48: "1.31", 34: "1.29", 62: "1.19", 65: "1.5", 63: "1.6"}  # editions that tshark 4.0 knows
NOT_IN_TSHARK = ("RE", "SP", "510")  # shows no contents of RE and SP; loses its way in I062/510

TSHARK_DIFFERENCES = {
    "asterix.048_020_ADSB": "one code of two bits where the table has EP and VAL",
    "asterix.048_020_SCN": "as ADSB",
    "asterix.048_020_PAI": "as ADSB",
    "asterix.048_030_CODE": "a name for the element that the table leaves without",
    "asterix.034_120_HGT": "read as unsigned; the standard has a signed height",
    "asterix.062_380_IAS_IAS": "the raw number; its LSB depends on IM",
}


def block(category: int, record: bytes) -> bytes:
    return struct.pack(">BH", category, 3 + len(record)) + record


def payloads(capture: Path) -> list[bytes]:
    """UDP payloads of a pcap with Ethernet frames, as small as these recordings are."""
    octets, at, found = capture.read_bytes(), 24, []
    while at < len(octets):
        (length,) = struct.unpack_from("<8xI", octets, at)
        frame = octets[at + 16 : at + 16 + length]
        found.append(frame[42 : 34 + int.from_bytes(frame[38:40], "big")])
        at += 16 + length
    return found


def write_pcap(path: Path, datagrams: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for datagram in datagrams:
            udp = struct.pack(">HHHH", 8600, 8600, 8 + len(datagram), 0) + datagram
            ip = (
                struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
                + udp
            )
            file.write(struct.pack("<IIII", 0, 0, len(ip), len(ip)) + ip)


# ---- tshark ----


def tshark_records(capture: Path) -> list[dict[str, list[str]]]:
    """The values of each record in a capture, by tshark's names."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    command = ["tshark", "-r", capture, "-d", "udp.port==1-65535,asterix", "-T", "json", "-J", "asterix"]
    shown = json.loads(
        subprocess.run(command, capture_output=True, check=True).stdout, object_pairs_hook=all_of_each_name
    )
    found = []
    for packet in shown:
        for layer in packet["_source"][0]["layers"][0].get("asterix", []):
            for message in layer.get("asterix.message", []) if isinstance(layer, dict) else []:
                values: dict[str, list[str]] = {}
                collect(message, values)
                found.append(values)
    return found


def all_of_each_name(pairs: list[tuple[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def collect(node: dict[str, list[Any]], values: dict[str, list[str]]) -> None:
    for name, entries in node.items():
        for entry in entries:
            if isinstance(entry, dict):
                collect(entry, values)
            elif name.startswith("asterix.") and name[8:11].isdigit():
                values.setdefault(name, []).append(entry)


def our_values(table: RecordTable, row: int) -> dict[str, list[Any]]:
    """The values of one record by tshark's names, in the units of the standard."""
    found: dict[str, list[Any]] = {}
    columns = {path: (column[row : row + 1]) for path, column in table.columns().items() if table.has(path)[row]}
    for item in table.repeated:
        offsets, elements = table.rep(item)
        if offsets[row] < offsets[row + 1]:
            part = slice(offsets[row], offsets[row + 1])
            columns |= {f"{item}/{below}".rstrip("/"): column[part] for below, column in elements.items()}
    for path, values in columns.items():
        one = table.plan.field(path)
        lsb = one.element.content.lsb if one.is_quantity else 1
        name = f"asterix.{table.category:03d}_{path.replace('/', '_')}"
        found[name] = [v.decode() if isinstance(v, bytes) else v * lsb for v in values.tolist()]
    return found


def same(shown: str, value: Any) -> bool:
    if isinstance(value, str):
        return shown.rstrip() == value.replace("@", " ").rstrip()  # an undefined six-bit code is shown as a space
    number = int(shown, 16) if shown.startswith("0x") else float(shown)
    return math.isclose(number, value, rel_tol=1e-9, abs_tol=1e-9)


def hold_against_tshark(table: RecordTable, shown: list[dict[str, list[str]]]) -> int:
    """Compare all values; how many were compared."""
    assert len(shown) == len(table)
    compared = 0
    for row, theirs in enumerate(shown):
        for name, values in our_values(table, row).items():
            named = name if name in theirs else f"{name}_VALUE"
            if any(name.startswith(known.removesuffix("_CODE")) for known in TSHARK_DIFFERENCES):
                continue
            assert named in theirs, (name, sorted(theirs))
            assert len(theirs[named]) == len(values), name
            assert all(map(same, theirs[named], values)), (name, theirs[named], values)
            compared += len(values)
    return compared


@pytest.mark.parametrize("category", CORPUS)
def test_values_equal_tshark_on_random_records(category: int, tmp_path: Path) -> None:
    generator = Generator(category, CORPUS[category], seed=1, density=0.3, without=NOT_IN_TSHARK)
    datagrams = [block(category, record) for record in generator.records(300)]
    write_pcap(tmp_path / "corpus.pcap", datagrams)
    table = decode(b"".join(datagrams), editions=CORPUS, raw=True, strict=True)[category]
    assert hold_against_tshark(table, tshark_records(tmp_path / "corpus.pcap")) > 900


def test_values_equal_tshark_on_a_recording() -> None:
    (capture,) = recordings("croatia_cat_034_048.pcap")
    shown = [r for r in tshark_records(capture) if any(name.startswith("asterix.048") for name in r)]
    table = decode(b"".join(payloads(capture)), editions=CORPUS, raw=True, strict=True)[48]
    assert hold_against_tshark(table, shown) > 3000


# ---- aviconv: typed subset ----

AVICONV = {
    34: {"sac": ("010/SAC", 1), "sic": ("010/SIC", 1), "time_of_day_s": ("030", 1), "antenna_rotation_s": ("041", 1)},
    48: {
        "sac": ("010/SAC", 1), "sic": ("010/SIC", 1), "time_of_day_s": ("140", 1), "rho_nm": ("040/RHO", 1852),
        "theta_deg": ("040/THETA", math.pi / 180), "flight_level": ("090/FL", 30.48), "track_number": ("161/TRN", 1),
        "ground_speed_kt": ("200/GSP", 1852 / 3600), "heading_deg": ("200/HDG", math.pi / 180),
    },
    62: {
        "sac": ("010/SAC", 1), "sic": ("010/SIC", 1), "service_id": ("015", 1), "time_of_track_s": ("070", 1),
        "lat": ("105/LAT", math.pi / 180), "lon": ("105/LON", math.pi / 180), "vx_ms": ("185/VX", 1), "vy_ms": ("185/VY", 1),
        "measured_flight_level": ("136", 30.48), "magnetic_heading_deg": ("380/MHG", math.pi / 180),
    },
}  # fmt: skip
AVICONV_CANNOT = {34: "050/MDS", 62: "380/FSS"}  # it gives these subfields one octet too few or too many
AVICONV_TEXTS = {
    48: {"mode3a": ("070/MODE3A", "{:04o}"), "aircraft_address": ("220", "{:06X}")},
    62: {"target_address": ("380/ADR", "{:06X}")},
}


@pytest.mark.parametrize("category", AVICONV)
def test_values_equal_the_typed_subset_of_aviconv(category: int) -> None:
    aviconv = pytest.importorskip("aviconv_asterix")
    datagrams = [block(category, record) for record in Generator(category, seed=3, density=0.5).records(700)]
    table = decode(b"".join(datagrams), strict=True)[category]
    readable = table.has("010")  # it wants a source in every record
    if category in AVICONV_CANNOT:
        readable &= ~table.has(AVICONV_CANNOT[category])
    datagrams = [datagrams[row] for row in np.flatnonzero(readable).tolist()]
    assert len(datagrams) > 150
    table = decode(b"".join(datagrams), strict=True)[category]
    theirs = [record for datagram in datagrams for record in aviconv.iter_records(datagram)]
    assert len(theirs) == len(table)
    for name, (path, unit) in AVICONV[category].items():
        ours = table[path]
        for row in np.flatnonzero(table.has(path)).tolist():
            assert math.isclose(getattr(theirs[row], name) * unit, ours[row], rel_tol=1e-12, abs_tol=1e-9), name
    for name, (path, form) in AVICONV_TEXTS.get(category, {}).items():
        for row in np.flatnonzero(table.has(path)).tolist():
            assert getattr(theirs[row], name) == form.format(table[path][row]), name


# ---- recordings made by others ----


def recordings(pattern: str) -> list[Path]:
    found = sorted(CAPTURES.glob(pattern)) if CAPTURES.is_dir() else []
    if not found:
        pytest.skip(f"no recording {pattern} in {CAPTURES}")
    return found


def blocks_of(payload: bytes) -> list[bytes]:
    """Data blocks of a payload. The recording of CAT001 and 002 has six octets of a line header before them."""
    at = 6 if payload[:2] == b"\0\x4e" else 0
    found = []
    while at < len(payload) and payload[at] in ALL_CATEGORIES:
        length = int.from_bytes(payload[at + 1 : at + 3], "big")
        found.append(payload[at : at + length])
        at += length
    return found


@pytest.mark.parametrize("name", ["croatia_cat_001_002", "croatia_cat_034_048", "croatia_cat_062_065"])
def test_recordings_are_read_like_libasterix_does_and_written_back(name: str) -> None:
    (capture,) = recordings(f"{name}.pcap")
    codecs: dict[int, LiveCodec] = {}
    n_records = 0
    for datagram in (b for payload in payloads(capture) for b in blocks_of(payload)):
        codec = codecs.setdefault(datagram[0], LiveCodec(datagram[0], partial=True))
        ours = codec.decode(datagram)
        table = decode(datagram, strict=True)[datagram[0]]
        for record, start, length in zip(ours, table.offset.tolist(), table.length.tolist(), strict=True):
            newest: Any = max(ALL_CATEGORIES[datagram[0]], key=lambda e: e.cv_edition)
            theirs = readings(newest, datagram[start : start + length])
            assert [] in [differences(record, reading) for reading in theirs], datagram.hex()
            n_records += 1
        assert codec.encode(ours) == datagram
    assert n_records >= 3
