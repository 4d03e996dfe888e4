"""What libasterix reads in a record, as the nested dictionaries that `LiveCodec` gives: the independent oracle for values.

Unit factors are said here once more, by hand, so that a wrong one in hil/asterix/units.py shows.
"""

from __future__ import annotations

import math
from typing import Any

from asterix import base, generated

DEGREE, NAUTICAL_MILE, FOOT = math.pi / 180, 1852, 0.3048
SI = {
    "°": DEGREE, "°/s": DEGREE, "NM": NAUTICAL_MILE, "NM/s": NAUTICAL_MILE, "kt": NAUTICAL_MILE / 3600,
    "ft": FOOT, "FL": 100 * FOOT, "ALTFL": 100 * FOOT, "ft/min": FOOT / 60,
    "ms": 1e-3, "ns": 1e-9, "fs": 1e-15, "MHz": 1e6, "mb": 100, "hPa": 100, "%": 0.01,
}  # fmt: skip
ALL_CATEGORIES = generated.manifest["CATS"]


def edition_name(category: Any) -> str:
    return ".".join(map(str, category.cv_edition))


def newest_expansion(category: int) -> Any:
    editions = generated.manifest["REFS"].get(category, [])
    return max(editions, key=lambda e: e.cv_edition).cv_expansion if editions else None


def readings(category: Any, record: bytes) -> list[dict[str, Any]]:
    """The record by every profile of the category that takes all of its octets."""
    uap = category.cv_uap
    profiles = [uap.cv_record] if hasattr(uap, "cv_record") else list(uap.cv_uaps.values())
    found = []
    for profile in profiles:
        parsed = profile.parse(base.ParsingMode.StrictParsing, base.Bits.from_bytes(record))
        if not isinstance(parsed, ValueError) and not len(parsed[1]):
            found.append(_record(parsed[0], newest_expansion(category.cv_category)))
    return found


def _record(parsed: Any, expansion: Any) -> dict[str, Any]:
    values = {name: _variation(_inner(item.arg), expansion) for name, item in parsed.items_regular.items()}
    random = [
        {name: _variation(_inner(item.arg), expansion)} for part in parsed.items_rfs if part for name, item in part
    ]
    return _settled(values | ({"RFS": random} if random else {}))


def _inner(rule: Any) -> Any:
    if isinstance(rule, base.RuleVariationDependent):
        return rule.cv_default_variation._parse(rule.bs)[0]
    return rule.arg


class _Dependent:
    """An element whose content depends on another item: settled when the whole record is known."""

    def __init__(self, element: Any) -> None:
        self.rule, self.bits = element.cv_rule, element.bs

    def value(self, root: dict[str, Any]) -> Any:
        key = []
        for path in self.rule.cv_depends_on:
            node: Any = root
            for name in path:
                node = node[name]
            key.append(node)
        known = [case for case, _ in self.rule.cv_cases]
        content = self.rule._find_content(key) if key in known else self.rule.cv_default_content
        return _content(content, self.bits)


def _settled(node: Any, root: dict[str, Any] | None = None) -> Any:
    root = node if root is None else root
    if isinstance(node, dict):
        return {name: _settled(value, root) for name, value in node.items()}
    if isinstance(node, list):
        return [_settled(value, root) for value in node]
    return node.value(root) if isinstance(node, _Dependent) else node


def _variation(variation: Any, expansion: Any) -> Any:
    found: Any
    if isinstance(variation, base.Element):
        dependent = issubclass(variation.cv_rule, base.RuleContentDependent)
        found = _Dependent(variation) if dependent else _content(variation.cv_rule.cv_content, variation.bs)
    elif isinstance(variation, base.Group):
        found = _members(variation.arg, expansion)
    elif isinstance(variation, base.Extended):
        found = _members([item for part in variation.arg for item in part], expansion)
    elif isinstance(variation, base.Repetitive):
        found = [_variation(element, expansion) for element in variation.arg]
    elif isinstance(variation, base.Compound):
        found = {name: _variation(_inner(item.arg), expansion) for name, item in variation.arg.items()}
    else:
        found = _explicit(variation, expansion)
    return found


def _explicit(variation: Any, expansion: Any) -> Any:
    contents = variation.get_bytes()
    if variation.cv_explicit_type is not base.ReservedExpansion or expansion is None:
        return contents
    parsed, rest = expansion._parse(base.Bits.from_bytes(contents))
    assert not len(rest)
    return {name: _variation(_inner(item.arg), None) for name, item in parsed.arg.items()}


def _members(items: list[Any], expansion: Any) -> dict[str, Any]:
    return {
        item.cv_non_spare.cv_name: _variation(_inner(item.arg.arg), expansion)
        for item in items
        if isinstance(item, base.Item)
    }


def _content(content: Any, bits: Any) -> Any:
    if issubclass(content, base.ContentQuantity):
        return float(content(bits)._as_quantity()) * SI.get(content.cv_unit, 1)
    if issubclass(content, base.ContentInteger):
        return content(bits).as_integer()
    if issubclass(content, base.ContentString):
        text = content(bits).as_string()
        return int(text, 8) if content.cv_string_type is base.StringOctal else text.rstrip()
    if len(bits) > 64:
        return bits.to_uinteger().to_bytes(len(bits) // 8, "big")
    return bits.to_uinteger()


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Where two readings differ: floats by more than rounding, anything else at all."""
    if isinstance(theirs, dict):
        if not isinstance(ours, dict) or set(ours) != set(theirs):
            return [f"{path}: {ours!r} is not {theirs!r}"]
        return [d for name in theirs for d in differences(ours[name], theirs[name], f"{path}/{name}")]
    if isinstance(theirs, list):
        if not isinstance(ours, list) or len(ours) != len(theirs):
            return [f"{path}: {ours!r} is not {theirs!r}"]
        return [d for k, (a, b) in enumerate(zip(ours, theirs, strict=True)) for d in differences(a, b, f"{path}[{k}]")]
    if isinstance(theirs, str):
        # libasterix drops six-bit codes that the standard leaves undefined, ours keeps a character for each
        defined = "".join(c for c in str(ours) if c not in "@[\\]^_!\"#$%&'()*+,-./:;<=>?").rstrip()
        same = theirs in (ours, defined)
    else:
        same = (
            math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-300) if isinstance(theirs, float) else ours == theirs
        )
    return [] if same and type(ours) is type(theirs) else [f"{path}: {ours!r} is not {theirs!r}"]
