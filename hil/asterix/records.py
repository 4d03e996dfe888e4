"""The records of one category, as columns that are made when they are asked for.

Absent is `NaN` in a quantity, `-1` in an unsigned integer, the lowest number of the dtype in a signed one, and empty in a
string; `has()` says so for certain. Nothing here parses: positions come from the walk in `hil.asterix.decoding`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.asterix.kernel import FIELD, address, field_row, library
from hil.asterix.plans import Field, NodeKind, Plan
from hil.errors import ConfigError

Octets = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Offsets = npt.NDArray[np.int64]
Column = npt.NDArray[Any]

REPEATS = (NodeKind.REPEAT, NodeKind.REPEAT_FX)


@dataclass(frozen=True)
class Segment:
    """A few thousand rows and where their slots are: `position[row // LANES, slot, row % LANES]`, see c/kernel.h."""

    offset: Offsets
    position: npt.NDArray[np.uint16]

    def slot(self, slot: int) -> npt.NDArray[np.uint16]:
        """Octets from each record's start to a slot, 0 where it is absent."""
        return self.position[:, slot].reshape(-1)[: len(self.offset)]


@dataclass(frozen=True)
class RecordTable:
    """All records of one category in a `decode`.

    `offset` i8 and `length` i4: the record's octets in the data; `datagram` i8: row in `spans`; `block` i8: row in
    `Decoded.blocks`; `profile` u1: which of the category's profiles it was read by (0 where there is one).
    """

    plan: Plan = field(repr=False)
    offset: Offsets
    length: npt.NDArray[np.int32]
    datagram: Offsets
    block: Offsets
    profile: npt.NDArray[np.uint8]
    raw: bool
    segments: tuple[Segment, ...] = field(repr=False)
    used: Mask = field(repr=False)  # slots that some row has
    data: Octets = field(repr=False)

    def __len__(self) -> int:
        return len(self.offset)

    @property
    def category(self) -> int:
        return self.plan.category

    @property
    def edition(self) -> str:
        return self.plan.edition

    @property
    def items(self) -> tuple[str, ...]:
        """Items and subfields that at least one record has (`"040"`, `"380"`, `"380/ADR"`), in the order of the tables."""
        slots = self.plan.slots
        return tuple(s.path for s in slots if self.used[s.index] and s.part == 0 and not s.path.endswith("/end"))

    @property
    def paths(self) -> tuple[str, ...]:
        """Single values that at least one record has: what `columns()` gives."""
        return tuple(f.path for f in self.plan.fields if self.used[f.slot] and not f.repeated)

    @property
    def repeated(self) -> tuple[str, ...]:
        """Repetitive items that at least one record has: what `rep()` takes."""
        return tuple(path for path in self.items if self.plan.kind(self.plan.slot(path).index) in REPEATS)

    @property
    def explicit(self) -> tuple[str, ...]:
        """Items of explicit length (RE, SP) that at least one record has: what `payload()` takes."""
        kinds = {s.path: self.plan.kind(s.index) for s in self.plan.slots}
        return tuple(path for path in self.items if kinds[path] is NodeKind.EXPLICIT)

    def unit(self, path: str) -> str:
        """SI unit of a column ("" for a number, code or text)."""
        return self.plan.field(path).unit

    def __contains__(self, path: object) -> bool:
        return path in self.plan.slot_of and bool(self.used[self.plan.slot_of[str(path)]])

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __getitem__(self, path: str) -> Column:
        """The column of one value, one entry per record. ConfigError for a name that the edition lacks."""
        return self.columns([path])[path]

    def columns(self, paths: Iterable[str] | None = None) -> dict[str, Column]:
        """Columns of several values in one pass (default: all of `paths`)."""
        fields = [self.plan.field(path) for path in (self.paths if paths is None else paths)]
        for one in fields:
            if one.repeated:
                raise ConfigError(f"{one.path} repeats within a record", f'use rep("{self._container(one)}")')
        wanted = fields if self.raw else _with_keys(self.plan, fields)
        columns = {one.path: np.empty(len(self), _dtype(one, self.raw)) for one in wanted}
        table = _kernel_fields(wanted, columns, self.raw)
        row = 0
        for segment in self.segments:
            _extract(self.data, segment.offset, segment.position, table, row)
            row += len(segment.offset)
        if not self.raw:
            for one in fields:
                if one.scale_by_case:
                    columns[one.path] = _scaled_by_case(one, columns)
        return {one.path: columns[one.path] for one in fields}

    def has(self, path: str) -> Mask:
        """Which records carry an item, subfield or value."""
        slot = self.plan.slot(path).index
        return np.concatenate([segment.slot(slot) != 0 for segment in self.segments] or [np.zeros(0, bool)])

    def present(self) -> dict[str, Mask]:
        """Which records carry what: what `encode` wants beside the columns. Fixed items that all records have are left out."""
        masks = {}
        for slot in self.plan.slots:
            if self.used[slot.index] and not slot.path.endswith("/end"):
                mask = np.concatenate([segment.slot(slot.index) != 0 for segment in self.segments])
                fixed = self.plan.kind(slot.index) in (NodeKind.FIXED, NodeKind.EXTENDED)
                if not (fixed and mask.all()):  # others may be there and hold nothing, so that no column tells of them
                    masks[slot.path] = mask
        return masks

    def rep(self, path: str) -> tuple[Offsets, dict[str, Column]]:
        """A repetitive item: `offsets` i8[n + 1], elements of record k are `offsets[k]:offsets[k + 1]`, and their columns
        by path below the item (`""` where an element is one value)."""
        slot = self.plan.slot(path)
        if self.plan.kind(slot.index) not in REPEATS:
            raise ConfigError(f"CAT{self.category:03d} item {path} does not repeat", "use table[path]")
        node = self.plan.nodes[slot.node]
        offsets, places = self._places(slot.index, lead=int(node["octets"]), step=int(node["size"]))
        fields = self.plan.fields_of_slot[slot.index]
        columns = {one.path: np.empty(len(places), _dtype(one, self.raw)) for one in fields}
        _extract(self.data, places, None, _kernel_fields(fields, columns, self.raw))
        return offsets, {one.path[len(path) + 1 :]: columns[one.path] for one in fields}

    def payload(self, path: str) -> tuple[Offsets, Octets]:
        """Contents of an explicit item (RE, SP) or of RFS: offsets i8[n + 1] and octets, without length octet."""
        slot = self.plan.slot(path)
        kind = self.plan.kind(slot.index)
        if kind not in (NodeKind.EXPLICIT, NodeKind.RANDOM):
            raise ConfigError(f"CAT{self.category:03d} item {path} has no explicit length", "use table[path]")
        offsets, places = self._places(slot.index, lead=1 if kind is NodeKind.EXPLICIT else 0, step=1)
        return offsets, self.data[places]

    def payloads(self, path: str) -> list[bytes]:
        """`payload` cut into one `bytes` per record (empty where absent)."""
        offsets, octets = self.payload(path)
        whole = octets.tobytes()
        return [whole[a:b] for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)]

    def _container(self, one: Field) -> str:
        return self.plan.slots[one.slot].path

    def _places(self, slot: int, lead: int, step: int) -> tuple[Offsets, Offsets]:
        """Offsets of each record's elements and the octet in the data where each element starts."""
        kernel = library()
        node = self.plan.nodes[self.plan.slots[slot].node : self.plan.slots[slot].node + 1]
        counts = np.zeros(len(self), np.int64)
        row = 0
        for segment in self.segments:
            part = counts[row : row + len(segment.offset)]
            row += len(segment.offset)
            at = segment.slot(slot)
            if self.plan.kind(slot) is NodeKind.RANDOM:
                part[:] = segment.slot(slot + 1).astype(np.int64) - at
            else:
                octets, rows = address(self.data), address(segment.offset)
                kernel.rh_count(octets, len(part), rows, address(at), address(node), address(part))
        offsets = np.concatenate([[0], np.cumsum(counts)])
        places = np.empty(int(offsets[-1]), np.int64)
        row = 0
        for segment in self.segments:
            part = counts[row : row + len(segment.offset)]
            at, to = segment.slot(slot), places[offsets[row] :]
            kernel.rh_place(len(part), address(segment.offset), address(at), address(part), lead, step, address(to))
            row += len(segment.offset)
        return offsets, places


