"""The layout of one record: which values it has, in which order the kernel tapes them, and where each belongs in a dictionary.

Shared by reading (`hil.asterix.live_read`) and writing (`hil.asterix.live_write`); nothing is read or written here. A *shape*
maps the present slots of a record to their amount: elements of a repetitive item, octets of an explicit one, else 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.asterix.kernel import FIELD, TAPE_SLOT, field_row
from hil.asterix.plans import RANDOM_FIELDS, Field, FieldKind, NodeKind, Plan, Slot
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


def tape_tables(used: Plan) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The kernel's slots and fields for taping."""
    slots = np.zeros(len(used.slots), TAPE_SLOT)
    rows: list[tuple[Any, ...]] = []
    for slot in used.slots:
        fields = used.fields_of_slot[slot.index]
        plain = slot.part > 0 or slot.path.endswith("/end")
        random = used.kind(slot.index) is NodeKind.RANDOM and not plain
        slots[slot.index] = (len(rows), len(fields), -1 if plain else slot.node, random)
        for one in fields:
            width = 8 if one.kind < FieldKind.SIX_BIT else one.dtype.itemsize
            rows.append(field_row((slot.index, one.bit, one.bits), one.kind, width, one.scale, column=0))
    return slots, np.array(rows, FIELD)


def plant_container(used: Plan, tree: dict[str, Any], slot: Slot, amount: int) -> None:
    kind = used.kind(slot.index)
    if slot.part or slot.path.endswith("/end"):
        return
    if kind in REPEATS:
        _at(tree, slot.path, [None] * amount)
    elif (
        kind in (NodeKind.COMPOUND, NodeKind.COMPOUND_FIXED)
        or (kind is NodeKind.EXPLICIT and not is_payload(used, slot.index))
        or any(one.path != slot.path for one in used.fields_of_slot[slot.index])
    ):
        _at(tree, slot.path, {})
    else:
        _at(tree, slot.path, None)  # keeps the place: members come in the order of the record


def _at(tree: dict[str, Any], path: str, value: Any) -> None:
    *above, name = path.split("/")
    for part in above:
        tree = tree.setdefault(part, {})
    tree[name] = value


def plant(tree: dict[str, Any], entry: Entry, expression: str) -> None:
    """Put an expression where its value belongs in the record."""
    if entry.element < 0:
        _at(tree, entry.path, expression)
        return
    node: Any = tree
    parts = entry.path.split("/")
    while parts and not isinstance(node, list):
        node = node[parts.pop(0)]
    if not parts:
        node[entry.element] = expression
        return
    if node[entry.element] is None:
        node[entry.element] = {}
    _at(node[entry.element], "/".join(parts), expression)


def literal(tree: Any) -> str:
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{name!r}: {literal(value)}" for name, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(literal(value) for value in tree) + "]"
    return str(tree)
