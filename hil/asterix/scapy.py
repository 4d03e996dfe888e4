"""ASTERIX as scapy layers, made from the same tables as the codec: `from hil.asterix.scapy import AsterixBlock, CAT048`.

A record layer has one field per item (`I010`, `I040`, …, `RE`, `SP`) whose value is what `LiveCodec` has for it: a number,
a text, a dictionary or a list, in SI units. Absent is `ABSENT`. For records that no standard allows, an item may be given as
`bytes` (put in as they are), `fspec` and `length` may be overridden, and `fuzz()` draws random valid items.

Importing this module imports scapy and binds `AsterixBlock` to UDP port 8600; see `bind_port` for others.
"""

from __future__ import annotations

import copy
import random
from enum import Enum
from functools import cache
from typing import Any, ClassVar

from scapy.fields import ByteField, Field, PacketListField, ShortField
from scapy.layers.inet import UDP
from scapy.packet import Packet, bind_layers
from scapy.volatile import VolatileValue

from hil.asterix.generate import Generator, fspec_octets
from hil.asterix.layout import is_payload
from hil.asterix.live_read import Reader
from hil.asterix.live_write import Writer
from hil.asterix.plans import RANDOM_FIELDS, Plan, plan
from hil.asterix.spec import Item
from hil.asterix.tables import categories
from hil.errors import DecodeError, EncodeError

DEFAULT_PORT = 8600


class Presence(Enum):
    """An item's value when the record does not have it."""

    ABSENT = 0

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "absent"


ABSENT = Presence.ABSENT


class ItemField(Field):  # type: ignore[misc]  # scapy has no type information
    """One item of a record; its value is what `LiveCodec` has for it, octets, or `ABSENT`."""

    __slots__ = ("category", "edition", "path")
    ismutable = True

    def __init__(self, name: str, path: str, category: int, edition: str) -> None:
        super().__init__(name, ABSENT)
        self.path = path
        self.category = category
        self.edition = edition

    def any2i(self, _pkt: Packet, value: Any) -> Any:
        return ABSENT if value is None else value

    def i2h(self, _pkt: Packet, value: Any) -> Any:
        return value

    def i2repr(self, _pkt: Packet, value: Any) -> str:
        return repr(value)

    def do_copy(self, value: Any) -> Any:
        return copy.deepcopy(value)

    def randval(self) -> RandomItem | None:
        """What `fuzz()` uses; None for an item that not every profile of the category has a place for."""
        used = plan(self.category, self.edition)
        profiles = (used.items_of_profile(number) for number in range(len(used.profiles)))
        everywhere = all(used.slot_of[self.path] in items for items in profiles)
        everywhere &= self.path != RANDOM_FIELDS or len(used.profiles) == 1  # its entries are numbered by the profile
        return RandomItem(self.path, self.category, self.edition) if everywhere else None


class RandomItem(VolatileValue):  # type: ignore[misc]  # scapy has no type information
    """A random valid value of one item, or `ABSENT`: what `fuzz()` puts in."""

    def __init__(self, path: str, category: int, edition: str, density: float = 0.5) -> None:
        super().__init__()
        self.path = path
        self.category = category
        self.edition = edition
        self.density = density

    def _fix(self) -> Any:
        seed = random.getrandbits(63)  # scapy's own randomness: `random.seed` replays a fuzz
        generator = Generator(self.category, self.edition, seed=seed)
        if generator.rng.random() >= self.density:
            return ABSENT
        profile = generator.rng.randrange(len(generator.plan.profiles))
        record = generator.solo(self.path, profile)
        read = _reader(self.category, self.edition).read_one(record, profile) if record else None
        return read[0][self.path] if read else ABSENT


class AsterixRecord(Packet):  # type: ignore[misc]  # scapy has no type information
    """One record of one edition of one category; subclasses are made by `record_layer`."""

    name = "ASTERIX record"
    fields_desc: ClassVar[list[Any]] = []
    plan: ClassVar[Plan]

    def self_build(self) -> bytes:
        """Field specification and items, in the order of the record's profile."""
        if self.raw_packet_cache is not None and not self._changed():
            return bytes(self.raw_packet_cache)
        values = {f.path: self.getfieldval(f.name) for f in self.fields_desc if isinstance(f, ItemField)}
        values = {path: value for path, value in values.items() if value is not ABSENT}
        writer = _writer(self.plan.category, self.plan.edition)
        number = writer.profile(values)
        self._refuse_foreign(values, number)
        flags, body = [], b""
        for item in self.plan.table.profiles[number].fields:
            path = item.name if isinstance(item, Item) else RANDOM_FIELDS if item is not None else ""
            flags.append(path in values)
            if path in values:
                value = values[path]
                body += value if _is_verbatim(self.plan, path, value) else writer.item_octets(path, value, number)
        fspec = self.getfieldval("fspec")
        return (fspec_octets(flags) if fspec is None else bytes(fspec)) + body

    def do_dissect(self, octets: bytes) -> bytes:
        """Take the first record off `octets`. DecodeError when it is bad (scapy then shows a Raw layer)."""
        read = _reader(self.plan.category, self.plan.edition).read_one(octets)
        if read is None:
            raise DecodeError(f"octets are no CAT{self.plan.category:03d} record", "dissect them as Raw")
        record, length, _ = read
        for path, value in record.items():
            self.fields[_attribute(path)] = value
        self.raw_packet_cache = octets[:length]
        self.raw_packet_cache_fields = copy.deepcopy(self.fields)
        self.explicit = 1
        return octets[length:]

    def extract_padding(self, octets: bytes) -> tuple[bytes, bytes]:
        return b"", octets

    def _refuse_foreign(self, values: dict[str, Any], profile: int) -> None:
        """An item that the profile has no place for would vanish without a word."""
        allowed = self.plan.items_of_profile(profile)
        for path in values:
            if self.plan.slot_of[path] not in allowed:
                raise EncodeError(f"I{self.plan.category:03d}/{path} has no place in the record", "leave it out")

    def _changed(self) -> bool:
        return bool(self.fields != self.raw_packet_cache_fields)

    def _show_or_dump(
        self,
        dump: bool = False,
        indent: int = 3,  # noqa: ARG002 - scapy passes it by name
        lvl: str = "",
        label_lvl: str = "",
        first_call: bool = True,
    ) -> str | None:
        """As scapy's, but only the items that are there, one value a line, with titles, units and meanings."""
        lines = [f"{label_lvl}###[ {self.name} ]###"]
        for one in self.fields_desc:
            value = self.getfieldval(one.name)
            if isinstance(one, ItemField) and value is not ABSENT:
                lines += [f"{label_lvl}{lvl}  {line}" for line in _shown(self.plan, one.path, value)]
        text = "\n".join(lines) + "\n"
        if first_call and not dump:
            print(text)
            return None
        return text


