"""What a rotating radar sees of the flights: plots when the beam passes them, and the antenna's own north and sector marks.

The beam turns clockwise at a constant rate and makes a plot of an object at the instant it overtakes the object's true
azimuth, so about once a turn. Not here: clutter, resolution cells, track continuity, and how a plot becomes an ASTERIX record.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct

from hil.columns import PLOTS, Table
from hil.scenario.geodesy import NAUTICAL_MILE_M, SEMI_MAJOR_AXIS_M, Array, ecef_to_geodetic, ecef_to_spherical
from hil.scenario.model import Latitude, Longitude, NotNegative, Positive, Text
from hil.scenario.motion import STEP_S
from hil.scenario.seeds import fork
from hil.scenario.truth import Flight

MARKERS = np.dtype(
    [
        ("radar", "i2"),  # index into the scenario's radars
        ("time_s", "f8"),  # since the start of the scenario
        ("message_type", "u1"),  # I034/000: 1 north marker, 2 sector crossing
        ("azimuth_rad", "f8"),  # start of the sector; 0 for a north marker
    ]
)
NORTH_MARKER, SECTOR_CROSSING = 1, 2


class Radar(Struct, frozen=True, forbid_unknown_fields=True):
    """A site, how its antenna turns and how well it measures; errors are Gaussian, one standard deviation each."""

    name: Text
    sac: Annotated[int, Meta(ge=0, le=255)]
    sic: Annotated[int, Meta(ge=0, le=255)]
    latitude_deg: Latitude
    longitude_deg: Longitude
    height_m: Annotated[float, Meta(ge=-500, le=25_000)]
    scan_s: Annotated[float, Meta(ge=0.1, le=60)]
    range_max_m: Positive = 250 * NAUTICAL_MILE_M
    sigma_range_m: NotNegative = 30.0
    sigma_azimuth_deg: NotNegative = 0.05
    sigma_elevation_deg: NotNegative = 0.05
    sigma_height_m: NotNegative = 30.0
    pd: Annotated[float, Meta(ge=0, le=1)] = 1.0
    first_azimuth_deg: Annotated[float, Meta(ge=0, lt=360)] = 0.0  # where the beam points at time 0
    sectors: Annotated[int, Meta(ge=1, le=256)] = 32

    @property
    def site(self) -> tuple[float, float, float]:
        """Latitude and longitude in radians, height in metres, as hil.scenario.geodesy takes them."""
        return float(np.radians(self.latitude_deg)), float(np.radians(self.longitude_deg)), self.height_m


def observe(flights: Sequence[Flight], radar: Radar, duration_s: float, seed: int, radar_index: int = 0) -> Table:
    """Return the radar's plots (hil.columns.PLOTS) in [0, duration_s), sorted by time, plot_id counting from 0.

    An object is seen above the radar horizon (4/3 Earth) and within `range_max_m`, each time with probability `pd`. Two
    plots of one object are never less than half a turn apart, so (address, time of day in 1/128 s) names a plot.
    Every object has random streams of its own under `seed`: one more object changes nobody else's plots.
    """
    seen = [_plots_of(flight, radar, duration_s, seed) for flight in flights]
    plots = np.concatenate([np.zeros(0, dtype=PLOTS), *seen])
    plots = plots[np.lexsort((plots["object_id"], plots["time_s"]))]
    plots["plot_id"] = np.arange(len(plots))
    plots["radar"] = radar_index
    return plots


def antenna_marks(radar: Radar, duration_s: float, radar_index: int = 0) -> Table:
    """Return the MARKERS table of [0, duration_s): a north marker per turn, then each sector's crossing as it begins."""
    first_turn = radar.first_azimuth_deg / 360
    turns = np.arange(np.ceil(first_turn * radar.sectors), (first_turn + duration_s / radar.scan_s) * radar.sectors)
    crossings = np.zeros(len(turns), dtype=MARKERS)
    crossings["time_s"] = (turns / radar.sectors - first_turn) * radar.scan_s
    crossings["azimuth_rad"] = turns % radar.sectors / radar.sectors * 2 * np.pi
    crossings["message_type"] = SECTOR_CROSSING
    norths = crossings[turns % radar.sectors == 0]
    norths["message_type"] = NORTH_MARKER
    marks = np.concatenate([norths, crossings])
    marks = marks[np.lexsort((marks["message_type"], marks["time_s"]))]
    marks = marks[marks["time_s"] < duration_s]
    marks["radar"] = radar_index
    return marks


