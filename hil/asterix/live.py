"""One datagram at a time: bytes ↔ nested dictionaries, quickly, for a process that forwards records as they come.

A record is `{"010": {"SAC": 1, "SIC": 2}, "070": 43200.0, "380": {"ADR": 0x123456}, "510": [{"IDENT": 1, "TRACK": 7}]}`, SI
values as in the columns. The kernel makes the dictionaries; writing is compiled once per *layout*: the structure of a record
(which items, extents, subfields, how many elements). For many records at once see `hil.asterix.decoding` and `encode`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hil.asterix.decoding import decode, describe
from hil.asterix.layout import Record
from hil.asterix.live_read import Reader
from hil.asterix.live_write import Writer
from hil.asterix.plans import Plan, plan
from hil.errors import DecodeError, EncodeError


class LiveCodec:
    """Reads and writes datagrams of one category in one edition (default: the latest). Not for use by two threads at once.

    partial: `encode` does not ask for the items that the standard makes mandatory.
    """

    def __init__(
        self,
        category: int,
        edition: str | None = None,
        *,
        expansion: str | None = None,
        partial: bool = False,
        source: str = "<datagram>",
    ) -> None:
        self.plan: Plan = plan(category, edition, expansion)
        self.source = source
        self._reader = Reader(self.plan)
        self._writer = Writer(self.plan, partial=partial)

    def decode(self, datagram: bytes) -> list[Record]:
        """Records of a datagram of data blocks of this category. DecodeError at the first fault."""
        records = self._reader.read(datagram)
        if records is None:
            raise self._error(datagram)
        return records

    def encode(self, records: Sequence[Mapping[str, Any]]) -> bytes:
        """One data block that holds the records. EncodeError names the record, item and value that cannot be carried."""
        if not records:
            raise EncodeError("no record to encode", "give at least one")
        return self._writer.write(records)

    def _error(self, datagram: bytes) -> DecodeError:
        """The same datagram through the bulk path, which says where and why."""
        category = self.plan.category
        editions = {category: self.plan.edition}
        decoded = decode(datagram, editions=editions)
        if len(decoded.errors):
            return DecodeError(**describe(decoded.errors[0], self.source))
        foreign = next((int(b["category"]) for b in decoded.blocks if b["category"] != category), None)
        return DecodeError(
            f"{self.source}: CAT{foreign or 0:03d} block in a CAT{category:03d} stream", "check the sender"
        )
