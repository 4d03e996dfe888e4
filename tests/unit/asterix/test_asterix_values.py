"""Values equal libasterix's, on seeded random records of every category and edition, in bulk and live.

`HIL_ASTERIX_RECORDS=10000 pytest tests/unit/asterix/test_asterix_values.py` is the full proof (half an hour); the default takes
a handful per edition, which still has every item of every profile once.
"""

from __future__ import annotations

import os
import struct
from typing import Any

import pytest
from libasterix_oracle import ALL_CATEGORIES, differences, edition_name, readings
from records_of_tables import as_dictionaries

from hil.asterix import LiveCodec, categories, decode, editions
from hil.asterix.generate import Generator

N_RECORDS = int(os.environ.get("HIL_ASTERIX_RECORDS", "40"))
EDITIONS = [(c, edition_name(e)) for c, group in ALL_CATEGORIES.items() for e in group]


def block(category: int, record: bytes) -> bytes:
    return struct.pack(">BH", category, 3 + len(record)) + record


def test_every_category_and_edition_of_libasterix_is_there() -> None:
    ours = {(category, edition) for category in categories() for edition in editions(category)}
    assert ours == set(EDITIONS)
    assert len(EDITIONS) == 68


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("category", "edition"), EDITIONS)
def test_values_equal_libasterix_on_random_records(category: int, edition: str) -> None:
    theirs: Any = next(e for e in ALL_CATEGORIES[category] if edition_name(e) == edition)
    codec = LiveCodec(category, edition)
    n = max(N_RECORDS, sum(len(profile.fields) for profile in codec.plan.table.profiles))
    for first in range(0, n, 1000):
        seed = 1_000_003 * category + first
        generator = Generator(category, edition, seed=seed, density=0.35)
        records = [r for r in generator.records(min(1000, n - first)) if len(r) <= 65_532]
        data = b"".join(block(category, record) for record in records)
        table = decode(data, editions={category: edition}, strict=True)[category]
        assert len(table) == len(records)
        for record, in_bulk in zip(records, as_dictionaries(table), strict=True):
            (live,) = codec.decode(block(category, record))
            oracle = min((differences(live, reading) for reading in readings(category=theirs, record=record)), key=len)
            assert not oracle, f"seed {seed}: CAT{category:03d} {record.hex()}: {oracle}"
            live.pop("RFS", None)  # in bulk these are a table of their own: see test_asterix_random_fields.py
            assert not differences(in_bulk, live), f"seed {seed}: {record.hex()}"
