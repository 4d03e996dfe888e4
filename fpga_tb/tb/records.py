"""Track records: seeded random ones as columns, and their octets in any layout that a formatter file describes.

What a record must become is not known here (see `oracle`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fpga_tb.tb.formatter_file import VALIDITY, Record

Octets = npt.NDArray[np.uint8]
Table = npt.NDArray[Any]

TOD_TICKS_PER_DAY = 86_400 * 128

RECORDS = np.dtype(
    [
        *((name, "?") for name in VALIDITY),  # what goes out besides the items that are always there
        ("number", "u2"),  # I062/040
        ("tod", "u4"),  # I062/070, 1/128 s
        ("latitude", "i4"),  # I062/105, 180/2^25 deg
        ("longitude", "i4"),
        ("x", "i4"),  # I062/100, 24 bit, 0.5 m
        ("y", "i4"),
        ("mode_3a", "u2"),  # I062/060 as on the wire, 12 bit and V, G, CH
        ("vx", "i2"),  # I062/185, 0.25 m/s
        ("vy", "i2"),
        ("status", "u1", (4,)),  # I062/080, FX bits 0
        ("address", "u4"),  # I062/380 ADR, 24 bit
        ("flight_level", "i2"),  # I062/136, 1/4 FL
        ("altitude", "i2"),  # I062/130, 6.25 ft
        ("climb", "i2"),  # I062/220, 6.25 ft/min
        ("sensor", "u1", (2,)),  # I062/340 SID
        ("height", "i2"),  # I062/340 HEI, 25 ft
        ("identification", "u1", (7,)),  # I062/245 as on the wire
    ]
)

_WIDTH = {"tod": 3, "x": 3, "y": 3, "address": 3}  # octets, where it is not the column's own


def draw(rng: np.random.Generator, n: int, density: float = 0.5) -> Table:
    """`n` well-formed records: every value inside its item's range, each optional item there with `density`."""
    table = np.zeros(n, RECORDS)
    for name in VALIDITY:
        table[name] = rng.random(n) < density
    table["number"] = rng.integers(0, 1 << 16, n)
    table["tod"] = rng.integers(0, TOD_TICKS_PER_DAY, n)
    table["latitude"] = rng.integers(-(1 << 24), (1 << 24) + 1, n)
    table["longitude"] = rng.integers(-(1 << 25), 1 << 25, n)
    for name in ("x", "y"):
        table[name] = rng.integers(-(1 << 23), 1 << 23, n)
    table["mode_3a"] = rng.integers(0, 1 << 16, n) & 0xEFFF
    for name in ("vx", "vy", "climb", "height"):
        table[name] = rng.integers(-(1 << 15), 1 << 15, n)
    table["flight_level"] = rng.integers(-60, 6001, n)  # -15 to 1500 FL
    table["altitude"] = rng.integers(-240, 24_001, n)  # -1 500 to 150 000 ft
    extents = rng.integers(0, 5, n)  # how much of the status may be other than zero
    status = rng.integers(0, 128, (n, 4)) << 1
    table["status"] = np.where(np.arange(4) < extents[:, None], status, 0)
    table["address"] = rng.integers(0, 1 << 24, n)
    table["sensor"] = rng.integers(0, 256, (n, 2))
    table["identification"] = rng.integers(0, 256, (n, 7))
    table["identification"][:, 0] &= 0xC0  # STI and six spare bits
    return table


def octets(table: Table, layout: Record) -> Octets:
    """The records on the bus: (n, layout.octets), reserved bits 0."""
    out = np.zeros((len(table), layout.octets), np.uint8)
    validity = np.zeros(len(table), np.uint16)
    for name in VALIDITY:
        validity |= table[name].astype(np.uint16) << layout.validity[name]
    _put(out, layout.validity_at, validity, 2)
    out[:, layout.version_at] = layout.version
    for name, at in layout.at.items():
        column = table[name]
        if column.ndim == 2:
            out[:, at : at + column.shape[1]] = column
        else:
            _put(out, at, column, _WIDTH.get(name, column.dtype.itemsize))
    return out


def _put(out: Octets, at: int, values: npt.NDArray[Any], width: int) -> None:
    wide = values.astype(np.int64)
    for i in range(width):
        out[:, at + i] = (wide >> (8 * (width - 1 - i))) & 0xFF
