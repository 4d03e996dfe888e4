"""Datagram → dictionaries: the kernel walks it and makes them.

Says only whether a datagram is good; what is wrong with a bad one is for `hil.asterix.decoding` to say.
"""

from __future__ import annotations

import ctypes

import numpy as np

from hil.asterix.decoding import selector_of
from hil.asterix.groups import group_tables
from hil.asterix.kernel import FAULT, DictJob, WalkJob, address, object_library
from hil.asterix.layout import Record
from hil.asterix.plans import RANDOM_FIELDS, Plan

_ROWS = 512  # records that one walk takes; a longer datagram takes several
_DATAGRAM = 65_536  # octets


class Reader:
    """Walks a datagram and makes a dictionary of each record."""

    def __init__(self, used: Plan) -> None:
        self.plan = used
        self.random_reader = _EntryReader(used) if RANDOM_FIELDS in used.slot_of else None
        self.kernel = object_library()
        self.buffer = np.zeros(_DATAGRAM, np.uint8)
        self.buffer_address = address(self.buffer)
        n_slots = len(used.slots)
        self.position = np.zeros((_ROWS, n_slots), np.uint16)
        self.row_offset, self.row_length = np.empty(_ROWS, np.int64), np.empty(_ROWS, np.int32)
        self.row_block, self.row_profile = np.empty(_ROWS, np.int64), np.empty(_ROWS, np.uint8)
        self.faults, self.used = np.empty(4, FAULT), np.zeros(n_slots, np.uint16)
        self.tables = group_tables(used)
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
        self.dict_job = DictJob(
            walk=ctypes.addressof(self.job),
            size=_DATAGRAM,
            slots=address(self.tables.slots),
            fields=address(self.tables.fields),
            targets=address(self.tables.targets),
            groups=address(self.tables.groups),
            n_groups=len(self.tables.groups),
        )
        self.dict_job_reference = ctypes.byref(self.dict_job)

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
            done = self.kernel.rh_dicts(self.dict_job_reference, records)
            if self.random_reader is not None:
                self.read_random(records)
            if job.n_faults:
                return False
        return True

    def read_random(self, records: list[Record]) -> None:
        """Read what random field sequencing items hold in the records of the last walk."""
        assert self.random_reader is not None
        n = self.job.n_rows
        for record, profile in zip(records[len(records) - n :], self.row_profile[:n].tolist(), strict=True):
            if RANDOM_FIELDS in record:
                record[RANDOM_FIELDS] = self.random_reader.read(record[RANDOM_FIELDS], profile)


class _EntryReader:
    """Reads the entries of a random field sequencing item: each is one item behind its field reference number."""

    def __init__(self, used: Plan) -> None:
        self.plan = used
        self.inner: Reader | None = None

    def read(self, octets: bytes, profile: int) -> list[Record]:
        if self.inner is None:
            self.inner = Reader(self.plan)
            self.roots = self.plan.entry_roots
            self.inner.job.roots, self.inner.job.n_roots = address(self.roots), len(self.roots)
        self.inner.job.forced = profile
        records: list[Record] = []
        ctypes.memmove(self.inner.buffer_address, octets, len(octets))
        self.inner.read_stretch(1, len(octets) - 1, records)
        return records
