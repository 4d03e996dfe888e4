"""Datagram → dictionaries: the kernel walks and tapes it, a function compiled per layout turns each tape into a dictionary.

Says only whether a datagram is good; what is wrong with a bad one is for `hil.asterix.decoding` to say.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.asterix.decoding import selector_of
from hil.asterix.kernel import FAULT, TapeJob, WalkJob, address, library
from hil.asterix.layout import Entry, Record, literal, plant, plant_container, tape_entries, tape_tables
from hil.asterix.plans import RANDOM_FIELDS, FieldKind, NodeKind, Plan, Slot

_MAX_LAYOUTS = 4096  # compiled layouts kept; a sender uses a few dozen
_MAX_TEXTS = 65_536  # decoded texts kept: call signs come again and again
_ROWS = 512  # records that one walk takes; a longer datagram takes several
_DATAGRAM = 65_536  # octets
_TAPE = 64 * _DATAGRAM + 8 * _ROWS  # an octet gives at most eight values of eight octets


class Reader:
    """Walks a datagram, tapes its values, and builds dictionaries by layout."""

    def __init__(self, used: Plan) -> None:
        self.plan = used
        self.layouts: dict[bytes, Callable[[memoryview, int], Record]] = {}
        self.texts = _Texts()
        self.random_reader = _EntryReader(self)
        self.kernel = library()
        self.buffer = np.zeros(_DATAGRAM, np.uint8)
        self.buffer_address = address(self.buffer)
        n_slots = len(used.slots)
        self.position = np.zeros((_ROWS, n_slots), np.uint16)
        self.keys = np.zeros((_ROWS, n_slots + 2), np.uint16)
        self.row_offset, self.row_length = np.empty(_ROWS, np.int64), np.empty(_ROWS, np.int32)
        self.row_block, self.row_profile = np.empty(_ROWS, np.int64), np.empty(_ROWS, np.uint8)
        self.faults, self.used = np.empty(4, FAULT), np.zeros(n_slots, np.uint16)
        self.tape, self.tape_offset = np.empty(_TAPE, np.uint8), np.empty(_ROWS, np.int64)
        self.slots, self.fields = tape_tables(used)
        self.block = np.zeros(2, np.int64)  # offset and length of the stretch that is read
        selector, self.choices = selector_of(used, used.roots)
        self.job = WalkJob(
            data=self.buffer_address,
            nodes=address(used.nodes),
            block_offset=address(self.block),
            block_length=address(self.block[1:]),
            n_blocks=1,
            roots=address(used.roots),
            n_roots=len(used.roots),
            forced=-1,
            selector_slot=selector[0],
            selector_bit=selector[1],
            selector_bits=selector[2],
            n_slots=n_slots,
            choices=address(self.choices),
            capacity=_ROWS,
            fault_capacity=len(self.faults),
            row_offset=address(self.row_offset),
            row_length=address(self.row_length),
            row_block=address(self.row_block),
            row_profile=address(self.row_profile),
            position=address(self.position),
            lanes=1,
            slot_used=address(self.used),
            faults=address(self.faults),
        )
        self.tape_job = TapeJob(
            walk=ctypes.addressof(self.job),
            size=_DATAGRAM,
            slots=address(self.slots),
            fields=address(self.fields),
            tape=address(self.tape),
            capacity=_TAPE,
            tape_offset=address(self.tape_offset),
            keys=address(self.keys),
        )
        self.tape_job_reference = ctypes.byref(self.tape_job)

    def read(self, datagram: bytes) -> list[Record] | None:
        """Records, or None when something is wrong with the datagram."""
        size, at = len(datagram), 0
        if size > _DATAGRAM:
            return None
        ctypes.memmove(self.buffer_address, datagram, size)
        records: list[Record] = []
        while at < size:
            if size - at < 3 or datagram[at] != self.plan.category:
                return None
            length = datagram[at + 1] << 8 | datagram[at + 2]
            if length < 3 or length > size - at or not self.read_stretch(at + 3, length - 3, records):
                return None
            at += length
        return records

    def read_one(self, octets: bytes, profile: int | None = None) -> tuple[Record, int, int] | None:
        """The record at the start of some octets, its length and its profile; None when it is bad."""
        records: list[Record] = []
        ctypes.memmove(self.buffer_address, octets, min(len(octets), _DATAGRAM))
        self.job.capacity, self.job.forced = 1, -1 if profile is None else profile
        self.read_stretch(0, min(len(octets), _DATAGRAM), records, calls=1)
        self.job.capacity, self.job.forced = _ROWS, -1
        return (records[0], int(self.row_length[0]), int(self.row_profile[0])) if records else None

    def read_stretch(self, at: int, length: int, records: list[Record], calls: int = -1) -> bool:
        """Append the records in a stretch of the buffer; False when one is bad. `calls`: most walks made."""
        job, block = self.job, self.block
        block[0], block[1] = at, length
        job.block, job.at = 0, -1
        done = 0
        while not done and calls:
            calls -= 1
            done = self.kernel.rh_tape(self.tape_job_reference)
            if done < 0:
                return False
            self.build(job.n_rows, records)
            if job.n_faults:
                return False
        return True

    def build(self, n: int, records: list[Record]) -> None:
        """Make the dictionaries of the rows that were just taped."""
        width, tape = 2 * self.keys.shape[1], self.tape.data
        octets = self.keys[:n].tobytes()
        keys = [octets[at : at + width] for at in range(0, n * width, width)]
        makes = [self.layouts.get(key) or self.compiled(key, row) for row, key in enumerate(keys)]
        records += [make(tape, offset) for make, offset in zip(makes, self.tape_offset[:n].tolist(), strict=True)]

    def compiled(self, key: bytes, row: int) -> Callable[[memoryview, int], Record]:
        """Compile the layout of a row and keep it."""
        if len(self.layouts) >= _MAX_LAYOUTS:
            self.layouts.clear()
        make = self.layouts[key] = self.compile(row)
        return make

    def compile(self, row: int) -> Callable[[memoryview, int], Record]:
        """Make the function that turns one layout's tape into a dictionary."""
        start, position = int(self.row_offset[row]), self.position[row].astype(int)
        shape = {slot.index: self.amount(start, position, slot) for slot in self.plan.slots if position[slot.index]}
        entries = tape_entries(self.plan, shape)
        names = {entry.path: f"v{number}" for number, entry in enumerate(entries)}
        tree: dict[str, Any] = {}
        for slot in self.plan.slots:
            if slot.index in shape:
                plant_container(self.plan, tree, slot, shape[slot.index])
        for number, entry in enumerate(entries):
            plant(tree, entry, self.expression(entry, f"v{number}", names, int(self.row_profile[row])))
        source = f"def make(tape, at):\n ({''.join(f'v{n}, ' for n in range(len(entries)))}) = unpack(tape, at)\n"
        unpack = struct.Struct("@" + "".join(entry.format for entry in entries)).unpack_from
        scope: dict[str, Any] = {"random": self.random_reader.read, "text": self.texts, "unpack": unpack}
        exec(source + f" return {literal(tree)}\n", scope)  # made of the published tables only
        make: Callable[[memoryview, int], Record] = scope["make"]
        return make

    def expression(self, entry: Entry, name: str, names: dict[str, str], profile: int) -> str:
        """Python that makes a value out of what is on the tape."""
        one = entry.field
        if one is None:
            octets = f"{name}[:{entry.octets}]"
            return f"random({octets}, {profile})" if entry.path == RANDOM_FIELDS else octets
        if one.kind in (FieldKind.SIX_BIT, FieldKind.TEXT):
            return f"text[{name}]"
        if one.kind is FieldKind.OCTETS:
            return f"{name}[:{one.dtype.itemsize}]"
        return f"{name} * {one.scale_by_case!r}[{names[one.case_path]}]" if one.scale_by_case else name

    def amount(self, start: int, position: npt.NDArray[np.int_], slot: Slot) -> int:
        """Elements of a repetitive slot, octets of an explicit or random one."""
        at, node, kind = start + int(position[slot.index]), self.plan.nodes[slot.node], self.plan.kind(slot.index)
        if kind is NodeKind.REPEAT:
            return int.from_bytes(self.buffer[at : at + int(node["octets"])].tobytes(), "big")
        if kind is NodeKind.REPEAT_FX:
            size, count = int(node["size"]), 1
            while self.buffer[at + count * size - 1] & 1:
                count += 1
            return count
        if kind is NodeKind.EXPLICIT:
            return int(self.buffer[at]) - 1
        if kind is NodeKind.RANDOM and slot.path == RANDOM_FIELDS:
            return int(position[slot.index + 1] - position[slot.index])
        return 0


class _Texts(dict[bytes, str]):
    """Octets of a text, padded with NULs → the text."""

    def __missing__(self, octets: bytes) -> str:
        if len(self) >= _MAX_TEXTS:
            self.clear()
        text = self[octets] = octets.rstrip(b"\0").decode("latin-1")
        return text


class _EntryReader:
    """Reads the entries of a random field sequencing item: each is one item behind its field reference number."""

    def __init__(self, reader: Reader) -> None:
        self.outer = reader
        self.inner: Reader | None = None

    def read(self, octets: bytes, profile: int) -> list[Record]:
        if self.inner is None:
            self.inner = Reader(self.outer.plan)
            self.roots = self.outer.plan.entry_roots
            self.inner.job.roots, self.inner.job.n_roots = address(self.roots), len(self.roots)
        self.inner.job.forced = profile
        records: list[Record] = []
        ctypes.memmove(self.inner.buffer_address, octets, len(octets))
        self.inner.read_stretch(1, len(octets) - 1, records)
        return records
