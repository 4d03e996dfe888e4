"""Limits that the standards set beyond the width of a field, read from limits.toml: ranges, wraps, mandatory items.

An angle that fills its field exactly (LSB × 2ⁿ = 360°) wraps by itself; no line in the file is needed for it.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from hil.asterix.plans import Field, plan


class Range(Struct, frozen=True, forbid_unknown_fields=True):
    category: int
    path: str
    clause: str
    low: float | None = None
    high: float | None = None


class Wrap(Struct, frozen=True, forbid_unknown_fields=True):
    category: int
    path: str
    period: float
    clause: str


class Mandatory(Struct, frozen=True, forbid_unknown_fields=True):
    category: int
    items: list[str]
    clause: str


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    range: list[Range] = []
    wrap: list[Wrap] = []
    mandatory: list[Mandatory] = []


@dataclass(frozen=True)
class RawLimit:
    """Smallest and largest raw value that may be written; `wrap_at` is written as `wrap_to` (below `low`: never)."""

    low: int
    high: int
    wrap_at: int
    wrap_to: int

    @property
    def kernel(self) -> tuple[int, int, int, int]:
        """As the kernel takes them; it does not look at fields too wide for its integers."""
        return (0, 0, -1, 0) if self.high >= 1 << 63 else (self.low, self.high, self.wrap_at, self.wrap_to)


@cache
def limits() -> Limits:
    text = Path(__file__).with_name("limits.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Limits)


def mandatory_items(category: int) -> tuple[str, ...]:
    """Items that every record of the category must carry, whatever its edition."""
    return tuple(item for entry in limits().mandatory if entry.category == category for item in entry.items)


@cache
def raw_limits(category: int, edition: str, expansion: str) -> tuple[RawLimit, ...]:
    """`raw_limit` of every field of a plan."""
    return tuple(raw_limit(category, one) for one in plan(category, edition, expansion or None).fields)


def raw_limit(category: int, field: Field) -> RawLimit:
    """What a field may carry: its bits, narrowed by the standard's range, with the wrap of a full circle or a day."""
    low, high = (-(1 << field.bits - 1), (1 << field.bits - 1) - 1) if field.is_signed else (0, (1 << field.bits) - 1)
    wrap_at, wrap_to = low - 1, 0
    if field.unit == "rad" and field.is_quantity and math.isclose(field.scale * (1 << field.bits), math.tau):
        wrap_at, wrap_to = high + 1, low
    for wrap in limits().wrap:
        if wrap.category == category and wrap.path == field.path:
            wrap_at = round(wrap.period / field.scale)
            high, wrap_to = min(high, wrap_at - 1), 0
    for bound in limits().range:
        if bound.category == category and bound.path == field.path:
            low = low if bound.low is None else max(low, math.ceil(bound.low / field.scale - 1e-9))
            high = high if bound.high is None else min(high, math.floor(bound.high / field.scale + 1e-9))
    return RawLimit(low, high, wrap_at, wrap_to)
