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
from hil.asterix.limits import mandatory_items, raw_limits
from hil.asterix.plans import Field, NodeKind, Plan, plan
from hil.asterix.records import REPEATS, Octets, Offsets
from hil.asterix.refusals import structure_refused, value_refused
from hil.asterix.request import Request
from hil.errors import EncodeError

DEFAULT_MTU = 1400  # octets of UDP payload


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


class Workspace:
    """What the kernel writes into for `n` records of a plan, in at most `size` octets."""

    def __init__(self, used: Plan, n: int, size: int) -> None:
        self.plan = used
        self.out = np.zeros(size, np.uint8)
        self.blocks, self.rows = np.empty(n, np.int64), np.empty(n, np.int64)
        self.position = np.empty((len(used.slots), LANES), np.uint16)
        self.children = np.empty((int(used.nodes["ordinal"].max()) + 1, LANES), np.uint64)

    def job(self, presence: npt.NDArray[Any], root: int, mtu: int) -> EncodeJob:
        """A job that lays records out; fields may be added to it. It holds addresses: keep the arrays."""
        self.presence = presence
        return EncodeJob(
            nodes=address(self.plan.nodes),
            n_nodes=len(self.plan.nodes),
            n_slots=len(self.plan.slots),
            presence=address(presence),
            n_rows=len(self.rows),
            root=root,
            category=self.plan.category,
            mtu=mtu,
            out=address(self.out),
            size=len(self.out),
            block=-1,
            block_offset=address(self.blocks),
            row_offset=address(self.rows),
            position=address(self.position),
            children=address(self.children),
        )


@dataclass(frozen=True)
class _Writer:
    """Hands a request to the kernel, and says what it would not write."""

    plan: Plan
    request: Request
    root: int
    mtu: int

    def write(self) -> tuple[Octets, Offsets, Offsets]:
        n = self.request.n
        fields, single = self._fields(repeated=False)
        elements, repeated = self._fields(repeated=True)
        work = Workspace(self.plan, n, self._bound())
        job = work.job(self._presence_table(), self.root, self.mtu)
        job.fields, job.n_fields = address(single), len(single)
        job.repeated, job.n_repeated = address(repeated), len(repeated)
        refusal = library().rh_encode(ctypes.byref(job))
        where = f"row {job.bad_row}: "
        if refusal and job.bad_node >= 0:
            raise structure_refused(self.plan, refusal, job.bad_node, where)
        if refusal:
            one = [*fields, *elements][job.bad_field]
            raise value_refused(self.plan, refusal, one, self.request.values[one.index][job.bad_element], where)
        return work.out[: job.at], work.blocks[: job.n_blocks], work.rows

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
