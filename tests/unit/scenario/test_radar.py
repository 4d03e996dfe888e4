"""A rotating radar: when it sees what, and that its measurements lead back to the truth."""

from __future__ import annotations

import numpy as np
import pytest

from hil.columns import PLOTS, TOD_LSB_S
from hil.scenario.geodesy import SEMI_MAJOR_AXIS_M, ecef_to_spherical, geodetic_to_ecef, spherical_to_ecef
from hil.scenario.model import Aircraft, Scenario
from hil.scenario.radar import NORTH_MARKER, SECTOR_CROSSING, Radar, antenna_marks, beam_passes, horizon_m, observe
from hil.scenario.truth import Flight, fly


def radar(**changes: object) -> Radar:
    values = {
        "name": "r", "sac": 1, "sic": 2, "latitude_deg": 37.5, "longitude_deg": 137.0, "height_m": 100.0, "scan_s": 2.0,
    }  # fmt: skip
    return Radar(**(values | changes))  # type: ignore[arg-type]  # a test's shorthand


NOISELESS = {"sigma_range_m": 0.0, "sigma_azimuth_deg": 0.0, "sigma_elevation_deg": 0.0, "sigma_height_m": 0.0}


def flights_of(*aircraft: tuple[float, ...], duration_s: float = 60.0) -> tuple[Flight, ...]:
    """Aircraft given as (latitude, longitude, altitude, speed, track), addresses from 1."""
    flown = tuple(Aircraft(i + 1, f"{i + 1:04o}", *values) for i, values in enumerate(aircraft))
    return fly(Scenario(name="t", doc="t", seed=1, duration_s=duration_s, aircraft=flown), 1)


@pytest.fixture
def traffic() -> tuple[Flight, ...]:
    rng = np.random.default_rng(3)
    return flights_of(
        *((rng.uniform(36, 39), rng.uniform(135, 139), 10_000, 250, rng.uniform(0, 360)) for _ in range(20))
    )


def test_noiseless_plots_lead_back_to_the_truth(traffic: tuple[Flight, ...]) -> None:
    watcher = radar(**NOISELESS)
    plots = observe(traffic, watcher, 60.0, seed=1)
    seen = spherical_to_ecef(plots["range_m"], plots["azimuth_rad"], plots["elevation_rad"], watcher.site)
    for plot, position in zip(plots, seen, strict=True):
        truth, _ = traffic[plot["object_id"]].trajectory.at(np.array([plot["time_s"]]))
        assert np.linalg.norm(truth[0] - position) < 1e-3
        assert plot["height_m"] == pytest.approx(10_000.0, abs=1e-3)