class AsterixBlock(Packet):  # type: ignore[misc]  # scapy has no type information
    """A data block: category, length and records. Several of them in a datagram are each other's payload."""

    name = "ASTERIX data block"
    fields_desc: ClassVar[list[Any]] = [
        ByteField("category", None),
        ShortField("length", None),
        PacketListField(
            "records", [], next_cls_cb=lambda pkt, _lst, _cur, rest: _record_class(pkt) if rest else None,
            length_from=lambda pkt: max(0, pkt.length - 3),
        ),
    ]  # fmt: skip

    def post_build(self, block: bytes, payload: bytes) -> bytes:
        """Fill in category and length where they were not given."""
        if self.category is None and self.records:
            block = bytes((getattr(self.records[0], "plan", plan(48)).category,)) + block[1:]
        if self.length is None:
            block = block[:1] + len(block).to_bytes(2, "big") + block[3:]
        return block + payload

    def guess_payload_class(self, payload: bytes) -> type[Packet]:
        known = len(payload) >= 3 and payload[0] in categories()
        return AsterixBlock if known else super().guess_payload_class(payload)


@cache
def record_layer(category: int, edition: str | None = None) -> type[AsterixRecord]:
    """The layer class of one edition (default: the latest)."""
    used = plan(category, edition)
    if edition is not None and used.edition == plan(category).edition:
        return record_layer(category)
    paths = [slot.path for slot in used.slots if slot.parent < 0 and slot.part == 0]
    fields = [Field("fspec", None), *(ItemField(_attribute(p), p, category, used.edition) for p in paths)]
    name = f"CAT{category:03d}"
    title = f"ASTERIX {name} record, edition {used.edition}"
    body = {"name": title, "fields_desc": fields, "plan": used, "__module__": __name__, "__doc__": f"{title}."}
    return type(name, (AsterixRecord,), body)


def bind_port(port: int) -> None:
    """Let scapy dissect UDP datagrams from or to a port as ASTERIX."""
    bind_layers(UDP, AsterixBlock, dport=port)
    bind_layers(UDP, AsterixBlock, sport=port)


def __getattr__(name: str) -> Any:
    """`CAT048`, `CAT062`, …: the record layer of the latest edition."""
    if name.startswith("CAT") and name[3:].isdigit() and int(name[3:]) in categories():
        return record_layer(int(name[3:]))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _attribute(path: str) -> str:
    """Name of an item's field: items are numbers in the standard, which Python does not take for a name."""
    return path if path[0].isalpha() else f"I{path}"


@cache
def _reader(category: int, edition: str) -> Reader:
    return Reader(plan(category, edition))


@cache
def _writer(category: int, edition: str) -> Writer:
    return Writer(plan(category, edition), partial=True)


def _record_class(block: AsterixBlock) -> type[Packet]:
    return record_layer(block.category) if block.category in categories() else Packet


def _is_verbatim(used: Plan, path: str, value: Any) -> bool:
    """Octets stand for themselves, except as the contents of an item that is octets anyway."""
    return isinstance(value, bytes) and (path == RANDOM_FIELDS or not is_payload(used, used.slot_of[path]))


def _shown(used: Plan, path: str, value: Any, indent: str = "") -> list[str]:
    name = path.rpartition("/")[2]
    if isinstance(value, dict):
        lines = [f"{indent}{name}"]
        for below, inner in value.items():
            lines += _shown(used, f"{path}/{below}", inner, indent + "  ")
        return lines
    if isinstance(value, list):
        lines = [f"{indent}{name} × {len(value)}"]
        for element in value:
            lines += _shown(used, path, element, indent + "  ")
        return lines
    one = used.fields[used.field_of[path]] if path in used.field_of else None
    meaning = one.element.content.values.get(value, "") if one and isinstance(value, int) else ""
    unit = f" {one.unit}" if one and one.unit and not isinstance(value, bytes) else ""
    return [f"{indent}{name} = {value!r}{unit}{f' ({meaning})' if meaning else ''}"]


bind_port(DEFAULT_PORT)
