"""A track stays one object's track, near where the radar saw it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hil.checks import continuity
from hil.run.result import RunResult, interface_of, plot_positions, records_at
from hil.timing.journeys import identity
from hil_fixtures import req
from hil_fixtures.session import BenchSession


@req("RIB-CNT-001")
def test_a_track_number_stays_with_its_object(hil_session: BenchSession, flown: RunResult, judge: Callable) -> None:
    setup, verdicts = hil_session.setup, []
    for name, chain in flown.chains.items():
        path = setup.links.chain_named(name).path
        for tap in (chain.budget.taps[2], chain.budget.taps[-1]):
            interface = interface_of(path, tap)
            rows = records_at(setup.bench, flown.capture, interface, path)
            verdicts += continuity.one_number_each(rows, interface, "RIB-CNT-001")
    judge(verdicts)


@req("RIB-CNT-002")
def test_a_track_stays_near_its_plots(hil_session: BenchSession, flown: RunResult, judge: Callable) -> None:
    setup, verdicts = hil_session.setup, []
    for name, chain in flown.chains.items():
        path = setup.links.chain_named(name).path
        interface = interface_of(path, chain.budget.taps[2])
        rows = records_at(setup.bench, flown.capture, interface, path)
        place = {key: k for k, key in enumerate(chain.keys.tolist())}
        plot = np.array([place.get(key, -1) for key in identity(rows["address"], rows["tod_ticks"]).tolist()], np.int64)
        latitude_rad, longitude_rad = plot_positions(setup.bench.radar(path[0]), chain.plots[plot[plot >= 0]])
        verdicts.append(
            continuity.near_its_plots(
                rows[plot >= 0], latitude_rad, longitude_rad, setup.limits.track_position_m, interface, "RIB-CNT-002"
            )
        )
    judge(verdicts)
