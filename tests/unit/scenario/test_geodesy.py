"""Coordinate conversions against PROJ, and there and back."""

from __future__ import annotations

import numpy as np
import pytest

from hil.scenario.geodesy import (
    ecef_to_geodetic,
    ecef_to_spherical,
    enu_axes,
    geodetic_to_ecef,
    spherical_to_ecef,
)

SITE = (np.radians(37.5), np.radians(137.0), 100.0)


@pytest.fixture
def places() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    latitude = np.concatenate([rng.uniform(-90, 90, 5_000), [90, -90, 0, 0, 37.5]])
    longitude = np.concatenate([rng.uniform(-180, 180, 5_000), [0, 0, 180, 0, 137.0]])
    height = np.concatenate([rng.uniform(-500, 800_000, 5_000), [0, 1e5, 0, -400, 0]])
    return np.radians(latitude), np.radians(longitude), height


def test_geodetic_to_ecef_equals_proj(places: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    pyproj = pytest.importorskip("pyproj")
    latitude, longitude, height = places
    to_ecef = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    expected = np.stack(to_ecef.transform(np.degrees(longitude), np.degrees(latitude), height), axis=-1)
    np.testing.assert_allclose(geodetic_to_ecef(latitude, longitude, height), expected, rtol=0, atol=1e-6)


def test_ecef_to_geodetic_gives_the_place_back(places: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    latitude, longitude, height = places
    found_latitude, found_longitude, found_height = ecef_to_geodetic(geodetic_to_ecef(latitude, longitude, height))
    np.testing.assert_allclose(found_latitude, latitude, rtol=0, atol=1e-12)
    off_axis = np.abs(latitude) < np.radians(89.9999)
    np.testing.assert_allclose(np.exp(1j * found_longitude[off_axis]), np.exp(1j * longitude[off_axis]), atol=1e-12)
    np.testing.assert_allclose(found_height, height, rtol=0, atol=1e-6)


def test_local_axes_are_a_right_handed_set_that_points_up(places: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    latitude, longitude, _ = places
    axes = enu_axes(latitude, longitude)
    np.testing.assert_allclose(axes @ np.swapaxes(axes, -1, -2), np.broadcast_to(np.eye(3), axes.shape), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(axes), 1.0, atol=1e-12)
    rise = geodetic_to_ecef(latitude, longitude, 1_000.0) - geodetic_to_ecef(latitude, longitude, 0.0)
    np.testing.assert_allclose(axes[:, 2], rise / 1_000.0, atol=1e-9)


def test_range_azimuth_and_elevation_give_the_position_back() -> None:
    rng = np.random.default_rng(2)
    distance, azimuth = rng.uniform(1, 500_000, 1_000), rng.uniform(0, 2 * np.pi, 1_000)
    elevation = rng.uniform(-1.5, 1.5, 1_000)
    found = ecef_to_spherical(spherical_to_ecef(distance, azimuth, elevation, SITE), SITE)
    for value, expected in zip(found, (distance, azimuth, elevation), strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-8, atol=1e-8)


def test_azimuth_of_a_far_place_is_near_that_of_the_geodesic() -> None:
    """The plane through the site's vertical and the geodesic part by far less than a millidegree over 400 km."""
    pyproj = pytest.importorskip("pyproj")
    site = (np.degrees(SITE[0]), np.degrees(SITE[1]))
    azimuth_deg, _, distance = pyproj.Geod(ellps="WGS84").inv(site[1], site[0], 133.5, 37.2)
    _, azimuth, _ = ecef_to_spherical(geodetic_to_ecef(np.radians(37.2), np.radians(133.5), 0.0), SITE)
    assert distance > 300_000
    assert np.degrees(azimuth) == pytest.approx(azimuth_deg % 360, abs=1e-3)
