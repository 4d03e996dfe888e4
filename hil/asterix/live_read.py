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
from hil.asterix.kernel import FAULT, WalkJob, address, library
from hil.asterix.layout import Entry, Record, literal, plant, plant_container, tape_entries, tape_tables
from hil.asterix.plans import RANDOM_FIELDS, FieldKind, NodeKind, Plan, Slot

_MAX_LAYOUTS = 4096  # compiled layouts kept; a sender uses a few dozen
_ROWS = 512  # records that one walk takes; a longer datagram takes several


class Reader:
    """Walks a datagram, tapes its values, and builds dictionaries by layout."""

    def __init__(self, used: Plan) -> None:
        self.plan = used
        self.layouts: dict[bytes, tuple[struct.Struct, Callable[..., Record]]] = {}
        self.random_reader = _EntryReader(self)
        n_slots = len(used.slots)
        self.position = np.zeros((_ROWS, n_slots), np.uint16)
        self.row_offset, self.row_length = np.empty(_ROWS, np.int64), np.empty(_ROWS, np.int32)
        self.row_block, self.row_profile = np.empty(_ROWS, np.int64), np.empty(_ROWS, np.uint8)
        self.faults, self.used = np.empty(4, FAULT), np.zeros(n_slots, np.uint16)
        self.tape = np.empty(1 << 16, np.uint8)
        self.tape_offset = np.empty(_ROWS + 1, np.int64)
        self.slots, self.fields = tape_tables(used)
        self.block_offset, self.block_length = np.empty(1, np.int64), np.empty(1, np.int64)
        selector, self.choices = selector_of(used, used.roots)
        self.job = WalkJob(
            nodes=address(used.nodes),
            block_offset=address(self.block_offset),
            block_length=address(self.block_length),
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
            fault_capacity=4,
            row_offset=address(self.row_offset),
            row_length=address(self.row_length),
            row_block=address(self.row_block),
            row_profile=address(self.row_profile),
            position=address(self.position),
            lanes=1,
            slot_used=address(self.used),
            faults=address(self.faults),
        )
        self.job_reference = ctypes.byref(self.job)

    def read(self, datagram: bytes) -> list[Record] | None:
        """Records, or None when something is wrong with the datagram."""
        octets, size, at = np.frombuffer(datagram, np.uint8), len(datagram), 0
        records: list[Record] = []
        while at < size:
            if size - at < 3 or datagram[at] != self.plan.category:
                return None
            length = datagram[at + 1] << 8 | datagram[at + 2]
            if length < 3 or length > size - at:
                return None
            if not self.read_stretch(datagram, octets, at + 3, length - 3, records):
                return None
            at += length
        return records

    def read_one(self, octets: bytes, profile: int | None = None) -> tuple[Record, int, int] | None:
        """The record at the start of some octets, its length and its profile; None when it is bad."""
        records: list[Record] = []
        self.job.capacity = 1
        self.job.forced = -1 if profile is None else profile
        self.read_stretch(octets, np.frombuffer(octets, np.uint8), 0, len(octets), records, calls=1)
        self.job.capacity, self.job.forced = _ROWS, -1
        return (records[0], int(self.row_length[0]), int(self.row_profile[0])) if records else None

    def read_stretch(
        self, datagram: bytes, octets: Any, at: int, length: int, records: list[Record], calls: int = -1
    ) -> bool:
        """Append the records in one stretch of the datagram; False when one is bad. `calls`: most walks made."""
        job = self.job
        self.block_offset[0], self.block_length[0] = at, length
        job.data, job.block, job.at = address(octets), 0, -1
        done = 0
        while not done and calls:
            calls -= 1
            job.n_rows = job.n_faults = 0
            done = library().rh_walk(self.job_reference)
            n = job.n_rows
            self.tape_rows(octets, n)
            self.build(datagram, n, records)
            self.position[:n] = 0
            if job.n_faults:
                self.position[:] = 0
                return False
        return True

    def tape_rows(self, octets: Any, n: int) -> None:
        while not library().rh_tape(
            address(octets),
            len(octets),
            n,
            address(self.row_offset),
            address(self.position),
            len(self.plan.slots),
            address(self.slots),
            address(self.plan.nodes),
            address(self.fields),
            address(self.tape),
            len(self.tape),
            address(self.tape_offset),
        ):
            self.tape = np.empty(2 * len(self.tape), np.uint8)

    def build(self, datagram: bytes, n: int, records: list[Record]) -> None:
        width = 2 * len(self.plan.slots)
        positions = self.position[:n].tobytes()
        profiles = self.row_profile[:n].tobytes()
        lengths, offsets = self.row_length[:n].tolist(), self.tape_offset[:n].tolist()
        tape = self.tape.data
        for row in range(n):
            key = (
                positions[row * width : row * width + width] + lengths[row].to_bytes(2, "big") + profiles[row : row + 1]
            )
            layout = self.layouts.get(key)
            if layout is None:
                layout = self.compile(datagram, row)
                if len(self.layouts) >= _MAX_LAYOUTS:
                    self.layouts.clear()
                self.layouts[key] = layout
            unpack, make = layout
            records.append(make(*unpack.unpack_from(tape, offsets[row])))

    def compile(self, datagram: bytes, row: int) -> tuple[struct.Struct, Callable[..., Record]]:
        """Make the function that turns one layout's tape into a dictionary."""
        start, position = int(self.row_offset[row]), self.position[row].astype(int)
        shape = {}
        for slot in self.plan.slots:
            if position[slot.index]:
                shape[slot.index] = self.amount(datagram, start, position, slot)
        entries = tape_entries(self.plan, shape)
        tree: dict[str, Any] = {}
        for slot in self.plan.slots:
            if slot.index in shape:
                plant_container(self.plan, tree, slot, shape[slot.index])
        for number, entry in enumerate(entries):
            plant(tree, entry, _read_expression(entry, f"v{number}", int(self.row_profile[row])))
        for entry_number, entry in enumerate(entries):
            if entry.field is not None and entry.field.scale_by_case:
                self._scale(tree, entries, entry, f"v{entry_number}")
        names = ", ".join(f"v{number}" for number in range(len(entries)))
        source = f"def make({names}):\n return {literal(tree)}\n"
        scope: dict[str, Any] = {"random": self.random_reader.read}
        exec(source, scope)
        return struct.Struct("=" + "".join(entry.format for entry in entries)), scope["make"]

    def _scale(self, tree: dict[str, Any], entries: list[Entry], entry: Entry, name: str) -> None:
        assert entry.field is not None
        key = next(f"v{n}" for n, e in enumerate(entries) if e.field and e.field.path == entry.field.case_path)
        plant(tree, entry, f"{name} * {entry.field.scale_by_case!r}[{key}]")

    def amount(self, datagram: bytes, start: int, position: npt.NDArray[np.int_], slot: Slot) -> int:
        """Elements of a repetitive slot, octets of an explicit or random one."""
        at, node, kind = start + int(position[slot.index]), self.plan.nodes[slot.node], self.plan.kind(slot.index)
        if kind is NodeKind.REPEAT:
            return int.from_bytes(datagram[at : at + int(node["octets"])], "big")
        if kind is NodeKind.REPEAT_FX:
            size, count = int(node["size"]), 1
            while datagram[at + count * size - 1] & 1:
                count += 1
            return count
        if kind is NodeKind.EXPLICIT:
            return datagram[at] - 1
        if kind is NodeKind.RANDOM and not slot.path.endswith("/end"):
            return int(position[slot.index + 1] - position[slot.index])
        return 0


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
        self.inner.read_stretch(octets, np.frombuffer(octets, np.uint8), 1, len(octets) - 1, records)
        return records


def _read_expression(entry: Entry, name: str, profile: int) -> str:
    if entry.field is None:
        cut = f"{name}[:{entry.octets}]"
        return f"random({cut}, {profile})" if entry.path == RANDOM_FIELDS else cut
    if entry.field.kind in (FieldKind.SIX_BIT, FieldKind.TEXT):
        return f'{name}.rstrip(b"\\0").decode("latin-1")'
    if entry.field.kind is FieldKind.OCTETS:
        return f"{name}[:{entry.field.dtype.itemsize}]"
    return name
