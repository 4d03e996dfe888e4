"""Bytes → columns: any mix of categories and layouts, many datagrams at once.

What cannot be read becomes a row of `Decoded.errors` and costs nothing but its own octets; in strict mode it is a
`DecodeError` instead. For one datagram at a time see `hil.asterix.live`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.asterix.kernel import CAUSES, FAULT, LANES, WalkJob, address, library
from hil.asterix.plans import RANDOM_FIELDS, Plan, plan
from hil.asterix.records import Octets, Offsets, RecordTable, Segment
from hil.asterix.tables import categories
from hil.errors import ConfigError, DecodeError

ERRORS = np.dtype(
    [
        ("datagram", "i8"),  # row in spans
        ("block", "i4"),  # number of the data block in its datagram
        ("record", "i4"),  # number of the record in its block, -1: the block itself is at fault
        ("category", "i2"),  # -1: unknown
        ("item", "U24"),  # path of the item at fault, "" where it is none
        ("offset", "i8"),  # octets [offset, offset + length) of the data are in no record because of this
        ("length", "i8"),  # 0: the record stands, only the contents of its RE field could not be read
        ("at", "i8"),  # octet at which the fault was seen
        ("cause", "U64"),
    ]
)

BLOCKS = np.dtype([("offset", "i8"), ("length", "i8"), ("datagram", "i8"), ("category", "u1"), ("ordinal", "i4")])

_ROWS_PER_SEGMENT = 4096  # small enough for the second-level cache, large enough to make the calls cheap
_FAULTS_PER_CALL = 1024


@dataclass(frozen=True)
class Decoded:
    """What a buffer held. Every octet is in exactly one record, block header (3 octets) or row of `errors`."""

    tables: dict[int, RecordTable]
    errors: npt.NDArray[Any] = field(repr=False)
    blocks: npt.NDArray[Any] = field(repr=False)

    def __getitem__(self, category: int) -> RecordTable:
        return self.tables[category]

    def __contains__(self, category: object) -> bool:
        return category in self.tables

    @property
    def n_records(self) -> int:
        return sum(len(table) for table in self.tables.values())


def decode(
    data: Any,
    *,
    spans: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    editions: Mapping[int, str] | None = None,
    expansions: Mapping[int, str] | None = None,
    strict: bool = False,
    raw: bool = False,
    profiles: Mapping[int, str] | None = None,
    source: str = "<bytes>",
) -> Decoded:
    """Decode concatenated data blocks (EUROCONTROL-SPEC-0149-1, §5).

    data: bytes-like or u1 array. spans: (offset i8[n], length i8[n]) of the datagrams in it (default: one datagram that is
    all of it); octets outside all spans are not looked at. editions, expansions: category → edition of its table and of
    its RE field (default: the latest). raw: columns hold the integers on the wire instead of SI values.
    profiles: category → user application profile, for CAT001 and CAT007 (default: what the record itself says).
    source: name of the data in error messages.

    Raises DecodeError in strict mode at the first fault, ConfigError for an unknown edition or profile.
    """
    octets = _as_octets(data)
    chosen = {c: plan(c, (editions or {}).get(c), (expansions or {}).get(c)) for c in _named(editions, expansions)}
    offset, length = _as_spans(spans, len(octets))
    blocks, faults = _find_blocks(octets, offset, length)
    errors = [_block_errors(octets, faults)]
    tables = {}
    for category in np.unique(blocks["category"]).tolist():
        used = chosen.get(category) or plan(category)
        rows = np.flatnonzero(blocks["category"] == category)
        profile = profile_number(used, (profiles or {}).get(category))
        table, walk_faults = walk(octets, used, blocks["offset"][rows] + 3, blocks["length"][rows] - 3, profile, raw)
        block = rows[table.block]
        tables[category] = replace(table, datagram=blocks["datagram"][block], block=block)
        errors.append(_record_errors(used, blocks, rows, walk_faults))
    found = np.concatenate(errors)
    found = found[np.argsort(found["offset"], kind="stable")]
    if strict and len(found):
        raise DecodeError(**describe(found[0], source))
    return Decoded({c: t for c, t in tables.items() if len(t)}, found, blocks)


def describe(error: Any, source: str = "<bytes>") -> dict[str, str]:
    """Cause and remedy of one row of `Decoded.errors`, for a message or an exception."""
    category = f"CAT{error['category']:03d} " if error["category"] >= 0 else ""
    record = f" record {error['record']}" if error["record"] >= 0 else ""
    item = f" item {error['item']}" if error["item"] else ""
    where = f"{source}: datagram {error['datagram']} block {error['block']}{record}{item}, octet {error['at']}"
    return {
        "cause": f"{where}: {category}{error['cause']}",
        "remedy": "check the sender and the edition it was read by",
    }


def random_fields(table: RecordTable) -> tuple[Offsets, RecordTable]:
    """The entries of the random field sequencing items of a table, as a table of their own.

    Returns (row of `table` that each entry belongs to i8[m], table of m entries, each with one item).
    """
    if not len(table.plan.entry_roots):
        raise ConfigError(f"CAT{table.category:03d} has no random field sequencing", "nothing to read")
    offsets, _ = table.payload(RANDOM_FIELDS)
    rows = np.flatnonzero(table.has(RANDOM_FIELDS))
    slot = table.plan.slot(RANDOM_FIELDS).index
    at = np.concatenate([segment.slot(slot) for segment in table.segments])[rows].astype(np.int64)
    start = table.offset[rows] + at + 1
    profiles = np.ascontiguousarray(table.profile[rows])
    entries, _ = walk(table.data, table.plan, start, np.diff(offsets)[rows] - 1, -1, table.raw, entries_of=profiles)
    return rows[entries.block], replace(entries, datagram=table.datagram[rows][entries.block])


def walk(
    data: Octets,
    used: Plan,
    block_offset: Offsets,
    block_length: Offsets,
    profile: int,
    raw: bool,
    *,
    entries_of: npt.NDArray[np.uint8] | None = None,
) -> tuple[RecordTable, npt.NDArray[Any]]:
    """Walk the records in some stretches of data that hold records of one category and nothing else.

    profile: of every record, -1: as the record says. entries_of: the stretches hold entries of random field sequencing
    instead of records, by these profiles. Returns the table (its `block` and `datagram` are rows of `block_offset`) and
    the kernel's faults.
    """
    block_offset, block_length = np.ascontiguousarray(block_offset), np.ascontiguousarray(block_length)
    used_slots = np.zeros(len(used.slots), np.uint16)
    roots = used.roots if entries_of is None else used.entry_roots
    selector, choices = selector_of(used, roots)
    job = WalkJob(
        data=address(data),
        nodes=address(used.nodes),
        block_offset=address(block_offset),
        block_length=address(block_length),
        n_blocks=len(block_offset),
        roots=address(roots),
        n_roots=len(roots),
        forced=profile,
        selector_slot=selector[0],
        selector_bit=selector[1],
        selector_bits=selector[2],
        n_slots=len(used.slots),
        block_profile=None if entries_of is None else address(entries_of),
        choices=address(choices),
        at=-1,
        lanes=LANES,
        slot_used=address(used_slots),
    )
    rows = min(_ROWS_PER_SEGMENT, max(1, int(block_length.sum())))
    parts: list[tuple[Segment, Any, Any, Any]] = []
    faults: list[npt.NDArray[Any]] = []
    done = 0
    while not done:
        done = _walk_segment(job, rows, parts, faults)
    segments = tuple(part[0] for part in parts)
    table = RecordTable(
        plan=used,
        offset=np.concatenate([segment.offset for segment in segments]),
        length=np.concatenate([part[1] for part in parts]),
        datagram=np.concatenate([part[2] for part in parts]),
        block=np.concatenate([part[2] for part in parts]),
        profile=np.concatenate([part[3] for part in parts]),
        raw=raw,
        segments=segments,
        used=used_slots.astype(bool),
        data=data,
    )
    return table, np.concatenate(faults)


def _walk_segment(job: WalkJob, rows: int, parts: list[Any], faults: list[Any]) -> int:
    offset, length = np.empty(rows, np.int64), np.empty(rows, np.int32)
    block, profile = np.empty(rows, np.int64), np.empty(rows, np.uint8)
    position = np.empty((-(-rows // LANES), job.n_slots, LANES), np.uint16)
    found = np.empty(_FAULTS_PER_CALL, FAULT)
    job.capacity, job.fault_capacity, job.n_rows, job.n_faults = rows, len(found), 0, 0
    job.row_offset, job.row_length = address(offset), address(length)
    job.row_block, job.row_profile = address(block), address(profile)
    job.position, job.faults = address(position), address(found)
    done = library().rh_walk(ctypes.byref(job))
    n = job.n_rows
    parts.append((Segment(offset[:n], position), length[:n], block[:n], profile[:n]))
    faults.append(found[: job.n_faults].copy())
    return int(done)


def selector_of(used: Plan, roots: npt.NDArray[np.int32]) -> tuple[tuple[int, int, int], npt.NDArray[np.int8]]:
    """(slot, bit, bits) of the field that tells a record's profile, and profile by value."""
    choices = np.full(256, -1, np.int8)
    if len(roots) < 2 or not used.table.selector:
        return (-1, 0, 0), choices
    one = used.field("/".join(used.table.selector))
    for value, name in used.table.choices.items():
        choices[value] = used.profiles.index(name)
    return (one.slot, one.bit, one.bits), choices


