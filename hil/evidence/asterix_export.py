"""`hil asterix decode`: a recording of any size as a table on the screen, JSON lines, CSV or Parquet, one pass, bounded memory.

Values are SI. JSON keeps a record's own nesting; CSV and Parquet have a column for each value of the category's edition that
occurs, found in a first pass, and leave repetitive items to JSON.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, TextIO

import numpy as np
from rich.console import Console
from rich.table import Table as Screen

from hil.asterix import LiveCodec
from hil.asterix.records import RecordTable
from hil.errors import ConfigError
from hil.evidence.decoding import Faults, pieces
from hil.evidence.recording import Piece, open_recording

HEAD = ("packet", "stamp_s")
SCREEN_ROWS = 20
SCREEN_COLUMNS = 9


class Writer(Protocol):
    """Takes a category's records piece by piece."""

    def write(self, category: int, columns: Mapping[str, np.ndarray[Any, Any]]) -> None: ...
    def close(self) -> None: ...


def export(path: Path, form: str, out: Path | None, category: int | None) -> int:
    """Write the records of `path` in `form` (table, json, csv, parquet); `category` leaves the others out.

    CSV and Parquet go to the folder `out`, one file a category; JSON to the file `out` or standard output. Faults and packets that
    were left out are told on standard error. Returns the exit code: 0, or 1 when something did not decode. Raises ConfigError.
    """
    if form == "json":
        return _as_json(path, out, category)
    columns = _columns_in_use(path, category) if form != "table" else {}
    with ExitStack() as stack:
        writer: Writer
        if form == "table":
            writer = _Screen()
        elif form == "csv":
            writer = _Csv(_folder(out), columns)
        else:
            writer = _Parquet(_folder(out), columns)
        stack.callback(writer.close)
        recording, first = open_recording(path), 0
        faults = Faults(recording)
        for piece, decoded in pieces(recording, f"decoding {path.name}"):
            for number, table in sorted(decoded.tables.items()):
                if category in (None, number):
                    paths = columns.get(number, table.paths)
                    writer.write(number, _head(table, piece, first) | _columns(table, paths))
            faults.add(piece, decoded)
            first += len(piece.offset)
    return faults.tell()


def _head(table: RecordTable, piece: Piece, first: int) -> dict[str, np.ndarray[Any, Any]]:
    return {"packet": table.datagram + first, "stamp_s": piece.stamp_ns[table.datagram] * 1e-9}


def _columns(table: RecordTable, paths: Sequence[str]) -> dict[str, np.ndarray[Any, Any]]:
    """Columns in the order of `paths`, masked where a record does not have the value."""
    values = table.columns(paths)
    return {path: np.ma.masked_array(values[path], ~table.has(path)) for path in paths}


def _columns_in_use(path: Path, category: int | None) -> dict[int, list[str]]:
    used: dict[int, dict[str, None]] = {}
    for _, decoded in pieces(open_recording(path), f"looking through {path.name}"):
        for number, table in decoded.tables.items():
            if category in (None, number):
                used.setdefault(number, {}).update(dict.fromkeys(table.paths))
    return {number: list(paths) for number, paths in used.items()}


def _folder(out: Path | None) -> Path:
    if out is None:
        raise ConfigError("CSV and Parquet need a folder to write to", "give --out FOLDER")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{out} cannot be made ({error.strerror})", "give another --out") from None
    return out


def _plain(value: Any) -> Any:
    """A cell as text formats have it: None where absent, text for octets."""
    if value is np.ma.masked:
        return None
    plain = value.item() if isinstance(value, np.generic) else value
    return plain.decode("latin1").rstrip() if isinstance(plain, bytes) else plain


# ---- the forms ----


