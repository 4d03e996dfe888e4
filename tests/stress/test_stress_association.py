"""Which plot belongs to which track, and what else a plot may say: plots without address or code, and with every item there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from compass import taps_out

from hil.asterix.records import RecordTable
from hil.bench.model import Radar
from hil.checks import items
from hil.columns import TOD_LSB_S, TOD_TICKS_PER_DAY
from hil.run.drill import Drilled, Message, one_block, plot_blocks
from hil.timing.verdict import Verdict
from hil_fixtures import req

TURNS, TURN_S, EPOCH_S = 10, 4.0, 30_000.0
ITEMS: list[dict[str, Any]] = [
    {"i130__SRL": 0.05},
    {"i130__SRL": 0.05, "i130__APD": 0.0, "i130__SAM": -60.0},
    {"i240": b"TEST    "},
    {"i161__TRN": 77},
    {"i042__X": 1852.0, "i042__Y": -1852.0},
    {"i200__GSP": 200.0, "i200__HDG": 1.0},
    {"i170__CNF": 1},
    {"i170__CNF": 0, "i170__TRE": 1},
    {"i210__SIGX": 100.0, "i210__SIGY": 100.0, "i210__SIGV": 1.0, "i210__SIGH": 0.1},
    {"i080__QA4": 1},
    {"i100__MODEC": 5},
    {"i110__3DH": 9144.0},
    {"i120__CAL__D": 0, "i120__CAL__CAL": 10.0},
    {"i230__COM": 1},
    {"i260": 5},
    {"i055__MODE1": 3},
    {"i050__MODE2": 3},
    {"i065__QA4": 1},
    {"i060__QA4": 1},
]


def object_of(table: RecordTable, instants_s: np.ndarray) -> np.ndarray:
    """The object (row of `instants_s`: object, turn) that each record's time of track belongs to; -1 = none."""
    place = {round(t / TOD_LSB_S) % TOD_TICKS_PER_DAY: k for (k, _), t in np.ndenumerate(instants_s)}
    ticks = np.rint(table["070"] / TOD_LSB_S).astype(np.int64).tolist()
    return np.array([place.get(tick, -1) for tick in ticks], np.int64)


def one_track_each(drilled: Drilled, box: str, instants_s: np.ndarray, requirement: str) -> list[Verdict]:
    """Every plot has one record, every object one number, and no two objects the same."""
    verdicts, count = [], len(instants_s)
    for tap in taps_out(drilled, box):
        table = drilled.capture.tables(tap)[62]
        objects = object_of(table, instants_s)
        said = [np.unique(table["040"][objects == k]).tolist() for k in range(count)]
        ticks = np.rint(table["070"] / TOD_LSB_S).astype(np.int64)
        known = np.rint(np.sort(instants_s.ravel()) / TOD_LSB_S).astype(np.int64) % TOD_TICKS_PER_DAY
        verdicts += items.exactly(tap, ticks, known, requirement)
        numbers = {"numbers of each object": np.array([len(one) for one in said])}
        verdicts += items.equal(tap, numbers, {"numbers of each object": np.ones(count)}, requirement)
        different = {"numbers in all": np.array([len({n for one in said for n in one})])}
        verdicts += items.equal(tap, different, {"numbers in all": np.array([count])}, requirement)
    return verdicts


@pytest.mark.parametrize("known_by", ["code", "position", "position without height"])
@req("RIB-CNT-005")
def test_objects_without_an_address_keep_their_tracks(
    drill: Callable, radar: Radar, judge: Callable, known_by: str
) -> None:
    """Six objects on straight ways, two of them a few kilometres apart."""
    azimuth = np.array([0.4, 0.46, 1.5, 2.6, 3.9, 5.9])
    start_m = np.array([60e3, 60e3, 90e3, 150e3, 120e3, 200e3])
    away_mps = np.array([220.0, 220.0, -200.0, 250.0, -150.0, 100.0])
    instants = EPOCH_S + TURN_S * np.arange(TURNS) + (azimuth / (2 * np.pi) * TURN_S)[:, None]
    extra: dict[str, Any] = {"i070__MODE3A": np.arange(6) + 0o1000} if known_by == "code" else {}
    extra |= {"i090__FL": None} if known_by == "position without height" else {}
    messages = []
    for turn in range(TURNS):
        rho = start_m + away_mps * (instants[:, turn] - EPOCH_S)
        blocks = plot_blocks(radar, instants[:, turn], i040__RHO=rho, i040__THETA=azimuth, **extra)
        messages.append(Message(radar.name, 0.1 * turn, one_block(blocks)))
    judge(one_track_each(drill(messages), radar.feeds, instants, "RIB-CNT-005"))


@req("RIB-CNT-005")
def test_two_codes_in_one_place_are_two_objects(drill: Callable, radar: Radar, judge: Callable) -> None:
    instants = EPOCH_S + TURN_S * np.arange(TURNS) + np.array([[0.0], [2.25]])
    messages = []
    for turn in range(TURNS):
        blocks = plot_blocks(
            radar, instants[:, turn], i040__RHO=100e3 + 900.0 * turn, i070__MODE3A=np.array([0o1234, 0o4321])
        )
        messages.append(Message(radar.name, 0.1 * turn, one_block(blocks)))
    judge(one_track_each(drill(messages), radar.feeds, instants, "RIB-CNT-005"))