def profile_number(used: Plan, name: str | None) -> int:
    if name is None:
        return -1
    if name not in used.profiles:
        known = ", ".join(used.profiles) if len(used.profiles) > 1 else "none: it has one profile only"
        raise ConfigError(f"CAT{used.category:03d} has no profile {name!r}", f"use one of {known}")
    return used.profiles.index(name)


def _as_octets(data: Any) -> Octets:
    if isinstance(data, np.ndarray):
        if data.dtype != np.uint8 or data.ndim != 1:
            raise ConfigError(f"data is {data.dtype}[{data.ndim}D], not a row of octets", "pass bytes or a u1 array")
        return np.ascontiguousarray(data)
    return np.frombuffer(data, np.uint8)


def _as_spans(spans: tuple[npt.ArrayLike, npt.ArrayLike] | None, size: int) -> tuple[Offsets, Offsets]:
    if spans is None:
        return np.zeros(1, np.int64), np.array([size], np.int64)
    offset, length = (np.ascontiguousarray(part, np.int64) for part in spans)
    if offset.shape != length.shape or offset.ndim != 1:
        raise ConfigError(f"spans are {offset.shape} offsets and {length.shape} lengths", "pass two rows of one length")
    return offset, length


def _named(*choices: Mapping[int, str] | None) -> set[int]:
    return {category for choice in choices if choice for category in choice}


