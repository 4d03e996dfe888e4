"""Objects that are too far or too high for the ordinary items: which items carry them, as columns in and out.

CAT048 reaches 256 NM in I048/040; beyond, the range is in the reserved expansion field (RE/ERR, announced by I048/020 ERR).
CAT062 gives heights in I062/130 to 150 000 ft, in I062/340 HEIGHT to 819 175 ft; above that only a field that sender and receiver
have agreed on can, and ours is the special purpose field described in docs/asterix.md. Functions here say which columns and
presence masks to hand to `encode`, and read them back from a decoded table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.asterix.limits import raw_limit
from hil.asterix.plans import plan
from hil.asterix.records import Mask, RecordTable
from hil.errors import DecodeError, EncodeError

Metres = npt.NDArray[np.float64]

SP_IDENTIFIER = 0x48  # "H", first octet of our special purpose field in CAT062
SP_LSB_M = 0.01
SP_OCTETS = 6  # identifier, flags, 32 bit height


def range_columns(range_m: npt.ArrayLike) -> tuple[dict[str, Any], dict[str, Mask]]:
    """CAT048 columns and presence for slant ranges of any size up to 65 536 NM.

    Beyond 256 NM: I048/040 RHO all ones, I048/020 ERR = 1, the range in RE/ERR (SPEC-0149-4, I048/020 note 3; appendix A, ERR).
    Hand both to `encode` together with I048/040 THETA and the rest.
    """
    distance = np.asarray(range_m, np.float64)
    rho = plan(48).field("040/RHO")
    largest = rho.scale * ((1 << rho.bits) - 1)
    beyond = distance > largest + rho.scale / 2
    columns = {"040/RHO": np.minimum(distance, largest), "020/ERR": beyond.astype(np.int64), "RE/ERR": distance}
    return columns, {"020/ERR": beyond, "RE": beyond, "RE/ERR": beyond}


def slant_range_m(table: RecordTable) -> Metres:
    """Slant range of CAT048 records, wherever it is; NaN without one."""
    near, far = table["040/RHO"], table["RE/ERR"]
    return np.where(table.has("RE/ERR") & (table["020/ERR"] == 1), far, near)


def height_columns(height_m: npt.ArrayLike) -> tuple[dict[str, Any], dict[str, Mask]]:
    """CAT062 columns and presence for geometric heights of any size.

    To 150 000 ft in I062/130; to 819 175 ft in I062/340 HEIGHT; above (and below what 340 takes) in I062/SP. NaN: no item.
    Raises EncodeError for a height that even the SP field cannot carry (±21 474 km).
    """
    height = np.asarray(height_m, np.float64)
    known = ~np.isnan(height)
    low, high = _carried("130")
    item_130 = known & (height >= low) & (height <= high)
    low, high = _carried("340/HEIGHT")
    item_340 = known & ~item_130 & (height >= low) & (height <= high)
    special = known & ~item_130 & ~item_340
    columns = {"130": height, "340/HEIGHT": height, "SP": special_purpose(height, special)}
    return columns, {"130": item_130, "340": item_340, "340/HEIGHT": item_340, "SP": special}


def special_purpose(height_m: Metres, present: Mask) -> list[bytes]:
    """Contents of I062/SP for each row, empty where not present: see docs/asterix.md, "High and far objects"."""
    with np.errstate(invalid="ignore"):
        raw = np.rint(height_m / SP_LSB_M)
    outside = present & ~(np.abs(raw) < 2**31)
    if outside.any():
        row = int(np.argmax(outside))
        raise EncodeError(f"I062/SP height = {height_m[row]} m in row {row} is out of range", "give ±21474836.47 m")
    head = bytes((SP_IDENTIFIER, 0))
    return [head + int(r).to_bytes(4, "big", signed=True) if p else b"" for r, p in zip(raw, present, strict=True)]


def height_m(table: RecordTable) -> Metres:
    """Geometric height of CAT062 records: our SP field, else I062/340 HEIGHT, else I062/130; NaN without any.

    Raises DecodeError for an SP field that begins like ours and has another length or flags.
    """
    measured = np.where(table.has("340/HEIGHT"), table["340/HEIGHT"], table["130"])
    return np.where(table.has("SP"), _special_heights(table, measured), measured)


def record_height_m(record: Mapping[str, Any]) -> float | None:
    """The same for one record of `LiveCodec`."""
    special = record.get("SP")
    if special is not None and special[:1] == bytes((SP_IDENTIFIER,)):
        return _special_height(special)
    height = record.get("340", {}).get("HEIGHT", record.get("130"))
    return None if height is None else float(height)


def _carried(path: str) -> tuple[float, float]:
    field = plan(62).field(path)
    limit = raw_limit(62, field)
    return limit.low * field.scale, limit.high * field.scale


def _special_heights(table: RecordTable, otherwise: Metres) -> Metres:
    heights = otherwise.copy()
    for row, contents in enumerate(table.payloads("SP")):
        if contents[:1] == bytes((SP_IDENTIFIER,)):
            heights[row] = _special_height(contents)
    return heights


def _special_height(contents: bytes) -> float:
    if len(contents) != SP_OCTETS or contents[1]:
        raise DecodeError(f"I062/SP {contents.hex()} is no height field", "see docs/asterix.md for its layout")
    return int.from_bytes(contents[2:], "big", signed=True) * SP_LSB_M
