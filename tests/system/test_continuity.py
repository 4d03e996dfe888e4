"""A track stays one object's track, near where the radar saw it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hil.checks import continuity
from hil.columns import MISSING, Table
from hil.run.outages import lives
from hil.run.result import ChainResult, RunResult, interface_of, plot_positions, records_at
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
            rows = rows[rows["address"] != MISSING]  # an overload's plots have no identity
            life = lives(flown.outages, path[1], left_at(chain, rows))  # a box that starts anew numbers anew
            for number in np.unique(life):
                verdicts += continuity.one_number_each(rows[life == number], interface, "RIB-CNT-001")
    judge(verdicts)


def left_at(chain: ChainResult, rows: Table) -> np.ndarray:
    """When the record of each row's plot left its first box, ns; the row's own stamp where there is no such plot."""
    out_ns = chain.journeys.stamps_ns[:, chain.journeys.column(chain.budget.taps[2])]
    left_ns = dict(zip(chain.keys.tolist(), out_ns.tolist(), strict=True))
    keys = identity(rows["address"], rows["tod_ticks"]).tolist()
    return np.array([left_ns.get(k, at) for k, at in zip(keys, rows["arrived_ns"].tolist(), strict=True)], np.int64)


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
