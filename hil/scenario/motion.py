"""How things move: constant-height flight over the ellipsoid and the ballistic point mass, as columns of ECEF states.

Each function returns one `Trajectory`, from a start state to the end of the scenario or to the ground. Who is who and when stages
part is in `truth`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hil.scenario.geodesy import (
    EARTH_GM_M3PS2,
    EARTH_RATE_RADPS,
    Array,
    curvature_radii_m,
    ecef_to_geodetic,
    enu_axes,
    geodetic_to_ecef,
)
from hil.scenario.model import Aircraft, Boost

STEP_S = 0.1
SEA_LEVEL_DENSITY_KGPM3 = 1.225  # US Standard Atmosphere 1976
SCALE_HEIGHT_M = 7_200.0  # of the exponential atmosphere that stands in for it up to 100 km


@dataclass(frozen=True, slots=True)
class Trajectory:
    """States in ECEF at rising times: `time_s` (n,), `position_m` (n, 3), `velocity_mps` (n, 3)."""

    time_s: Array
    position_m: Array
    velocity_mps: Array

    def at(self, time_s: Array) -> tuple[Array, Array]:
        """Return position and velocity (m, 3) at times (m,) between the first and the last state (cubic Hermite)."""
        after = np.clip(np.searchsorted(self.time_s, time_s, side="right"), 1, len(self.time_s) - 1)
        before = after - 1
        step = (self.time_s[after] - self.time_s[before])[:, None]
        s = (time_s - self.time_s[before])[:, None] / step
        p0, p1, v0, v1 = (x[i] for x in (self.position_m, self.velocity_mps) for i in (before, after))
        rise = p1 - p0
        position = p0 + s * (step * v0 + s * (3 * rise - step * (2 * v0 + v1) + s * (step * (v0 + v1) - 2 * rise)))
        velocity = v0 + s * (6 * rise / step - 4 * v0 - 2 * v1 + s * (3 * (v0 + v1) - 6 * rise / step))
        return position, velocity


def time_grid(start_s: float, end_s: float, breaks_s: Sequence[float] = ()) -> Array:
    """Return the times of the states: multiples of STEP_S, both ends, and the instants where a force changes abruptly."""
    steps = np.arange(np.ceil(start_s / STEP_S), np.floor(end_s / STEP_S) + 1) * STEP_S
    times = np.unique(np.concatenate([[start_s, end_s], steps, np.asarray(breaks_s, dtype=np.float64)]))
    times = times[(times >= start_s) & (times <= end_s)]
    distinct = np.concatenate([[True], np.diff(times) > 1e-9])  # 3 × 0.1 and 0.3 are one instant
    return np.asarray(times[distinct])


def fly_level(aircraft: Aircraft, duration_s: float) -> Trajectory:
    """Fly at a constant height and ground speed; straight is a geodesic of the ellipsoid (Clairaut), a turn adds to that.

    The geodesic equations are integrated by RK4 in latitude, longitude and track, so the poles are out of bounds.
    """
    height, speed, turn = aircraft.altitude_m, aircraft.speed_mps, np.radians(aircraft.turn_rate_dps)

    def rates(_: float, state: Array) -> Array:
        latitude, _, track = state
        meridian, prime_vertical = curvature_radii_m(latitude)
        east_rate = speed * np.sin(track) / (prime_vertical + height)
        north_rate = speed * np.cos(track) / (meridian + height)
        return np.array([north_rate, east_rate / np.cos(latitude), east_rate * np.tan(latitude) + turn])

    start = np.radians([aircraft.latitude_deg, aircraft.longitude_deg, aircraft.track_deg])
    times = time_grid(0.0, duration_s)
    latitude, longitude, track = _integrate(rates, start, times).T
    along = speed * np.stack([np.sin(track), np.cos(track), np.zeros_like(track)], axis=-1)
    velocity = np.einsum("ni,nij->nj", along, enu_axes(latitude, longitude))
    return Trajectory(times, geodetic_to_ecef(latitude, longitude, height), velocity)


def fall(
    position_m: Array,
    velocity_mps: Array,
    times_s: Array,
    azimuth_rad: float = 0.0,
    boost: Sequence[Boost] = (),
    ballistic_coefficient_kgpm2: float | None = None,
) -> Trajectory:
    """Move a point mass from an ECEF state at `times_s[0]` through `times_s`, or to the ground if that comes first.

    Central gravity, the Coriolis and centrifugal terms of the rotating frame, exponential atmosphere turning with the
    Earth, thrust by pieces along `azimuth_rad` and the piece's pitch. RK4; a boost piece must not end inside a step
    (see `time_grid`).
    """
    ends = np.array([piece.until_s for piece in boost])

    def rates(middle_s: float, state: Array) -> Array:
        position, velocity = state[:3], state[3:]
        force = _gravity_and_rotation(position, velocity)
        piece = int(np.searchsorted(ends, middle_s))
        thrusts = piece < len(boost) and boost[piece].acceleration_mps2 > 0
        if thrusts or ballistic_coefficient_kgpm2:
            latitude, longitude, height = ecef_to_geodetic(position)
            if thrusts:
                pitch = np.radians(boost[piece].pitch_deg)
                force = force + boost[piece].acceleration_mps2 * (
                    _direction(azimuth_rad, pitch) @ enu_axes(latitude, longitude)
                )
            if ballistic_coefficient_kgpm2:
                density = SEA_LEVEL_DENSITY_KGPM3 * np.exp(-height / SCALE_HEIGHT_M)
                force = force - density * np.linalg.norm(velocity) / (2 * ballistic_coefficient_kgpm2) * velocity
        return np.concatenate([velocity, force])

    states = _integrate(rates, np.concatenate([position_m, velocity_mps]), times_s, _is_above_ground)
    return Trajectory(times_s[: len(states)], states[:, :3], states[:, 3:])


def launch_state(
    latitude_rad: float, longitude_rad: float, height_m: float, azimuth_rad: float, pitch_rad: float, speed_mps: float
) -> tuple[Array, Array]:
    """Return the ECEF position (3,) and velocity (3,), relative to the Earth, of something that flies in a direction."""
    velocity = speed_mps * (_direction(azimuth_rad, pitch_rad) @ enu_axes(latitude_rad, longitude_rad))
    return geodetic_to_ecef(latitude_rad, longitude_rad, height_m), velocity


def _direction(azimuth_rad: float, pitch_rad: float) -> Array:
    level = np.cos(pitch_rad)
    return np.array([level * np.sin(azimuth_rad), level * np.cos(azimuth_rad), np.sin(pitch_rad)])


def _gravity_and_rotation(position: Array, velocity: Array) -> Array:
    x, y, _ = position
    gravity = -EARTH_GM_M3PS2 / np.dot(position, position) ** 1.5 * position
    centrifugal = EARTH_RATE_RADPS**2 * np.array([x, y, 0.0])
    coriolis = 2 * EARTH_RATE_RADPS * np.array([velocity[1], -velocity[0], 0.0])
    return np.asarray(gravity + centrifugal + coriolis)


def _is_above_ground(state: Array) -> bool:
    return bool(
        ecef_to_geodetic(state[:3])[2] > -1.0
    )  # a metre of grace: a launch from sea level starts at 0 ± rounding


def _integrate(
    rates: Callable[[float, Array], Array],
    start: Array,
    times: Array,
    goes_on: Callable[[Array], bool] = lambda _: True,
) -> Array:
    """RK4 through `times`; `rates` gets the middle of the step as its time, so forces are constant in pieces."""
    states = [np.asarray(start, dtype=np.float64)]
    for before, after in pairwise(times):
        state, step, middle = states[-1], after - before, (before + after) / 2
        k1 = rates(middle, state)
        k2 = rates(middle, state + step / 2 * k1)
        k3 = rates(middle, state + step / 2 * k2)
        k4 = rates(middle, state + step * k3)
        state = state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        if not goes_on(state):
            break
        states.append(state)
    return np.array(states)
