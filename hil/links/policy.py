"""The hub's release policy: which items of which category may go from which nation to which. What is not listed does not pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

Path = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Z]{2,3}(/[A-Z0-9]+)?$")]


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule: records of `category` may go from nation `sender` to nation `receiver`, with these items and subfields only."""

    sender: str
    receiver: str
    category: Annotated[int, msgspec.Meta(ge=1, le=255)]
    items: tuple[Path, ...]


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A policy file (`lab_config/policies/*.toml`)."""

    title: str
    release: tuple[Release, ...] = ()

    def rules(self, sender: str, receiver: str) -> dict[int, frozenset[str]]:
        """Items that may pass from `sender` to `receiver`, by category; an empty mapping lets nothing through."""
        rules: dict[int, frozenset[str]] = {}
        for rule in self.release:
            if (rule.sender, rule.receiver) == (sender, receiver):
                rules[rule.category] = rules.get(rule.category, frozenset()) | frozenset(rule.items)
        return rules


def released(record: Mapping[str, Any], allowed: frozenset[str]) -> dict[str, Any]:
    """A new record that has the allowed items and subfields of `record` and nothing else; it may be empty."""
    out: dict[str, Any] = {}
    for item, value in record.items():
        if item in allowed:
            out[item] = value
        elif isinstance(value, Mapping):
            part = {name: sub for name, sub in value.items() if f"{item}/{name}" in allowed}
            if part:
                out[item] = part
    return out
