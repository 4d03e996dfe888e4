"""Do these blocks carry these records? Asked of hil.asterix: decoded values equal the input, and encoded again the octets equal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fpga_tb.tb.records import Octets, Table
from hil.asterix import RecordTable, decode, encode_records

_ONE_BLOCK = 65_507
_ALWAYS = {"070": "tod", "040": "number"}
_OPTIONAL = {  # I062 path → (validity bit, column)
    "105/LAT": ("i105", "latitude"),
    "105/LON": ("i105", "longitude"),
    "100/X": ("i100", "x"),
    "100/Y": ("i100", "y"),
    "185/VX": ("i185", "vx"),
    "185/VY": ("i185", "vy"),
    "380/ADR": ("adr", "address"),
    "136": ("i136", "flight_level"),
    "130": ("i130", "altitude"),
    "220": ("i220", "climb"),
    "340/HEIGHT": ("hei", "height"),
}
_STATUS = (  # I062/080: octet, lowest bit, width of each field
    {"MON": (7, 1), "SPI": (6, 1), "MRH": (5, 1), "SRC": (2, 3), "CNF": (1, 1)},
    {"SIM": (7, 1), "TSE": (6, 1), "TSB": (5, 1), "FPC": (4, 1), "AFF": (3, 1), "STP": (2, 1), "KOS": (1, 1)},
    {"AMA": (7, 1), "MD4": (5, 2), "ME": (4, 1), "MI": (3, 1), "MD5": (1, 2)},
    {"CST": (7, 1), "PSR": (6, 1), "SSR": (5, 1), "MDS": (4, 1), "ADS": (3, 1), "SUC": (2, 1), "AAC": (1, 1)},
)


def mismatches(
    blocks: Octets, ends: npt.NDArray[np.int64], table: Table, sac: int, sic: int, service: int, mtu_octets: int | None
) -> list[str]:
    """Every way in which the blocks are not exactly the records; empty = equal bit for bit.

    `mtu_octets` None: where blocks end is not asked (they were closed by time), only that each ends where a record ends.
    """
    decoded = decode(blocks, raw=True)
    if len(decoded.errors):
        return [f"{len(decoded.errors)} decode errors, the first: {decoded.errors[0]}"]
    if 62 not in decoded.tables:
        return [] if not len(table) and not len(blocks) else [f"no record came out of {len(table)}"]
    got = decoded[62]
    if len(got) != len(table) or decoded.n_records != len(table):
        return [f"{decoded.n_records} records came out of {len(table)}"]
    found = [f"{path} differs in {n} records" for path, n in _differing(got, table).items() if n]
    columns = got.columns(["010/SAC", "010/SIC", "015"])
    for path, value in (("010/SAC", sac), ("010/SIC", sic), ("015", service)):
        if np.any(columns[path] != value):
            found.append(f"{path} is not {value} everywhere")
    values = decode(blocks)[62]
    again, starts, _ = encode_records(62, values.columns(), present=values.present(), mtu=mtu_octets or _ONE_BLOCK)
    if mtu_octets is None:
        bodies = np.delete(blocks, np.add.outer(np.append(0, ends[:-1]), np.arange(3)).reshape(-1))
        if not np.array_equal(np.asarray(again)[3:], bodies):
            found.append("encoded again, the octets differ")
        if len(ends) != len(decoded.blocks) or ends[-1] != len(blocks):
            found.append("blocks end elsewhere")
        return found
    if not np.array_equal(np.asarray(again), blocks):
        found.append("encoded again, the octets differ")
    if not np.array_equal(np.append(starts[1:], len(again)), ends):
        found.append("blocks end elsewhere")
    return found


def _differing(got: RecordTable, table: Table) -> dict[str, int]:
    columns = got.columns()
    wrong = {path: int(np.sum(columns[path] != table[name])) for path, name in _ALWAYS.items()}
    for path, (validity, name) in _OPTIONAL.items():
        there = table[validity]
        wrong[path] = int(np.sum(columns[path][there] != table[name][there])) if path in columns else int(there.sum())
        item = path.split("/")[0]
        if item != "340":
            wrong[f"{item} there"] = int(np.sum(got.has(item) != there))
    mode_3a = table["mode_3a"].astype(np.int64)
    there = table["i060"]
    for path, shift, width in (("V", 15, 1), ("G", 14, 1), ("CH", 13, 1), ("MODE3A", 0, 12)):
        if there.any():
            value = mode_3a >> shift & (1 << width) - 1
            wrong[f"060/{path}"] = int(np.sum(columns[f"060/{path}"][there] != value[there]))
    if table["sid"].any():
        for i, name in enumerate(("SAC", "SIC")):
            there = table["sid"]
            wrong[f"340/SID/{name}"] = int(np.sum(columns[f"340/SID/{name}"][there] != table["sensor"][there, i]))
    last = np.max(np.where(table["status"] != 0, np.arange(4), 0), axis=1)
    for octet, fields in enumerate(_STATUS):
        there = last >= octet
        for name, (low, width) in fields.items():
            if there.any():
                value = table["status"][:, octet].astype(np.int64) >> low & (1 << width) - 1
                wrong[f"080/{name}"] = int(np.sum(columns[f"080/{name}"][there] != value[there]))
    return wrong
