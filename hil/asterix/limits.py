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

_DAY_S = 86_400.0


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """One category's section of limits.toml."""

    mandatory: list[str] = []
    time_of_day: list[str] = []
    range: dict[str, tuple[float, float]] = {}


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


def limits(category: int) -> Limits:
    """What limits.toml says about a category."""
    return _file().get(f"{category:03d}", Limits())


def mandatory_items(category: int) -> tuple[str, ...]:
    """Items that every record of the category must carry, whatever its edition."""
    return tuple(limits(category).mandatory)


@cache
def raw_limits(category: int, edition: str, expansion: str) -> tuple[RawLimit, ...]:
    """`raw_limit` of every field of a plan."""
    return tuple(raw_limit(category, one) for one in plan(category, edition, expansion or None).fields)


def raw_limit(category: int, field: Field) -> RawLimit:
    """What a field may carry: its bits, narrowed by the standard's range, with the wrap of a full circle or a day."""
    low, high = (-(1 << field.bits - 1), (1 << field.bits - 1) - 1) if field.is_signed else (0, (1 << field.bits) - 1)
    wrap_at, wrap_to = low - 1, 0
    stated, lsb = limits(category), field.element.content.lsb
    if field.path in stated.range:
        lowest, highest = stated.range[field.path]
        low, high = max(low, math.ceil(lowest / lsb - 1e-6)), min(high, math.floor(highest / lsb + 1e-6))
    if field.unit == "rad" and field.is_quantity and math.isclose((high + 1 - low) * field.scale, math.tau):
        wrap_at, wrap_to = high + 1, low
    elif field.unit == "rad" and field.is_quantity and math.isclose((high - low) * field.scale, math.tau):
        wrap_at, wrap_to, high = high, low, high - 1
    if field.path in stated.time_of_day and math.isclose(_DAY_S / lsb, round(_DAY_S / lsb)):
        wrap_at, wrap_to = round(_DAY_S / lsb), 0
        high = wrap_at - 1
    return RawLimit(low, high, wrap_at, wrap_to)


@cache
def _file() -> dict[str, Limits]:
    text = Path(__file__).with_name("limits.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Limits])