@req("RIB-DEL-001")
def test_plots_with_any_item_are_read_to_their_end(drill: Callable, radar: Radar, judge: Callable) -> None:
    """Each item of CAT048 in turn, with another plot behind it in the same block."""
    messages, addresses = [], []
    for k, extra in enumerate(ITEMS):
        own = [100 + 3 * k, 101 + 3 * k, 102 + 3 * k]
        addresses += own
        where = {"i040__RHO": 30e3 + 9e3 * k}
        bare = {"i090__FL": None}
        blocks = [
            plot_blocks(radar, EPOCH_S + 3 * k, i220=own[0], **where, **extra)[0],
            plot_blocks(radar, EPOCH_S + 3 * k + 1, i220=own[1], i040__THETA=2.0, **where, **bare, **extra)[0],
            plot_blocks(radar, EPOCH_S + 3 * k + 2, i220=own[2], i040__THETA=4.0, **where)[0],
        ]
        messages.append(Message(radar.name, 0.05 * k, one_block(blocks)))
    drilled = drill(messages)
    verdicts = items.counted(radar.feeds, drilled.grew(radar.feeds), {"tracks_out": len(addresses)}, "RIB-DEL-001")
    for tap in taps_out(drilled, radar.feeds):
        said = drilled.capture.tables(tap)[62]["380/ADR"]
        verdicts += items.exactly(tap, said, np.array(addresses), "RIB-DEL-001")
    judge(verdicts)


FLAGS: list[tuple[dict[str, Any], dict[str, int]]] = [
    ({"i020__SPI": 1}, {"080/SPI": 1, "080/SIM": 0}),
    ({"i020__SIM": 1}, {"080/SIM": 1, "080/SPI": 0}),
    ({"i020__ME": 1}, {"080/ME": 1, "080/MI": 0}),
    ({"i020__MI": 1}, {"080/MI": 1, "080/ME": 0}),
    ({"i020__TYP": 0}, {"080/CST": 1}),
    ({"i070__MODE3A": 0o1200}, {"060/MODE3A": 0o1200, "060/V": 0, "060/G": 0}),
    ({"i070__MODE3A": 0o1200, "i070__G": 1}, {"060/MODE3A": 0o1200, "060/V": 0, "060/G": 1}),
    ({"i070__MODE3A": 0o1200, "i070__V": 1}, {"060/MODE3A": 0o1200, "060/V": 1, "060/G": 0}),
    ({"i110__3DH": 9144.0}, {"080/MRH": 1, "080/SRC": 2}),
    ({}, {"080/MRH": 0, "080/SRC": 0}),
    ({"i090__FL": None}, {"080/MRH": 0, "080/SRC": 6}),
]


@req("RIB-CON-004")
def test_flags_of_a_plot_are_flags_of_its_record(drill: Callable, radar: Radar, judge: Callable) -> None:
    messages = []
    for k, (said, _) in enumerate(FLAGS):
        block = plot_blocks(radar, EPOCH_S + k, i220=1 + k, i040__RHO=40e3 + 20e3 * k, **said)[0]
        messages.append(Message(radar.name, 0.05 * k, block))
    drilled = drill(messages)
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        for k, (_, known) in enumerate(FLAGS):
            row = table["380/ADR"] == 1 + k
            said = {path: np.maximum(table[path][row], 0) if path in table else np.zeros(row.sum()) for path in known}
            wanted = {path: np.full(max(row.sum(), 1), value) for path, value in known.items()}
            verdicts += items.equal(f"{tap} plot {k}", said, wanted, "RIB-CON-004")
    judge(verdicts)


@req("RIB-CON-004")
def test_a_new_code_is_flagged_once(drill: Callable, radar: Radar, judge: Callable) -> None:
    codes = [0o1000, 0o1000, 0o2000, 0o2000, 0o2000]
    blocks = [plot_blocks(radar, EPOCH_S + 4 * k, i220=7, i070__MODE3A=code)[0] for k, code in enumerate(codes)]
    drilled = drill([Message(radar.name, 0.1 * k, block) for k, block in enumerate(blocks)])
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        said = {"060/MODE3A": table["060/MODE3A"], "060/CH": table["060/CH"]}
        known = {"060/MODE3A": np.array(codes), "060/CH": np.array([0, 0, 1, 0, 0])}
        verdicts += (
            items.equal(tap, said, known, "RIB-CON-004")
            if len(table) == 5
            else items.exactly(tap, table["060/MODE3A"], np.array(codes), "RIB-CON-004")
        )
    judge(verdicts)


@pytest.mark.parametrize("rate_mps", [15.24, -15.24])
@req("RIB-CON-006")
def test_a_climb_is_reported_as_such(drill: Callable, radar: Radar, judge: Callable, rate_mps: float) -> None:
    """Two flight levels in every turn of four seconds, up or down."""
    turns = np.arange(TURNS)
    levels_m = 9144.0 + rate_mps * TURN_S * turns
    blocks = plot_blocks(radar, EPOCH_S + TURN_S * turns, i220=7, i040__RHO=80e3, i090__FL=levels_m)
    drilled = drill([Message(radar.name, 0.1 * k, block) for k, block in enumerate(blocks)])
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        said = table["220"][-4:]
        verdicts.append(items.within(f"{tap} 220", said, np.full(4, rate_mps), 0.5, "m/s", "RIB-CON-006"))
        verdicts += items.equal(tap, {"136": np.abs(table["136"] - levels_m) < 1}, {"136": turns >= 0}, "RIB-CON-004")
    judge(verdicts)
