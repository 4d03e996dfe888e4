"""Columns → data blocks, packed up to an MTU. Whatever the format cannot carry is refused by name: nothing is clipped,
wrapped or left out in silence.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.asterix.decoding import profile_number
from hil.asterix.kernel import FIELD, PRESENCE, LayoutJob, address, library
from hil.asterix.limits import mandatory_items, raw_limit, raw_limits
from hil.asterix.plans import RANDOM_FIELDS, Field, FieldKind, NodeKind, Plan, Slot, plan
from hil.asterix.records import REPEATS, Mask, Octets, Offsets
from hil.errors import EncodeError

DEFAULT_MTU = 1400  # octets of UDP payload

_ROWS_PER_PASS = 4096
_FITS, _NO_ROOM, _TOO_LONG, _TOO_MANY, _NONE, _TEXT_LONG, _CHARACTER, _RANGE, _NO_VALUE = range(9)


def encode(
    category: int,
    columns: Mapping[str, Any],
    *,
    edition: str | None = None,
    expansion: str | None = None,
    profile: str | None = None,
    present: Mapping[str, npt.ArrayLike] | None = None,
    mtu: int = DEFAULT_MTU,
    partial: bool = False,
) -> list[bytes]:
    """Encode records as data blocks of at most `mtu` octets each (a longer record gets a block of its own).

    columns: path → values in SI, one per record, as `RecordTable.columns` gives them. A repetitive item is
    `path → (offsets, {path below it: values})` as from `rep`, an explicit one `path → (offsets, octets)` as from `payload`
    or a sequence of `bytes`. present: path of an item, subfield or value → mask of the records that have it (default: all);
    values of absent items are not looked at. Flags and codes of a present item that have no column are 0; quantities and
    texts must be given. profile: for CAT001 and CAT007 (default: the first). partial: do not ask for mandatory items.

    Raises EncodeError naming item, value and row for what the format cannot carry; ConfigError for unknown names.
    """
    buffer, starts, _ = encode_records(
        category,
        columns,
        edition=edition,
        expansion=expansion,
        profile=profile,
        present=present,
        mtu=mtu,
        partial=partial,
    )
    whole = buffer.tobytes()
    ends = [*starts[1:].tolist(), len(whole)]
    return [whole[a:b] for a, b in zip(starts.tolist(), ends, strict=True)]


def encode_records(
    category: int,
    columns: Mapping[str, Any],
    *,
    edition: str | None = None,
    expansion: str | None = None,
    profile: str | None = None,
    present: Mapping[str, npt.ArrayLike] | None = None,
    mtu: int = DEFAULT_MTU,
    partial: bool = False,
) -> tuple[Octets, Offsets, Offsets]:
    """As `encode`, in one buffer: (octets u1, offset of each data block i8, offset of each record i8)."""
    used = plan(category, edition, expansion)
    if not 64 <= mtu <= 65_507:
        raise EncodeError(f"mtu of {mtu} octets", "choose 64 … 65507")
    request = _Request(used, columns, {} if present is None else present)
    if not partial:
        request.demand(mandatory_items(category))
    number = max(profile_number(used, profile), 0)
    request.refuse_foreign(number)
    return _Writer(used, request, int(used.roots[number]), mtu).write()


class _Request:
    """What the caller wants written, checked and put into one form: values by field, presence and amounts by slot."""

    def __init__(self, used: Plan, columns: Mapping[str, Any], present: Mapping[str, npt.ArrayLike]) -> None:
        self.plan = used
        self.values: dict[int, npt.NDArray[Any]] = {}  # field index → contiguous f8, i8 or S, one per row or element
        self.offsets: dict[int, Offsets] = {}  # slot → offsets of its elements or octets
        self.payload: dict[int, Octets] = {}
        self.n = _rows(columns)
        self.given = {used.slot(path).index: self._mask(path, mask) for path, mask in present.items()}
        for path, column in columns.items():
            self._take(path, column)
        self._scale_by_case()
        self.masks = self._presence()
        self._demand_values()

    def _mask(self, path: str, mask: npt.ArrayLike) -> Mask:
        flags = np.asarray(mask)
        if flags.dtype != np.bool_ or flags.shape != (self.n,):
            raise EncodeError(f"present[{path!r}] is {flags.dtype}{list(flags.shape)}", f"give bool[{self.n}]")
        return np.ascontiguousarray(flags)

    def _take(self, path: str, column: Any) -> None:
        slot = self.plan.slot(path)
        kind = self.plan.kind(slot.index)
        if path in self.plan.field_of and not self.plan.field(path).repeated:
            one = self.plan.field(path)
            self.values[one.index] = self._column(one, column, self.n)
        elif kind in REPEATS and slot.path == path:
            offsets, elements = column
            self.offsets[slot.index] = self._offsets(path, offsets)
            for below, values in elements.items():
                one = self.plan.field(f"{path}/{below}" if below else path)
                self.values[one.index] = self._column(one, values, int(self.offsets[slot.index][-1]))
        elif kind in (NodeKind.EXPLICIT, NodeKind.RANDOM):
            self._take_payload(slot, column)
        else:
            raise EncodeError(f"{self._name(path)} is not one value", "give columns for the fields below it")

    def _take_payload(self, slot: Slot, column: Any) -> None:
        if isinstance(column, tuple) and len(column) == 2 and isinstance(column[1], np.ndarray):
            offsets, octets = column
        else:
            offsets = np.concatenate([[0], np.cumsum([len(part) for part in column])])
            octets = np.frombuffer(b"".join(bytes(part) for part in column), np.uint8)
        self.offsets[slot.index] = self._offsets(slot.path, offsets)
        self.payload[slot.index] = np.ascontiguousarray(octets, np.uint8)
        if self.offsets[slot.index][-1] > len(octets):
            raise EncodeError(
                f"{self._name(slot.path)}: offsets end behind its {len(octets)} octets", "mend the offsets"
            )

    def _offsets(self, path: str, offsets: npt.ArrayLike) -> Offsets:
        out = np.ascontiguousarray(offsets, np.int64)
        if out.shape != (self.n + 1,) or out[0] != 0 or (np.diff(out) < 0).any():
            raise EncodeError(f"{self._name(path)}: offsets {out.shape} do not rise from 0", f"give i8[{self.n + 1}]")
        return out

    def _column(self, one: Field, values: Any, n: int) -> npt.NDArray[Any]:
        column = np.asarray(values)
        if column.shape != (n,):
            raise EncodeError(f"{self._name(one.path)} has shape {column.shape}, not ({n},)", "give one value each")
        wanted, accepted = ("f8", "fiu") if one.is_quantity else ("i8", "iub") if one.dtype.kind in "iu" else ("", "SV")
        if column.dtype.kind == "U":
            column = self._ascii(one, column)
        if column.dtype.kind not in accepted:
            kind = {"f8": "numbers", "i8": "integers"}.get(wanted, "text")
            raise EncodeError(f"{self._name(one.path)} is {column.dtype}", f"give {kind}")
        if wanted == "i8" and column.dtype == np.uint64 and one.bits < 64:
            column = np.minimum(column, np.uint64(2**63 - 1))
        return np.ascontiguousarray(column, wanted or None)

    def _ascii(self, one: Field, column: npt.NDArray[Any]) -> npt.NDArray[Any]:
        try:
            return column.astype("S")
        except UnicodeEncodeError as error:
            raise EncodeError(f"{self._name(one.path)} has text beyond ASCII", "give ASCII text") from error

    def _scale_by_case(self) -> None:
        """Turn SI values whose LSB depends on another field into raw ones."""
        for one in self.plan.fields:
            if one.index in self.values and one.scale_by_case:
                key = self.values.get(self.plan.field(one.case_path).index)
                scale = np.full(self.n, np.nan)
                for value, factor in one.scale_by_case.items():
                    scale[(key == value) if key is not None else np.full(self.n, value == 0)] = factor
                self.values[one.index] = np.ascontiguousarray(self.values[one.index] / scale)

    def _presence(self) -> list[Mask | None]:
        """Mask of each slot (None: no row has it); a parent is there when it is asked for or when a child is."""
        slots = self.plan.slots
        touched = {self.plan.fields[index].slot for index in self.values} | set(self.offsets) | set(self.given)
        masks: list[Mask | None] = [None] * len(slots)
        for slot in slots:  # parents come before children
            if slot.index in touched:
                masks[slot.index] = self._own_mask(slot)
        for slot in reversed(slots):
            mask = masks[slot.index]
            if mask is not None and slot.parent >= 0:
                above = masks[slot.parent]
                masks[slot.parent] = mask if above is None else above | mask
            if mask is not None and slot.part > 0:
                before = next(s.index for s in slots if s.node == slot.node and s.part == slot.part - 1)
                earlier = masks[before]
                masks[before] = mask if earlier is None else earlier | mask
        return masks

    def _own_mask(self, slot: Slot) -> Mask:
        if slot.index in self.given:
            mask = self.given[slot.index]
        elif slot.index in self.offsets:
            mask = np.diff(self.offsets[slot.index]) > 0
        else:
            mask = np.ones(self.n, bool)
        owner = slot.parent
        if slot.part > 0 and slot.index not in self.given:
            owner = next(s.index for s in self.plan.slots if s.node == slot.node and s.part == 0)
        above = self.given.get(owner)
        return mask if above is None else mask & above

    def _demand_values(self) -> None:
        """Refuse a present item without its quantities, texts, elements or octets."""
        for slot, mask in zip(self.plan.slots, self.masks, strict=True):
            if mask is None or not mask.any():
                continue
            kind = self.plan.kind(slot.index)
            fields = self.plan.fields_of_slot[slot.index]
            below = any(self.masks[s.index] is not None for s in self.plan.slots if s.parent == slot.index)
            needs_amount = kind in REPEATS or kind is NodeKind.RANDOM or (kind is NodeKind.EXPLICIT and not below)
            if needs_amount and slot.index not in self.offsets and not slot.path.endswith("/end"):
                raise EncodeError(f"{self._name(slot.path)} is present without contents", "give offsets and values")
            for one in fields:
                if one.index not in self.values and (one.is_quantity or one.dtype.kind in "SV"):
                    row = int(np.argmax(mask))
                    raise EncodeError(f"{self._name(one.path)} has no column, row {row} needs it", "give its values")

    def refuse_foreign(self, profile: int) -> None:
        """An item that the profile has no place for would vanish without a word."""
        allowed = self.plan.items_of_profile(profile)
        for slot, mask in zip(self.plan.slots, self.masks, strict=True):
            foreign = slot.parent < 0 and slot.part == 0 and slot.index not in allowed
            if foreign and mask is not None and mask.any():
                name = self.plan.profiles[profile] or "record"
                raise EncodeError(
                    f"{self._name(slot.path)} has no place in a {name}", "leave it out or name its profile"
                )

    def demand(self, items: Sequence[str]) -> None:
        for item in items:
            if item not in self.plan.slot_of:
                continue
            mask = self.masks[self.plan.slot_of[item]]
            if mask is None or not mask.all():
                row = 0 if mask is None else int(np.argmin(mask))
                raise EncodeError(
                    f"{self._name(item)} is mandatory and missing in row {row}", "give it, or encode partial"
                )

    def _name(self, path: str) -> str:
        return f"I{self.plan.category:03d}/{path}"


@dataclass
class _Writer:
    """Drives the kernel: structure first, then values, a few thousand rows at a time."""

    plan: Plan
    request: _Request
    root: int
    mtu: int

    def write(self) -> tuple[Octets, Offsets, Offsets]:
        request, n = self.request, self.request.n
        presence = self._presence_table()
        out = np.zeros(self._bound(), np.uint8)
        blocks, rows = np.empty(n, np.int64), np.empty(n, np.int64)
        job = LayoutJob(
            nodes=address(self.plan.nodes),
            presence=address(presence),
            out=address(out),
            size=len(out),
            root=self.root,
            category=self.plan.category,
            mtu=self.mtu,
            block=-1,
            block_offset=address(blocks),
        )
        single = _kernel_fields(self.plan, request.values, repeated=False)
        for first in range(0, n, _ROWS_PER_PASS):
            part = rows[first : first + _ROWS_PER_PASS]
            position = np.zeros((len(self.plan.slots), len(part)), np.uint16)
            job.first_row, job.n_rows, job.row_offset = first, len(part), address(part)
            job.position, job.slot_stride = address(position), len(part)
            refusal = library().rh_layout(ctypes.byref(job))
            if refusal:
                raise self._layout_error(refusal, int(job.bad_row), int(job.bad_node))
            self._insert(out, part, position, single, first)
            single["column"] += len(part) * single["stride"]
            self._insert_repeated(out, part, position, first)
        size = library().rh_finish(ctypes.byref(job))
        return out[:size], blocks[: job.n_blocks], rows

    def _presence_table(self) -> npt.NDArray[Any]:
        table = np.zeros(len(self.plan.slots), PRESENCE)
        for slot, mask in enumerate(self.request.masks):
            if mask is not None:
                table[slot]["mask"], table[slot]["mask_stride"] = address(mask), 1
            if slot in self.request.offsets:
                table[slot]["offsets"] = address(self.request.offsets[slot])
            if slot in self.request.payload:
                table[slot]["payload"] = address(self.request.payload[slot])
        return table

    def _bound(self) -> int:
        """Octets that are enough for all records and block headers."""
        request, nodes = self.request, self.plan.nodes
        total = 64 + request.n * (3 + 1 + int(nodes["size"][self.root]))
        for slot, mask in zip(self.plan.slots, request.masks, strict=True):
            if mask is None:
                continue
            node, kind = nodes[slot.node], self.plan.kind(slot.index)
            elements = int(request.offsets[slot.index][-1]) if slot.index in request.offsets else 0
            if kind in REPEATS:
                total += request.n * int(node["octets"]) + elements * int(node["size"])
            elif kind is NodeKind.EXTENDED:
                total += request.n * int(nodes["size"][node["first"] + slot.part])
            else:
                total += request.n * (2 + int(node["size"])) + elements
        return total

    def _insert(
        self, out: Octets, rows: Offsets, position: npt.NDArray[np.uint16], fields: npt.NDArray[Any], first: int
    ) -> None:
        row, which = ctypes.c_int64(), ctypes.c_int64()
        refusal = library().rh_insert(
            address(out),
            len(rows),
            address(rows),
            address(position),
            len(rows),
            address(fields),
            len(fields),
            ctypes.byref(row),
            ctypes.byref(which),
        )
        if refusal:
            singles = [self.plan.fields[i] for i in self.request.values if not self.plan.fields[i].repeated]
            raise self._value_error(refusal, singles[which.value], first + row.value, first + row.value)

    def _insert_repeated(self, out: Octets, rows: Offsets, position: npt.NDArray[np.uint16], first: int) -> None:
        for slot, offsets in self.request.offsets.items():
            fields = [one for one in self.plan.fields_of_slot[slot] if one.index in self.request.values]
            if not fields:
                continue
            begin, end = offsets[first], offsets[first + len(rows)]
            mask = self.request.masks[slot]
            assert mask is not None
            counts = np.where(mask[first : first + len(rows)], np.diff(offsets[first : first + len(rows) + 1]), 0)
            if counts.sum() != end - begin:
                raise EncodeError(
                    f"{self._name(self.plan.slots[slot].path)} has elements where it is absent", "mend present"
                )
            node = self.plan.nodes[self.plan.slots[slot].node]
            places = np.empty(int(end - begin), np.int64)
            at = np.ascontiguousarray(position[slot])
            library().rh_place(
                len(rows),
                address(rows),
                address(at),
                address(counts),
                int(node["octets"]),
                int(node["size"]),
                address(places),
            )
            values = {one.index: self.request.values[one.index][begin:end] for one in fields}
            table = _kernel_fields(self.plan, values, repeated=True)
            row, which = ctypes.c_int64(), ctypes.c_int64()
            refusal = library().rh_insert(
                address(out),
                len(places),
                address(places),
                None,
                0,
                address(table),
                len(table),
                ctypes.byref(row),
                ctypes.byref(which),
            )
            if refusal:
                element = int(begin) + row.value
                record = int(np.searchsorted(offsets, element, "right")) - 1
                raise self._value_error(refusal, fields[which.value], element, record)

    def _name(self, path: str) -> str:
        return f"I{self.plan.category:03d}/{path}"

    def _layout_error(self, refusal: int, row: int, node: int) -> EncodeError:
        slot = int(self.plan.nodes["slot"][node])
        path = self.plan.slots[slot].path if slot >= 0 else "record"
        cause, remedy = {
            _TOO_LONG: ("makes the record longer than 65532 octets", "give fewer elements"),
            _TOO_MANY: ("has more elements or octets than its count can say", "give fewer"),
            _NONE: ("is present with no element", "leave it out of `present`"),
        }.get(refusal, ("does not fit the output buffer", "report it as a bug"))
        return EncodeError(f"{self._name(path)} {cause}, row {row}", remedy)

    def _value_error(self, refusal: int, one: Field, index: int, row: int) -> EncodeError:
        value = self.request.values[one.index][index]
        name = f"{self._name(one.path)} = {value}{f' {one.unit}' if one.unit else ''} in row {row}"
        limit = raw_limit(self.plan.category, one)
        if refusal == _NO_VALUE:
            return EncodeError(f"{name} is not a number", "give a value, or mark the item absent in `present`")
        if refusal == _RANGE:
            return EncodeError(
                f"{name} is out of range", f"give {limit.low * one.scale:g} … {limit.high * one.scale:g}"
            )
        if refusal == _TEXT_LONG:
            return EncodeError(f"{name} is longer than {one.dtype.itemsize} characters", "shorten it")
        return EncodeError(f"{name} has a character that the field cannot carry", "use capitals, digits and spaces")


def _rows(columns: Mapping[str, Any]) -> int:
    for column in columns.values():
        if isinstance(column, tuple):
            return len(column[0]) - 1
        return len(column)
    raise EncodeError("no columns to encode", "give at least one")


def _kernel_fields(used: Plan, values: Mapping[int, npt.NDArray[Any]], *, repeated: bool) -> npt.NDArray[Any]:
    limit = raw_limits(used.category, used.edition, used.expansion_edition)
    rows = []
    for index, column in values.items():
        one, bound = used.fields[index], limit[index]
        if one.repeated is not repeated:
            continue
        head = (one.slot, one.bit, one.bits, one.kind, column.itemsize, one.is_signed, one.scale, 0)
        rows.append((*head, *bound.kernel, address(column), column.itemsize))
    return np.array(rows, FIELD)


__all__ = ["DEFAULT_MTU", "RANDOM_FIELDS", "FieldKind", "encode", "encode_records"]
