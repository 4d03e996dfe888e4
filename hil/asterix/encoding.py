"""Columns → data blocks, packed up to an MTU. Whatever the format cannot carry is refused by name: nothing is clipped,
wrapped or left out in silence.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.asterix.decoding import profile_number
from hil.asterix.kernel import FIELD, LANES, PRESENCE, EncodeJob, address, field_row, library
from hil.asterix.limits import mandatory_items, raw_limit, raw_limits
from hil.asterix.plans import Field, NodeKind, Plan, plan
from hil.asterix.records import REPEATS, Octets, Offsets
from hil.asterix.request import Request
from hil.errors import EncodeError

DEFAULT_MTU = 1400  # octets of UDP payload

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
    request = Request(used, columns, {} if present is None else present)
    if not partial:
        request.demand(mandatory_items(category))
    number = max(profile_number(used, profile), 0)
    request.refuse_foreign(number)
    return _Writer(used, request, int(used.roots[number]), mtu).write()


@dataclass
class _Writer:
    """Drives the kernel: structure first, then values, a few thousand rows at a time."""

    plan: Plan
    request: Request
    root: int
    mtu: int

    def write(self) -> tuple[Octets, Offsets, Offsets]:
        n = self.request.n
        presence = self._presence_table()
        fields, single = self._fields(repeated=False)
        elements, repeated = self._fields(repeated=True)
        out = np.zeros(self._bound(), np.uint8)
        blocks, rows = np.empty(n, np.int64), np.empty(n, np.int64)
        position = np.empty((len(self.plan.slots), LANES), np.uint16)
        children = np.empty((int(self.plan.nodes["ordinal"].max()) + 1, LANES), np.uint64)
        job = EncodeJob(
            nodes=address(self.plan.nodes),
            n_nodes=len(self.plan.nodes),
            n_slots=len(self.plan.slots),
            presence=address(presence),
            fields=address(single),
            n_fields=len(single),
            repeated=address(repeated),
            n_repeated=len(repeated),
            n_rows=n,
            root=self.root,
            category=self.plan.category,
            mtu=self.mtu,
            out=address(out),
            size=len(out),
            block=-1,
            block_offset=address(blocks),
            row_offset=address(rows),
            position=address(position),
            children=address(children),
        )
        refusal = library().rh_encode(ctypes.byref(job))
        if refusal and job.bad_node >= 0:
            raise self._layout_error(refusal, int(job.bad_row), int(job.bad_node))
        if refusal:
            one = [*fields, *elements][job.bad_field]
            raise self._value_error(refusal, one, int(job.bad_element), int(job.bad_row))
        return out[: job.at], blocks[: job.n_blocks], rows

    def _fields(self, *, repeated: bool) -> tuple[list[Field], npt.NDArray[Any]]:
        """The fields that have a column, in the order of the record, and as the kernel takes them."""
        limits = raw_limits(self.plan.category, self.plan.edition, self.plan.expansion_edition)
        fields = [self.plan.fields[index] for index in sorted(self.request.values)]
        fields = [one for one in fields if one.repeated is repeated]
        rows = []
        for one in fields:
            column, node = self.request.values[one.index], self.plan.nodes[self.plan.slots[one.slot].node]
            rows.append(
                field_row(
                    (one.slot, one.bit, one.bits),
                    one.kind,
                    column.itemsize,
                    one.scale,
                    column=address(column),
                    limit=limits[one.index].kernel,
                    element=(int(node["octets"]), int(node["size"])) if repeated else (0, 0),
                )
            )
        return fields, np.array(rows, FIELD)

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
                f"{name} is out of range", f"give {limit.low * one.scale:.12g} … {limit.high * one.scale:.12g}"
            )
        if refusal == _TEXT_LONG:
            return EncodeError(f"{name} is longer than {one.dtype.itemsize} characters", "shorten it")
        return EncodeError(f"{name} has a character that the field cannot carry", "use capitals, digits and spaces")
