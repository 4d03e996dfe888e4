"""The layout of one record: which values it has, and in which order the kernel takes them from a tape (see `hil.asterix.forms`).

A *shape* maps the present slots of a record to their amount: elements of a repetitive item, octets of an explicit one, else 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hil.asterix.plans import RANDOM_FIELDS, Field, FieldKind, NodeKind, Plan
from hil.asterix.records import REPEATS

Record = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One value on the tape: a field (of element `element`, -1: not repeated) or the octets of an explicit item."""

    path: str
    format: str
    element: int
    field: Field | None
    slot: int
    octets: int = 0


def tape_entries(used: Plan, shape: Mapping[int, int]) -> list[Entry]:
    """The values on the tape of a record whose present slots have these amounts, in the order of the kernel."""
    entries = []
    for slot in sorted(shape):
        kind, fields, path = used.kind(slot), used.fields_of_slot[slot], used.slots[slot].path
        if kind in REPEATS:
            entries += [_field_entry(one, k) for k in range(shape[slot]) for one in fields]
        elif is_payload(used, slot):
            room = (shape[slot] // 8 + 1) * 8
            entries.append(Entry(path, f"{room}s", -1, None, slot, shape[slot]))
        else:
            entries += [_field_entry(one, -1) for one in fields]
    return entries


def is_payload(used: Plan, slot: int) -> bool:
    """Whether a slot is carried as octets: explicit without a published expansion, or random field sequencing."""
    kind = used.kind(slot)
    if kind is NodeKind.RANDOM:
        return used.slots[slot].path == RANDOM_FIELDS
    return kind is NodeKind.EXPLICIT and int(used.nodes["extra"][used.slots[slot].node]) < 0


def _field_entry(one: Field, element: int) -> Entry:
    if one.kind in (FieldKind.UINT, FieldKind.INT):
        code = "Q" if one.dtype.kind == "u" else "q"
    elif one.is_quantity:
        code = "d"
    else:
        code = f"{(one.dtype.itemsize // 8 + 1) * 8}s"
    return Entry(one.path, code, element, one, one.slot)
