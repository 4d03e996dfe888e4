"""`hil asterix`: what a user sees of a recording, in every form, and how two recordings differ."""

from __future__ import annotations

import csv
import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hil.asterix import encode
from hil.evidence import asterix_diff, asterix_export, asterix_stats
from hil.evidence.decoding import Faults
from hil.evidence.recording import open_recording

ROWS = 40


def blocks(**changed: float) -> list[bytes]:
    columns = {
        "010/SAC": np.full(ROWS, 250),
        "010/SIC": np.arange(ROWS) % 2,
        "140": 43_200.0 + np.arange(ROWS),
        "020/TYP": np.full(ROWS, 5),
        "040/RHO": 1852.0 * (10 + np.arange(ROWS)),
        "040/THETA": np.full(ROWS, 0.5),
        "220": 0x100000 + np.arange(ROWS),
    }
    for path, value in changed.items():
        columns[path.replace("_", "/")][7] = value
    return encode(48, columns, mtu=200)


def pcap(path: Path, payloads: list[bytes]) -> Path:
    packets = []
    for payload in payloads:
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0, bytes(4), bytes(4))
        packets.append(ip + struct.pack(">HHHH", 1, 8600, 8 + len(payload), 0) + payload)
    header = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 101)
    path.write_bytes(header + b"".join(struct.pack("<IIII", k, 5, len(p), len(p)) + p for k, p in enumerate(packets)))
    return path


def records(path: Path) -> Iterator[asterix_diff.Record]:
    recording = open_recording(path)
    return asterix_diff.records(recording, Faults(recording))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return pcap(tmp_path / "plots.pcap", blocks())


def test_json_has_every_record_with_its_own_nesting(recording: Path, tmp_path: Path) -> None:
    assert asterix_export.export(recording, "json", tmp_path / "out.jsonl", None) == 0
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert len(rows) == ROWS
    assert rows[3]["010"] == {"SAC": 250, "SIC": 1}
    assert rows[3]["220"] == 0x100003
    assert rows[3]["040"]["RHO"] == pytest.approx(13 * 1852.0)


def test_csv_and_parquet_say_the_same(recording: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    assert asterix_export.export(recording, "csv", tmp_path, None) == 0
    assert asterix_export.export(recording, "parquet", tmp_path, None) == 0
    with (tmp_path / "cat048.csv").open() as file:
        rows = list(csv.DictReader(file))
    table = parquet.read_table(tmp_path / "cat048.parquet")
    assert list(rows[0]) == table.column_names
    assert [float(row["040/RHO"]) for row in rows] == table["040/RHO"].to_pylist()


def test_stats_count_sources_items_and_faults(recording: Path, tmp_path: Path) -> None:
    found = asterix_stats.count(recording).categories[48]
    assert (found.records, found.sources[250, 0], found.sources[250, 1]) == (ROWS, ROWS // 2, ROWS // 2)
    assert found.items["040"] == ROWS
    broken = pcap(tmp_path / "broken.pcap", [*blocks(), b"\x30\x00\x09\xfd\x01"])
    faults = asterix_stats.count(broken).faults
    assert sum(faults.values()) == 1


def test_a_recording_does_not_differ_from_itself_packed_otherwise(recording: Path, tmp_path: Path) -> None:
    raw = tmp_path / "plots.raw"
    raw.write_bytes(b"".join(blocks()))
    assert asterix_diff.show(recording, raw) == 0


def test_one_changed_item_is_the_only_difference(recording: Path, tmp_path: Path) -> None:
    other = pcap(tmp_path / "other.pcap", blocks(**{"040_RHO": 1852.0 * 99}))
    found = list(asterix_diff.Differ().compare(records(recording), records(other)))
    assert [(d.only, d.item, d.a, d.b) for d in found] == [("", "040/RHO", 17 * 1852.0, 99 * 1852.0)]


def test_a_missing_record_is_the_only_difference(recording: Path) -> None:
    whole = list(records(recording))
    found = list(asterix_diff.Differ().compare(iter(whole), iter(whole[:9] + whole[10:])))
    assert [(d.only, d.record.number) for d in found] == [("A", 9)]
    found = list(asterix_diff.Differ().compare(iter(whole[:9] + whole[10:]), iter(whole)))
    assert [(d.only, d.record.number) for d in found] == [("B", 9)]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Four times the file takes about the same memory (peak of a process of its own)."""
    payloads = blocks()

    def peak_octets(copies: int) -> int:
        path = pcap(tmp_path / f"{copies}.pcap", payloads * copies)
        program = f"from pathlib import Path; from hil.evidence import asterix_stats; asterix_stats.count(Path({str(path)!r}))"
        peak = "next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))"  # ru_maxrss would hold the parent's
        done = subprocess.run(
            [sys.executable, "-c", f"{program}; print({peak})"], capture_output=True, text=True, check=True
        )
        return int(done.stdout.split()[-2]) << 10

    small, large = peak_octets(20_000), peak_octets(80_000)
    assert large < small + (48 << 20)
    assert large < 500 << 20


def test_a_torn_recording_is_read_to_the_tear(recording: Path) -> None:
    recording.write_bytes(recording.read_bytes()[:-3])
    torn = open_recording(recording)
    assert len(torn.whole().offset) == torn.packets > 0
    assert 0 < torn.cut_at < torn.size


@pytest.mark.parametrize("form", ["pcap", "raw"])
def test_every_verb_tells_that_a_recording_is_torn(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    torn = tmp_path / f"torn.{form}"
    torn.write_bytes((recording.read_bytes() if form == "pcap" else b"".join(blocks()))[:-7])
    assert asterix_stats.show(torn, asterix_stats.count(torn)) == 1
    assert asterix_export.export(torn, "json", tmp_path / "out", None) == 1
    assert asterix_diff.show(torn, torn) == 1
    said = capsys.readouterr()
    assert said.out.count("breaks off") + said.err.count("breaks off") == 4


def test_records_that_do_not_decode_are_no_part_of_a_comparison_and_told(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = pcap(tmp_path / "broken.pcap", [*blocks(), bytes.fromhex("300009ff0102030405")])
    assert asterix_diff.show(recording, broken) == 1
    said = capsys.readouterr()
    assert "no differences" in said.out
    assert "broken.pcap: 1 pieces do not decode" in said.err


@pytest.mark.parametrize("form", ["pcap", "raw"])
def test_a_fault_is_told_with_its_octet_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    bad = bytes.fromhex("300009ff0102030405")  # an FSPEC that promises more than there is
    if form == "pcap":
        path = pcap(tmp_path / "bad.pcap", [*blocks(), bad])
    else:
        path = tmp_path / "bad.raw"
        path.write_bytes(b"".join([*blocks(), bad]))
    assert asterix_export.export(path, "json", tmp_path / "out", None) == 1
    place = int(capsys.readouterr().err.split("(octet ")[1].split(" of the file")[0])
    start = path.read_bytes().index(bad)
    assert start <= place < start + len(bad)
