"""`hil asterix diff`: where two recordings differ, item by item; stamps and the packing into blocks do not count.

Both are read side by side. Records are matched by category, source, time and identity within a window, so records that are missing
or moved on one side do not upset the rest; memory does not grow with the files.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from hil.asterix import LiveCodec
from hil.evidence.decoding import Faults, pieces
from hil.evidence.recording import Recording, open_recording

WINDOW = 4_096  # records that one side may run ahead of the other
# items that say which record it is, whatever else changed; of other categories, source and message type
IDENTITY = {
    1: ("010", "141", "161"),
    15: ("010", "145", "030"),
    20: ("010", "140", "161", "220"),
    21: ("010", "080", "161", "073"),
    34: ("010", "000", "030"),
    48: ("010", "140", "161", "220"),
    62: ("010", "040", "070"),
}
OTHERWISE = ("000", "010", "015")


@dataclass(frozen=True)
class Record:
    """One record: its place in the file, its category and octets."""

    number: int
    category: int
    octets: bytes


@dataclass(frozen=True)
class Difference:
    """`only` is "A" or "B" for a record that the other lacks; else `item` is the path whose values differ (None = absent)."""

    record: Record
    only: str = ""
    item: str = ""
    a: Any = None
    b: Any = None


class Differ:
    """Compares two streams of records; decodes only what is not the same octets."""

    def __init__(self) -> None:
        self._codecs: dict[int, LiveCodec] = {}

    def compare(self, a: Iterator[Record], b: Iterator[Record]) -> Iterator[Difference]:
        """Yield the differences in order."""
        left, right = _Window(a), _Window(b)
        while left.peek() is not None or right.peek() is not None:
            one, other = left.peek(), right.peek()
            if one is not None and other is not None and (one.category, one.octets) == (other.category, other.octets):
                left.take(0)
                right.take(0)
            elif one is None or other is None:
                yield Difference(left.take(0), only="A") if other is None else Difference(right.take(0), only="B")
            else:
                yield from self._settle(left, right, one)

    def _settle(self, left: _Window, right: _Window, one: Record) -> Iterator[Difference]:
        """Heads differ: find the same octets, else the same identity, on the other side; else the record is only in A."""
        same = right.find(lambda r: (r.category, r.octets) == (one.category, one.octets))
        if same < 0:
            identity = self._identity(one)
            same = right.find(lambda r: r.category == one.category and self._identity(r) == identity)
        left.take(0)
        if same < 0:
            yield Difference(one, only="A")
            return
        yield from self._items(one, right.take(same))

    def _items(self, one: Record, other: Record) -> Iterator[Difference]:
        a, b = dict(_flat(self._decode(one))), dict(_flat(self._decode(other)))
        for path in dict.fromkeys([*a, *b]):
            if a.get(path) != b.get(path):
                yield Difference(one, item=path, a=a.get(path), b=b.get(path))

    def _identity(self, record: Record) -> tuple[Any, ...]:
        values = self._decode(record)
        return tuple((item, str(values.get(item))) for item in IDENTITY.get(record.category, OTHERWISE))

    def _decode(self, record: Record) -> dict[str, Any]:
        codec = self._codecs.setdefault(record.category, LiveCodec(record.category))
        block = bytes([record.category]) + (3 + len(record.octets)).to_bytes(2, "big") + record.octets
        return codec.decode(block)[0]


class _Window:
    """The next records of one side, read ahead as far as somebody looks."""

    def __init__(self, records: Iterator[Record]) -> None:
        self._records = records
        self._ahead: deque[Record] = deque()

    def peek(self) -> Record | None:
        return self._ahead[0] if self._ahead or self._more() else None

    def find(self, wanted: Any) -> int:
        """Place of the first record within the window that is `wanted`, or -1."""
        place = 0
        while place < WINDOW and (place < len(self._ahead) or self._more()):
            if wanted(self._ahead[place]):
                return place
            place += 1
        return -1

    def take(self, place: int) -> Record:
        record = self._ahead[place]
        del self._ahead[place]
        return record

    def _more(self) -> bool:
        record = next(self._records, None)
        if record is not None:
            self._ahead.append(record)
        return record is not None


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, f"{path}/{name}" if path else str(name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{place}]")
    else:
        yield path, value


def records(recording: Recording, faults: Faults) -> Iterator[Record]:
    """Records of a recording in the order of the file; what does not decode is noted in `faults`."""
    number = 0
    for piece, decoded in pieces(recording, f"comparing {recording.path.name}"):
        faults.add(piece, decoded)
        rows = [
            (offset, category, length)
            for category, table in decoded.tables.items()
            for offset, length in zip(table.offset.tolist(), table.length.tolist(), strict=True)
        ]
        for offset, category, length in sorted(rows):
            yield Record(number, category, piece.octets[offset : offset + length])
            number += 1


def show(a: Path, b: Path) -> int:
    """Print every difference, one a line, and on standard error what could not be compared because it does not decode.

    Returns the exit code: 0 when there is neither, else 1. Raises ConfigError.
    """
    console = Console(soft_wrap=True, highlight=False)
    total = 0
    both = [open_recording(path) for path in (a, b)]
    faults = [Faults(recording) for recording in both]
    for difference in Differ().compare(*map(records, both, faults)):
        total += 1
        where = f"record {difference.record.number} CAT{difference.record.category:03d}"
        if difference.only:
            console.print(f"{where}: only in {difference.only}: {difference.record.octets.hex()}", markup=False)
        else:
            console.print(
                f"{where} I{difference.record.category:03d}/{difference.item}: {difference.a} → {difference.b}",
                markup=False,
            )
    console.print("no differences" if not total else f"{total} differences")
    undecoded = [side.tell() for side in faults]
    return int(total > 0 or any(undecoded))