def _dtype(one: Field, raw: bool) -> np.dtype[Any]:
    return one.raw_dtype if raw else one.dtype


def _with_keys(plan: Plan, fields: list[Field]) -> list[Field]:
    """The fields and those that they need to be scaled by."""
    keys = [plan.field(one.case_path) for one in fields if one.scale_by_case]
    return list({one.path: one for one in [*fields, *keys]}.values())


def _scaled_by_case(one: Field, columns: dict[str, Column]) -> Column:
    key = columns[one.case_path]
    scale = np.full(len(key), np.nan)
    for value, factor in one.scale_by_case.items():
        scale[key == value] = factor
    scaled: Column = columns[one.path] * scale
    return scaled


def _kernel_fields(fields: Iterable[Field], columns: dict[str, Column], raw: bool) -> npt.NDArray[Any]:
    """The kernel's view of some fields, writing into their columns."""
    rows = []
    for one in fields:
        column = columns[one.path]
        kind, scale = (one.raw_kind, 1.0) if raw else (one.kind, one.scale)
        fill = one.fill if column.dtype.kind == "i" else 0
        place = (one.slot, one.bit, one.bits)
        rows.append(field_row(place, kind, column.itemsize, scale, column=address(column), fill=fill))
    return np.array(rows, FIELD)


def _extract(
    data: Octets,
    offset: Offsets,
    position: npt.NDArray[np.uint16] | None,
    fields: npt.NDArray[Any],
    first_row: int = 0,
) -> None:
    where, n_slots = (None, 0) if position is None else (address(position), position.shape[1])
    library().rh_extract(
        address(data), len(data), len(offset), address(offset), where, n_slots, address(fields), len(fields), first_row
    )
