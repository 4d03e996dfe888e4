"""Dictionaries → data block: the layout of each record is recognised, its values put on a tape, the kernel packs them."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hil.asterix.forms import UNLIKE, Form, compile_form
from hil.asterix.kernel import address, library
from hil.asterix.plans import FieldKind, Plan
from hil.asterix.refusals import item_name, value_refused
from hil.errors import EncodeError

_MAX_FORMS = 4096  # compiled layouts kept; a sender uses a few dozen


class Writer:
    """Writes data blocks of one category. `partial`: do not ask for the items that the standard makes mandatory."""

    def __init__(self, used: Plan, *, partial: bool) -> None:
        self.plan = used
        self.partial = partial
        self.forms: dict[tuple[Any, ...], list[Form]] = {}
        self.n_forms = 0
        self.out = np.zeros((1 << 16) + 16, np.uint8)
        self.out_address = address(self.out)
        self.kernel = library()
        self.bad = ctypes.c_int64(), ctypes.c_int64()  # record and value refused
        self.bad_references = tuple(map(ctypes.byref, self.bad))
        self.usual: dict[
            tuple[str, ...], Form | None
        ] = {}  # items → the only form they ever had, None: they had several
        self.selector = used.table.selector
        self.forced: int | None = None  # profile of every record, whatever it says

    def write(self, records: Sequence[Mapping[str, Any]]) -> bytes:
        """One data block. EncodeError names the record, item and value that cannot be carried."""
        forms, tape = [], []
        for number, record in enumerate(records):
            form, octets = self.fitting(record, number)
            forms.append(form)
            tape.append(octets)
        total = 3 + sum([form.length for form in forms])
        if total > 65_535:
            raise EncodeError(f"CAT{self.plan.category:03d} block of {total} octets", "give fewer records a block")
        pointers = struct.pack(f"{len(forms)}Q", *[form.address for form in forms])
        refusal = self.kernel.rh_pack(
            pointers, len(forms), b"".join(tape), self.out_address, len(self.out), *self.bad_references
        )
        if refusal:
            raise self.refused(refusal, forms, tape)
        return b"%c%c%c%b" % (self.plan.category, total >> 8, total & 255, self.out[: total - 3].tobytes())

    def fitting(self, record: Mapping[str, Any], number: int) -> tuple[Form, bytes]:
        """The form of a record and its values: by guess where its items have only ever come in one layout."""
        items = tuple(record)
        form = self.usual.get(items)
        if form is None:
            form, octets = self.taped(record, number)
            if items not in self.usual:
                self.usual[items] = None if self.selector else form
            return form, octets
        try:
            return form, form.tape(record)
        except UNLIKE:
            self.usual[items] = None
            return self.taped(record, number)

    def taped(self, record: Mapping[str, Any], number: int) -> tuple[Form, bytes]:
        """A record's form, compiled where there is none yet, and its values. EncodeError when these have wrong types."""
        key: tuple[Any, ...] = tuple(
            [
                (k, *v) if type(v) is dict else (k, len(v)) if type(v) is list or type(v) is bytes else k
                for k, v in record.items()
            ]
        )
        if self.selector:  # the same items may lie differently in another profile
            key += (self.profile(record),)
        for form in self.forms.get(key, ()):
            try:
                return form, form.tape(record)
            except UNLIKE:
                continue  # another layout with the same outline, or a bad value: compiling tells which
        form = compile_form(
            self.plan, record, number, self.profile(record), partial=self.partial, random_octets=self.random_octets
        )
        try:
            octets = form.tape(record)
        except UNLIKE as error:
            raise self.mistyped(form, record, number) from error
        if self.n_forms >= _MAX_FORMS:
            self.forms.clear()
            self.usual.clear()
            self.n_forms = 0
        self.forms.setdefault(key, []).append(form)
        self.n_forms += 1
        return form, octets

    def profile(self, record: Mapping[str, Any]) -> int:
        """Number of the profile that the record's selector item asks for."""
        if self.forced is not None:
            return self.forced
        value: Any = record
        for name in self.selector:
            value = value.get(name) if isinstance(value, Mapping) else None
        chosen = self.plan.table.choices.get(value) if isinstance(value, int) else None
        return self.plan.profiles.index(chosen) if chosen is not None else 0

    def item_octets(self, item: str, value: Any, profile: int) -> bytes:
        """One item as it stands in a record of a profile, without the field specification in front."""
        before, self.forced = self.forced, profile
        try:
            record = self.write([{item: value}])[3:]
        finally:
            self.forced = before
        fspec = next(n for n, octet in enumerate(record, 1) if not octet & 1)
        return record[fspec:]

    def random_octets(self, entries: Sequence[Mapping[str, Any]], profile: int) -> bytes:
        """A random field sequencing item: count, then field reference number and item of each entry."""
        fields = self.plan.table.profiles[profile].fields
        numbers = {getattr(field, "name", ""): frn for frn, field in enumerate(fields, 1)}
        inner = Writer(self.plan, partial=True)
        octets = bytes((len(entries),))
        for entry in entries:
            for item, value in entry.items():
                octets += bytes((numbers[item],)) + inner.item_octets(item, value, profile)
        return octets

    def refused(self, refusal: int, forms: Sequence[Form], tapes: Sequence[bytes]) -> EncodeError:
        """Why the kernel would not write the value that it stopped at."""
        number, which = (place.value for place in self.bad)
        form, tape = forms[number], tapes[number]
        entry = form.entries[which]
        value = form.unpack(tape)[which]
        value = value.rstrip(b"\0") if isinstance(value, bytes) else value
        if entry.field is None:
            return EncodeError(f"record {number}: {item_name(self.plan, entry.path)} cannot be written", "mend it")
        return value_refused(self.plan, refusal, entry.field, repr(value), f"record {number}: ")

    def mistyped(self, form: Form, record: Mapping[str, Any], number: int) -> EncodeError:
        """Which value of the record has a type that its field does not take."""
        for entry in form.entries:
            value: Any = record
            for name in entry.path.split("/"):
                value = value[entry.element] if isinstance(value, list) and entry.element >= 0 else value
                value = value.get(name) if isinstance(value, Mapping) else value
            one = entry.field
            wants_text = one is not None and one.kind in (FieldKind.SIX_BIT, FieldKind.TEXT)
            kind = "text" if wants_text else "bytes" if one is None else "a number" if one.is_quantity else "an integer"
            needs = {"text": "encode", "bytes": "hex", "a number": "__float__", "an integer": "__index__"}[kind]
            if value is not None and not hasattr(value, needs):
                name = item_name(self.plan, entry.path)
                return EncodeError(f"record {number}: {name} = {value!r} has a wrong type", f"give {kind}")
        return EncodeError(
            f"record {number} of CAT{self.plan.category:03d} has a value of a wrong type", "check its types"
        )
