"""ASTERIX, bytes ↔ columns, compiled from the published tables of libasterix: every category and edition that it carries.

`decode` and `encode` move many records at once, `LiveCodec` one datagram; `hil.asterix.scapy` has the same tables as packet
layers. Values are SI: metres, radians, seconds, m/s. Nothing here opens a file or a socket.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hil.asterix.decoding import Decoded, decode, describe, random_fields
    from hil.asterix.encoding import encode, encode_records
    from hil.asterix.live import LiveCodec
    from hil.asterix.plans import Plan, plan
    from hil.asterix.records import RecordTable
    from hil.asterix.tables import categories, editions

_HOME = {
    "Decoded": "decoding",
    "decode": "decoding",
    "describe": "decoding",
    "random_fields": "decoding",
    "encode": "encoding",
    "encode_records": "encoding",
    "LiveCodec": "live",
    "Plan": "plans",
    "plan": "plans",
    "RecordTable": "records",
    "categories": "tables",
    "editions": "tables",
}

__all__ = [
    "Decoded",
    "LiveCodec",
    "Plan",
    "RecordTable",
    "categories",
    "decode",
    "describe",
    "editions",
    "encode",
    "encode_records",
    "plan",
    "random_fields",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import hil.asterix` costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
