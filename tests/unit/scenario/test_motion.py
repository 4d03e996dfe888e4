"""Trajectories against closed forms: the geodesic (PROJ), the constant turn, the Kepler orbit, terminal velocity."""

from __future__ import annotations

import numpy as np
import pytest

from hil.scenario.geodesy import (
    EARTH_GM_M3PS2,
    EARTH_RATE_RADPS,
    ecef_to_geodetic,
    enu_axes,
    geodetic_to_ecef,
)
from hil.scenario.model import Aircraft, Boost
from hil.scenario.motion import SCALE_HEIGHT_M, SEA_LEVEL_DENSITY_KGPM3, fall, fly_level, launch_state, time_grid


def aircraft(**changes: float) -> Aircraft:
    values = {"latitude_deg": 37.5, "longitude_deg": 133.5, "altitude_m": 0.0, "speed_mps": 250.0, "track_deg": 77.0}
    return Aircraft(address=1, mode_3a="0001", **(values | changes))  # type: ignore[arg-type]  # all floats


def inertial(position: np.ndarray, velocity: np.ndarray, time_s: float) -> tuple[np.ndarray, np.ndarray]:
    """ECEF to the inertial frame that coincides with it at time 0."""
    angle = EARTH_RATE_RADPS * time_s
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return turn @ position, turn @ (velocity + np.cross([0, 0, EARTH_RATE_RADPS], position))


