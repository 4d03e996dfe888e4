"""The drill "compass": known flights, flown without measurement errors, and what the box should make of each plot.

What is expected is worked out from the octets that were sent, so it has the steps of CAT048 in it, and from docs/icd.md §2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from msgspec import structs

from hil.asterix import decode
from hil.asterix.records import RecordTable
from hil.bench.model import Radar
from hil.checks.filter_model import smooth
from hil.columns import PLOTS, TOD_LSB_S, TOD_TICKS_PER_DAY
from hil.run.drill import Drilled, Message
from hil.run.result import plot_positions
from hil.scenario import Scenario
from hil.scenario.geodesy import ecef_to_geodetic, enu_axes, geodetic_to_ecef
from hil.timing.journeys import identity

STEP_RAD = np.radians(180 / 2**25)  # I062/105
VELOCITY_STEP_MPS = 0.25
FOOT_M = 0.3048
CENTRE_DEG = (37.0, 129.5)  # of lab_config/scenarios/compass.toml
GAINS = (0.8, 0.5, 0.0)  # docs/icd.md §2, unless the bench file says otherwise


@dataclass(frozen=True)
class Expected:
    """Per plot, in the order sent: its key, which of its object's plots it is, and the smoothed state."""

    plots: RecordTable
    key: npt.NDArray[np.int64]
    turn: npt.NDArray[np.int64]
    latitude_rad: npt.NDArray[np.float64]
    longitude_rad: npt.NDArray[np.float64]
    east_mps: npt.NDArray[np.float64]
    north_mps: npt.NDArray[np.float64]
    x_m: npt.NDArray[np.float64]  # east and north in the plane that touches the ellipsoid at the radar
    y_m: npt.NDArray[np.float64]
    height_m: npt.NDArray[np.float64]
    climb_mps: npt.NDArray[np.float64]


def around(radar: Radar, scenario: Scenario) -> Scenario:
    """The scenario moved to where a radar sees it."""
    north_deg, east_deg = radar.latitude_deg - CENTRE_DEG[0], radar.longitude_deg - CENTRE_DEG[1]
    moved = [
        structs.replace(a, latitude_deg=a.latitude_deg + north_deg, longitude_deg=a.longitude_deg + east_deg)
        for a in scenario.aircraft
    ]
    return structs.replace(scenario, aircraft=tuple(moved))


def key_of(table: RecordTable, time: str, address: str) -> npt.NDArray[np.int64]:
    """Address and time of day of each record as one number."""
    return identity(table[address], np.rint(table[time] / TOD_LSB_S).astype(np.int64))


def expected(
    radar: Radar, messages: Sequence[Message], tod_epoch_s: float, gains: tuple[float, float, float] = GAINS
) -> Expected:
    """What the plots among `messages` should become."""
    sent = b"".join(message.payload for message in messages if message.payload[0] == 48)
    plots = decode(sent).tables[48]
    n = len(plots)
    rows = np.zeros(n, PLOTS)
    rows["range_m"], rows["azimuth_rad"], rows["height_m"] = plots["040/RHO"], plots["040/THETA"], plots["110/3DH"]
    latitude, longitude = plot_positions(radar, rows)
    measured_m = geodetic_to_ecef(latitude, longitude, plots["110/3DH"])
    ticks = np.rint(plots["140"] / TOD_LSB_S).astype(np.int64)
    since_s = (ticks - round(tod_epoch_s / TOD_LSB_S)) % TOD_TICKS_PER_DAY * TOD_LSB_S
    turn = np.zeros(n, np.int64)
    position_m, velocity_mps = np.empty((n, 3)), np.empty((n, 3))
    for address in np.unique(plots["220"]):
        own = np.flatnonzero(plots["220"] == address)
        turn[own] = np.arange(len(own))
        state = smooth(since_s[own], measured_m[own], *gains)
        position_m[own], velocity_mps[own] = state.position_m, state.velocity_mps
    latitude, longitude, height_m = ecef_to_geodetic(position_m)
    site = np.radians(radar.latitude_deg), np.radians(radar.longitude_deg)
    plane = (position_m - geodetic_to_ecef(*site, radar.height_m)) @ enu_axes(*site).T
    local = np.einsum("nij,nj->ni", enu_axes(latitude, longitude), velocity_mps)
    return Expected(
        plots=plots,
        key=key_of(plots, "140", "220"),
        turn=turn,
        latitude_rad=latitude,
        longitude_rad=longitude,
        east_mps=local[:, 0],
        north_mps=local[:, 1],
        x_m=plane[:, 0],
        y_m=plane[:, 1],
        height_m=height_m,
        climb_mps=local[:, 2],
    )


def taps_out(drilled: Drilled, box: str) -> list[str]:
    """Every tap behind a box."""
    return [tap for tap in drilled.capture.taps if tap.startswith(f"{box}.out.")]


def own_tracks(drilled: Drilled, tap: str) -> RecordTable | None:
    """Track records at a tap, None if there are none."""
    return drilled.capture.tables(tap).get(62)