def _as_json(path: Path, out: Path | None, category: int | None) -> int:
    recording, first = open_recording(path), 0
    faults = Faults(recording)
    codecs: dict[int, LiveCodec] = {}
    with ExitStack() as stack:
        try:
            file: TextIO = stack.enter_context(out.open("w", encoding="utf-8")) if out else sys.stdout
        except OSError as error:
            raise ConfigError(f"{out} cannot be written ({error.strerror})", "give another --out") from None
        for piece, decoded in pieces(recording, f"decoding {path.name}"):
            for number, table in sorted(decoded.tables.items()):
                if category not in (None, number):
                    continue
                codec = codecs.setdefault(number, LiveCodec(number, source=str(path)))
                rows = zip(table.offset.tolist(), table.length.tolist(), table.datagram.tolist(), strict=True)
                for offset, length, datagram in rows:
                    record = piece.octets[offset : offset + length]
                    block = bytes([number]) + (3 + length).to_bytes(2, "big") + record
                    facts = {"packet": first + datagram, "stamp_s": piece.stamp_ns[datagram] * 1e-9, "category": number}
                    json.dump(facts | codec.decode(block)[0], file, default=_hexadecimal)
                    file.write("\n")
            faults.add(piece, decoded)
            first += len(piece.offset)
    return faults.tell()


def _hexadecimal(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else _plain(value)


class _Screen:
    """The first records of each category as they would stand in a notebook, and how many there are."""

    def __init__(self) -> None:
        self._shown: dict[int, Screen] = {}
        self._counts: dict[int, int] = {}

    def write(self, category: int, columns: Mapping[str, np.ndarray[Any, Any]]) -> None:
        self._counts[category] = self._counts.get(category, 0) + len(columns["packet"])
        names = [
            name
            for name, column in columns.items()
            if name in HEAD or name.startswith("010/") or column.dtype.itemsize > 1
        ]
        names = names[:SCREEN_COLUMNS]  # flags and short codes are left to the other forms
        if category not in self._shown:
            self._shown[category] = Screen(*names, box=None, pad_edge=False, header_style="bold")
        screen = self._shown[category]
        for row in range(min(len(columns["packet"]), SCREEN_ROWS - screen.row_count)):
            shown = [str(column.header) for column in screen.columns]
            cells = [_plain(columns[name][row]) if name in columns else None for name in shown]
            screen.add_row(
                *("" if cell is None else f"{cell:.10g}" if isinstance(cell, float) else str(cell) for cell in cells)
            )

    def close(self) -> None:
        console = Console()
        for category, screen in sorted(self._shown.items()):
            more = f", the first {screen.row_count} shown" if screen.row_count < self._counts[category] else ""
            console.print(
                f"[bold]CAT{category:03d}[/]  {self._counts[category]} records{more}; SI units; --to json has every item"
            )
            console.print(screen)


class _Csv:
    """One file a category."""

    def __init__(self, folder: Path, columns: Mapping[int, Sequence[str]]) -> None:
        self._files = {n: (folder / f"cat{n:03d}.csv").open("w", newline="", encoding="utf-8") for n in columns}
        self._writers = {number: csv.writer(file) for number, file in self._files.items()}
        for number, writer in self._writers.items():
            writer.writerow([*HEAD, *columns[number]])

    def write(self, category: int, columns: Mapping[str, np.ndarray[Any, Any]]) -> None:
        cells = [[_plain(value) for value in column] for column in columns.values()]
        self._writers[category].writerows(zip(*cells, strict=True))

    def close(self) -> None:
        for file in self._files.values():
            file.close()


class _Parquet:
    """One file a category, a row group a piece."""

    def __init__(self, folder: Path, columns: Mapping[int, Sequence[str]]) -> None:
        try:
            import pyarrow  # noqa: PLC0415  # an extra
            import pyarrow.parquet  # noqa: PLC0415
        except ImportError:
            raise ConfigError("Parquet needs the package pyarrow", "pip install 'radar-hil[parquet]'") from None
        self._arrow = pyarrow
        self._folder = folder
        self._open: dict[int, Any] = {}
        self._names = columns

    def write(self, category: int, columns: Mapping[str, np.ndarray[Any, Any]]) -> None:
        arrays = {}
        for name, column in columns.items():
            mask = np.ma.getmaskarray(column)
            values = np.ma.getdata(column)
            if values.dtype.kind == "S":
                values = np.char.rstrip(np.char.decode(values, "latin1")).astype(object)
            arrays[name] = self._arrow.array(values, mask=mask)
        table = self._arrow.table(arrays)
        if category not in self._open:
            path = self._folder / f"cat{category:03d}.parquet"
            self._open[category] = self._arrow.parquet.ParquetWriter(path, table.schema)
        self._open[category].write_table(table)

    def close(self) -> None:
        for writer in self._open.values():
            writer.close()
