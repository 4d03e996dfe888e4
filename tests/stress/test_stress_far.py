"""Objects beyond what CAT048 was made for: CAT015 reports, ranges beyond 256 NM, heights that an item of CAT062 cannot carry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from compass import FOOT_M, STEP_RAD, taps_out
from test_stress_association import object_of, one_track_each

from hil.asterix import decode
from hil.asterix.records import RecordTable
from hil.bench.model import Radar
from hil.checks import items
from hil.columns import PLOTS
from hil.run.drill import Message, one_block, plot_blocks
from hil.run.injection import by_columns
from hil.run.result import plot_positions
from hil.scenario.geodesy import ecef_to_geodetic, enu_axes, geodetic_to_ecef, spherical_to_ecef
from hil_fixtures import req

EPOCH_S = 40_000.0
TEST_TARGET, SIMULATED, REPLAYED = 1, 2, 3  # I015/020 TTAX


def object_blocks(radar: Radar, tod_s: Any, **more: Any) -> list[bytes]:
    """CAT015 blocks of one report each; items as `plot_blocks` takes them."""
    usual: dict[str, Any] = {
        "010/SAC": radar.sac,
        "010/SIC": radar.sic,
        "000/MT": 1,
        "000/RG": 0,
        "015": 1,
        "145": np.asarray(tod_s),
        "625/R": 600e3,
        "627/AZ": 0.7,
    }
    usual |= {name.removeprefix("i").replace("__", "/"): value for name, value in more.items()}
    columns = {path: value for path, value in usual.items() if value is not None}
    n = max(np.size(value) for value in columns.values())
    return by_columns(15, {path: np.broadcast_to(np.asarray(value), n).copy() for path, value in columns.items()})


def site(radar: Radar) -> tuple[float, float, float]:
    return np.radians(radar.latitude_deg), np.radians(radar.longitude_deg), radar.height_m


def at_positions(tap: str, table: RecordTable, radar: Radar, position_m: np.ndarray, of: np.ndarray) -> list[Any]:
    """Each record lies where its object is: within a step of I062/105, and of I062/100 in the plane at the radar."""
    latitude, longitude, _ = ecef_to_geodetic(position_m)
    axes = enu_axes(*site(radar)[:2])
    plane = (position_m - geodetic_to_ecef(*site(radar))) @ axes.T
    return [
        items.within(f"{tap} 105/LAT", table["105/LAT"], latitude[of], STEP_RAD, "rad", "RIB-CON-005"),
        items.within(f"{tap} 105/LON", table["105/LON"], longitude[of], STEP_RAD, "rad", "RIB-CON-005"),
        items.within(f"{tap} 100/X", table["100/X"], plane[of, 0], 0.5, "m", "RIB-CON-005"),
        items.within(f"{tap} 100/Y", table["100/Y"], plane[of, 1], 0.5, "m", "RIB-CON-005"),
    ]


# what a radar can add to a range, an azimuth and an elevation: their bits fill a second octet in front of all three
FULL_ITEMS = dict.fromkeys(
    (
        *("625/RSR", "625/SDR", "625/RR", "625/RA", "625/SDRA/SDRA", "625/SDRA/CORAR", "625/SDRA/CORARR"),
        *("627/RSAZ", "627/SDASZ", "627/AZR", "627/AZEX/S", "627/AZEX/E"),
        *("628/RSEL", "628/SDEL", "628/ER", "628/ELEX/S", "628/ELEX/E"),
    ),
    0.0,
)


@pytest.mark.parametrize("more", [{}, FULL_ITEMS], ids=["plain", "full items"])
@req("RIB-CON-005")
def test_an_object_with_an_elevation_lies_on_its_line_of_sight(
    drill: Callable, radar: Radar, judge: Callable, more: dict[str, float]
) -> None:
    elevation = np.array([-0.01, 0.0, 0.05, 0.3, 0.8, 1.2, 1.5, 0.5, 0.9])
    azimuth = np.array([0.1, 1.6, 3.2, 4.8, 6.2, 2.5, 0.9, 1.1, 3.9])
    distance_m = np.array([30e3, 80e3, 400e3, 700e3, 100e3, 50e3, 20e3, 500e3, 800e3])
    tod_s = EPOCH_S + np.arange(len(elevation))
    blocks = object_blocks(radar, tod_s, i625__R=distance_m, i627__AZ=azimuth, i628__EL=elevation, **more)
    sent = decode(b"".join(blocks)).tables[15]
    position_m = spherical_to_ecef(sent["625/R"], sent["627/AZ"], sent["628/EL"], site(radar))
    height_m = ecef_to_geodetic(position_m)[2]
    drilled = drill([Message(radar.name, 0.05 * k, block) for k, block in enumerate(blocks)])
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        of = object_of(table, tod_s[:, None])
        verdicts += items.exactly(tap, of, np.arange(len(tod_s)), "RIB-DEL-001")
        verdicts += at_positions(tap, table, radar, position_m, of)
        low = height_m[of] <= 150_000 * FOOT_M
        carried = height_m[of] <= 819_175 * FOOT_M
        said = {path: ~np.isnan(table[path]) for path in ("130", "340/HEIGHT")}
        verdicts += items.equal(f"{tap} present", said, {"130": low, "340/HEIGHT": carried}, "RIB-CON-004")
        three_d = {"080/MRH": np.ones(len(of)), "080/SRC": np.full(len(of), 2)}
        verdicts += items.equal(tap, {path: table[path] for path in three_d}, three_d, "RIB-CON-004")
        for path, rows, step_m in (("130", low, 6.25 * FOOT_M), ("340/HEIGHT", carried, 25 * FOOT_M)):
            wanted = height_m[of][rows]
            verdicts.append(items.within(f"{tap} {path}", table[path][rows], wanted, step_m, "m", "RIB-CON-004"))
    judge(verdicts)


@req("RIB-CON-004")
def test_a_height_that_an_item_cannot_carry_is_left_out(drill: Callable, radar: Radar, judge: Callable) -> None:
    """I062/130 goes from -1,500 to 150,000 ft."""
    height_m = np.array([-440.0, -480.0, 0.0, 1000.0, 45_700.0, 45_740.0, 80e3])
    tod_s = EPOCH_S + np.arange(len(height_m))
    blocks = object_blocks(radar, tod_s, i601__GH=height_m, i625__R=np.where(height_m < 10e3, 40e3, 300e3))
    sent = decode(b"".join(blocks)).tables[15]
    rows = np.zeros(len(sent), PLOTS)
    rows["range_m"], rows["azimuth_rad"], rows["height_m"] = sent["625/R"], sent["627/AZ"], sent["601/GH"]
    position_m = geodetic_to_ecef(*plot_positions(radar, rows), sent["601/GH"])
    drilled = drill([Message(radar.name, 0.05 * k, block) for k, block in enumerate(blocks)])
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        of = object_of(table, tod_s[:, None])
        verdicts += items.exactly(tap, of, np.arange(len(tod_s)), "RIB-DEL-001")
        verdicts += at_positions(tap, table, radar, position_m, of)
        feet = height_m[of] / FOOT_M
        carried = (feet >= -1500) & (feet <= 150_000)
        verdicts += items.equal(tap, {"130": ~np.isnan(table["130"])}, {"130": carried}, "RIB-CON-004")
        half_step_m = 12.5 * FOOT_M + 0.01
        verdicts.append(
            items.within(f"{tap} 340/HEI", table["340/HEIGHT"], height_m[of], half_step_m, "m", "RIB-CON-004")
        )
    judge(verdicts)


@req("RIB-CON-004")
def test_a_velocity_that_its_item_cannot_carry_is_left_out(drill: Callable, radar: Radar, judge: Callable) -> None:
    """I062/185 ends at 8,192 m/s either way; an address holds a track together however far its plots are apart."""
    speeds_mps = np.array([3_000.0, 7_000.0, 9_500.0, 30_000.0])
    blocks = []
    for address, speed_mps in enumerate(speeds_mps, 1):
        for k in range(2):
            range_m = 100e3 + k * speed_mps
            blocks += plot_blocks(radar, EPOCH_S + k + address / 16, i220=address, i040__RHO=range_m, i040__THETA=0.0)
    drilled = drill([Message(radar.name, 0.05 * k, block) for k, block in enumerate(blocks)])
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        second = table["070"] > EPOCH_S + 0.9
        verdicts += items.exactly(tap, table["380/ADR"][second], np.arange(1, 5), "RIB-DEL-001")
        said = {"185/VX": ~np.isnan(table["185/VX"][second]), "185/VY": ~np.isnan(table["185/VY"][second])}
        verdicts += items.equal(tap, said, dict.fromkeys(said, speeds_mps < 8_192), "RIB-CON-004")
    judge(verdicts)


@pytest.mark.parametrize("turn_s", [4.0, 10.0])
@req("RIB-CNT-001")
def test_a_fast_object_without_identity_keeps_its_number(
    drill: Callable, radar: Radar, judge: Callable, turn_s: float
) -> None:
    """At 2, 3 and 6 km/s, over midnight; a climb beyond what I062/220 carries is left out."""
    turns = np.arange(8)
    instants_s = np.array([[86_380.0], [86_381.0], [86_382.0]]) + turn_s * turns
    begin_m = spherical_to_ecef([300e3, 500e3, 450e3], [0.6, 4.0, 2.0], [0.5, 0.6, 0.9], site(radar))
    speed_mps = np.array([[1400.0, 900.0, 1100.0], [-2000.0, 2000.0, -900.0], [-500.0, -5800.0, 900.0]])
    track_m = begin_m[:, None, :] + speed_mps[:, None, :] * (turn_s * turns)[:, None]
    local = (track_m - geodetic_to_ecef(*site(radar))) @ enu_axes(*site(radar)[:2]).T
    distance_m = np.linalg.norm(local, axis=-1)
    azimuth = np.arctan2(local[..., 0], local[..., 1]) % (2 * np.pi)
    elevation = np.arcsin(local[..., 2] / distance_m)
    messages = []
    for turn in turns:
        of = {"i625__R": distance_m[:, turn], "i627__AZ": azimuth[:, turn], "i628__EL": elevation[:, turn]}
        blocks = object_blocks(radar, instants_s[:, turn] % 86_400, **of)
        messages.append(Message(radar.name, 0.1 * turn, one_block(blocks)))
    drilled = drill(messages)
    verdicts = one_track_each(drilled, radar.feeds, instants_s, "RIB-CNT-001")
    up = enu_axes(*ecef_to_geodetic(track_m)[:2])[..., 2, :]
    climb_mps = (up * speed_mps[:, None, :]).sum(axis=-1)
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        place = {round(t * 128) % (86_400 * 128): index for index, t in np.ndenumerate(instants_s)}
        at = [place[tick] for tick in np.rint(table["070"] * 128).astype(np.int64).tolist()]
        turn = np.array([index[1] for index in at])
        climb = np.array([climb_mps[index] for index in at])
        sure = (turn > 1) & (np.abs(np.abs(climb) - 1040) > 40)
        carried = {"220": ~np.isnan(table["220"])[sure]}
        verdicts += items.equal(tap, carried, {"220": np.abs(climb[sure]) < 1040}, "RIB-CON-004")
    judge(verdicts)


@req("RIB-CNT-005")
def test_the_gate_in_elevation_is_as_wide_as_in_azimuth(drill: Callable, radar: Radar, judge: Callable) -> None:
    """A nameless object that stands still at 400 km; then a plot 7 km higher is another's, one 2.5 km higher its own
    (docs/icd.md §2: 0.6° of 400 km are 4.2 km, 0.3 km of height and 0.3 km for 4 s come on top)."""
    distance_m, elevation = 400e3, 0.5
    climbs_m = np.array([0.0, 0.0, 0.0, 0.0, 7e3, 2.5e3])
    tod_s = EPOCH_S + np.array([0, 4, 8, 12, 16, 16.25])
    higher = elevation + climbs_m / (distance_m * np.cos(elevation))
    blocks = object_blocks(radar, tod_s, i625__R=distance_m, i628__EL=higher)
    drilled = drill([Message(radar.name, 0.05 * k, block) for k, block in enumerate(blocks)])
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        verdicts += items.exactly(tap, object_of(table, tod_s[:, None]), np.arange(len(tod_s)), "RIB-DEL-001")
        first = {"number of the first": table["040"] == table["040"][0]}
        verdicts += items.equal(tap, first, {"number of the first": climbs_m < 5e3}, "RIB-CNT-005")
    judge(verdicts)


@req("RIB-ROB-003")
def test_reports_of_objects_that_are_not_to_be_used_make_no_track(
    drill: Callable, radar: Radar, judge: Callable
) -> None:
    stranger = {"i010__SAC": 9, "i010__SIC": 9}
    payloads = [
        object_blocks(radar, EPOCH_S + 1, i020__TTAX=TEST_TARGET)[0],
        object_blocks(radar, EPOCH_S + 2, i625__R=None, i626__DV=10.0)[0],
        object_blocks(radar, EPOCH_S + 3, i627__AZ=None, i627__AZR=0.1)[0],
        object_blocks(radar, EPOCH_S + 4, i625__R=None)[0],
        object_blocks(radar, EPOCH_S + 5, i627__AZ=None)[0],
        object_blocks(radar, EPOCH_S + 6, i625__R=-1000.0)[0],
        object_blocks(radar, EPOCH_S + 7, **stranger)[0],
        object_blocks(radar, EPOCH_S + 8, i020__TTAX=0)[0],
        object_blocks(radar, EPOCH_S + 9, i020__TTAX=SIMULATED, i627__AZ=2.0)[0],
        object_blocks(radar, EPOCH_S + 10, i020__TTAX=REPLAYED, i627__AZ=4.0)[0],
        object_blocks(radar, EPOCH_S + 11, i627__AZ=5.5)[0],
    ]
    drilled = drill([Message(radar.name, 0.05 * k, payload) for k, payload in enumerate(payloads)])
    known = {"test_target": 1, "missing_item": 4, "out_of_range": 1, "unknown_sensor": 1, "plots_in": 11}
    verdicts = items.counted(radar.feeds, drilled.grew(radar.feeds), known | {"tracks_out": 4}, "RIB-ROB-003")
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        which = np.rint(table["070"] - EPOCH_S).astype(np.int64)
        verdicts += items.exactly(tap, which, np.array([8, 9, 10, 11]), "RIB-ROB-003")
        simulated = {"080/SIM": np.maximum(table["080/SIM"], 0)}
        verdicts += items.equal(tap, simulated, {"080/SIM": np.isin(which, [9, 10])}, "RIB-CON-004")
    judge(verdicts)


@pytest.mark.parametrize(
    "before", [{}, {"iRE__M4E__FOEFRI": 0, "iRE__RPC__SCO": 5, "iRE__RPC__AR": 100.0}], ids=["alone", "last"]
)
@req("RIB-CON-005")
def test_a_range_beyond_256_miles_is_read_from_the_expansion_field(
    drill: Callable, radar: Radar, judge: Callable, before: dict[str, float]
) -> None:
    """Only where I048/020 says that it is there; and a range that is beyond them without a word how far makes no track."""
    distance_m = np.array([256.5, 300.0, 1000.0]) * 1852
    height_m = np.array([20e3, 30e3, 60e3])
    full = {"i040__RHO": 65_535 / 256 * 1852, "i110__3DH": height_m}
    tod_s = EPOCH_S + np.arange(3)
    far = plot_blocks(radar, tod_s, i220=np.arange(1, 4), i020__ERR=1, iRE__ERR=distance_m, **full, **before)
    far += plot_blocks(radar, EPOCH_S + 3, i220=4, i040__RHO=255.5 * 1852, i110__3DH=20e3)
    near = {"i020__ERR": 0, "iRE__ERR": 300.0 * 1852, "i110__3DH": 20e3}
    far += plot_blocks(radar, EPOCH_S + 4, i220=5, i040__RHO=100.0 * 1852, **near, **before)
    full["i110__3DH"] = 20e3
    nowhere = [
        plot_blocks(radar, EPOCH_S + 5, i220=6, **full)[0],
        plot_blocks(radar, EPOCH_S + 6, i220=7, i020__ERR=1, **full)[0],
        plot_blocks(radar, EPOCH_S + 7, i220=8, i020__ERR=1, iRE__RPC__SCO=5, **full)[0],
    ]
    drilled = drill([Message(radar.name, 0.05 * k, block) for k, block in enumerate(far + nowhere)])
    known = {"tracks_out": 5, "out_of_range": 3, "plots_in": 8}
    verdicts = items.counted(radar.feeds, drilled.grew(radar.feeds), known, "RIB-ROB-003")
    rows = np.zeros(5, PLOTS)
    rows["range_m"] = [*np.rint(distance_m * 256 / 1852) * 1852 / 256, 255.5 * 1852, 100.0 * 1852]
    rows["azimuth_rad"] = decode(far[0]).tables[48]["040/THETA"][0]
    rows["height_m"] = [decode(block).tables[48]["110/3DH"][0] for block in far]
    position_m = geodetic_to_ecef(*plot_positions(radar, rows), rows["height_m"])
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        verdicts += items.exactly(tap, table["380/ADR"], np.arange(1, 6), "RIB-DEL-001")
        if len(table) == 5:
            verdicts += at_positions(tap, table, radar, position_m, table["380/ADR"] - 1)
    judge(verdicts)


@req("RIB-CON-004")
def test_levels_below_zero_and_beyond_the_item_are_told_apart(drill: Callable, radar: Radar, judge: Callable) -> None:
    """I062/136 goes from FL -15 to 1,500; a level that was not validated or is garbled is no level."""
    levels = np.array([-15.25, -15.0, -0.25, 0.0, 660.0, 1500.0, 1500.25])
    blocks = plot_blocks(
        radar,
        EPOCH_S + np.arange(len(levels)),
        i220=np.arange(1, len(levels) + 1),
        i090__FL=levels * 100 * FOOT_M,
        i040__RHO=150e3,
    )
    doubtful = [{"i090__V": 1}, {"i090__G": 1}]
    for k, extra in enumerate(doubtful):
        blocks += plot_blocks(radar, EPOCH_S + 20 + k, i220=20 + k, **extra)
    drilled = drill([Message(radar.name, 0.05 * k, block) for k, block in enumerate(blocks)])
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        addresses = table["380/ADR"]
        verdicts += items.exactly(tap, addresses, np.array([*range(1, len(levels) + 1), 20, 21]), "RIB-DEL-001")
        sure = addresses < 20
        said, wanted = table["136"], np.where(sure, levels[np.minimum(addresses, len(levels)) - 1], 0)
        carried = sure & (wanted >= -15) & (wanted <= 1500)
        flags = {"136": ~np.isnan(said), "080/SRC": table["080/SRC"]}
        verdicts += items.equal(tap, flags, {"136": carried, "080/SRC": np.where(sure, 0, 6)}, "RIB-CON-004")
        exact_m = wanted[carried] * 100 * FOOT_M
        verdicts.append(items.within(f"{tap} 136", said[carried], exact_m, 0.1, "m", "RIB-CON-004"))
    judge(verdicts)
