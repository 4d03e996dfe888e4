"""A category's table turned into what the kernel executes: nodes to walk, slots to remember, fields to move.

A *slot* is a place in a record that may be there or not (an item, a subfield, an extent): the kernel notes its position. A
*field* is a run of bits at a fixed distance from a slot: it becomes a column. Paths name both: `"040"`, `"040/RHO"`,
`"380/ADR"`, `"RE/SUM/..."`; the elements of a repetitive item have paths below it (`"510/IDENT"`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.asterix import units
from hil.asterix.spec import (
    Category,
    Compound,
    Element,
    Expansion,
    Explicit,
    Extended,
    Group,
    Item,
    RandomFields,
    Repetitive,
    Spare,
)
from hil.asterix.tables import category_table, expansion_table
from hil.errors import ConfigError

RANDOM_FIELDS = "RFS"  # path of the random field sequencing item, which the standard leaves without a name


_MAX_CHILDREN = 63  # the kernel keeps them as bits of a word


class NodeKind(IntEnum):
    """Mirror of enum node_kind in kernel.c."""

    UNDEFINED = 0
    FIXED = 1
    EXTENDED = 2
    REPEAT = 3
    REPEAT_FX = 4
    EXPLICIT = 5
    COMPOUND = 6
    COMPOUND_FIXED = 7
    RANDOM = 8
    RECORD = 9
    ENTRY = 10


class FieldKind(IntEnum):
    """Mirror of enum field_kind in kernel.c."""

    UINT = 0
    INT = 1
    QUANTITY = 2
    SIGNED_QUANTITY = 3
    SIX_BIT = 4
    TEXT = 5
    OCTETS = 6


NODE = np.dtype(
    [(name, "i4") for name in ("kind", "size", "slot", "first", "count", "extra", "slot_end", "octets", "ordinal")],
    align=True,
)


@dataclass(frozen=True)
class Slot:
    """A place that may be present in a record. `parent` is the slot that has to be there too (-1: none)."""

    path: str
    index: int
    parent: int
    node: int
    part: int = 0  # of an extended item; 0 is the item itself


@dataclass(frozen=True)
class Field:
    """A run of bits that becomes a column of `dtype`; raw value × `scale` = value in `unit` (SI)."""

    path: str
    index: int
    slot: int
    bit: int
    bits: int
    kind: FieldKind
    dtype: np.dtype[Any]
    scale: float
    unit: str
    element: Element
    repeated: bool

    @property
    def is_signed(self) -> bool:
        return self.kind in (FieldKind.INT, FieldKind.SIGNED_QUANTITY)

    @property
    def is_quantity(self) -> bool:
        return self.kind in (FieldKind.QUANTITY, FieldKind.SIGNED_QUANTITY)

    @property
    def scale_by_case(self) -> dict[int, float]:
        """Where the LSB depends on another field (I062/380 IAS: speed or Mach number): its value → scale; else empty."""
        contents = [(case.key, case.content) for case in self.element.cases]
        if not all(content.kind == "quantity" for _, content in contents):
            return {}
        return {key[0]: content.lsb * units.SI[content.unit][0] for key, content in contents}

    @property
    def case_path(self) -> str:
        """Path of the field that `scale_by_case` goes by."""
        return "/".join(self.element.depends_on[0])

    @property
    def raw_kind(self) -> FieldKind:
        """The kind that reads the bits as they are (strings stay strings)."""
        if self.kind in (FieldKind.QUANTITY, FieldKind.SIGNED_QUANTITY):
            return FieldKind.INT if self.is_signed else FieldKind.UINT
        return self.kind

    @property
    def raw_dtype(self) -> np.dtype[Any]:
        return integer_dtype(self.bits) if self.is_quantity else self.dtype

    @property
    def fill(self) -> int:
        """Raw column value of an integer field where it is absent: never a value that could be there."""
        if self.raw_dtype.kind == "i":
            return int(np.iinfo(self.raw_dtype).min) if self.is_signed else -1
        return 0


@dataclass(frozen=True)
class Plan:
    """Everything that the codec knows about one edition of one category."""

    category: int
    edition: str
    expansion_edition: str  # of the RE field, "" where none is published
    table: Category
    expansion: Expansion | None
    nodes: npt.NDArray[Any]
    slots: tuple[Slot, ...]
    fields: tuple[Field, ...]
    profiles: tuple[str, ...]
    roots: npt.NDArray[np.int32]
    entry_roots: npt.NDArray[np.int32]  # node of each profile that reads one entry of RANDOM_FIELDS; empty without
    slot_of: dict[str, int] = field(repr=False)  # path of an item or field → slot that tells whether it is there
    field_of: dict[str, int] = field(repr=False)

    @cached_property
    def fields_of_slot(self) -> tuple[tuple[Field, ...], ...]:
        found: list[list[Field]] = [[] for _ in self.slots]
        for one in self.fields:
            found[one.slot].append(one)
        return tuple(tuple(group) for group in found)

    def items_of_profile(self, profile: int) -> frozenset[int]:
        """Slots of the items that a profile has a place for."""
        root = self.nodes[self.roots[profile]]
        children = self.nodes[root["first"] : root["first"] + root["count"]]
        return frozenset(children["slot"][children["kind"] != NodeKind.UNDEFINED].tolist())

    def slot(self, path: str) -> Slot:
        """Slot of an item, subfield or field; ConfigError for a name that this edition lacks."""
        if path not in self.slot_of:
            raise ConfigError(
                f"CAT{self.category:03d} edition {self.edition} has no item {path!r}", "see Plan.paths for its names"
            )
        return self.slots[self.slot_of[path]]

    def field(self, path: str) -> Field:
        """Field behind a path; ConfigError for an item that has no single value of its own."""
        if path not in self.field_of:
            self.slot(path)
            raise ConfigError(f"CAT{self.category:03d} item {path!r} is not one value", "name a field below it")
        return self.fields[self.field_of[path]]

    @cached_property
    def kinds(self) -> tuple[NodeKind, ...]:
        """Kind of each slot's node (of a later part: that of its extended item)."""
        return tuple(NodeKind(kind) for kind in self.nodes["kind"][[slot.node for slot in self.slots]].tolist())

    @cached_property
    def parts(self) -> dict[int, tuple[int, ...]]:
        """Slots of the parts of each extended item, by each of them: `parts[slot]` begins with the item's own."""
        of_node: dict[int, list[int]] = {}
        for slot in self.slots:
            if self.kinds[slot.index] is NodeKind.EXTENDED:
                of_node.setdefault(slot.node, []).append(slot.index)
        return {slot: tuple(group) for group in of_node.values() for slot in group}

    def kind(self, slot: int) -> NodeKind:
        return self.kinds[slot]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(one.path for one in self.fields)


