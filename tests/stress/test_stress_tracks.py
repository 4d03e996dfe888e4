"""Known flights in, known records out: every item, every position, every number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from compass import FOOT_M, STEP_RAD, VELOCITY_STEP_MPS, Expected, around, expected, key_of, own_tracks, taps_out

from hil.asterix.records import RecordTable
from hil.bench.model import Radar
from hil.checks import continuity, items
from hil.columns import TOD_LSB_S, TRACKS
from hil.run.drill import Drilled, Message, Order, flight, later, one_block, plot_blocks
from hil.timing.verdict import Verdict
from hil_fixtures import req
from hil_fixtures.session import BenchSession

SPEED = 20.0
MIDNIGHT_S = 86_400.0


@dataclass(frozen=True)
class Flight:
    """A flight that was drilled, and what should have come of it."""

    drilled: Drilled
    expected: Expected
    box: str

    def at_taps(self) -> list[tuple[str, RecordTable, np.ndarray]]:
        """For every tap behind the box: its name, its records that answer to a plot, and the plot of each."""
        place = {key: k for k, key in enumerate(self.expected.key.tolist())}
        found = []
        for tap in taps_out(self.drilled, self.box):
            table = self.drilled.capture.tables(tap)[62]
            plot = np.array([place.get(key, -1) for key in key_of(table, "070", "380/ADR").tolist()], np.int64)
            found.append((tap, table, plot))
        return found


def fly(session: BenchSession, drill: Callable[..., Drilled], radar: Radar, tod_epoch_s: float) -> Flight:
    scenario = around(radar, session.setup.scenario("compass"))
    messages = flight(session.setup, radar, scenario, tod_epoch_s, SPEED)
    return Flight(drill(messages), expected(radar, messages, tod_epoch_s), radar.feeds)


@pytest.fixture(scope="module")
def by_day(hil_session: BenchSession, drill: Callable[..., Drilled], radar: Radar) -> Flight:
    return fly(hil_session, drill, radar, 30_000.0)


@pytest.fixture(scope="module")
def by_serial(hil_session: BenchSession, drill: Callable[..., Drilled], serial_radar: Radar) -> Flight:
    return fly(hil_session, drill, serial_radar, 30_000.0)


@pytest.fixture(scope="module")
def over_midnight(hil_session: BenchSession, drill: Callable[..., Drilled], radar: Radar) -> Flight:
    return fly(hil_session, drill, radar, MIDNIGHT_S - 30.0)


def exactly_once(found: Flight, requirement: str) -> list[Verdict]:
    return [
        verdict
        for tap, table, _ in found.at_taps()
        for verdict in items.exactly(tap, key_of(table, "070", "380/ADR"), found.expected.key, requirement)
    ]


def states(found: Flight, positions: str, velocities: str) -> list[Verdict]:
    """Positions within two steps of what the filter makes of the plots, velocities likewise."""
    verdicts, known = [], found.expected
    for tap, table, plot in found.at_taps():
        seen = plot >= 0
        of = plot[seen]
        for path, column in (("105/LAT", known.latitude_rad), ("105/LON", known.longitude_rad)):
            verdicts.append(
                items.within(f"{tap} {path}", table[path][seen], column[of], 2 * STEP_RAD, "rad", positions)
            )
        for path, column, step_m in (
            ("100/X", known.x_m, 0.5),
            ("100/Y", known.y_m, 0.5),
            ("130", known.height_m, 6.25 * FOOT_M),
        ):
            verdicts.append(items.within(f"{tap} {path}", table[path][seen], column[of], 2 * step_m, "m", positions))
        moving = ~np.isnan(known.east_mps[of])
        for path, column, step_mps in (
            ("185/VX", known.east_mps, VELOCITY_STEP_MPS),
            ("185/VY", known.north_mps, VELOCITY_STEP_MPS),
            ("220", known.climb_mps, 6.25 * FOOT_M / 60),
        ):
            said, wanted = table[path][seen][moving], column[of][moving]
            verdicts.append(items.within(f"{tap} {path}", said, wanted, 2 * step_mps, "m/s", velocities))
    return verdicts


@req("RIB-DEL-001")
def test_every_plot_of_a_known_flight_gives_one_record(by_day: Flight, judge: Callable) -> None:
    judge(exactly_once(by_day, "RIB-DEL-001"))


@req("RIB-DEL-001")
def test_every_plot_off_a_serial_line_gives_one_record(by_serial: Flight, judge: Callable) -> None:
    judge(exactly_once(by_serial, "RIB-DEL-001"))


@req("RIB-CON-004")
def test_items_say_what_the_plot_said(hil_session: BenchSession, radar: Radar, by_day: Flight, judge: Callable) -> None:
    verdicts, box = [], hil_session.setup.bench.box(radar.feeds)
    for tap, table, plot in by_day.at_taps():
        plots, n = by_day.expected.plots, len(table)
        first = by_day.expected.turn[plot] == 0
        known = {
            "010/SAC": np.full(n, box.sac),
            "010/SIC": np.full(n, box.sic),
            "015": np.full(n, box.service),
            "060/V": np.zeros(n),
            "060/G": np.zeros(n),
            "060/CH": np.zeros(n),
            "060/MODE3A": plots["070/MODE3A"][plot],
            "340/SID/SAC": np.full(n, radar.sac),
            "340/SID/SIC": np.full(n, radar.sic),
            "080/MON": np.ones(n),
            "080/CNF": first,
            "080/TSB": np.where(first, 1, -1),  # left out with its extent where nothing is set in it
            "080/SPI": np.zeros(n),
            "080/SRC": np.full(n, 2),
            "080/MRH": np.ones(n),
        }
        table_said = {path: table[path] for path in known}
        table_said["080/TSB"] = np.where(table["080/TSB"] == 1, 1, -1)
        verdicts += items.equal(tap, table_said, known, "RIB-CON-004")
        verdicts.append(items.within(f"{tap} 136", table["136"], plots["090/FL"][plot], 0.1, "m", "RIB-CON-004"))
        height = items.within(f"{tap} 340/HEI", table["340/HEIGHT"], plots["110/3DH"][plot], 0.1, "m", "RIB-CON-004")
        verdicts.append(height)
    judge(verdicts)


@req("RIB-CON-005")
def test_a_track_begins_where_its_plot_was(by_day: Flight, judge: Callable) -> None:
    verdicts, known = [], by_day.expected
    for tap, table, plot in by_day.at_taps():
        first = (plot >= 0) & (known.turn[plot] == 0)
        for path, column in (("105/LAT", known.latitude_rad), ("105/LON", known.longitude_rad)):
            wanted = column[plot[first]]
            verdicts.append(items.within(f"{tap} {path}", table[path][first], wanted, STEP_RAD, "rad", "RIB-CON-005"))
    judge(verdicts)


@req("RIB-CON-006")
def test_positions_and_velocities_are_what_the_filter_makes_of_the_plots(by_day: Flight, judge: Callable) -> None:
    judge(states(by_day, "RIB-CNT-002", "RIB-CON-006"))


@req("RIB-TIM-004")
def test_tracks_go_on_over_midnight(over_midnight: Flight, judge: Callable) -> None:
    judge([*exactly_once(over_midnight, "RIB-TIM-004"), *states(over_midnight, "RIB-TIM-004", "RIB-TIM-004")])


def numbers(tap: str, table: RecordTable, requirement: str) -> list[Verdict]:
    rows = np.zeros(len(table), TRACKS)
    rows["address"], rows["track_number"] = table["380/ADR"], table["040"]
    return continuity.one_number_each(rows, tap, requirement)


@req("RIB-CNT-005")
def test_objects_that_cross_keep_their_numbers(by_day: Flight, judge: Callable) -> None:
    judge(v for tap, table, _ in by_day.at_taps() for v in numbers(tap, table, "RIB-CNT-005"))


@req("RIB-CNT-005")
def test_an_object_that_separates_gets_a_number_of_its_own(drill: Callable, radar: Radar, judge: Callable) -> None:
    """The second object appears in the third turn, 500 m from the first; neither has anything but its address."""
    messages = []
    for turn in range(8):
        tod_s = 30_000.0 + 4 * turn
        blocks = plot_blocks(radar, tod_s, i220=0xF40001, i040__RHO=100e3 + 800 * turn)
        if turn > 2:
            blocks += plot_blocks(radar, tod_s + 0.0625, i220=0xF40002, i040__RHO=100e3 + 800 * turn + 250 * (turn - 1))
        messages.append(Message(radar.name, 0.2 * turn, one_block(blocks)))
    drilled = drill(messages)
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        verdicts += numbers(tap, table, "RIB-CNT-005")
        verdicts += items.equal(
            tap, {"objects": np.array([len(np.unique(table["040"]))])}, {"objects": np.array([2])}, "RIB-CNT-005"
        )
    judge(verdicts)


@req("RIB-CON-004")
def test_an_identification_comes_out_as_it_went_in(drill: Callable, radar: Radar, judge: Callable) -> None:
    names = [b"HIL001  ", b"ABCDEFGH", b"Z9      "]
    blocks = [plot_blocks(radar, 30_000 + k, i220=k + 1, i240=name)[0] for k, name in enumerate(names)]
    drilled = drill([Message(radar.name, 0.1 * k, block) for k, block in enumerate(blocks)])
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        said = {"245": np.array([text.rstrip() for text in table["245/CHR"].tolist()])}
        known = {"245": np.array([names[address - 1].rstrip() for address in table["380/ADR"].tolist()])}
        verdicts += items.equal(tap, said, known, "RIB-CON-004")
    judge(verdicts)


@req("RIB-DEL-001")
def test_every_plot_of_a_block_of_many_gives_one_record(drill: Callable, radar: Radar, judge: Callable) -> None:
    plots = plot_blocks(radar, 30_000 + np.arange(40) / 16, i220=np.arange(1, 41), i040__RHO=20e3 + 8e3 * np.arange(40))
    drilled = drill([Message(radar.name, 0.0, one_block(plots[:20]) + one_block(plots[20:]))])
    known = np.arange(1, 41)
    judge(
        verdict
        for tap in taps_out(drilled, radar.feeds)
        for verdict in items.exactly(tap, drilled.capture.tables(tap)[62]["380/ADR"], known, "RIB-DEL-001")
    )


@req("RIB-CNT-003")
def test_a_track_ends_with_one_record_and_the_time_of_its_last_plot(
    drill: Callable, radar: Radar, judge: Callable
) -> None:
    """Five tracks of three plots each, then silence for longer than the coast time; and new objects after that."""
    messages = []
    for turn in range(3):
        plots = plot_blocks(
            radar, 30_000 + 4.0 * turn + np.arange(5) / 16, i220=np.arange(1, 6), i040__RHO=50e3 + 20e3 * np.arange(5)
        )
        messages.append(Message(radar.name, 0.5 + 0.2 * turn, one_block(plots)))
    fresh = plot_blocks(radar, 30_020 + np.arange(5) / 16, i220=np.arange(11, 16), i040__RHO=50e3 + 20e3 * np.arange(5))
    messages += later([Message(radar.name, 0.0, one_block(fresh))], 4.5)
    drilled = drill(messages, [Order(radar.feeds, 0.0, "CONF:COAS 1"), Order(radar.feeds, 4.8, "STAT:COUN?")])
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        ended = table["080/TSE"] == 1
        early = ended & (drilled.capture.stamps_ns(tap)[table.datagram] < drilled.epoch_ns + int(4.5e9))
        last = round(30_008 / TOD_LSB_S) + 8 * (table["380/ADR"] - 1)
        ticks = np.rint(table["070"] / TOD_LSB_S).astype(np.int64)
        verdicts += items.exactly(f"{tap} ends", table["380/ADR"][early], np.arange(1, 6), "RIB-CNT-003")[:3]
        verdicts += items.equal(f"{tap} end", {"070": ticks[early]}, {"070": last[early]}, "RIB-CNT-003")
        old = np.unique(table["040"][table["380/ADR"] < 10])
        again = np.isin(table["040"][table["380/ADR"] > 10], old)
        verdicts += items.equal(
            f"{tap} new numbers", {"040": again}, {"040": np.zeros(len(again), bool)}, "RIB-CNT-004"
        )
    counters = dict(pair.split("=") for pair in drilled.answers[1].split(","))
    known = {"tracks_new": 10, "tracks_ended": 5, "tracks_live": 5}
    verdicts += items.counted(radar.feeds, {name: int(counters[name]) for name in known}, known, "RIB-CON-009")
    judge(verdicts)


@req("RIB-CNT-004")
def test_numbers_are_given_in_turn(drill: Callable, radar: Radar, judge: Callable) -> None:
    """From 1 after a start; an object that is new gets the next."""
    who = np.arange(1, 9)
    blocks = plot_blocks(radar, 30_000 + who, i220=0x400000 + who, i040__RHO=40e3 + 20e3 * who)
    drilled = drill([Message(radar.name, 0.2 * k, block) for k, block in enumerate(blocks)])
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = own_tracks(drilled, tap)
        numbers = np.zeros(0, np.int64) if table is None else table["040"].astype(np.int64)
        verdicts += items.exactly(tap, numbers, who.astype(np.int64), "RIB-CNT-004")
    judge(verdicts)
