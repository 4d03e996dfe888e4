"""Writes app/uap_tables.h and app/uap_tables.c: how long each ASTERIX item is, taken from libasterix's tables.

For each category that the box reads or writes: FSPEC position -> fixed, FX-extended, repeated, explicit or compound.
The C files are committed; `tests/unit/firmware` checks that running this again gives the same octets. It knows lengths
only: what an item means is written where the item is used.

    python gen/uap_tables.py [DIRECTORY]    # default: ../app
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asterix.generated as tables
from asterix import base

CATEGORIES = {
    15: "Cat_015_1_0",
    34: "Cat_034_1_29",
    48: "Cat_048_1_32",
    62: "Cat_062_1_21",
    63: "Cat_063_1_7",
    65: "Cat_065_1_6",
}
EXPANSIONS = {48: "Ref_048_1_13"}

BANNER = """/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Written by gen/uap_tables.py from libasterix; do not edit. */
"""


@dataclass(frozen=True)
class Rule:
    """One item as the C parser sees it; `size` and `count` mean what app/asterix.h says for its kind."""

    name: str
    kind: str
    size: int = 0
    count: int = 0
    sub: tuple[Rule, ...] = ()


def main(directory: Path) -> None:
    header, source = [HEADER_TOP], [BANNER, '#include "uap_tables.h"\n\n#include "asterix.h"\n']
    for number, name in CATEGORIES.items():
        record = getattr(tables, name).cv_uap.cv_record
        edition = ".".join(map(str, getattr(tables, name).cv_edition))
        rules = tuple(uap_rule(item) for item in record.cv_items_list)
        header.append(enumeration(f"I{number:03d}", rules, f"CAT{number:03d} edition {edition}"))
        source += arrays(f"cat{number:03d}", rules)
        header.append(f"extern const struct category cat{number:03d};\n")
        source.append(
            f"const struct category cat{number:03d} = "
            f"{{{number}, {record.cv_fspec_max_bytes}, {len(rules)}, cat{number:03d}_items}};\n"
        )
    for number, name in EXPANSIONS.items():
        expansion = getattr(tables, name).cv_expansion
        kind, size = expansion.cv_type
        of = "ITEM_COMPOUND_PLAIN" if kind is base.FspecFixed else "ITEM_COMPOUND"
        rules = tuple(rule(item) for item in expansion.cv_items_list)
        symbol = f"ref{number:03d}"
        header.append(enumeration(symbol.upper(), rules, f"reserved expansion field of CAT{number:03d}"))
        source += arrays(symbol, rules)
        header.append(f"extern const struct item_rule {symbol};\n")
        source.append(f"const struct item_rule {symbol} = {{{of}, {size}, {len(rules)}, {symbol}_items}};\n")
    header.append("\n#endif\n")
    (directory / "uap_tables.h").write_text("".join(header))
    (directory / "uap_tables.c").write_text("".join(source))


def uap_rule(item: Any) -> Rule:
    """The rule of one FSPEC position of a record."""
    if issubclass(item, base.UapItem):
        return rule(item.cv_non_spare)
    if issubclass(item, base.UapItemSpare):
        return Rule("", "ITEM_NONE")
    raise SystemExit(f"{item}: random field sequencing is not supported")


def rule(non_spare: Any) -> Rule:
    """The rule of a named item or subfield (`None`: a subfield that the edition does not define)."""
    if non_spare is None:
        return Rule("", "ITEM_NONE")
    variation = variation_of(non_spare)
    name = non_spare.cv_name
    if issubclass(variation, base.Extended):
        parts = [sum(1 if x is None else x[1] for x in part) for part in variation.cv_items_list]
        if set(parts) != {8}:
            raise SystemExit(f"{name}: an extended item with parts of {parts} bits is not supported")
        return Rule(name, "ITEM_EXTENDED", 1, len(parts))
    if issubclass(variation, base.Repetitive):
        return repeated(name, variation)
    if issubclass(variation, base.Explicit):
        return Rule(name, "ITEM_EXPLICIT")
    if issubclass(variation, base.Compound):
        sub = tuple(rule(item) for item in variation.cv_items_list)
        return Rule(name, "ITEM_COMPOUND", variation.cv_fspec_max_bytes, len(sub), sub)
    return Rule(name, "ITEM_FIXED", octets(bit_size(variation), name))


def repeated(name: str, variation: Any) -> Rule:
    """An item repeated while FX is set, or as often as its first octet says."""
    bits = bit_size(variation.cv_variation)
    if variation.cv_rep_bytes is None:
        return Rule(name, "ITEM_REPEATED_FX", octets(bits + 1, name))
    if variation.cv_rep_bytes != 1:
        raise SystemExit(f"{name}: a repetition factor of {variation.cv_rep_bytes} octets is not supported")
    return Rule(name, "ITEM_REPEATED", octets(bits, name))


def variation_of(non_spare: Any) -> Any:
    of = non_spare.cv_rule
    return getattr(of, "cv_variation", None) or of.cv_default_variation


def bit_size(variation: Any) -> int:
    """Bits of a variation whose size never changes."""
    if issubclass(variation, base.Element):
        return int(variation.cv_bit_size)
    if issubclass(variation, base.Group):
        return sum(size for _, size in variation.cv_items_list)
    raise SystemExit(f"{variation}: not of a fixed size")


def octets(bits: int, name: str) -> int:
    if bits % 8:
        raise SystemExit(f"{name}: {bits} bits are not whole octets")
    return bits // 8


def enumeration(prefix: str, rules: Iterable[Rule], title: str) -> str:
    """FSPEC positions by item name, then the subfield positions of each compound item."""
    rules = tuple(rules)
    lines = [f"\n/* {title}: FSPEC positions. */\nenum {{\n"]
    for position, item in enumerate(rules, 1):
        if item.name:
            lines.append(f"    {prefix}_{item.name} = {position},\n")
        lines += [f"    {prefix}_{item.name}_{sub.name} = {at},\n" for at, sub in enumerate(item.sub, 1) if sub.name]
    return "".join([*lines, "};\n"])


def arrays(name: str, rules: Iterable[Rule]) -> list[str]:
    """The C array of `rules`, after the arrays of the compound items in it."""
    before: list[str] = []
    lines = [f"\nstatic const struct item_rule {name}_items[] = {{\n"]
    for item in rules:
        sub = "NULL"
        if item.sub:
            before += arrays(f"{name}_{item.name.lower()}", item.sub)
            sub = f"{name}_{item.name.lower()}_items"
        comment = f" /* {item.name} */" if item.name else ""
        lines.append(f"    {{{item.kind}, {item.size}, {item.count}, {sub}}},{comment}\n")
    return [*before, *lines, "};\n"]


HEADER_TOP = (
    BANNER
    + """#ifndef UAP_TABLES_H
#define UAP_TABLES_H

struct category;
struct item_rule;
"""
)

if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "app")
