"""Seeded random records, octet by octet from the published tables: every item, subfield, extent and repetition count.

For tests and benches. It shares the tables with the codec and nothing else, so the two can be held against each other. The
records are canonical: shortest field specification, spare bits 0, texts of the characters that the standard allows.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator

from hil.asterix.limits import raw_limit
from hil.asterix.plans import RANDOM_FIELDS, Plan, plan
from hil.asterix.spec import (
    Compound,
    Element,
    Explicit,
    Extended,
    Group,
    Item,
    Profile,
    RandomFields,
    Repetitive,
    Spare,
)

_ICAO = [*range(1, 27), 32, *range(48, 58)]  # A…Z, space, 0…9 (ICAO Annex 10 vol. IV §3.1.2.9.1.2)
_ASCII = [ord(c) for c in " ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/."]
_EXTREMES = 0.15  # share of values that are all zeros, all ones, or the sign bit alone


class Generator:
    """An endless source of records of one edition. `density` is the chance of each optional part."""

    def __init__(
        self,
        category: int,
        edition: str | None = None,
        *,
        seed: int,
        density: float = 0.5,
        max_repeats: int = 6,
        expansion: str | None = None,
        without: Collection[str] = (),
    ) -> None:
        self.plan: Plan = plan(category, edition, expansion)
        self.rng = random.Random(seed)
        self.density = density
        self.max_repeats = max_repeats
        self.without = frozenset(without)  # items that no record has
        self._ranges = {one.path: raw_limit(category, one) for one in self.plan.fields}

    def records(self, n: int) -> Iterator[bytes]:
        """`n` records. Every item of every profile comes up on its own before chance takes over."""
        solo = [(p, item) for p in self.plan.table.profiles for item in p.fields if item and self._allowed(item)]
        for index in range(n):
            if index < len(solo):
                profile, item = solo[index]
                yield self.record(profile, only=[item])
            else:
                yield self.record(self.rng.choice(self.plan.table.profiles))

    def solo(self, item: str, profile: int) -> bytes | None:
        """A record of one item and nothing else; None where the profile has no place for it."""
        fields = self.plan.table.profiles[profile].fields
        flags = [(field.name if isinstance(field, Item) else field and RANDOM_FIELDS) == item for field in fields]
        if not any(flags):
            return None
        field = fields[flags.index(True)]
        body = (
            self._item(field, item)
            if isinstance(field, Item)
            else self._random_fields(self.plan.table.profiles[profile])
        )
        return fspec_octets(flags) + body

    def record(self, profile: Profile, only: list[Item | RandomFields] | None = None) -> bytes:
        """One record: chosen items, or each by chance."""
        flags, body = [], b""
        selector = self._selector_items(profile)
        for field in profile.fields:
            wanted = field in only if only is not None else self._allowed(field) and self._chance()
            wanted = wanted or (isinstance(field, Item) and field.name in selector)
            flags.append(wanted)
            if not wanted:
                continue
            if isinstance(field, RandomFields):
                body += self._random_fields(profile)
            elif isinstance(field, Item):
                body += selector.get(field.name) or self._item(field, field.name)
        return fspec_octets(flags) + body

    def _allowed(self, field: Item | RandomFields | None) -> bool:
        name = RANDOM_FIELDS if isinstance(field, RandomFields) else field.name if field else ""
        return field is not None and name not in self.without

    def _chance(self) -> bool:
        return self.rng.random() < self.density

    def _selector_items(self, profile: Profile) -> dict[str, bytes]:
        """Contents of the item that tells the profile, where there are several: drawn until it tells this one."""
        table = self.plan.table
        if len(table.profiles) < 2:
            return {}
        name = table.selector[0]
        item = next(f for f in profile.fields if isinstance(f, Item) and f.name == name)
        one = self.plan.field("/".join(table.selector))
        while True:
            octets = self._item(item, name)
            value = int.from_bytes(octets[:1], "big") >> (8 - one.bit - one.bits) & ((1 << one.bits) - 1)
            if table.choices.get(value) == profile.name:
                return {name: octets}

    def _random_fields(self, profile: Profile) -> bytes:
        items = [(frn, f) for frn, f in enumerate(profile.fields, 1) if isinstance(f, Item)]
        entries = [self.rng.choice(items) for _ in range(self.rng.randrange(1, 4))]
        return bytes((len(entries),)) + b"".join(bytes((frn,)) + self._item(f, f.name) for frn, f in entries)

    def _item(self, item: Item, path: str) -> bytes:
        variation = item.variation
        if isinstance(variation, (Element, Group)):
            return _octets(self._bits(variation, path))
        if isinstance(variation, Extended):
            return self._extended(variation, path)
        if isinstance(variation, Repetitive):
            return self._repetitive(variation, path)
        if isinstance(variation, Explicit):
            return self._explicit(variation, path)
        return self._compound(variation, path)

    def _extended(self, extended: Extended, path: str) -> bytes:
        out = b""
        last = self.rng.randrange(len(extended.parts))
        for number, part in enumerate(extended.parts[: last + 1]):
            bits = self._bits(Group(part), path)
            if extended.last_has_fx or number < len(extended.parts) - 1:
                bits += "0" if number == last else "1"
            out += _octets(bits)
        return out

    def _repetitive(self, repetitive: Repetitive, path: str) -> bytes:
        fx = repetitive.count_octets == 0
        count = self.rng.randrange(1 if fx else 0, self.max_repeats + 1)
        elements = [self._bits(repetitive.element, path) for _ in range(count)]
        if fx:
            return b"".join(_octets(e + ("0" if k == count - 1 else "1")) for k, e in enumerate(elements))
        return count.to_bytes(repetitive.count_octets, "big") + b"".join(_octets(e) for e in elements)

    def _explicit(self, explicit: Explicit, path: str) -> bytes:
        if explicit.purpose == "expansion" and self.plan.expansion is not None:
            contents = self._compound(self.plan.expansion.contents, path)
            while len(contents) > 254:
                contents = self._compound(self.plan.expansion.contents, path)
        else:
            contents = self.rng.randbytes(self.rng.randrange(0, 12))
        return bytes((len(contents) + 1,)) + contents

    def _compound(self, compound: Compound, path: str) -> bytes:
        flags = [sub is not None and self._chance() for sub in compound.subfields]
        subs = [sub for sub, flag in zip(compound.subfields, flags, strict=True) if flag and sub is not None]
        body = b"".join(self._item(sub, f"{path}/{sub.name}") for sub in subs)
        if not compound.fixed:
            return fspec_octets(flags) + body
        flags += [False] * (8 * compound.fspec_octets - len(flags))
        return _octets("".join("01"[flag] for flag in flags)) + body

    def _bits(self, variation: Element | Group, path: str) -> str:
        if isinstance(variation, Element):
            return format(self._value(variation, path), f"0{variation.bits}b")
        parts = []
        for member in variation.members:
            if isinstance(member, Spare):
                parts.append("0" * member.bits)
            else:
                assert isinstance(member.variation, (Element, Group))
                parts.append(self._bits(member.variation, f"{path}/{member.name}"))
        return "".join(parts)

    def _value(self, element: Element, path: str) -> int:
        """A raw value that the standard allows, extremes more often than by chance."""
        content, bits = element.content, element.bits
        if content.kind == "string" and content.string in ("icao", "ascii"):
            width, alphabet = (6, _ICAO) if content.string == "icao" else (8, _ASCII)
            value = 0
            for _ in range(bits // width):
                value = value << width | self.rng.choice(alphabet)
            return value
        limit = self._ranges[path]
        if self.rng.random() < _EXTREMES:
            value = self.rng.choice([max(limit.low, 0), limit.low, limit.high, max(limit.low, -1)])
        else:
            value = self.rng.randint(limit.low, limit.high)
        return value & ((1 << bits) - 1)


def _octets(bits: str) -> bytes:
    return int(bits, 2).to_bytes(len(bits) // 8, "big") if bits else b""


def fspec_octets(flags: list[bool]) -> bytes:
    """The shortest field specification for these flags."""
    last = max((index for index, flag in enumerate(flags) if flag), default=0)
    octets = []
    for first in range(0, last + 1, 7):
        part = [*flags[first : first + 7], *[False] * 7][:7]
        octets.append(int("".join("01"[flag] for flag in part), 2) << 1 | (first + 7 <= last))
    return bytes(octets)
