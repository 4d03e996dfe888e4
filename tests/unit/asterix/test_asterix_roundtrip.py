"""What is encoded comes back, and what is decoded goes out again byte for byte, in every category and edition."""

from __future__ import annotations

import os
import struct
from typing import Any

import numpy as np
import pytest

from hil.asterix import LiveCodec, RecordTable, categories, decode, editions, encode, encode_records, plan
from hil.asterix.generate import Generator
from hil.asterix.limits import raw_limit
from hil.asterix.plans import Field, FieldKind

N_RECORDS = int(os.environ.get("HIL_ASTERIX_RECORDS", "120"))
EDITIONS = [(category, edition) for category in categories() for edition in editions(category)]


def canonical(category: int, edition: str, n: int) -> list[bytes]:
    """Seeded records, all of which the format can carry in a block."""
    records = Generator(category, edition, seed=category, density=0.4).records(n)
    return [record for record in records if len(record) <= 65_532]


def blocks(category: int, records: list[bytes]) -> bytes:
    return b"".join(struct.pack(">BH", category, 3 + len(record)) + record for record in records)


def everything(table: RecordTable) -> dict[str, Any]:
    """All that `encode` takes of a table."""
    columns: dict[str, Any] = dict(table.columns())
    columns |= {item: table.rep(item) for item in table.repeated}
    expanded = {path.partition("/")[0] for path in table.plan.paths}
    columns |= {item: table.payload(item) for item in table.explicit if item not in expanded}
    if "RFS" in table.items:
        columns["RFS"] = table.payload("RFS")
    return columns


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("category", "edition"), EDITIONS)
def test_columns_of_canonical_records_encode_to_the_same_octets(category: int, edition: str) -> None:
    records = canonical(category, edition, N_RECORDS)
    whole = decode(blocks(category, records), editions={category: edition}, strict=True)[category]
    for number, profile in enumerate(whole.plan.profiles):
        chosen = [record for record, used in zip(records, whole.profile, strict=True) if used == number]
        table = decode(blocks(category, chosen), editions={category: edition}, strict=True)[category]
        octets, _, starts = encode_records(
            category, everything(table), edition=edition, profile=profile or None, present=table.present(), partial=True
        )
        for record, start in zip(chosen, starts.tolist(), strict=True):
            assert octets[start : start + len(record)].tobytes() == record, record.hex()


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("category", "edition"), EDITIONS)
def test_dictionaries_of_canonical_records_encode_to_the_same_octets(category: int, edition: str) -> None:
    codec = LiveCodec(category, edition, partial=True)
    for record in canonical(category, edition, N_RECORDS):
        block = blocks(category, [record])
        assert codec.encode(codec.decode(block)) == block, record.hex()


@pytest.mark.parametrize("record", [{"380": {}}, {"380": {"TID": []}}, {"340": {}, "290": {}}])
def test_items_that_are_there_and_hold_nothing_survive(record: dict[str, Any]) -> None:
    block = LiveCodec(62, partial=True).encode([record, record])
    assert LiveCodec(62).decode(block) == [record, record]
    table = decode(block, strict=True)[62]
    assert encode(62, everything(table), present=table.present(), partial=True) == [block]


def off_the_grid(category: int, one: Field, n: int, rng: np.random.Generator) -> Any:
    """Values that the field may carry: quantities between the steps of their LSB, integers and texts of any kind."""
    limit = raw_limit(category, one)
    if one.is_quantity:
        return rng.uniform(limit.low, limit.high, n) * one.scale
    if one.kind is FieldKind.SIX_BIT:
        alphabet = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", np.uint8)
        return rng.choice(alphabet, (n, one.bits // 6)).view(one.dtype)[:, 0]
    if one.kind is FieldKind.TEXT:
        return rng.integers(ord("!"), ord("~") + 1, (n, one.bits // 8)).astype(np.uint8).view(one.dtype)[:, 0]
    if one.kind is FieldKind.OCTETS:
        return rng.integers(0, 256, (n, one.bits // 8)).astype(np.uint8).view(one.dtype)[:, 0]
    if one.bits == 64:
        return rng.integers(0, 1 << 63, n).astype(np.uint64) * np.uint64(2)
    return rng.integers(limit.low, limit.high, n, endpoint=True)


@pytest.mark.parametrize(("category", "edition"), EDITIONS)
def test_encoded_columns_decode_within_half_a_step(category: int, edition: str) -> None:
    rng, n = np.random.default_rng([category, 7]), 200
    used = plan(category, edition)
    for number, profile in enumerate(used.profiles):
        items = used.items_of_profile(number)
        fields = [one for one in used.fields if top_slot(used, one) in items and not one.repeated]
        fields = [one for one in fields if not one.path.startswith("RE/")]  # too long together: tested below
        columns: dict[str, Any] = {one.path: off_the_grid(category, one, n, rng) for one in fields}
        steps = {one.path: np.full(n, one.scale) for one in fields if one.is_quantity}
        for one in fields:
            if one.scale_by_case:
                steps[one.path] = np.array([one.scale_by_case[key] for key in columns[one.case_path].tolist()])
                columns[one.path] = columns[one.path] * steps[one.path]
        for value, name in used.table.choices.items():
            if name == profile:
                columns["/".join(used.table.selector)] = np.full(n, value)
        octets = b"".join(encode(category, columns, edition=edition, profile=profile or None, partial=True))
        table = decode(octets, editions={category: edition}, strict=True)[category]
        for path, values in columns.items():
            if path in steps:
                assert (np.abs(table[path] - values) <= steps[path] * 0.5000001).all(), path
            else:
                assert (table[path] == values).all(), path


def top_slot(used: Any, one: Field) -> int:
    """Slot of the item that a field belongs to."""
    slot = used.slots[one.slot]
    while slot.parent >= 0:
        slot = used.slots[slot.parent]
    return int(used.slot(slot.path.partition("#")[0]).index)


@pytest.mark.parametrize("item", ["SUM", "PMN", "POS", "GA", "EM1", "TOS"])
def test_subfields_of_an_expansion_are_columns_like_any_other(item: str) -> None:
    used, rng, n = plan(48), np.random.default_rng(5), 50
    paths = [one.path for one in used.fields if one.path.startswith(f"RE/MD5/{item}")]
    columns = {path: off_the_grid(48, used.field(path), n, rng) for path in paths}
    table = decode(b"".join(encode(48, columns, partial=True)), strict=True)[48]
    for path in paths:
        assert np.abs(table[path] - columns[path]).max() <= used.field(path).scale / 2 + 1e-9, path
