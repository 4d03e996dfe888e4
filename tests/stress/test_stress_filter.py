"""The filter of docs/icd.md §2 and what a track remembers: every case of the formula, held against hil.checks.filter_model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from compass import STEP_RAD, expected, taps_out
from msgspec import structs
from test_stress_tracks import Flight, exactly_once, numbers, states

from hil.asterix import decode
from hil.bench.model import Radar
from hil.checks import items
from hil.columns import PLOTS
from hil.run.drill import Message, Order, one_block, plot_blocks
from hil.run.result import plot_positions
from hil.timing.verdict import Verdict
from hil_fixtures import req

EPOCH_S = 50_000.0
GAP_S = 0.05


def in_turn(radar: Radar, blocks: list[bytes]) -> list[Message]:
    return [Message(radar.name, 0.2 + GAP_S * k, block) for k, block in enumerate(blocks)]


def judged(found: Flight) -> list[Verdict]:
    """Every plot once, every state as the model has it, no velocity where it has none, one number an object."""
    verdicts = [*exactly_once(found, "RIB-DEL-001"), *states(found, "RIB-CNT-002", "RIB-CON-006")]
    for tap, table, plot in found.at_taps():
        known = ~np.isnan(found.expected.east_mps[plot])
        for path in ("185/VX", "185/VY", "220"):
            verdicts += items.equal(f"{tap} present", {path: ~np.isnan(table[path])}, {path: known}, "RIB-CON-006")
        verdicts += numbers(tap, table, "RIB-CNT-001")
    return verdicts


@pytest.mark.parametrize("gains", [(0.7, 0.4, 0.1), (1.0, 1.0, 0.0), (0.3, 1.5, 0.5)])
@req("RIB-CON-006")
def test_a_turning_climbing_object_is_smoothed_with_the_gains_that_were_set(
    drill: Callable, radar: Radar, judge: Callable, gains: tuple[float, float, float]
) -> None:
    """Uneven intervals, some of them below the second under which the interval counts as a second."""
    since_s = np.cumsum([0, 4, 4, 3.5, 0.25, 5, 0.5, 4, 8, 1, 1, 0.9375, 4, 4])
    turn_rad = 0.5 + 0.02 * since_s
    where = {
        "i040__RHO": 100e3 + 20e3 * np.cos(turn_rad),
        "i040__THETA": 1.0 + 0.2 * np.sin(turn_rad),
        "i110__3DH": 6000.0 + 12.0 * since_s,
    }
    messages = in_turn(radar, plot_blocks(radar, EPOCH_S + since_s, i220=0xF20001, i070__MODE3A=0o1234, **where))
    order = Order(radar.feeds, 0.0, f"CONF:FILT {','.join(map(str, gains))}")
    drilled = drill(messages, [order])
    judge(judged(Flight(drilled, expected(radar, messages, EPOCH_S, gains), radar.feeds)))


@req("RIB-CON-006")
def test_a_velocity_comes_from_the_first_plot_nine_tenths_of_a_second_on(
    drill: Callable, radar: Radar, judge: Callable
) -> None:
    ticks = np.array(
        [[0, 32, 115, 300, 700], [0, 116, 200, 500, 900], [0, 64, 114, 117, 600], [0, 512, 1024, 1100, 1500]]
    )
    blocks = []
    for turn in range(ticks.shape[1]):
        since_s = ticks[:, turn] / 128
        where = {"i040__RHO": 60e3 + 900.0 * since_s, "i040__THETA": np.arange(4.0) + 0.01 * since_s}
        blocks += plot_blocks(radar, EPOCH_S + since_s, i220=np.arange(1, 5), i110__3DH=8000.0 + 20 * since_s, **where)
    messages = in_turn(radar, blocks)
    judge(judged(Flight(drill(messages), expected(radar, messages, EPOCH_S), radar.feeds)))


@req("RIB-CNT-001")
def test_a_track_that_jumps_starts_anew_under_its_number(drill: Callable, radar: Radar, judge: Callable) -> None:
    """Beyond 15 km + 50 m/s² · dt² the state starts anew, below it is filtered: jumps on both sides, after 4 s and after 20 s."""
    jump_m = np.array([15.3e3, 16.3e3, 34e3, 37e3])
    pause_s = np.array([4.0, 4.0, 20.0, 20.0])
    blocks = []
    for turn in range(7):
        since_s = 4.0 * turn + np.where(turn > 3, pause_s - 4.0, 0.0)
        where = {"i040__RHO": 80e3 + 200.0 * since_s + np.where(turn > 3, jump_m, 0.0), "i040__THETA": np.arange(4.0)}
        blocks += plot_blocks(radar, EPOCH_S + since_s, i220=np.arange(1, 5), i110__3DH=9000.0, **where)
    messages = in_turn(radar, blocks)
    judge(judged(Flight(drill(messages), expected(radar, messages, EPOCH_S), radar.feeds)))


@req("RIB-CNT-002")
def test_a_plot_older_than_its_track_leaves_the_track_as_it_is(drill: Callable, radar: Radar, judge: Callable) -> None:
    """Two objects; late ones come in the first second of a track and when it has a velocity. They have their own times."""

    def at(since_s: np.ndarray, address: int) -> list[bytes]:
        where = {"i040__RHO": 90e3 + 250.0 * since_s, "i040__THETA": 0.3 * address + 1e-4 * since_s}
        return plot_blocks(radar, EPOCH_S + since_s, i220=address, i110__3DH=9000.0, **where)

    first, second = at(np.arange(6) * 4.0 + 10, 1), at(np.array([10, 10.5, 14, 18, 22, 26]), 2)
    late_first, late_second = at(np.array([15.0, 7.5]), 1), at(np.array([10.25, 24.0]), 2)
    blocks = [*first[:3], late_first[0], *first[3:5], late_first[1], first[5]]
    blocks += [*second[:2], late_second[0], *second[2:5], late_second[1], second[5]]
    drilled = drill(in_turn(radar, blocks))
    found = Flight(drilled, expected(radar, in_turn(radar, first + second), EPOCH_S), radar.feeds)
    verdicts = states(found, "RIB-CNT-002", "RIB-CON-006")
    late = expected(radar, in_turn(radar, late_first + late_second), EPOCH_S)
    everyone = np.concatenate([decode(block).tables[48]["140"] for block in blocks])
    for tap, table, _ in found.at_taps():
        verdicts += items.exactly(f"{tap} times", table["070"] * 128, everyone * 128, "RIB-DEL-001")[:3]
        place = {(a, t): k for k, (a, t) in enumerate(zip(late.plots["220"], late.plots["140"], strict=True))}
        said = list(zip(table["380/ADR"], table["070"], strict=True))
        rows = [k for k, key in enumerate(said) if key in place]
        of = [place[said[k]] for k in rows]
        x_m = np.hypot(late.x_m[of] - table["100/X"][rows], late.y_m[of] - table["100/Y"][rows])
        verdicts.append(items.within(f"{tap} late ones", x_m, np.zeros(len(rows)), 30.0, "m", "RIB-CNT-002"))
        verdicts += numbers(tap, table, "RIB-CNT-001")
    judge(verdicts)


@req("RIB-CON-005")
def test_two_radars_make_one_track(drill: Callable, radar: Radar, judge: Callable) -> None:
    """A second radar 90 km east of the first: records name the radar that saw the object, and MON goes when both have."""
    other = structs.replace(radar, sic=radar.sic + 1, longitude_deg=radar.longitude_deg + 1.0, height_m=350.0)
    tell = f"CONF:SENS {other.sac},{other.sic},{other.latitude_deg},{other.longitude_deg},{other.height_m}"
    blocks, first = [], []
    for address in range(1, 7):
        seen_by = [other, radar, other, radar] if address % 2 else [radar, other, other, radar]
        for turn, by in enumerate(seen_by):
            east_deg = by.longitude_deg - radar.longitude_deg
            where = {"i040__RHO": 60e3 + 30e3 * address, "i040__THETA": 0.2 + (0.01 if east_deg else 0.0)}
            blocks += plot_blocks(by, EPOCH_S + address + 8 * turn, i220=address, i110__3DH=10_000.0, **where)
        first.append((seen_by[0], blocks[-4]))
    drilled = drill(in_turn(radar, blocks), [Order(radar.feeds, 0.0, tell)], lasts_s=1.5)
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        verdicts += numbers(tap, table, "RIB-CNT-001")
        sent = decode(b"".join(blocks)).tables[48]
        said = {path: table[path] for path in ("340/SID/SAC", "340/SID/SIC", "080/MON")}
        turn = np.tile(np.arange(4), 6)
        known = {"340/SID/SAC": sent["010/SAC"], "340/SID/SIC": sent["010/SIC"], "080/MON": turn == 0}
        if len(table) == len(blocks):
            verdicts += items.equal(tap, said, known, "RIB-CON-004")
        verdicts += items.exactly(tap, table["380/ADR"], np.repeat(np.arange(1, 7), 4), "RIB-DEL-001")
        for address, (by, block) in enumerate(first, 1):
            plot = decode(block).tables[48]
            rows = np.zeros(1, PLOTS)
            rows["range_m"], rows["azimuth_rad"], rows["height_m"] = plot["040/RHO"], plot["040/THETA"], plot["110/3DH"]
            latitude, longitude = plot_positions(by, rows)
            begun = np.flatnonzero(table["380/ADR"] == address)[:1]
            for path, at in (("105/LAT", latitude), ("105/LON", longitude)):
                verdicts.append(
                    items.within(f"{tap} {address} {path}", table[path][begun], at, STEP_RAD, "rad", "RIB-CON-005")
                )
        listed = drilled.capture.tables(tap)[63]
        sics = listed["050/SIC"][drilled.capture.stamps_ns(tap)[listed.datagram] > drilled.epoch_ns + int(0.2e9)]
        shown = {"sensors": np.array([set(sics.tolist()) == {radar.sic, other.sic}])}
        verdicts += items.equal(f"{tap} CAT063", shown, {"sensors": np.array([True])}, "RIB-CON-008")
    judge(verdicts)


@req("RIB-CON-004")
def test_a_track_remembers_who_it_is_and_not_what_was_measured(drill: Callable, radar: Radar, judge: Callable) -> None:
    """Code, identification and address are the track's; level and height are the plot's; a doubtful code gives way."""
    told = [
        {"i220": 7, "i070__MODE3A": 0o4321, "i240": b"HIL007  ", "i110__3DH": 9144.0},
        {"i220": 7, "i090__FL": None},
        {"i070__MODE3A": 0o4321},
        {"i220": 7, "i070__MODE3A": 0o1111, "i070__V": 1},
        {"i220": 7, "i070__MODE3A": 0o1111, "i070__G": 1, "i110__3DH": 9144.0, "i090__FL": None},
        {"i220": 7, "i070__MODE3A": 0o1111},
        {"i220": 7, "i070__MODE3A": 0o1111, "i240": b"HIL008  "},
    ]
    n = len(told)
    blocks = [plot_blocks(radar, EPOCH_S + 4 * k, **{"i090__FL": 9144.0} | extra)[0] for k, extra in enumerate(told)]
    drilled = drill(in_turn(radar, blocks))
    known = {
        "380/ADR": np.full(n, 7),
        "060/MODE3A": np.array([0o4321] * 5 + [0o1111] * 2),
        "060/V": np.zeros(n),
        "060/G": np.zeros(n),
        "060/CH": np.arange(n) == 5,
        "136 there": np.array(["i090__FL" not in extra for extra in told]),
        "340/HEI there": np.array(["i110__3DH" in extra for extra in told]),
        "080/MRH": np.array(["i110__3DH" in extra for extra in told]),
        "080/SRC": np.array([2 * ("i110__3DH" in extra) for extra in told]),
        "245/CHR": np.array([b"HIL007"] * 6 + [b"HIL008"]),
    }
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        said = {path: table[path] for path in known if path in table}
        said |= {"136 there": ~np.isnan(table["136"]), "340/HEI there": ~np.isnan(table["340/HEIGHT"])}
        said["245/CHR"] = np.array([text.rstrip() for text in table["245/CHR"].tolist()])
        if len(table) == n:
            verdicts += items.equal(tap, said, known, "RIB-CON-004")
        verdicts += items.exactly(tap, np.rint(table["070"] - EPOCH_S), 4.0 * np.arange(n), "RIB-DEL-001")
        verdicts += items.equal(
            tap,
            {"numbers": np.unique(table["040"])[:1] == table["040"]},
            {"numbers": np.ones(len(table), bool)},
            "RIB-CNT-001",
        )
    judge(verdicts)


@req("RIB-CNT-003")
def test_the_last_record_of_a_track_has_the_state_of_its_last_plot(
    drill: Callable, radar: Radar, judge: Callable
) -> None:
    blocks = []
    for turn in range(4):
        where = {"i040__RHO": 70e3 + 800.0 * turn + 20e3 * np.arange(3), "i110__3DH": 9000.0 + 60 * turn}
        identity = {"i220": np.arange(1, 4), "i070__MODE3A": np.arange(3) + 0o1000, "i240": b"HIL     "}
        blocks.append(one_block(plot_blocks(radar, EPOCH_S + 4 * turn + np.arange(3) / 16, **where, **identity)))
    drilled = drill(in_turn(radar, blocks), [Order(radar.feeds, 0.0, "CONF:COAS 1")], lasts_s=2.5)
    same = (
        "070",
        "105/LAT",
        "105/LON",
        "100/X",
        "100/Y",
        "185/VX",
        "185/VY",
        "040",
        "060/MODE3A",
        "130",
        "220",
        "245/CHR",
    )
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        for address in range(1, 4):
            last = np.flatnonzero(table["380/ADR"] == address)[-2:]
            ends = {"080/TSE": np.maximum(table["080/TSE"][last], 0)}
            verdicts += items.equal(f"{tap} {address}", ends, {"080/TSE": np.array([0, 1])}, "RIB-CNT-003")
            said = {path: table[path][last[1:]] for path in same}
            verdicts += items.equal(
                f"{tap} {address}", said, {path: table[path][last[:1]] for path in same}, "RIB-CNT-003"
            )
    judge(verdicts)
