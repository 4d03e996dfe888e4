"""A formatter under test as its user describes it: `lab_config/formatters/*.toml`, unknown keys refused.

Sources, ports, registers and the record's layout; nothing here builds or runs anything.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from hil.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "lab_config" / "formatters" / "shipped.toml"

VALIDITY = ("i105", "i100", "i185", "i060", "i245", "adr", "i136", "i130", "i220", "sid", "hei")


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every table of the file: immutable, and a key that is not known is an error."""


class Clock(_Table, frozen=True):
    port: str
    period_ns: float


class Reset(_Table, frozen=True):
    port: str
    active: Literal["high", "low"]


class Stream(_Table, frozen=True):
    """One AXI4-Stream port; `octet_0` says which end of tdata carries the first octet, `frames` that headers surround the block."""

    octet_0: Literal["high", "low"]
    tdata: str
    tkeep: str
    tvalid: str
    tready: str
    tlast: str
    frames: bool = False


class Settings(_Table, frozen=True):
    """What the formatter does after reset, and the MTUs that it takes."""

    sac: int
    sic: int
    service: int
    mtu_octets: int
    mtu_min: int
    mtu_max: int
    flush_clocks: int


class Registers(_Table, frozen=True):
    """AXI4-Lite slave: octet addresses of 32-bit words."""

    prefix: str
    address_bits: int
    version_value: int
    address: dict[str, int]


class Record(_Table, frozen=True):
    """Where the fields of the track record lie; `reserved` is (octet, mask) of bits that must be 0."""

    octets: int
    validity_at: int
    version_at: int
    version: int
    reserved: list[tuple[int, int]]
    validity: dict[str, int]
    at: dict[str, int]


class Formatter(_Table, frozen=True):
    """A formatter and how to reach it."""

    name: str
    top: str
    sources: list[str]
    clock: Clock
    reset: Reset
    records: Stream
    blocks: Stream
    settings: Settings
    record: Record
    registers: Registers | None = None
    parameters: dict[str, int] = {}


def load(path: Path) -> Formatter:
    """Read and check a formatter file; sources come back as absolute paths.

    Raises ConfigError: unreadable file, unknown or missing key, wrong type, source that does not exist, record that is
    not a whole number of beats or lacks a validity bit.
    """
    try:
        formatter = msgspec.convert(tomllib.loads(path.read_text()), Formatter)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "name a file in lab_config/formatters/") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}", "mend the TOML") from None
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}", f"see {SHIPPED.relative_to(ROOT)} for every key") from None
    if formatter.record.octets % 8:
        raise ConfigError(f"{path}: record.octets = {formatter.record.octets}", "a record is whole 64-bit beats")
    if missing := set(VALIDITY) - set(formatter.record.validity):
        raise ConfigError(f"{path}: record.validity lacks {', '.join(sorted(missing))}", "give each its bit")
    return msgspec.structs.replace(formatter, sources=[str(_source(path, name)) for name in formatter.sources])


def _source(path: Path, name: str) -> Path:
    for folder in (ROOT, path.resolve().parent):
        if (folder / name).is_file():
            return folder / name
    raise ConfigError(f"{path}: source {name} does not exist", "paths start at the repository's root or at this file")
