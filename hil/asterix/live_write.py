"""Dictionaries → data block: the layout of each record is recognised, its values put on a tape, the kernel packs them.

A layout is compiled at its first record: its octets with all values 0, and a function that takes the values out of a record
of that layout and fails on any other.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.asterix.kernel import FIELD, FORM, LANES, PRESENCE, EncodeJob, address, field_row, library
from hil.asterix.layout import Entry, is_payload, tape_entries
from hil.asterix.limits import mandatory_items, raw_limit, raw_limits
from hil.asterix.plans import RANDOM_FIELDS, Field, FieldKind, NodeKind, Plan
from hil.asterix.records import REPEATS
from hil.errors import EncodeError

_MAX_FORMS = 4096  # compiled layouts kept; a sender uses a few dozen
_MAX_RECORD = 65_532  # octets
_REFUSALS = ("", "does not fit", "makes the record too long", "has too many elements", "has no element", "is too long",
             "has a character that the field cannot carry", "is out of range", "is not a number")  # fmt: skip
_UNLIKE = (KeyError, IndexError, AttributeError, TypeError, UnicodeError, struct.error)


class _UnlikeError(KeyError):
    """A record is not of the layout that a compiled form takes values from."""


@dataclass(frozen=True)
class _Form:
    """A compiled layout; the arrays live as long as the form, because `record` holds their addresses."""

    tape: Callable[[Mapping[str, Any]], bytes]  # values of a record of this layout; fails on any other
    unpack: Callable[[bytes], tuple[Any, ...]]
    length: int
    address: int
    entries: list[Entry]
    arrays: tuple[npt.NDArray[Any], ...]


def _never(_record: Mapping[str, Any]) -> bytes:
    raise _UnlikeError


class Writer:
    """Writes data blocks of one category. `partial`: do not ask for the items that the standard makes mandatory."""

    def __init__(self, used: Plan, *, partial: bool) -> None:
        self.plan = used
        self.partial = partial
        self.forms: dict[tuple[Any, ...], list[_Form]] = {}
        self.n_forms = 0
        self.out = np.zeros((1 << 16) + 16, np.uint8)
        self.out_address = address(self.out)
        self.kernel = library()
        self.bad = ctypes.c_int64(), ctypes.c_int64()  # record and value refused
        self.bad_references = tuple(map(ctypes.byref, self.bad))
        self.recent: dict[tuple[str, ...], _Form] = {}  # items → the form last used for them
        self.nothing = _Form(_never, struct.Struct("").unpack, 0, 0, [], ())
        self.selector = used.table.selector
        self.forced: int | None = None  # profile of every record, whatever it says

    def write(self, records: Sequence[Mapping[str, Any]]) -> bytes:
        """One data block. EncodeError names the record, item and value that cannot be carried."""
        forms, tape = [], []
        for number, record in enumerate(records):
            form = self.recent.get(tuple(record), self.nothing)
            try:
                tape.append(form.tape(record))
            except _UNLIKE:
                form = self.form(record, number)
                tape.append(form.tape(record))
            forms.append(form)
        total = 3 + sum([form.length for form in forms])
        if total > 65_535:
            raise EncodeError(f"CAT{self.plan.category:03d} block of {total} octets", "give fewer records a block")
        pointers = struct.pack(f"{len(forms)}Q", *[form.address for form in forms])
        refusal = self.kernel.rh_pack(
            pointers, len(forms), b"".join(tape), self.out_address, len(self.out), *self.bad_references
        )
        if refusal:
            raise self.refused(refusal, forms, tape)
        return b"%c%c%c%b" % (self.plan.category, total >> 8, total & 255, self.out[: total - 3].tobytes())

    def form(self, record: Mapping[str, Any], number: int) -> _Form:
        """The form of a record, compiled where there is none yet. EncodeError when its values have wrong types."""
        key: tuple[Any, ...] = tuple(
            [
                (k, *v) if type(v) is dict else (k, len(v)) if type(v) is list or type(v) is bytes else k
                for k, v in record.items()
            ]
        )
        if self.selector:  # the same items may lie differently in another profile
            key += (self.profile(record),)
        for form in self.forms.get(key, ()):
            try:
                form.tape(record)
            except _UNLIKE:
                continue  # another layout with the same outline, or a bad value: compiling tells which
            break
        else:
            form = self.compiled(record, number, key)
        if not self.selector:
            self.recent[tuple(record)] = form
        return form

    def compiled(self, record: Mapping[str, Any], number: int, key: tuple[Any, ...]) -> _Form:
        form = _Compiler(self, record, number).compile()
        try:
            form.tape(record)
        except _UNLIKE as error:
            raise self.mistyped(form, record, number) from error
        if self.n_forms >= _MAX_FORMS:
            self.forms.clear()
            self.n_forms = 0
        self.forms.setdefault(key, []).append(form)
        self.n_forms += 1
        return form

    def profile(self, record: Mapping[str, Any]) -> int:
        """Number of the profile that the record's selector item asks for."""
        if self.forced is not None:
            return self.forced
        value: Any = record
        for name in self.selector:
            value = value.get(name) if isinstance(value, Mapping) else None
        chosen = self.plan.table.choices.get(value) if isinstance(value, int) else None
        return self.plan.profiles.index(chosen) if chosen is not None else 0

    def item_octets(self, item: str, value: Any, profile: int) -> bytes:
        """One item as it stands in a record of a profile, without the field specification in front."""
        before, self.forced = self.forced, profile
        try:
            record = self.write([{item: value}])[3:]
        finally:
            self.forced = before
        fspec = next(n for n, octet in enumerate(record, 1) if not octet & 1)
        return record[fspec:]

    def random_octets(self, entries: Sequence[Mapping[str, Any]], profile: int) -> bytes:
        """A random field sequencing item: count, then field reference number and item of each entry."""
        fields = self.plan.table.profiles[profile].fields
        numbers = {getattr(field, "name", ""): frn for frn, field in enumerate(fields, 1)}
        inner = Writer(self.plan, partial=True)
        octets = bytes((len(entries),))
        for entry in entries:
            for item, value in entry.items():
                octets += bytes((numbers[item],)) + inner.item_octets(item, value, profile)
        return octets

    def refused(self, refusal: int, forms: Sequence[_Form], tapes: Sequence[bytes]) -> EncodeError:
        """Why the kernel would not write the value that it stopped at."""
        number, which = (place.value for place in self.bad)
        form, tape = forms[number], tapes[number]
        entry = form.entries[which]
        value = form.unpack(tape)[which]
        value = value.rstrip(b"\0") if isinstance(value, bytes) else value
        name = f"record {number}: I{self.plan.category:03d}/{entry.path}"
        if entry.field is None:
            return EncodeError(f"{name} {_REFUSALS[refusal]}", "mend it")
        unit = f" {entry.field.unit}" if entry.field.unit else ""
        limit = raw_limit(self.plan.category, entry.field)
        low, high = limit.low * entry.field.scale, limit.high * entry.field.scale
        return EncodeError(f"{name} = {value!r}{unit} {_REFUSALS[refusal]}", f"give {low:.12g} … {high:.12g}{unit}")

    def mistyped(self, form: _Form, record: Mapping[str, Any], number: int) -> EncodeError:
        """Which value of the record has a type that its field does not take."""
        for entry in form.entries:
            value: Any = record
            for name in entry.path.split("/"):
                value = value[entry.element] if isinstance(value, list) and entry.element >= 0 else value
                value = value.get(name) if isinstance(value, Mapping) else value
            one = entry.field
            wanted: tuple[type, ...] = (str,) if one and one.kind in (FieldKind.SIX_BIT, FieldKind.TEXT) else (int,)
            wanted = (int, float) if one and one.is_quantity else wanted
            if value is not None and not hasattr(value, "__float__" if int in wanted else "encode"):
                return EncodeError(
                    f"record {number}: I{self.plan.category:03d}/{entry.path} = {value!r}", "give its type"
                )
        return EncodeError(
            f"record {number} of CAT{self.plan.category:03d} has a value of a wrong type", "check its types"
        )