def test_a_plot_is_made_when_the_beam_points_at_the_object(traffic: tuple[Flight, ...]) -> None:
    watcher = radar(first_azimuth_deg=100.0, **NOISELESS)
    plots = observe(traffic, watcher, 60.0, seed=1)
    beam = np.radians(100.0) + 2 * np.pi * plots["time_s"] / 2.0
    off = (plots["azimuth_rad"] - beam + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(off).max() < 1e-8


def test_a_hovering_object_is_seen_every_turn_exactly() -> None:
    plots = observe(flights_of((38.5, 137.0, 10_000, 0, 0)), radar(first_azimuth_deg=270.0), 60.0, seed=1)
    np.testing.assert_allclose(plots["time_s"], 0.5 + 2.0 * np.arange(30), rtol=0, atol=1e-8)  # due north of the radar


@pytest.mark.parametrize(("track_deg", "longer"), [(90.0, True), (270.0, False)])
def test_an_object_that_crosses_north_is_seen_once_a_turn(track_deg: float, longer: bool) -> None:
    """At 50 km it turns by 0.005 rad/s or so with the beam or against it: turns take a little more or less than 2 s."""
    start = 136.93 if longer else 137.07
    plots = observe(flights_of((37.95, start, 10_000, 250, track_deg)), radar(), 60.0, seed=1)
    gaps = np.diff(plots["time_s"])
    assert len(plots) in (29, 30, 31)
    assert np.all((gaps > 2.0) == longer)
    assert np.all(np.abs(gaps - 2.0) < 0.01)


def test_no_two_plots_share_address_and_time_of_day(traffic: tuple[Flight, ...]) -> None:
    overhead = flights_of((37.5, 136.99, 9_000, 900, 90), (37.5001, 136.9, 200, 900, 90), (37.5, 137.0, 9_000, 0, 0))
    for scan_s in (0.1, 2.0, 12.0):
        for sky in (traffic, overhead):
            plots = observe(sky, radar(scan_s=scan_s), 60.0, seed=1)
            ticks = np.floor(plots["time_s"] / TOD_LSB_S).astype(int)
            assert len(plots) > 0
            assert len(set(zip(plots["address"].tolist(), ticks.tolist(), strict=True))) == len(plots)


@pytest.mark.parametrize("scan_s", [1.3, 2.0, 12.0])
@pytest.mark.parametrize(
    "path",
    [
        (37.9, 136.5, 10_000, 250, 120),  # past the radar at a distance
        (37.5003, 136.97, 9_000, 250, 90),  # nearly overhead, one side
        (37.4997, 136.97, 9_000, 250, 90),  # and the other
        (37.5, 137.03, 9_000, 250, 270),
        (37.4, 137.0, 5_000, 400, 1),
    ],
)
def test_beam_passes_are_those_that_a_search_in_small_steps_finds(path: tuple[float, ...], scan_s: float) -> None:
    (flight,) = flights_of(path)
    watcher = radar(scan_s=scan_s, first_azimuth_deg=17.0)
    steps = np.arange(0.0, 60.0, 0.0005)
    _, azimuth, _ = ecef_to_spherical(flight.trajectory.at(steps)[0], watcher.site)
    lead = (steps / scan_s + 17 / 360 - azimuth / (2 * np.pi) + 0.5) % 1.0 - 0.5
    crossings = steps[1:][(lead[:-1] < 0) & (lead[1:] >= 0) & (lead[1:] - lead[:-1] < 0.1)]
    found = beam_passes(flight, watcher)
    nearest = np.searchsorted(crossings, found)
    np.testing.assert_allclose(found, crossings[nearest], rtol=0, atol=0.001)
    assert np.all(np.diff(found) >= scan_s / 2)
    for left_out in np.delete(crossings, nearest):
        assert 0 < left_out - found[found < left_out].max() <= scan_s / 2


def test_an_object_that_circles_the_radar_against_the_beam_is_seen_at_most_twice_a_turn() -> None:
    circling = Aircraft(1, "0001", 37.5, 137.0 - 0.0054, 3_000, 250, 180, turn_rate_dps=-30)
    (flight,) = fly(Scenario(name="t", doc="t", seed=1, duration_s=60.0, aircraft=(circling,)), 1)
    plots = observe((flight,), radar(scan_s=60.0), 60.0, seed=1)
    assert len(plots) == 2
    assert np.diff(plots["time_s"])[0] >= 30.0


def test_plots_come_in_order_of_time_and_numbered(traffic: tuple[Flight, ...]) -> None:
    plots = observe(traffic, radar(), 60.0, seed=1, radar_index=3)
    assert plots.dtype == PLOTS
    assert np.all(np.diff(plots["time_s"]) >= 0)
    assert plots["plot_id"].tolist() == list(range(len(plots)))
    assert set(plots["radar"].tolist()) == {3}
    assert np.all((plots["time_s"] >= 0) & (plots["time_s"] < 60.0))


def test_a_shorter_look_is_the_start_of_a_longer_one(traffic: tuple[Flight, ...]) -> None:
    longer = observe(traffic, radar(pd=0.9), 60.0, seed=1)
    shorter = observe(traffic, radar(pd=0.9), 11.0, seed=1)
    assert shorter.tolist() == longer[longer["time_s"] < 11.0].tolist()


def test_pd_one_loses_nothing_and_pd_thins_by_its_ratio(traffic: tuple[Flight, ...]) -> None:
    every = observe(traffic, radar(scan_s=0.25), 60.0, seed=1)
    assert np.bincount(every["object_id"]).min() >= 239
    some = observe(traffic, radar(scan_s=0.25, pd=0.8), 60.0, seed=1)
    spread = np.sqrt(len(every) * 0.8 * 0.2)
    assert abs(len(some) - 0.8 * len(every)) < 4 * spread
    assert np.all(np.isin(some["time_s"], every["time_s"]))  # thinning, not another sky


def test_measurement_errors_have_the_stated_deviation(traffic: tuple[Flight, ...]) -> None:
    sigmas = {"sigma_range_m": 40.0, "sigma_azimuth_deg": 0.1, "sigma_elevation_deg": 0.2, "sigma_height_m": 60.0}
    noisy = observe(traffic, radar(scan_s=0.25, **sigmas), 60.0, seed=7)
    exact = observe(traffic, radar(scan_s=0.25, **NOISELESS), 60.0, seed=7)
    assert noisy["time_s"].tolist() == exact["time_s"].tolist()
    for column, sigma in (
        ("range_m", 40.0),
        ("azimuth_rad", np.radians(0.1)),
        ("elevation_rad", np.radians(0.2)),
        ("height_m", 60.0),
    ):
        error = noisy[column] - exact[column]
        if column == "azimuth_rad":
            error = (error + np.pi) % (2 * np.pi) - np.pi
        assert np.std(error) == pytest.approx(sigma, rel=0.06)  # 4 800 plots: four deviations of a deviation
        assert abs(np.mean(error)) < 4 * sigma / np.sqrt(len(error))


def test_errors_of_one_object_or_radar_say_nothing_about_anothers(traffic: tuple[Flight, ...]) -> None:
    errors = []
    for name in ("east", "west"):
        noisy = observe(traffic, radar(name=name), 60.0, seed=1)
        exact = observe(traffic, radar(name=name, **NOISELESS), 60.0, seed=1)
        error = (noisy["range_m"] - exact["range_m"]) / 30.0
        errors += [error[exact["object_id"] == i][:29] for i in range(20)]
    correlation = np.corrcoef(np.array(errors)) - np.eye(40)
    assert np.abs(correlation).max() < 0.8  # 29 plots each, 780 pairs: chance stays below 0.7


def test_one_more_object_changes_nobody_elses_plots(traffic: tuple[Flight, ...]) -> None:
    fewer = observe(traffic[:10], radar(pd=0.9), 60.0, seed=1)
    more = observe(traffic, radar(pd=0.9), 60.0, seed=1)
    columns = [name for name in PLOTS.names or () if name != "plot_id"]
    kept = more[more["object_id"] < 10]
    assert kept[columns].tolist() == fewer[columns].tolist()


def test_nothing_is_seen_past_the_longest_range_or_below_the_horizon() -> None:
    sky = flights_of((37.5, 139.0, 10_000, 0, 0), (37.5, 143.0, 20_000, 0, 0), (37.5, 139.0, 100, 0, 0))
    seen = observe(sky, radar(), 20.0, seed=1)
    assert set(seen["object_id"].tolist()) == {0}  # 177 km; 530 km; behind the horizon at 82 km


def test_horizon_is_that_of_the_four_thirds_earth() -> None:
    """The rule of thumb of radar handbooks: 4.12 (√h1 + √h2) km with heights in metres."""
    heights = np.array([0.0, 100.0, 10_000.0])
    np.testing.assert_allclose(horizon_m(100.0, heights), 4_124 * (10 + np.sqrt(heights)), rtol=1e-3)
    assert horizon_m(0.0, np.array([100.0]))[0] == pytest.approx(np.sqrt(2 * 4 / 3 * SEMI_MAJOR_AXIS_M * 100))


def test_north_markers_come_once_a_turn_and_sectors_at_their_azimuths() -> None:
    watcher = radar(scan_s=4.0, first_azimuth_deg=90.0, sectors=8)
    marks = antenna_marks(watcher, 20.0)
    norths = marks[marks["message_type"] == NORTH_MARKER]
    crossings = marks[marks["message_type"] == SECTOR_CROSSING]
    assert norths["time_s"].tolist() == [3.0, 7.0, 11.0, 15.0, 19.0]
    assert len(crossings) == 8 * 5
    beam = np.radians(90.0) + 2 * np.pi * crossings["time_s"] / 4.0
    np.testing.assert_allclose(np.exp(1j * crossings["azimuth_rad"]), np.exp(1j * beam), atol=1e-12)
    assert np.all(np.diff(marks["time_s"]) >= 0)


def test_a_north_marker_comes_before_the_sector_that_starts_with_it() -> None:
    marks = antenna_marks(radar(), 4.0)
    assert marks["message_type"][:3].tolist() == [NORTH_MARKER, SECTOR_CROSSING, SECTOR_CROSSING]
    assert marks["time_s"][:3].tolist() == [0.0, 0.0, 2.0 / 32]


def test_site_is_in_radians() -> None:
    np.testing.assert_allclose(
        geodetic_to_ecef(*radar().site), geodetic_to_ecef(np.radians(37.5), np.radians(137.0), 100.0)
    )
