"""Every octet of the data is in exactly one record, block header or error: the sum that a decode has to get right."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hil.asterix import Decoded


def owners(decoded: Decoded, size: int) -> npt.NDArray[np.int64]:
    """How many records, block headers and errors claim each octet."""
    steps = np.zeros(size + 1, np.int64)

    def claim(offset: Any, length: Any) -> None:
        np.add.at(steps, offset, 1)
        np.add.at(steps, offset + length, -1)

    claim(decoded.blocks["offset"], 3)
    claim(decoded.errors["offset"], decoded.errors["length"])
    for table in decoded.tables.values():
        claim(table.offset, table.length)
    return np.cumsum(steps)[:size]
