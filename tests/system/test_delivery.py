"""Every plot arrives once, in order, and the boxes' own books agree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hil.checks import delivery
from hil.run.result import RunResult, interface_of, records_at
from hil.timing.journeys import identity
from hil_fixtures import req
from hil_fixtures.session import BenchSession


@req("RIB-DEL-001")
def test_every_plot_yields_exactly_one_record(flown: RunResult, judge: Callable) -> None:
    verdicts = []
    for chain in flown.chains.values():
        _, into, out_of = chain.budget.taps[:3]
        verdicts += delivery.once(chain.journeys, out_of, "RIB-DEL-001")
        verdicts.append(delivery.none_missing(chain.due(out_of), into, out_of, "RIB-DEL-001"))
    judge(verdicts)


@req("LNK-DEL-001")
def test_every_plot_reaches_the_other_c2_once(flown: RunResult, judge: Callable) -> None:
    verdicts = []
    for chain in flown.chains.values():
        verdicts += delivery.once(chain.journeys, chain.budget.taps[-1], "LNK-DEL-001")
        verdicts += [
            delivery.line_loss(
                line, chain.budget, chain.due(line.to_tap), "LNK-DEL-001", tap_drops=sum(flown.drops.values())
            )
            for line in chain.budget.judged
        ]
    judge(verdicts)


@req("RIB-DEL-002")
def test_records_leave_in_the_order_of_their_plots(
    hil_session: BenchSession, flown: RunResult, judge: Callable
) -> None:
    setup, verdicts = hil_session.setup, []
    for name, chain in flown.chains.items():
        path = setup.links.chain_named(name).path
        interface = interface_of(path, chain.budget.taps[2])
        rows = records_at(setup.bench, flown.capture, interface, path)
        place = {key: k for k, key in enumerate(chain.keys.tolist())}
        seen = [place[key] for key in identity(rows["address"], rows["tod_ticks"]).tolist() if key in place]
        verdicts.append(delivery.in_order(np.array(seen, np.int64), interface, "RIB-DEL-002"))
    judge(verdicts)


@req("RIB-DEL-003")
def test_the_counters_account_for_every_plot(hil_session: BenchSession, flown: RunResult, judge: Callable) -> None:
    verdicts = []
    for radar in hil_session.setup.bench.file.radar:
        sent, may_miss = flown.owed(hil_session.setup, radar.name)
        before, after = flown.counters_before[radar.feeds], flown.counters_after[radar.feeds]
        verdicts += delivery.books(radar.feeds, before, after, sent, "RIB-DEL-003", may_miss=may_miss)
    judge(verdicts)
