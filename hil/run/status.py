"""What boxes say of themselves every second (CAT065), as columns."""

from __future__ import annotations

import numpy as np

from hil.columns import Table
from hil.run.capture import Capture

STATUS = 65

BEATS = np.dtype(
    [
        ("arrived_ns", "i8"),
        ("time_s", "f8"),  # I065/030: the box's own clock, time of day
        ("tsv", "i8"),  # I065/040: no time to be trusted …
        ("ovl", "i8"),  # … overload …
        ("sttn", "i8"),  # … changes with every reset
    ]
)


def beats_at(capture: Capture, tap: str) -> Table:
    """The heartbeats at one tap in the order of arrival."""
    table = capture.tables(tap).get(STATUS)
    if table is None:
        return np.zeros(0, BEATS)
    rows = np.zeros(len(table), BEATS)
    rows["arrived_ns"] = capture.stamps_ns(tap)[table.datagram]
    rows["time_s"] = table["030"]
    for name in ("tsv", "ovl", "sttn"):
        rows[name] = table[f"040/{name.upper()}"]
    return rows