@cache
def plan(category: int, edition: str | None = None, expansion_edition: str | None = None) -> Plan:
    """The plan of one edition (default: the latest of the category and of its RE field)."""
    table = category_table(category, edition)
    expansion = expansion_table(category, expansion_edition)
    return _Builder(table, expansion).build()


class _Builder:
    """Grows nodes, slots and fields while it goes down a table."""

    def __init__(self, table: Category, expansion: Expansion | None) -> None:
        self.table = table
        self.expansion = expansion
        self.nodes: list[list[int]] = []
        self.slots: list[Slot] = []
        self.fields: list[Field] = []
        self.slot_of: dict[str, int] = {}
        self.field_of: dict[str, int] = {}
        self.n_compounds = 0
        self.placed: dict[str, int] = {}  # top-level item → its node: profiles share items

    def build(self) -> Plan:
        roots = [self.profile(number) for number in range(len(self.table.profiles))]
        entries: list[int] = []
        if RANDOM_FIELDS in self.slot_of:
            entries = [self.reserve(1) for _ in roots]
            for entry, root in zip(entries, roots, strict=True):
                self.nodes[entry] = [NodeKind.ENTRY, *self.nodes[root][1:-1], -1]
        nodes = np.array([tuple(row) for row in self.nodes], NODE)
        return Plan(
            self.table.category,
            self.table.edition,
            self.expansion.edition if self.expansion else "",
            self.table,
            self.expansion,
            nodes,
            tuple(self.slots),
            tuple(self.fields),
            tuple(profile.name for profile in self.table.profiles),
            np.array(roots, np.int32),
            np.array(entries, np.int32),
            self.slot_of,
            self.field_of,
        )

    def profile(self, number: int) -> int:
        profile = self.table.profiles[number]
        root = self.reserve(1)
        first = self.reserve(len(profile.fields))
        for node, item in enumerate(profile.fields, first):
            if isinstance(item, Item) and item.name in self.placed:
                self.nodes[node] = list(self.nodes[self.placed[item.name]])
            elif isinstance(item, Item):
                self.item(node, item, item.name, -1)
                self.placed[item.name] = node
            elif isinstance(item, RandomFields):
                self.random(node)
        self.set(root, NodeKind.RECORD, size=profile.fspec_octets, first=first, count=len(profile.fields))
        return root

    def reserve(self, count: int) -> int:
        first = len(self.nodes)
        self.nodes.extend([0, 0, -1, 0, 0, -1, 0, 0, -1] for _ in range(count))
        return first

    def set(
        self,
        node: int,
        kind: NodeKind,
        *,
        size: int = 0,
        slot: int = -1,
        first: int = 0,
        count: int = 0,
        extra: int = -1,
        octets: int = 0,
    ) -> None:
        ordinal = -1
        if kind in (NodeKind.COMPOUND, NodeKind.COMPOUND_FIXED, NodeKind.RECORD):
            ordinal, self.n_compounds = self.n_compounds, self.n_compounds + 1
            if count > _MAX_CHILDREN:
                raise ConfigError(f"CAT{self.table.category:03d} has {count} fields in one place", "report it as a bug")
        self.nodes[node] = [kind, size, slot, first, count, extra, len(self.slots), octets, ordinal]

    def new_slot(self, path: str, parent: int, node: int, part: int = 0) -> int:
        index = len(self.slots)
        self.slots.append(Slot(path, index, parent, node, part))
        self.slot_of.setdefault(path, index)
        return index

    def random(self, node: int) -> None:
        slot = self.slot_of.get(RANDOM_FIELDS, -1)
        if slot < 0:
            slot = self.new_slot(RANDOM_FIELDS, -1, node)
            self.new_slot(f"{RANDOM_FIELDS}/end", slot, node)  # the kernel notes where the entries end
        self.set(node, NodeKind.RANDOM, slot=slot)

    def item(self, node: int, item: Item, path: str, parent: int) -> None:
        slot = self.new_slot(path, parent, node)
        variation = item.variation
        if isinstance(variation, (Element, Group)):
            size = self.bits(variation, path, slot, 0, repeated=False) // 8
            self.set(node, NodeKind.FIXED, size=size, slot=slot)
        elif isinstance(variation, Extended):
            self.extended(node, variation, path, slot)
        elif isinstance(variation, Repetitive):
            bits = self.bits(variation.element, path, slot, 0, repeated=True)
            count = variation.count_octets
            kind, size = (NodeKind.REPEAT, bits // 8) if count else (NodeKind.REPEAT_FX, (bits + 1) // 8)
            self.set(node, kind, size=size, slot=slot, octets=count)
        elif isinstance(variation, Explicit):
            extra = -1
            if variation.purpose == "expansion" and self.expansion is not None:
                extra = self.reserve(1)
                self.compound(extra, self.expansion.contents, path, slot, slot)
            self.set(node, NodeKind.EXPLICIT, slot=slot, extra=extra)
        else:
            self.compound(node, variation, path, slot, slot)

    def compound(self, node: int, compound: Compound, path: str, slot: int, parent: int) -> None:
        first = self.reserve(len(compound.subfields))
        for child, sub in enumerate(compound.subfields, first):
            if sub is not None:
                self.item(child, sub, f"{path}/{sub.name}", parent)
        kind = NodeKind.COMPOUND_FIXED if compound.fixed else NodeKind.COMPOUND
        self.set(node, kind, size=compound.fspec_octets, slot=slot, first=first, count=len(compound.subfields))

    def extended(self, node: int, extended: Extended, path: str, slot: int) -> None:
        first = self.reserve(len(extended.parts))
        for number, part in enumerate(extended.parts):
            own = slot if number == 0 else self.new_slot(f"{path}#{number}", slot, node, number)
            bits = self.bits(Group(part), path, own, 0, repeated=False)
            has_fx = extended.last_has_fx or number < len(extended.parts) - 1
            self.set(first + number, NodeKind.FIXED, size=(bits + has_fx) // 8, slot=own)
        fx = int(extended.last_has_fx)
        self.set(node, NodeKind.EXTENDED, slot=slot, first=first, count=len(extended.parts), extra=fx)

    def bits(self, variation: Element | Group, path: str, slot: int, bit: int, *, repeated: bool) -> int:
        """Add the fields of a fixed structure that starts at `bit`; how many bits it has."""
        if isinstance(variation, Element):
            self.new_field(variation, path, slot, bit, repeated)
            return variation.bits
        at = bit
        for member in variation.members:
            if isinstance(member, Spare):
                at += member.bits
            else:
                assert isinstance(member.variation, (Element, Group))
                at += self.bits(member.variation, f"{path}/{member.name}", slot, at, repeated=repeated)
        return at - bit

    def new_field(self, element: Element, path: str, slot: int, bit: int, repeated: bool) -> None:
        kind, dtype, scale, unit = _column(element, element.bits)
        index = len(self.fields)
        one = Field(path, index, slot, bit, element.bits, kind, dtype, scale, unit, element, repeated)
        if kind not in (FieldKind.TEXT, FieldKind.OCTETS) and bit % 8 + element.bits > 64:
            raise ConfigError(f"CAT{self.table.category:03d} field {path} is wider than 64 bits", "report it as a bug")
        self.fields.append(one)
        self.field_of[path] = index
        self.slot_of.setdefault(path, slot)


def _column(element: Element, bits: int) -> tuple[FieldKind, np.dtype[Any], float, str]:
    """How an element becomes a column: kind, dtype, SI value of one raw unit, SI unit."""
    content = element.content
    if element.cases and all(case.content.kind == "quantity" for case in element.cases):
        names = dict.fromkeys(units.SI[case.content.unit][1] for case in element.cases)
        return FieldKind.QUANTITY, np.dtype("f8"), 1.0, " or ".join(names)
    if content.kind == "quantity":
        factor, unit = units.SI[content.unit]
        kind = FieldKind.SIGNED_QUANTITY if content.signed else FieldKind.QUANTITY
        return kind, np.dtype("f8"), content.lsb * factor, unit
    if content.kind == "string" and content.string == "icao":
        return FieldKind.SIX_BIT, np.dtype(f"S{bits // 6}"), 1.0, ""
    if content.kind == "string" and content.string == "ascii":
        return FieldKind.TEXT, np.dtype(f"S{bits // 8}"), 1.0, ""
    if bits > 64:
        return FieldKind.OCTETS, np.dtype(f"V{bits // 8}"), 1.0, ""
    kind = FieldKind.INT if content.signed else FieldKind.UINT
    return kind, integer_dtype(bits), 1.0, ""


def integer_dtype(bits: int) -> np.dtype[Any]:
    """The narrowest signed dtype with room for `bits` bits and one number more (for "absent"); unsigned at 64 bits."""
    if bits == 64:
        return np.dtype("u8")
    return np.dtype(next(name for name, room in (("i1", 7), ("i2", 15), ("i4", 31), ("i8", 63)) if bits <= room))


def top_level(paths: Sequence[str]) -> list[str]:
    """The item of each path, once, in order: `["040/RHO", "040/THETA"]` → `["040"]`."""
    return list(dict.fromkeys(path.partition("/")[0] for path in paths))
