"""The words every room of the house speaks: one numpy dtype per table, one row per event.

Times of events are integer nanoseconds of CLOCK_REALTIME on the capture host (`*_ns`); everything else is SI. "Not there" is
`NaN` in a float column and `-1` (`MISSING`) in an integer column, never `None` and never a default that could be a value.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[Any]  # a structured array with one of the dtypes below

MISSING = -1

TOD_LSB_S = 1.0 / 128.0  # time of day in ASTERIX (I048/140, I062/070): 1/128 s
TOD_TICKS_PER_DAY = 86_400 * 128


class StampSource(IntEnum):
    """Where a time stamp was taken; it decides how far the stamp can be trusted."""

    KERNEL_RX = 0
    KERNEL_TX = 1
    USER = 2
    INSTRUMENT = 3
    BOX = 4
    VIRTUAL = 5


TRUTH = np.dtype(
    [
        ("object_id", "i4"),
        ("time_s", "f8"),  # since the start of the scenario
        ("position_m", "f8", (3,)),  # ECEF, WGS-84
        ("velocity_mps", "f8", (3,)),  # ECEF
    ]
)

PLOTS = np.dtype(
    [
        ("plot_id", "i8"),
        ("radar", "i2"),  # index into the scenario's radars
        ("time_s", "f8"),  # since the start of the scenario
        ("range_m", "f8"),  # slant range
        ("azimuth_rad", "f8"),  # from true north, clockwise
        ("elevation_rad", "f8"),
        ("height_m", "f8"),  # above mean sea level
        ("mode_3a", "i4"),  # 12 bit, MISSING = none
        ("address", "i4"),  # 24 bit, MISSING = none
        ("object_id", "i4"),  # MISSING = clutter
    ]
)

DEPARTURES = np.dtype(
    [
        ("plot_id", "i8"),
        ("port", "i2"),  # index into the run's injectors
        ("scheduled_ns", "i8"),
        ("departed_ns", "i8"),  # last octet handed over; MISSING = never sent
        ("stamp_source", "i1"),
        ("offset", "i8"),  # of its block in the capture file; MISSING = not captured
    ]
)

ARRIVALS = np.dtype(
    [
        ("tap", "i2"),  # index into the capture's interfaces
        ("arrived_ns", "i8"),
        ("stamp_source", "i1"),
        ("offset", "i8"),  # of the payload in the capture file
        ("length", "i4"),  # octets of payload
    ]
)

# one row is a decoded record: of CAT062 (a track) or CAT048 (the plot as it was seen at a tap; what a plot has not is missing)
TRACKS = np.dtype(
    [
        ("category", "u1"),
        ("tap", "i2"),
        ("arrived_ns", "i8"),
        ("arrival", "i8"),  # row in Arrivals that carried the record
        ("sac", "u1"),
        ("sic", "u1"),
        ("sensor_sac", "i2"),  # the radar behind it (I062/340 SID, I048/010); MISSING = it does not say
        ("sensor_sic", "i2"),
        ("track_number", "i4"),
        ("tod_ticks", "i4"),  # time of track, 1/128 s since midnight
        ("address", "i4"),
        ("mode_3a", "i4"),
        ("latitude_rad", "f8"),
        ("longitude_rad", "f8"),
        ("height_m", "f8"),
        ("vx_mps", "f8"),
        ("vy_mps", "f8"),
        ("coasted", "?"),
        ("ended", "?"),
    ]
)