def _find_blocks(data: Octets, offset: Offsets, length: Offsets) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    known = np.zeros(256, np.uint8)
    known[list(categories())] = 1
    kernel, n_faults = library(), ctypes.c_int64()
    inputs = (address(data), address(offset), address(length), len(offset), len(data), address(known))
    n = kernel.rh_blocks(*inputs, 0, None, None, None, None, None, ctypes.byref(n_faults))
    capacity = max(n, n_faults.value)
    columns = [np.empty(capacity, dtype) for dtype in ("i8", "i8", "i8", "u1")]
    faults = np.empty(capacity, FAULT)
    outputs = (*map(address, columns), address(faults), ctypes.byref(n_faults))
    kernel.rh_blocks(*inputs, capacity, *outputs)
    blocks = np.empty(n, BLOCKS)
    for name, column in zip(BLOCKS.names[:4] if BLOCKS.names else (), columns, strict=True):
        blocks[name] = column[:n]
    blocks["ordinal"] = _ordinals(blocks["datagram"])
    return blocks, faults[: n_faults.value]


def _ordinals(datagram: Offsets) -> Offsets:
    """Number of each block among the readable blocks of its datagram."""
    firsts = np.searchsorted(datagram, datagram)
    return np.arange(len(datagram)) - firsts


def _block_errors(data: Octets, faults: npt.NDArray[Any]) -> npt.NDArray[Any]:
    errors = np.zeros(len(faults), ERRORS)
    errors["datagram"], errors["block"], errors["record"] = faults["block"], faults["record"], -1
    errors["category"] = -1
    whole = faults["length"] > 0
    errors["category"][whole] = data[faults["offset"][whole]]
    for name in ("offset", "length", "at"):
        errors[name] = faults[name]
    errors["cause"] = np.array(CAUSES)[faults["cause"]]
    return errors


def _record_errors(
    used: Plan, blocks: npt.NDArray[Any], rows: npt.NDArray[np.intp], faults: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    errors = np.zeros(len(faults), ERRORS)
    block = rows[faults["block"]]
    errors["datagram"], errors["block"] = blocks["datagram"][block], blocks["ordinal"][block]
    errors["record"], errors["category"] = faults["record"], used.category
    slot = np.where(faults["node"] >= 0, used.nodes["slot"][faults["node"]], -1)
    errors["item"] = np.array([*(s.path for s in used.slots), ""])[slot]
    for name in ("offset", "length", "at"):
        errors[name] = faults[name]
    errors["cause"] = np.array(CAUSES)[faults["cause"]]
    return errors


__all__ = ["BLOCKS", "ERRORS", "Decoded", "decode", "describe", "random_fields", "walk"]
