"""The layout of one record, compiled for writing: its octets with all values 0, and what takes the values out of a dictionary.

A form is made for one record and fits every record of the same layout; on any other its `tape` fails.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.asterix.encoding import Workspace
from hil.asterix.kernel import FIELD, FORM, PRESENCE, address, field_row, library
from hil.asterix.layout import Entry, is_payload, tape_entries
from hil.asterix.limits import mandatory_items, raw_limits
from hil.asterix.plans import RANDOM_FIELDS, Field, FieldKind, NodeKind, Plan
from hil.asterix.records import REPEATS
from hil.asterix.refusals import item_name, structure_refused
from hil.errors import EncodeError

_MAX_RECORD = 65_532  # octets

UNLIKE = (KeyError, IndexError, AttributeError, TypeError, UnicodeError, struct.error)
"""What `Form.tape` raises for a record of another layout, or with a value of a wrong type."""


class UnlikeError(KeyError):
    """A record is not of the layout that a form takes values from."""


@dataclass(frozen=True)
class Form:
    """A compiled layout; its arrays live as long as it does, because the kernel finds them by address."""

    tape: Callable[[Mapping[str, Any]], bytes]  # values of a record of this layout
    unpack: Callable[[bytes], tuple[Any, ...]]
    length: int
    address: int
    entries: list[Entry]
    arrays: tuple[npt.NDArray[Any], ...]


RandomOctets = Callable[[Sequence[Mapping[str, Any]], int], bytes]


def compile_form(
    used: Plan, record: Mapping[str, Any], number: int, profile: int, *, partial: bool, random_octets: RandomOctets
) -> Form:
    """The form of a record. EncodeError names the item that is unknown, missing or cannot be laid out.

    number: of the record, for messages. profile: by which it is written. partial: do not ask for mandatory items.
    random_octets: writes random field sequencing items, which hold whole items themselves.
    """
    return _Compiler(used, record, number, profile, random_octets).compile(
        () if partial else mandatory_items(used.category)
    )


class _Compiler:
    """Makes the form of one record's layout."""

    def __init__(
        self, used: Plan, record: Mapping[str, Any], number: int, profile: int, random_octets: RandomOctets
    ) -> None:
        self.plan = used
        self.record = record
        self.number = number
        self.profile = profile
        self.random_octets = random_octets
        self.shape: dict[int, int] = {}
        self.lines: list[str] = []
        self.names: dict[str, str] = {}  # path of a container → local variable that holds it
        self.given: set[tuple[str, int]] = set()  # (path, element) of the values that the record has

    def compile(self, mandatory: Sequence[str]) -> Form:
        for item, value in self.record.items():
            self.take(item, value, f"r[{item!r}]")
        for item in mandatory:
            if item in self.plan.slot_of and self.plan.slot_of[item] not in self.shape:
                raise self.error(f"{item_name(self.plan, item)} is mandatory and missing", "give it")
        self.refuse_foreign()
        entries = tape_entries(self.plan, self.shape)
        expressions = [self.expression(entry) for entry in entries]
        tape = struct.Struct("@" + "".join(entry.format for entry in entries))
        first = f" if len(r) != {len(self.record)}: raise Unlike\n"
        body = "".join(f" {line}\n" for line in self.lines) + f" return pack({', '.join(expressions)})\n"
        scope: dict[str, Any] = {"Unlike": UnlikeError, "random": self.random_octets, "pack": tape.pack}
        exec("def values(r):\n" + first + body, scope)  # made of the published tables only
        octets, position = self.structure()
        fields = self.fields(entries, position)
        record = np.array([(address(octets), len(octets), address(fields), len(fields), tape.size)], FORM)
        arrays = octets, fields, record
        return Form(scope["values"], tape.unpack, len(octets), address(record), entries, arrays)

    def refuse_foreign(self) -> None:
        """An item that the record's profile has no place for would vanish without a word."""
        allowed = self.plan.items_of_profile(self.profile)
        for item in self.record:
            if self.plan.slot_of[item] not in allowed:
                name = self.plan.profiles[self.profile]
                raise self.error(f"{item_name(self.plan, item)} has no place in a {name}", "leave it out")

    def take(self, path: str, value: Any, expression: str) -> None:
        """Note what one item or subfield of the record holds."""
        if path not in self.plan.slot_of:
            raise self.error(
                f"CAT{self.plan.category:03d} edition {self.plan.edition} has no item {path!r}", "leave it out"
            )
        slot = self.plan.slot_of[path]
        kind = self.plan.kind(slot)
        if isinstance(value, dict) and kind not in REPEATS:
            name = self.container(path, expression, len(value))
            self.shape.setdefault(slot, 0)
            if kind in (NodeKind.FIXED, NodeKind.EXTENDED):
                self.members(path, value, name, -1)
            else:
                for below, inner in value.items():
                    self.take(f"{path}/{below}", inner, f"{name}[{below!r}]")
        elif kind in REPEATS:
            self.repeat(path, slot, value, expression)
        elif is_payload(self.plan, slot):
            octets = self.random_octets(value, self.profile) if path == RANDOM_FIELDS else value
            name = self.container(
                path, f"random({expression}, {self.profile})" if path == RANDOM_FIELDS else expression, len(octets)
            )
            self.shape[slot] = len(octets)
            self.given.add((path, -1))
        else:
            self.names[path] = expression
            self.member(path, -1)

    def container(self, path: str, expression: str, length: int) -> str:
        """Line that takes a container out of the record and makes sure that it has as many members as this one."""
        name = f"c{len(self.names)}"
        self.names[path] = name
        self.lines.append(f"{name} = {expression}")
        self.lines.append(f"if len({name}) != {length}: raise Unlike")
        return name

    def repeat(self, path: str, slot: int, value: Any, expression: str) -> None:
        if not isinstance(value, list):
            raise self.error(f"{item_name(self.plan, path)} = {value!r} is not a list", "give a list of elements")
        self.shape[slot] = len(value)
        name = self.container(path, expression, len(value))
        for number, element in enumerate(value):
            if isinstance(element, dict):
                inner = self.container(f"{path}[{number}]", f"{name}[{number}]", len(element))
                self.members(path, element, inner, number)
            else:
                self.names[f"{path}:{number}"] = f"{name}[{number}]"
                self.given.add((path, number))

    def members(self, path: str, values: Mapping[str, Any], name: str, element: int) -> None:
        """The fields of a group, extended item or element, down to single values."""
        for below, value in values.items():
            inner = f"{path}/{below}"
            if isinstance(value, dict):
                if not any(one.path.startswith(f"{inner}/") for one in self.plan.fields):
                    raise self.unknown(inner)
                deeper = self.container(f"{inner}[{element}]", f"{name}[{below!r}]", len(value))
                self.members(inner, value, deeper, element)
            else:
                self.names[f"{inner}:{element}" if element >= 0 else inner] = f"{name}[{below!r}]"
                self.member(inner, element)

    def member(self, path: str, element: int) -> None:
        if path not in self.plan.field_of:
            raise self.unknown(path)
        self.given.add((path, element))
        slot = self.plan.slots[self.plan.field(path).slot]
        if element < 0:
            for other in self.plan.parts.get(slot.index, (slot.index,))[: slot.part + 1]:
                self.shape.setdefault(other, 0)

    def expression(self, entry: Entry) -> str:
        """Python that takes one value out of the record."""
        one = entry.field
        if (entry.path, entry.element) not in self.given:
            if one is None or one.is_quantity or one.dtype.kind in "SV":
                raise self.error(f"{item_name(self.plan, entry.path)} is missing", "give its value")
            return "0"
        taken = self.names[f"{entry.path}:{entry.element}" if entry.element >= 0 else entry.path]
        if one is None:
            return taken
        if one.kind in (FieldKind.SIX_BIT, FieldKind.TEXT):
            return f'{taken}.encode("ascii")'
        if one.scale_by_case:
            key = self.names.get(one.case_path, "0")
            return f"{taken} / {one.scale_by_case!r}[{key}]"
        return taken

    def structure(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint16]]:
        """The record's octets with all values 0, and the position of each slot in it."""
        presence = np.zeros(len(self.plan.slots), PRESENCE)
        one = np.ones(1, np.uint8)
        offsets = {slot: np.array([0, amount], np.int64) for slot, amount in self.shape.items()}
        zeros = np.zeros(_MAX_RECORD, np.uint8)
        for slot, ends in offsets.items():
            presence[slot]["mask"], presence[slot]["offsets"] = address(one), address(ends)
            if is_payload(self.plan, slot):
                presence[slot]["payload"] = address(zeros)
        work = Workspace(self.plan, 1, _MAX_RECORD + 16)
        job = work.job(presence, int(self.plan.roots[self.profile]), _MAX_RECORD + 16)
        refusal = library().rh_encode(ctypes.byref(job))
        if refusal:
            raise structure_refused(self.plan, refusal, job.bad_node, f"record {self.number}: ")
        return work.out[3 : job.at].copy(), work.position[:, 0].copy()

    def fields(self, entries: list[Entry], position: npt.NDArray[np.uint16]) -> npt.NDArray[Any]:
        """The kernel's fields, at their places in this layout."""
        limits = raw_limits(self.plan.category, self.plan.edition, self.plan.expansion_edition)
        rows, tape = [], 0
        for entry in entries:
            room, one, at = struct.calcsize(f"={entry.format}"), entry.field, int(position[entry.slot])
            if one is None:
                lead = self.plan.kind(entry.slot) is NodeKind.EXPLICIT
                place = (0, (at + lead) * 8, entry.octets * 8)
                rows.append(field_row(place, FieldKind.OCTETS, room, 1.0, column=tape))
            else:
                place = (0, at * 8 + one.bit + self.element_bit(one, entry.element), one.bits)
                rows.append(field_row(place, one.kind, room, one.scale, column=tape, limit=limits[one.index].kernel))
            tape += room
        return np.array(rows, FIELD)

    def element_bit(self, one: Field, element: int) -> int:
        if element < 0:
            return 0
        node = self.plan.nodes[self.plan.slots[one.slot].node]
        return 8 * (int(node["octets"]) + element * int(node["size"]))

    def unknown(self, path: str) -> EncodeError:
        return self.error(f"CAT{self.plan.category:03d} has no value {path!r}", "see the edition's table")

    def error(self, cause: str, remedy: str) -> EncodeError:
        return EncodeError(f"record {self.number}: {cause}", remedy)
