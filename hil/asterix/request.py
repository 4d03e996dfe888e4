"""What a caller wants encoded, checked and put into one form before any octet is written.

Names are resolved to slots and fields, values to contiguous f8, i8 or text columns, presence to one mask per slot. Ranges are not
looked at here: the kernel does that while it writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.asterix.plans import RANDOM_FIELDS, Field, NodeKind, Plan, Slot
from hil.asterix.records import REPEATS, Mask, Octets, Offsets
from hil.asterix.refusals import item_name
from hil.errors import EncodeError


class Request:
    """What the caller wants written, checked and put into one form: values by field, presence and amounts by slot."""

    def __init__(self, used: Plan, columns: Mapping[str, Any], present: Mapping[str, npt.ArrayLike]) -> None:
        self.plan = used
        self.values: dict[int, npt.NDArray[Any]] = {}  # field index → contiguous f8, i8 or S, one per row or element
        self.offsets: dict[int, Offsets] = {}  # slot → offsets of its elements or octets
        self.payload: dict[int, Octets] = {}
        self.n = _rows(columns, present)
        self.given = {used.slot(path).index: self._mask(path, mask) for path, mask in present.items()}
        for path, column in columns.items():
            self._take(path, column)
        self._scale_by_case()
        self.masks = self._presence()
        self._demand_values()

    def _mask(self, path: str, mask: npt.ArrayLike) -> Mask:
        flags = np.asarray(mask)
        if flags.dtype != np.bool_ or flags.shape != (self.n,):
            raise EncodeError(f"present[{path!r}] is {flags.dtype}{list(flags.shape)}", f"give bool[{self.n}]")
        return np.ascontiguousarray(flags)

    def _take(self, path: str, column: Any) -> None:
        slot = self.plan.slot(path)
        kind = self.plan.kind(slot.index)
        if path in self.plan.field_of and not self.plan.field(path).repeated:
            one = self.plan.field(path)
            self.values[one.index] = self._column(one, column, self.n)
        elif kind in REPEATS and slot.path == path:
            offsets, elements = column
            self.offsets[slot.index] = self._offsets(path, offsets)
            for below, values in elements.items():
                one = self.plan.field(f"{path}/{below}" if below else path)
                self.values[one.index] = self._column(one, values, int(self.offsets[slot.index][-1]))
        elif kind in (NodeKind.EXPLICIT, NodeKind.RANDOM):
            self._take_payload(slot, column)
        else:
            raise EncodeError(f"{item_name(self.plan, path)} is not one value", "give columns for the fields below it")

    def _take_payload(self, slot: Slot, column: Any) -> None:
        if isinstance(column, tuple) and len(column) == 2 and isinstance(column[1], np.ndarray):
            offsets, octets = column
        else:
            offsets = np.concatenate([[0], np.cumsum([len(part) for part in column])])
            octets = np.frombuffer(b"".join(bytes(part) for part in column), np.uint8)
        self.offsets[slot.index] = self._offsets(slot.path, offsets)
        self.payload[slot.index] = np.ascontiguousarray(octets, np.uint8)
        if self.offsets[slot.index][-1] > len(octets):
            raise EncodeError(
                f"{item_name(self.plan, slot.path)}: offsets end behind its {len(octets)} octets", "mend the offsets"
            )

    def _offsets(self, path: str, offsets: npt.ArrayLike) -> Offsets:
        out = np.ascontiguousarray(offsets, np.int64)
        if out.shape != (self.n + 1,) or out[0] != 0 or (np.diff(out) < 0).any():
            raise EncodeError(
                f"{item_name(self.plan, path)}: offsets {out.shape} do not rise from 0", f"give i8[{self.n + 1}]"
            )
        return out

    def _column(self, one: Field, values: Any, n: int) -> npt.NDArray[Any]:
        column = np.asarray(values)
        if column.shape != (n,):
            raise EncodeError(
                f"{item_name(self.plan, one.path)} has shape {column.shape}, not ({n},)", "give one value each"
            )
        wanted, accepted = ("f8", "fiu") if one.is_quantity else ("i8", "iub") if one.dtype.kind in "iu" else ("", "SV")
        if column.dtype.kind == "U":
            column = self._ascii(one, column)
        if not n:
            return np.zeros(0, wanted or one.dtype)
        if column.dtype.kind not in accepted:
            kind = {"f8": "numbers", "i8": "integers"}.get(wanted, "text")
            raise EncodeError(f"{item_name(self.plan, one.path)} is {column.dtype}", f"give {kind}")
        if wanted == "i8" and column.dtype == np.uint64 and one.bits < 64:
            column = np.minimum(column, np.uint64(2**63 - 1))
        return np.ascontiguousarray(column, wanted or None)

    def _ascii(self, one: Field, column: npt.NDArray[Any]) -> npt.NDArray[Any]:
        try:
            return column.astype("S")
        except UnicodeEncodeError as error:
            raise EncodeError(f"{item_name(self.plan, one.path)} has text beyond ASCII", "give ASCII text") from error

    def _scale_by_case(self) -> None:
        """Turn SI values whose LSB depends on another field into raw ones."""
        for one in self.plan.fields:
            if one.index in self.values and one.scale_by_case:
                key = self.values.get(self.plan.field(one.case_path).index)
                scale = np.full(self.n, np.nan)
                for value, factor in one.scale_by_case.items():
                    scale[(key == value) if key is not None else np.full(self.n, value == 0)] = factor
                self.values[one.index] = np.ascontiguousarray(self.values[one.index] / scale)

    def _presence(self) -> list[Mask | None]:
        """Mask of each slot (None: no row has it); a parent is there when it is asked for or when a child is."""
        slots = self.plan.slots
        touched = {self.plan.fields[index].slot for index in self.values} | set(self.offsets) | set(self.given)
        masks: list[Mask | None] = [None] * len(slots)
        for slot in slots:  # parents come before children
            if slot.index in touched:
                masks[slot.index] = self._own_mask(slot)
        for slot in reversed(slots):
            mask = masks[slot.index]
            if mask is not None and slot.parent >= 0:
                above = masks[slot.parent]
                masks[slot.parent] = mask if above is None else above | mask
            if mask is not None and slot.part > 0:
                before = self.plan.parts[slot.index][slot.part - 1]
                earlier = masks[before]
                masks[before] = mask if earlier is None else earlier | mask
        return masks

    def _own_mask(self, slot: Slot) -> Mask:
        if slot.index in self.given:
            mask = self.given[slot.index]
        elif slot.index in self.offsets:
            mask = np.diff(self.offsets[slot.index]) > 0
        else:
            mask = np.ones(self.n, bool)
        owner = slot.parent
        if slot.part > 0 and slot.index not in self.given:
            owner = self.plan.parts[slot.index][0]
        above = self.given.get(owner)
        return mask if above is None else mask & above

    def _demand_values(self) -> None:
        """Refuse a present item without its quantities, texts, elements or octets."""
        parents = {s.parent for s in self.plan.slots if self.masks[s.index] is not None}
        for slot, mask in zip(self.plan.slots, self.masks, strict=True):
            if mask is None or not mask.any():
                continue
            kind = self.plan.kind(slot.index)
            fields = self.plan.fields_of_slot[slot.index]
            explicit = kind is NodeKind.EXPLICIT and slot.index not in parents
            needs_amount = kind in REPEATS or explicit or slot.path == RANDOM_FIELDS
            if needs_amount and slot.index not in self.offsets:
                raise EncodeError(
                    f"{item_name(self.plan, slot.path)} is present without contents", "give offsets and values"
                )
            for one in fields:
                if one.index not in self.values and (one.is_quantity or one.dtype.kind in "SV"):
                    row = int(np.argmax(mask))
                    raise EncodeError(
                        f"{item_name(self.plan, one.path)} has no column, row {row} needs it", "give its values"
                    )

    def refuse_foreign(self, profile: int) -> None:
        """An item that the profile has no place for would vanish without a word."""
        allowed = self.plan.items_of_profile(profile)
        for slot, mask in zip(self.plan.slots, self.masks, strict=True):
            foreign = slot.parent < 0 and slot.part == 0 and slot.index not in allowed
            if foreign and mask is not None and mask.any():
                name = self.plan.profiles[profile] or "record"
                raise EncodeError(
                    f"{item_name(self.plan, slot.path)} has no place in a {name}", "leave it out or name its profile"
                )

    def demand(self, items: Sequence[str]) -> None:
        """Refuse a record without one of these items."""
        for item in items:
            if item not in self.plan.slot_of:
                continue
            mask = self.masks[self.plan.slot_of[item]]
            if mask is None or not mask.all():
                row = 0 if mask is None else int(np.argmin(mask))
                raise EncodeError(
                    f"{item_name(self.plan, item)} is mandatory and missing in row {row}", "give it, or encode partial"
                )


def _rows(columns: Mapping[str, Any], present: Mapping[str, npt.ArrayLike]) -> int:
    """How many records the caller means."""
    for column in columns.values():
        return len(column[0]) - 1 if isinstance(column, tuple) else len(column)
    for mask in present.values():
        return int(np.size(mask))
    raise EncodeError("no columns to encode", "give at least one")
