"""The rules of association of docs/icd.md §2, one by one: who joins which track when the address does not say so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from compass import taps_out

from hil.bench.model import Radar
from hil.checks import items
from hil.columns import TOD_LSB_S, TOD_TICKS_PER_DAY
from hil.run.drill import Message, plot_blocks, service_block
from hil_fixtures import req

FLOWN = {"i110__3DH": 9000.0, "i090__FL": None}
TURN_S = 4.0


@dataclass(frozen=True)
class Case:
    """Plots of one drill: what each says, when (s), where (range m, azimuth rad), and which object it is."""

    plots: Sequence[tuple[float, float, float, dict[str, Any]]]
    objects: Sequence[int]


def steady(
    who: dict[str, Any], *, begin_m: float = 100e3, azimuth: float = 1.0, at_s: float = 0.0, turns: int = 3
) -> list[Any]:
    """An object that flies outwards at 200 m/s, a plot a turn."""
    return [(at_s + TURN_S * k, begin_m + 200.0 * TURN_S * k, azimuth, who) for k in range(turns)]


def meeting(one: dict[str, Any], other: dict[str, Any]) -> list[Any]:
    """Two that fly towards each other, seen in turn; at 12 s the first is due at 102.4 km, the other at 102.7 km."""
    ways = zip(steady(one), [(1 + TURN_S * k, 106e3 - 1200.0 * k, 1.0, other) for k in range(3)], strict=True)
    return [plot for both in ways for plot in both]


CODE, OTHER_CODE, ADDRESS, OTHER_ADDRESS = {"i070__MODE3A": 0o1234}, {"i070__MODE3A": 0o4321}, {"i220": 5}, {"i220": 6}
CASES = {
    "a plot far outside the gate is another object": Case([*steady({}), (12.0, 130e3, 1.0, {})], [0, 0, 0, 1]),
    **{
        f"across the line of sight too, {where}": Case(
            [*steady({}, azimuth=azimuth), (12.0, 102.4e3, azimuth + 0.1, {})], [0, 0, 0, 1]
        )
        for where, azimuth in (("in the north-east", 1.0), ("in the north", 0.0), ("in the east", np.pi / 2))
    },
    "the same code far away is another object": Case([*steady(CODE), (12.0, 130e3, 1.0, CODE)], [0, 0, 0, 1]),
    "the same code in the gate is the same": Case([*steady(CODE), (12.0, 102.7e3, 1.0, CODE)], [0, 0, 0, 0]),
    "another code in the same place is another": Case([*steady(CODE), (12.0, 102.4e3, 1.0, OTHER_CODE)], [0, 0, 0, 1]),
    "another address in the same place is another": Case(
        [*steady(ADDRESS), (12.0, 102.4e3, 1.0, OTHER_ADDRESS)], [0, 0, 0, 1]
    ),
    "the same address is the same wherever it is": Case([*steady(ADDRESS), (12.0, 180e3, 2.0, ADDRESS)], [0, 0, 0, 0]),
    "a nameless plot joins the track it fits": Case([*steady(ADDRESS), (12.0, 102.4e3, 1.0, {})], [0, 0, 0, 0]),
    "an address is learnt by a track that has none": Case(
        [*steady({}), (12.0, 102.4e3, 1.0, ADDRESS), (16.0, 150e3, 1.0, ADDRESS)], [0] * 5
    ),
    "a code is learnt by a track that has none": Case(
        [*steady({}), (12.0, 102.4e3, 1.0, CODE), (16.0, 103.2e3, 1.0, OTHER_CODE)], [0, 0, 0, 0, 1]
    ),
    "a doubtful code keeps nobody out": Case(
        [*steady(CODE), (12.0, 102.4e3, 1.0, OTHER_CODE | {"i070__V": 1})], [0, 0, 0, 0]
    ),
    "the code beats a nearer track without one": Case(
        [*meeting(CODE, {}), (12.0, 102.66e3, 1.0, CODE)], [0, 1] * 3 + [0]
    ),
    "wherever in the table it is": Case([*meeting({}, CODE), (12.0, 102.45e3, 1.0, CODE)], [0, 1] * 3 + [1]),
    "the nearest of two is taken": Case([*meeting({}, {}), (12.0, 102.45e3, 1.0, {})], [0, 1] * 3 + [0]),
    "and not the first of two": Case([*meeting({}, {}), (12.0, 102.66e3, 1.0, {})], [0, 1] * 3 + [1]),
    "a second plot of the same turn is another object": Case([*steady({}), (9.5, 101.9e3, 1.0, {})], [0, 0, 0, 1]),
    "a plot more than half a turn later is not": Case([*steady({}), (10.25, 102.05e3, 1.0, {})], [0, 0, 0, 0]),
    "unless the address says so": Case([*steady(ADDRESS), (9.0, 101.8e3, 1.0, ADDRESS)], [0, 0, 0, 0]),
    "another height is another object": Case(
        [*steady({}), (12.0, 102.4e3, 1.0, {"i110__3DH": 11_500.0})], [0, 0, 0, 1]
    ),
    "no height fits any": Case([*steady({}), (12.0, 102.4e3, 1.0, {"i110__3DH": None})], [0, 0, 0, 0]),
    "north is no border": Case(
        [(TURN_S * k, 100e3, (2 * np.pi + 0.004 * (k - 1.5)) % (2 * np.pi), {}) for k in range(4)], [0, 0, 0, 0]
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("epoch_s", [50_000.0, 86_393.0], ids=["by day", "over midnight"])
@req("RIB-CNT-005")
def test_plots_join_the_track_that_the_rules_name(
    drill: Callable, radar: Radar, judge: Callable, name: str, epoch_s: float
) -> None:
    case = CASES[name]
    in_turn = sorted(range(len(case.plots)), key=lambda k: case.plots[k][0])
    messages = [Message(radar.name, 0.0, service_block(radar, epoch_s, turn_s=TURN_S))]
    for k, index in enumerate(in_turn):
        at_s, range_m, azimuth, who = case.plots[index]
        where = {"i040__RHO": range_m, "i040__THETA": azimuth}
        messages.append(
            Message(radar.name, 0.1 + 0.03 * k, plot_blocks(radar, epoch_s + at_s, **FLOWN | where | who)[0])
        )
    drilled = drill(messages)
    objects = np.array([case.objects[index] for index in in_turn])
    ticks = [round((epoch_s + case.plots[index][0]) / TOD_LSB_S) % TOD_TICKS_PER_DAY for index in in_turn]
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        table = drilled.capture.tables(tap)[62]
        verdicts += items.exactly(
            tap, np.rint(table["070"] / TOD_LSB_S).astype(np.int64), np.array(ticks), "RIB-DEL-001"
        )
        if len(table) == len(objects):
            together = table["040"][:, None] == table["040"][None, :]
            known = objects[:, None] == objects[None, :]
            verdicts += items.equal(tap, {"numbers": together.ravel()}, {"numbers": known.ravel()}, "RIB-CNT-005")
    judge(verdicts)
