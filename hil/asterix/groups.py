"""Where each value of a record belongs in nested dictionaries: the tables by which the kernel makes them (c/dicts.c).

A *group* is a dictionary: the record itself, an item or subfield with members, or an element of a repetitive item.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.asterix.kernel import DICT_SLOT, FIELD, GROUP, TARGET, address, field_row
from hil.asterix.layout import is_payload
from hil.asterix.plans import Field, FieldKind, NodeKind, Plan, Slot
from hil.asterix.records import REPEATS

Table = npt.NDArray[Any]


class SlotForm(IntEnum):
    """Mirror of enum slot_form in kernel.h."""

    NOTHING = 0
    FIELDS = 1
    GROUP = 2
    LIST = 3
    EXPLICIT = 4
    RANDOM = 5


@dataclass(frozen=True)
class Groups:
    """The kernel's tables, and what they point to (`kept`: names of members, scales)."""

    slots: Table
    fields: Table
    targets: Table
    groups: Table
    kept: list[Any] = field(repr=False)


def group_tables(used: Plan) -> Groups:
    """The tables of a plan. A `Groups` is for one reader: the kernel writes into it."""
    return _Grower(used).grow()


class _Grower:
    def __init__(self, used: Plan) -> None:
        self.plan = used
        self.groups: list[tuple[int, int, int]] = [(0, 0, -1)]
        self.of_path = {"": 0}  # elements of repetitive items are groups, too, under the path of their item
        self.fields: list[tuple[Any, ...]] = []
        self.targets: list[tuple[int, int, int, int]] = []
        self.kept: list[Any] = []

    def grow(self) -> Groups:
        slots = np.array([self.slot(slot) for slot in self.plan.slots], DICT_SLOT)
        fields, targets = np.array(self.fields, FIELD), np.array(self.targets, TARGET)
        return Groups(slots, fields, targets, np.array(self.groups, GROUP), self.kept)

    def slot(self, slot: Slot) -> tuple[int, ...]:
        """A row of `DICT_SLOT`, after everything that it refers to."""
        form, own = self.form(slot), self.plan.fields_of_slot[slot.index]
        first_group, key, group = len(self.groups), 0, 0
        if form is SlotForm.GROUP:
            group = self.group(slot.path)
        elif form in (SlotForm.LIST, SlotForm.EXPLICIT, SlotForm.RANDOM):
            group, key = self.place(slot.path)
            first_group = len(self.groups)
        if form is SlotForm.LIST and any(one.path != slot.path for one in own):
            self.of_path[slot.path] = first_group
            self.groups.append((0, 0, -1))
        first_field = len(self.fields)
        for one in own:
            self.add(one, first_field - own[0].index)
        return key, form, group, slot.node, first_field, len(own), first_group, len(self.groups)

    def form(self, slot: Slot) -> SlotForm:
        kind, own = self.plan.kind(slot.index), self.plan.fields_of_slot[slot.index]
        if slot.part:
            return SlotForm.FIELDS
        if kind is NodeKind.RANDOM:
            return SlotForm.NOTHING if slot.path.endswith("/end") else SlotForm.RANDOM
        if kind in REPEATS:
            return SlotForm.LIST
        if is_payload(self.plan, slot.index):
            return SlotForm.EXPLICIT
        has_members = kind in (NodeKind.COMPOUND, NodeKind.COMPOUND_FIXED, NodeKind.EXPLICIT)
        return SlotForm.GROUP if has_members or any(one.path != slot.path for one in own) else SlotForm.FIELDS

    def add(self, one: Field, shift: int) -> None:
        """A field and its target; `shift`: from its number in the plan to its row."""
        width = 8 if one.kind < FieldKind.SIX_BIT else one.dtype.itemsize
        self.fields.append(field_row((one.slot, one.bit, one.bits), one.kind, width, one.scale, column=0))
        group, key = self.place(one.path)  # not used for an element that is a value
        case, scales = -1, 0
        if one.scale_by_case:
            by = self.plan.field(one.case_path)
            assert by.slot == one.slot and not one.repeated
            case, factors = by.index + shift, np.full(1 << by.bits, np.nan)
            factors[list(one.scale_by_case)] = list(one.scale_by_case.values())
            self.kept.append(factors)
            scales = address(factors)
        self.targets.append((key, scales, case, group))

    def place(self, path: str) -> tuple[int, int]:
        """Group and key of a member."""
        above, _, name = path.rpartition("/")
        return self.group(above), self.key(name)

    def group(self, path: str) -> int:
        if path not in self.of_path:
            above, key = self.place(path)
            self.of_path[path] = len(self.groups)
            self.groups.append((key, 0, above))
        return self.of_path[path]

    def key(self, name: str) -> int:
        """Where the string is; interned, so that the dictionary finds it by its address."""
        self.kept.append(sys.intern(name))
        return id(self.kept[-1])
