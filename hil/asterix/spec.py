"""What a published ASTERIX category says, as plain data: the shape of the tables, not their walk and not their use.

One `Category` is one edition of one category (EUROCONTROL-SPEC-0149, parts 2 ff.); one `Expansion` is one edition of the
contents of its reserved expansion field (RE). Both are made by `hil.asterix.tables` from libasterix's generated classes.
"""

from __future__ import annotations

from msgspec import Struct


class Content(Struct, frozen=True, array_like=True):
    """What the bits of an element mean. `kind`: raw, table, string, integer, quantity or bds."""

    kind: str = "raw"
    signed: bool = False
    lsb: float = 1.0  # quantity: value of one bit, in `unit`
    unit: str = ""  # as printed in the standard: "NM", "FL", "°", …
    string: str = ""  # ascii, icao (6 bit), octal
    values: dict[int, str] = {}  # table: meaning of each code


class Case(Struct, frozen=True, array_like=True):
    """The content that holds when the items that it depends on carry these values."""

    key: list[int]
    content: Content


class Element(Struct, frozen=True, tag="element"):
    """A run of bits with one meaning, or with one of `cases` chosen by the items at `depends_on`."""

    bits: int
    content: Content
    depends_on: list[list[str]] = []
    cases: list[Case] = []


class Spare(Struct, frozen=True, tag="spare"):
    bits: int


class Group(Struct, frozen=True, tag="group"):
    """Members one after the other, most significant bit first."""

    members: list[Item | Spare]


class Extended(Struct, frozen=True, tag="extended"):
    """A first part and extents; each part but perhaps the last ends in an FX bit."""

    parts: list[list[Item | Spare]]
    last_has_fx: bool = True


class Repetitive(Struct, frozen=True, tag="repetitive"):
    """`count_octets` octets that count the elements, or (0) an FX bit behind each element."""

    count_octets: int
    element: Element | Group


class Explicit(Struct, frozen=True, tag="explicit"):
    """A length octet (which counts itself) and contents. `purpose`: expansion (RE), special (SP) or empty."""

    purpose: str = ""


class Compound(Struct, frozen=True, tag="compound"):
    """A field specification of at most `fspec_octets` octets, then the subfields whose bit is set.

    `fixed`: exactly that many octets, all bits are flags (as in reserved expansion fields); else the eighth bit is FX.
    """

    fspec_octets: int
    subfields: list[Item | None]
    fixed: bool = False


class Item(Struct, frozen=True, tag="item"):
    """A named data item, subfield or element. `variation` is the structure behind the name."""

    name: str
    title: str
    variation: Element | Group | Extended | Repetitive | Explicit | Compound


class RandomFields(Struct, frozen=True, tag="rfs"):
    """The random field sequencing slot of a profile: a count, then pairs of field reference number and item."""


class Profile(Struct, frozen=True):
    """A user application profile: which item each FSPEC bit stands for."""

    name: str
    fspec_octets: int
    fields: list[Item | RandomFields | None]


class Category(Struct, frozen=True):
    """One edition of one category. `selector` and `choices` pick the profile of a record where there are several."""

    category: int
    edition: str
    profiles: list[Profile]
    selector: list[str] = []
    choices: dict[int, str] = {}


class Expansion(Struct, frozen=True):
    """One edition of the contents of a category's reserved expansion field."""

    category: int
    edition: str
    contents: Compound


class Index(Struct, frozen=True):
    """Which editions there are, oldest first: category → editions."""

    categories: dict[int, list[str]]
    expansions: dict[int, list[str]]
