"""Where things are: WGS-84 geodetic, Earth-centred Earth-fixed (ECEF) and local coordinates, on columns.

Angles are radians, lengths metres; any leading shape broadcasts, a position is the last axis of length 3. Height is above the
ellipsoid; the scenarios take it for height above mean sea level (no geoid model). Nothing moves here: see `motion`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
ArrayLike = npt.ArrayLike

# NIMA TR8350.2, tables 3.1 and 3.3
SEMI_MAJOR_AXIS_M = 6_378_137.0
FLATTENING = 1 / 298.257223563
ECCENTRICITY_2 = FLATTENING * (2 - FLATTENING)
EARTH_GM_M3PS2 = 3.986004418e14
EARTH_RATE_RADPS = 7.292115e-5

NAUTICAL_MILE_M = 1852.0


def geodetic_to_ecef(latitude_rad: ArrayLike, longitude_rad: ArrayLike, height_m: ArrayLike) -> Array:
    """Return ECEF positions (…, 3) of geodetic ones (…)."""
    latitude, longitude, height = (np.asarray(x, dtype=np.float64) for x in (latitude_rad, longitude_rad, height_m))
    prime_vertical = _prime_vertical_m(latitude)
    across = (prime_vertical + height) * np.cos(latitude)
    up = (prime_vertical * (1 - ECCENTRICITY_2) + height) * np.sin(latitude)
    return np.stack(np.broadcast_arrays(across * np.cos(longitude), across * np.sin(longitude), up), axis=-1)


def ecef_to_geodetic(position_m: Array) -> tuple[Array, Array, Array]:
    """Return latitude, longitude and height (…) of ECEF positions (…, 3); exact to well below a millimetre up to orbit.

    Bowring's iteration on the reduced latitude (B. R. Bowring, Survey Review 23, 1976).
    """
    x, y, z = np.moveaxis(position_m, -1, 0)
    across = np.hypot(x, y)
    semi_minor_m = SEMI_MAJOR_AXIS_M * (1 - FLATTENING)
    second_eccentricity_2 = ECCENTRICITY_2 / (1 - ECCENTRICITY_2)
    reduced = np.arctan2(z * SEMI_MAJOR_AXIS_M, across * semi_minor_m)
    latitude = reduced
    for _ in range(3):
        latitude = np.arctan2(
            z + second_eccentricity_2 * semi_minor_m * np.sin(reduced) ** 3,
            across - ECCENTRICITY_2 * SEMI_MAJOR_AXIS_M * np.cos(reduced) ** 3,
        )
        reduced = np.arctan2((1 - FLATTENING) * np.sin(latitude), np.cos(latitude))
    sin, cos = np.sin(latitude), np.cos(latitude)
    height = across * cos + z * sin - SEMI_MAJOR_AXIS_M * np.sqrt(1 - ECCENTRICITY_2 * sin**2)  # good at the poles too
    return latitude, np.arctan2(y, x), height


def enu_axes(latitude_rad: ArrayLike, longitude_rad: ArrayLike) -> Array:
    """Return the unit vectors east, north, up (rows of a (…, 3, 3)) in ECEF; `axes @ vector` turns ECEF into local."""
    latitude, longitude = np.broadcast_arrays(
        np.asarray(latitude_rad, dtype=np.float64), np.asarray(longitude_rad, dtype=np.float64)
    )
    (sin_lat, cos_lat), (sin_lon, cos_lon) = ((np.sin(x), np.cos(x)) for x in (latitude, longitude))
    east = np.stack([-sin_lon, cos_lon, np.zeros_like(sin_lon)], axis=-1)
    north = np.stack([-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat], axis=-1)
    up = np.stack([cos_lat * cos_lon, cos_lat * sin_lon, sin_lat], axis=-1)
    return np.stack([east, north, up], axis=-2)


def curvature_radii_m(latitude_rad: Any) -> tuple[Any, Any]:
    """Return the ellipsoid's radii of curvature at a latitude: along the meridian, along the prime vertical."""
    prime_vertical = _prime_vertical_m(latitude_rad)
    denominator = 1 - ECCENTRICITY_2 * np.sin(latitude_rad) ** 2
    return prime_vertical * (1 - ECCENTRICITY_2) / denominator, prime_vertical


def ecef_to_spherical(position_m: Array, site: tuple[float, float, float]) -> tuple[Array, Array, Array]:
    """Return slant range, azimuth (true north, clockwise, 0…2π) and elevation of ECEF positions seen from a site.

    `site` is latitude and longitude in radians and height in metres. Straight lines: no refraction.
    """
    latitude, longitude, height = site
    local = (position_m - geodetic_to_ecef(latitude, longitude, height)) @ enu_axes(latitude, longitude).T
    east, north, up = np.moveaxis(local, -1, 0)
    azimuth = np.arctan2(east, north) % (2 * np.pi)
    return np.sqrt(np.sum(local**2, axis=-1)), azimuth, np.arctan2(up, np.hypot(east, north))


def spherical_to_ecef(
    range_m: ArrayLike, azimuth_rad: ArrayLike, elevation_rad: ArrayLike, site: tuple[float, float, float]
) -> Array:
    """Return ECEF positions (…, 3) of slant ranges, azimuths and elevations (…) from a site: `ecef_to_spherical` back."""
    distance, azimuth, elevation = (np.asarray(x, dtype=np.float64) for x in (range_m, azimuth_rad, elevation_rad))
    level = distance * np.cos(elevation)
    local = np.stack(
        np.broadcast_arrays(level * np.sin(azimuth), level * np.cos(azimuth), distance * np.sin(elevation)), axis=-1
    )
    latitude, longitude, height = site
    return geodetic_to_ecef(latitude, longitude, height) + local @ enu_axes(latitude, longitude)


def _prime_vertical_m(latitude_rad: Any) -> Any:
    return SEMI_MAJOR_AXIS_M / np.sqrt(1 - ECCENTRICITY_2 * np.sin(latitude_rad) ** 2)
