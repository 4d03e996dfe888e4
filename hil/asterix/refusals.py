"""Why something cannot be encoded, in one line: the item, the value, where it stands, and what would do instead."""

from __future__ import annotations

from typing import Any

from hil.asterix.kernel import Refusal
from hil.asterix.limits import raw_limit
from hil.asterix.plans import Field, Plan
from hil.errors import EncodeError

_STRUCTURE = {
    Refusal.RECORD_TOO_LONG: ("makes the record longer than 65532 octets", "give fewer elements"),
    Refusal.TOO_MANY: ("has more elements or octets than its count can say", "give fewer"),
    Refusal.NONE_TO_REPEAT: ("is present with no element", "give one, or leave it out"),
}


def item_name(used: Plan, path: str) -> str:
    """As the standard writes it: `I062/130`."""
    return f"I{used.category:03d}/{path}"


def structure_refused(used: Plan, refusal: int, node: int, where: str) -> EncodeError:
    """The kernel stopped while it laid a record out, at a node."""
    slot = int(used.nodes["slot"][node])
    path = used.slots[slot].path if slot >= 0 else "record"
    cause, remedy = _STRUCTURE.get(Refusal(refusal), ("does not fit the output buffer", "report it as a bug"))
    return EncodeError(f"{where}{item_name(used, path)} {cause}", remedy)


def value_refused(used: Plan, refusal: int, one: Field, value: Any, where: str) -> EncodeError:
    """The kernel stopped at a value. `where` names its record."""
    unit = f" {one.unit}" if one.unit else ""
    name = f"{where}{item_name(used, one.path)} = {value}{unit}"
    if refusal == Refusal.NO_VALUE:
        return EncodeError(f"{name} is not a number", "give a value, or leave the item out")
    if refusal == Refusal.OUT_OF_RANGE:
        limit = raw_limit(used.category, one)
        low, high = limit.low * one.scale, limit.high * one.scale
        return EncodeError(f"{name} is out of range", f"give {low:.12g} … {high:.12g}{unit}")
    if refusal == Refusal.TEXT_TOO_LONG:
        return EncodeError(f"{name} is longer than {one.dtype.itemsize} characters", "shorten it")
    return EncodeError(f"{name} has a character that the field cannot carry", "use capitals, digits and spaces")
