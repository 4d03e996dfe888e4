"""A scenario worked out: same seed same bits, stages that part, and the demo inside the limits of what CAT048 carries."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from hil.columns import TRUTH
from hil.errors import ConfigError
from hil.scenario import Observed, Radar, Scenario, build, parse_scenario
from hil.scenario.geodesy import NAUTICAL_MILE_M, ecef_to_geodetic
from hil.scenario.motion import SCALE_HEIGHT_M, SEA_LEVEL_DENSITY_KGPM3
from hil.scenario.seeds import fork

SCENARIOS = Path(__file__).parents[3] / "lab_config" / "scenarios"
FOOT_M = 0.3048

RADARS = (
    Radar(name="jp_radar", sac=1, sic=1, latitude_deg=37.5, longitude_deg=137.0, height_m=100.0, scan_s=2.0),
    Radar(name="kr_radar", sac=2, sic=1, latitude_deg=37.0, longitude_deg=129.5, height_m=100.0, scan_s=2.0),
)


def shipped(name: str) -> Scenario:
    path = SCENARIOS / f"{name}.toml"
    return parse_scenario(path.read_text(encoding="utf-8"), path.name)


@pytest.fixture(scope="module")
def staging() -> Observed:
    return build(shipped("staging"), RADARS)


def as_bytes(observed: Observed) -> list[bytes]:
    tables = [observed.truth, *observed.plots_by_radar.values(), *observed.markers_by_radar.values()]
    return [table.tobytes() for table in tables]


def test_the_same_seed_gives_the_same_bits(staging: Observed) -> None:
    assert as_bytes(build(shipped("staging"), RADARS)) == as_bytes(staging)
    assert as_bytes(build(shipped("staging"), RADARS, seed=shipped("staging").seed)) == as_bytes(staging)


def test_another_seed_gives_other_traffic_and_other_noise_but_the_same_vehicle(staging: Observed) -> None:
    other = build(shipped("staging"), RADARS, seed=21)
    for i, (ours, theirs) in enumerate(zip(staging.flights, other.flights, strict=True)):
        same = np.array_equal(ours.trajectory.position_m, theirs.trajectory.position_m)
        assert same == (not ours.label.startswith("traffic")), i
    for name, plots in staging.plots_by_radar.items():
        assert not np.isin(plots["range_m"], other.plots_by_radar[name]["range_m"]).any()


def test_a_stream_belongs_to_its_label_alone() -> None:
    first = fork(1, "a", "b").integers(0, 2**63, 4).tolist()
    assert fork(1, "a", "b").integers(0, 2**63, 4).tolist() == first
    assert all(
        fork(*other).integers(0, 2**63, 4).tolist() != first for other in ((2, "a", "b"), (1, "ab"), (1, "b", "a"))
    )


def test_stages_part_from_the_vehicle_at_its_place_slower_by_delta_v(staging: Observed) -> None:
    vehicle, *stages = staging.flights[:3]
    for stage, (time_s, delta_v_mps) in zip(stages, ((15.0, 8.0), (33.0, 6.0)), strict=True):
        (position,), (velocity,) = vehicle.trajectory.at(np.array([time_s]))
        assert stage.trajectory.time_s[0] == time_s
        np.testing.assert_allclose(stage.trajectory.position_m[0], position, rtol=0, atol=1e-6)
        lost = velocity - stage.trajectory.velocity_mps[0]
        np.testing.assert_allclose(lost, delta_v_mps * velocity / np.linalg.norm(velocity), rtol=0, atol=1e-6)


def test_a_stage_falls_behind_by_delta_v_and_the_difference_in_drag(staging: Observed) -> None:
    """Over the first second, before anything burns: Δv t + ½ (ρ v² / 2) (1/β of the stage − 1/β of the vehicle) t²."""
    vehicle, first, _ = (flight.trajectory for flight in staging.flights[:3])
    distance = np.linalg.norm(vehicle.at(first.time_s)[0] - first.position_m, axis=1)
    assert np.all(np.diff(distance) > 0)
    middle, velocity = vehicle.at(np.array([15.5]))
    density = SEA_LEVEL_DENSITY_KGPM3 * np.exp(-ecef_to_geodetic(middle)[2][0] / SCALE_HEIGHT_M)
    drag_mps2 = density * np.sum(velocity**2) / 2 * (1 / 1_500 - 1 / 12_000)
    assert first.time_s[10] == pytest.approx(16.0)
    assert distance[10] == pytest.approx(8.0 + drag_mps2 / 2, rel=0.02)


def test_demo_stays_inside_what_cat048_carries(staging: Observed) -> None:
    """Height 3D to 204 775 ft (I048/110), RHO below 256 NM (I048/040), with the measurement errors on top."""
    assert ecef_to_geodetic(staging.truth["position_m"])[2].max() <= 60_000
    for plots in staging.plots_by_radar.values():
        assert plots["height_m"].max() < 204_775 * FOOT_M
        assert plots["range_m"].max() <= 250 * NAUTICAL_MILE_M + 200


def test_each_radar_of_the_demo_sees_every_object_every_turn(staging: Observed) -> None:
    for plots in staging.plots_by_radar.values():
        assert np.unique(plots["object_id"]).tolist() == list(range(25))
        assert 500 <= len(plots) <= 580
        lifetimes = [(f.trajectory.time_s[-1] - f.trajectory.time_s[0]) / 2.0 for f in staging.flights]
        assert np.all(np.abs(np.bincount(plots["object_id"]) - lifetimes) <= 1)


def test_plot_ids_are_unique_over_the_radars_and_rise_with_time(staging: Observed) -> None:
    plots = np.concatenate(list(staging.plots_by_radar.values()))
    plots = plots[np.argsort(plots["plot_id"])]
    assert plots["plot_id"].tolist() == list(range(len(plots)))
    assert np.all(np.diff(plots["time_s"]) >= 0)
    assert set(plots["radar"].tolist()) == {0, 1}


def test_truth_starts_and_ends_with_each_object(staging: Observed) -> None:
    assert staging.truth.dtype == TRUTH
    for flight in staging.flights:
        rows = staging.truth[staging.truth["object_id"] == flight.object_id]
        assert np.all(np.diff(rows["time_s"]) > 0)
        assert rows["time_s"][-1] == 45.0


def test_an_empty_sky_still_has_turning_antennas() -> None:
    observed = build(shipped("empty"), RADARS)
    assert len(observed.truth) == 0
    for name in ("jp_radar", "kr_radar"):
        assert len(observed.plots_by_radar[name]) == 0
        assert np.sum(observed.markers_by_radar[name]["message_type"] == 1) == 3  # at 0, 2 and 4 s


def test_quiet_gives_each_radar_five_plots_of_each_aircraft() -> None:
    observed = build(shipped("quiet"), RADARS)
    for plots in observed.plots_by_radar.values():
        assert np.bincount(plots["object_id"]).tolist() == [5, 5, 5, 5]


def test_a_stage_of_a_vehicle_already_down_does_not_exist() -> None:
    scenario = shipped("staging")
    (vehicle,) = scenario.ballistic
    dud = msgspec.structs.replace(vehicle, boost=(), altitude_m=500.0, pitch_deg=-90.0)
    observed = build(msgspec.structs.replace(scenario, ballistic=(dud,), traffic=(), aircraft=()), RADARS)
    assert [flight.label for flight in observed.flights] == ["ballistic[0]"]


def test_a_vehicle_that_hits_the_ground_at_once_is_never_seen() -> None:
    scenario = shipped("staging")
    (vehicle,) = scenario.ballistic
    dud = msgspec.structs.replace(vehicle, boost=(), stage=(), altitude_m=0.0, pitch_deg=-90.0)
    with np.errstate(all="raise"):
        observed = build(msgspec.structs.replace(scenario, ballistic=(dud,), traffic=(), aircraft=()), RADARS)
    assert len(observed.truth) == 1
    assert [len(plots) for plots in observed.plots_by_radar.values()] == [0, 0]


def test_a_burn_may_end_between_two_steps() -> None:
    scenario = shipped("staging")
    (vehicle,) = scenario.ballistic
    gained = []
    for until_s in (0.5, 0.53):
        burn = msgspec.structs.replace(vehicle.boost[0], until_s=until_s)
        short = msgspec.structs.replace(vehicle, boost=(burn,), stage=(), ballistic_coefficient_kgpm2=None)
        observed = build(msgspec.structs.replace(scenario, ballistic=(short,), traffic=(), aircraft=()), ())
        gained.append(observed.flights[0].trajectory.at(np.array([1.0]))[1][0])
    assert np.linalg.norm(gained[1] - gained[0]) == pytest.approx(30.0 * 0.03, rel=1e-3)


def test_two_boxes_of_traffic_are_drawn_apart() -> None:
    scenario = shipped("staging")
    (box,) = scenario.traffic
    twice = msgspec.structs.replace(scenario, traffic=(box, box), ballistic=(), aircraft=())
    positions = [flight.trajectory.position_m[0] for flight in build(twice, ()).flights]
    assert len({tuple(position) for position in positions}) == 2 * box.count


def test_no_radar_is_no_plots() -> None:
    assert build(shipped("quiet"), ()).plots_by_radar == {}


def test_radars_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="two radars share a name: jp_radar, jp_radar"):
        build(shipped("quiet"), (RADARS[0], RADARS[0]))