class _Compiler:
    """Makes the form of one record's layout."""

    def __init__(self, writer: Writer, record: Mapping[str, Any], number: int) -> None:
        self.writer = writer
        self.plan = writer.plan
        self.record = record
        self.number = number
        self.profile = writer.profile(record)
        self.shape: dict[int, int] = {}
        self.lines: list[str] = []
        self.names: dict[str, str] = {}  # path of a container → local variable that holds it
        self.given: set[tuple[str, int]] = set()  # (path, element) of the values that the record has

    def compile(self) -> _Form:
        for item, value in self.record.items():
            self.take(item, value, f"r[{item!r}]")
        if not self.writer.partial:
            for item in mandatory_items(self.plan.category):
                if item in self.plan.slot_of and self.plan.slot_of[item] not in self.shape:
                    raise self.error(f"I{self.plan.category:03d}/{item} is mandatory and missing", "give it")
        self.refuse_foreign()
        entries = tape_entries(self.plan, self.shape)
        expressions = [self.expression(entry) for entry in entries]
        tape = struct.Struct("=" + "".join(entry.format for entry in entries))
        first = f" if len(r) != {len(self.record)}: raise Unlike\n"
        body = "".join(f" {line}\n" for line in self.lines) + f" return pack({', '.join(expressions)})\n"
        scope: dict[str, Any] = {"Unlike": _UnlikeError, "random": self.writer.random_octets, "pack": tape.pack}
        exec("def values(r):\n" + first + body, scope)  # made of the published tables only
        octets, position = self.structure()
        fields = self.fields(entries, position)
        record = np.array([(address(octets), len(octets), address(fields), len(fields), tape.size)], FORM)
        arrays = octets, fields, record
        return _Form(scope["values"], tape.unpack, len(octets), address(record), entries, arrays)

    def refuse_foreign(self) -> None:
        """An item that the record's profile has no place for would vanish without a word."""
        allowed = self.plan.items_of_profile(self.profile)
        for item in self.record:
            if self.plan.slot_of[item] not in allowed:
                name = self.plan.profiles[self.profile]
                raise self.error(f"I{self.plan.category:03d}/{item} has no place in a {name}", "leave it out")

    def take(self, path: str, value: Any, expression: str) -> None:
        """Note what one item or subfield of the record holds."""
        if path not in self.plan.slot_of:
            raise self.error(
                f"CAT{self.plan.category:03d} edition {self.plan.edition} has no item {path!r}", "leave it out"
            )
        slot = self.plan.slot_of[path]
        kind = self.plan.kind(slot)
        if isinstance(value, dict):
            name = self.container(path, expression, len(value))
            if kind in (NodeKind.FIXED, NodeKind.EXTENDED) or kind in REPEATS:
                self.members(path, value, name, -1)
            else:
                self.shape.setdefault(slot, 0)
                for below, inner in value.items():
                    self.take(f"{path}/{below}", inner, f"{name}[{below!r}]")
        elif kind in REPEATS:
            self.repeat(path, slot, value, expression)
        elif is_payload(self.plan, slot):
            octets = self.writer.random_octets(value, self.profile) if path == RANDOM_FIELDS else value
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
            raise self.error(f"I{self.plan.category:03d}/{path} = {value!r} is not a list", "give a list of elements")
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
                deeper = self.container(f"{inner}[{element}]", f"{name}[{below!r}]", len(value))
                self.members(inner, value, deeper, element)
            else:
                self.names[f"{inner}:{element}" if element >= 0 else inner] = f"{name}[{below!r}]"
                self.member(inner, element)

    def member(self, path: str, element: int) -> None:
        if path not in self.plan.field_of:
            raise self.error(f"CAT{self.plan.category:03d} has no value {path!r}", "see the edition's table")
        self.given.add((path, element))
        slot = self.plan.slots[self.plan.field(path).slot]
        if element < 0:
            for other in self.plan.slots:
                if other.index == slot.index or (slot.part and other.node == slot.node and other.part < slot.part):
                    self.shape.setdefault(other.index, 0)

    def expression(self, entry: Entry) -> str:
        """Python that takes one value out of the record."""
        one = entry.field
        if (entry.path, entry.element) not in self.given:
            if one is None or one.is_quantity or one.dtype.kind in "SV":
                raise self.error(f"I{self.plan.category:03d}/{entry.path} is missing", "give its value")
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
        out = np.zeros(_MAX_RECORD + 16, np.uint8)
        position = np.zeros((len(self.plan.slots), LANES), np.uint16)
        children = np.zeros((int(self.plan.nodes["ordinal"].max()) + 1, LANES), np.uint64)
        block, row = np.zeros(2, np.int64), np.zeros(1, np.int64)
        job = EncodeJob(
            nodes=address(self.plan.nodes),
            n_nodes=len(self.plan.nodes),
            n_slots=len(self.plan.slots),
            presence=address(presence),
            n_rows=1,
            root=int(self.plan.roots[self.profile]),
            category=self.plan.category,
            mtu=len(out),
            out=address(out),
            size=len(out),
            block=-1,
            block_offset=address(block),
            row_offset=address(row),
            position=address(position),
            children=address(children),
        )
        refusal = library().rh_encode(ctypes.byref(job))
        if refusal:
            node = int(job.bad_node)
            slot = int(self.plan.nodes["slot"][node])
            item = self.plan.slots[slot].path if slot >= 0 else ""
            raise self.error(f"I{self.plan.category:03d}/{item} {_REFUSALS[refusal]}", "give fewer elements or octets")
        return out[3 : job.at].copy(), position[:, 0].copy()

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

    def error(self, cause: str, remedy: str) -> EncodeError:
        return EncodeError(f"record {self.number}: {cause}", remedy)