def beam_passes(flight: Flight, radar: Radar) -> Array:
    """Return the times (n,) when the beam overtakes the flight, to better than a nanosecond, half a turn or more apart.

    Where a target outruns the beam (the cone of silence overhead) the beam does not overtake it and there is no such time.
    """
    start_s, end_s = flight.trajectory.time_s[[0, -1]]
    samples = np.append(np.arange(start_s, end_s, min(STEP_S, radar.scan_s / 16)), end_s)
    lead = _beam_lead(flight, radar, samples) if end_s > start_s else np.zeros(1)
    overtakes = (lead[:-1] < 0) & (lead[1:] >= 0) & (lead[1:] - lead[:-1] < 0.5)
    before, after = samples[:-1][overtakes], samples[1:][overtakes]
    for _ in range(28):  # halves the bracket each time: 0.1 s to 0.4 ns
        middle = (before + after) / 2
        is_past = _beam_lead(flight, radar, middle) >= 0
        before, after = np.where(is_past, before, middle), np.where(is_past, middle, after)
    passes: list[float] = []
    for time_s in after.tolist():
        if not passes or time_s - passes[-1] >= radar.scan_s / 2:
            passes.append(time_s)
    return np.array(passes)


def horizon_m(radar_height_m: float, target_height_m: Array) -> Array:
    """Return the distance up to which a radar sees a target over an Earth of 4/3 radius (standard refraction)."""
    reach = 2 * 4 / 3 * SEMI_MAJOR_AXIS_M
    return math.sqrt(reach * max(radar_height_m, 0.0)) + np.asarray(np.sqrt(reach * np.maximum(target_height_m, 0.0)))


def _beam_lead(flight: Flight, radar: Radar, time_s: Array) -> Array:
    """Turns by which the beam is past the flight, in [-½, ½)."""
    _, azimuth, _ = ecef_to_spherical(flight.trajectory.at(time_s)[0], radar.site)
    return (time_s / radar.scan_s + radar.first_azimuth_deg / 360 - azimuth / (2 * np.pi) + 0.5) % 1.0 - 0.5


def _plots_of(flight: Flight, radar: Radar, duration_s: float, seed: int) -> Table:
    times = beam_passes(flight, radar)
    position, _ = flight.trajectory.at(times) if len(times) else (np.zeros((0, 3)), None)
    distance, azimuth, elevation = ecef_to_spherical(position, radar.site)
    _, _, height = ecef_to_geodetic(position)
    luck = fork(seed, "detection", radar.name, flight.label).uniform(size=len(times))
    noise = fork(seed, "measurement", radar.name, flight.label).standard_normal((len(times), 4))
    plots = np.zeros(len(times), dtype=PLOTS)
    plots["time_s"] = times
    plots["range_m"] = distance + radar.sigma_range_m * noise[:, 0]
    plots["azimuth_rad"] = (azimuth + np.radians(radar.sigma_azimuth_deg) * noise[:, 1]) % (2 * np.pi)
    plots["elevation_rad"] = elevation + np.radians(radar.sigma_elevation_deg) * noise[:, 2]
    plots["height_m"] = height + radar.sigma_height_m * noise[:, 3]
    plots["mode_3a"], plots["address"], plots["object_id"] = flight.mode_3a, flight.address, flight.object_id
    visible = (distance <= radar.range_max_m) & (distance <= horizon_m(radar.height_m, height))
    return plots[visible & (luck < radar.pd) & (times < duration_s)]