def kepler(position: np.ndarray, velocity: np.ndarray, time_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Two-body motion on an ellipse by Lagrange's f and g and Kepler's equation in eccentric-anomaly difference."""
    radius = np.linalg.norm(position)
    axis = 1 / (2 / radius - velocity @ velocity / EARTH_GM_M3PS2)
    rate = np.sqrt(EARTH_GM_M3PS2 / axis**3)
    radial = position @ velocity / np.sqrt(EARTH_GM_M3PS2 * axis)
    anomaly = rate * time_s
    for _ in range(50):
        rest = anomaly - (1 - radius / axis) * np.sin(anomaly) + radial * (1 - np.cos(anomaly)) - rate * time_s
        anomaly -= rest / (1 - (1 - radius / axis) * np.cos(anomaly) + radial * np.sin(anomaly))
    f = 1 - axis / radius * (1 - np.cos(anomaly))
    g = time_s - (anomaly - np.sin(anomaly)) / rate
    there = f * position + g * velocity
    distance = np.linalg.norm(there)
    f_rate = -np.sqrt(EARTH_GM_M3PS2 * axis) / (distance * radius) * np.sin(anomaly)
    g_rate = 1 - axis / distance * (1 - np.cos(anomaly))
    return there, f_rate * position + g_rate * velocity


@pytest.mark.parametrize("track_deg", [0.0, 45.0, 133.0, 270.0, 359.0])
def test_straight_flight_is_the_geodesic_of_the_ellipsoid(track_deg: float) -> None:
    pyproj = pytest.importorskip("pyproj")
    flight = fly_level(aircraft(track_deg=track_deg), 1_200.0)
    longitude, latitude, _ = pyproj.Geod(ellps="WGS84").fwd(133.5, 37.5, track_deg, 250.0 * 1_200.0)
    expected = geodetic_to_ecef(np.radians(latitude), np.radians(longitude), 0.0)
    np.testing.assert_allclose(flight.position_m[-1], expected, rtol=0, atol=1e-3)


def test_level_flight_keeps_its_height_and_speed() -> None:
    flight = fly_level(aircraft(altitude_m=11_000.0, turn_rate_dps=3.0), 120.0)
    np.testing.assert_allclose(ecef_to_geodetic(flight.position_m)[2], 11_000.0, rtol=0, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(flight.velocity_mps, axis=1), 250.0, rtol=1e-12)


def test_velocity_is_the_rate_of_change_of_position() -> None:
    flight = fly_level(aircraft(altitude_m=11_000.0, turn_rate_dps=3.0), 60.0)
    central = (flight.position_m[2:] - flight.position_m[:-2]) / (flight.time_s[2:] - flight.time_s[:-2])[:, None]
    np.testing.assert_allclose(flight.velocity_mps[1:-1], central, rtol=0, atol=2e-3)


def test_full_turn_at_three_degrees_a_second_comes_back_after_two_minutes() -> None:
    flight = fly_level(aircraft(turn_rate_dps=3.0), 120.0)
    assert np.linalg.norm(flight.position_m[-1] - flight.position_m[0]) < 0.2
    diameter = 2 * 250.0 / np.radians(3.0)
    assert np.linalg.norm(flight.position_m[600] - flight.position_m[0]) == pytest.approx(diameter, rel=1e-4)


def test_a_right_turn_from_north_goes_east() -> None:
    flight = fly_level(aircraft(track_deg=0.0, turn_rate_dps=3.0), 30.0)
    latitude, longitude, _ = ecef_to_geodetic(flight.position_m[-1])
    east, north, _ = enu_axes(latitude, longitude) @ flight.velocity_mps[-1]
    assert (east, north) == (pytest.approx(250.0), pytest.approx(0.0, abs=0.2))


@pytest.mark.parametrize(
    ("azimuth_deg", "pitch_deg", "speed_mps"), [(90, 45, 2_000), (300, 80, 1_500), (180, 30, 3_000)]
)
def test_flight_in_a_vacuum_is_the_kepler_orbit(azimuth_deg: float, pitch_deg: float, speed_mps: float) -> None:
    angles = np.radians([37.5, 133.5, azimuth_deg, pitch_deg])
    start = launch_state(angles[0], angles[1], 20_000.0, angles[2], angles[3], speed_mps)
    arc = fall(*start, time_grid(0.0, 200.0))
    found = inertial(arc.position_m[-1], arc.velocity_mps[-1], 200.0)
    expected = kepler(*inertial(*start, 0.0), 200.0)
    assert arc.time_s[-1] == 200.0
    np.testing.assert_allclose(found[0], expected[0], rtol=0, atol=1e-4)
    np.testing.assert_allclose(found[1], expected[1], rtol=0, atol=1e-6)


def test_energy_in_the_turning_frame_is_kept_in_a_vacuum() -> None:
    start = launch_state(0.65, 2.33, 20_000.0, 1.0, 0.9, 2_000.0)
    arc = fall(*start, time_grid(0.0, 200.0))
    across = np.hypot(arc.position_m[:, 0], arc.position_m[:, 1])
    energy = (
        np.sum(arc.velocity_mps**2, axis=1) / 2
        - EARTH_GM_M3PS2 / np.linalg.norm(arc.position_m, axis=1)
        - (EARTH_RATE_RADPS * across) ** 2 / 2
    )
    np.testing.assert_allclose(energy, energy[0], rtol=1e-12)


def test_boost_adds_its_specific_force_along_azimuth_and_pitch() -> None:
    """Over a short burn the difference to the unpowered flight is the burn's velocity, in the launch site's axes."""
    start = launch_state(0.65, 2.33, 20_000.0, 1.0, 0.9, 100.0)
    burn = (Boost(until_s=0.55, acceleration_mps2=30.0, pitch_deg=50.0),)
    times = time_grid(0.0, 1.0, [0.55])
    gained = fall(*start, times, 1.0, burn).velocity_mps[-1] - fall(*start, times, 1.0).velocity_mps[-1]
    pitch = np.radians(50.0)
    expected = 30.0 * 0.55 * np.array([np.cos(pitch) * np.sin(1.0), np.cos(pitch) * np.cos(1.0), np.sin(pitch)])
    np.testing.assert_allclose(enu_axes(0.65, 2.33) @ gained, expected, rtol=0, atol=5e-3)


def test_a_falling_body_reaches_terminal_velocity() -> None:
    start = launch_state(0.65, 2.33, 12_000.0, 0.0, -np.pi / 2, 100.0)
    fallen = fall(*start, time_grid(0.0, 120.0), ballistic_coefficient_kgpm2=200.0)
    height = ecef_to_geodetic(fallen.position_m[-1])[2]
    density = SEA_LEVEL_DENSITY_KGPM3 * np.exp(-height / SCALE_HEIGHT_M)
    expected = np.sqrt(2 * 200.0 * 9.80 / density)
    assert np.linalg.norm(fallen.velocity_mps[-1]) == pytest.approx(expected, rel=0.02)


def test_flight_ends_at_the_ground() -> None:
    start = launch_state(0.65, 2.33, 1_000.0, 0.0, 0.0, 100.0)
    arc = fall(*start, time_grid(0.0, 100.0))
    heights = ecef_to_geodetic(arc.position_m)[2]
    assert arc.time_s[-1] == pytest.approx(np.sqrt(2 * 1_000.0 / 9.8), abs=0.3)
    assert heights.min() > -1.0


def test_states_between_the_steps_are_as_good_as_the_steps() -> None:
    start = launch_state(0.65, 2.33, 20_000.0, 1.0, 0.9, 2_000.0)
    arc = fall(*start, time_grid(0.0, 10.0))
    between = np.linspace(0.03, 9.97, 100)
    fine = fall(*start, np.unique(np.concatenate([time_grid(0.0, 10.0), between])))
    position, velocity = arc.at(between)
    picked = np.searchsorted(fine.time_s, between)
    np.testing.assert_allclose(position, fine.position_m[picked], rtol=0, atol=1e-6)
    np.testing.assert_allclose(velocity, fine.velocity_mps[picked], rtol=0, atol=1e-5)
