"""Random field sequencing (CAT001, 002, 008): items behind their reference numbers, as a table of entries and as dictionaries."""

from __future__ import annotations

import struct

import pytest

from hil.asterix import LiveCodec, decode, random_fields
from hil.asterix.generate import Generator
from hil.errors import ConfigError


@pytest.mark.parametrize("category", [1, 2, 8])
def test_the_entries_of_a_table_are_those_of_the_live_path(category: int) -> None:
    codec = LiveCodec(category, partial=True)
    records = list(Generator(category, seed=4).records(300))
    blocks = [struct.pack(">BH", category, 3 + len(record)) + record for record in records]
    table = decode(b"".join(blocks), strict=True)[category]
    rows, entries = random_fields(table)
    live = [(row, entry) for row, block in enumerate(blocks) for entry in codec.decode(block)[0].get("RFS", [])]
    assert rows.tolist() == [row for row, _ in live]
    for index, (_, entry) in enumerate(live):
        ((item, _),) = entry.items()
        assert entries.has(item)[index]
        assert [path for path in entries.items if entries.has(path)[index]] == [item]


def test_a_category_without_them_says_so() -> None:
    with pytest.raises(ConfigError, match="CAT062 has no random field sequencing"):
        random_fields(decode(b"\x3e\x00\x05\x20\x05")[62])
