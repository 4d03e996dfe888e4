"""One scenario flown over one bench: worked out, planned, carried out, and brought back as columns. Where core and shell meet.

What a scenario does to boxes and lines goes the same way: planned with the rest, carried out between the plots, and brought back as
what really happened, so that checks know which plots it excuses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from hil.bench.model import Radar as BenchRadar
from hil.bench.stand import Stand
from hil.boxes.box import FormatterClocks
from hil.columns import Table
from hil.drivers.serial import octet_time_ns
from hil.errors import ConfigError
from hil.run.capture import Capture
from hil.run.clock import clock_sync_standard_s
from hil.run.counting import counters_of
from hil.run.floor import floor_of_run
from hil.run.formatter import formatter_clocks, with_formatter
from hil.run.injection import Injection, plan_radar, prepare
from hil.run.line_faults import Spoilt, spoil, unspoilt
from hil.run.mission import Arriving, Watcher, carry_out, nobody_asks, start_instant_ns
from hil.run.outages import by_plan, outages_of
from hil.run.overload import nameless_plots, with_plots
from hil.run.result import RunResult, chain_result
from hil.run.setup import Setup
from hil.run.strikes import Strike, acts_of, check_possible, counted_in_all, undo
from hil.scenario import Observed, Radar, Scenario, build
from hil.scenario.faults import LineFault, Overload

MARGIN_S = 1.0  # on top of the longest chain's limit, for what is still on its way


Live = Callable[
    [list[Strike]], Arriving
]  # how faults come in that somebody asks for while plots fly; each joins the list


def none_live(strikes: list[Strike]) -> Arriving:
    """Nobody may do anything to the boxes but the scenario."""
    del strikes
    return nobody_asks


@dataclass(frozen=True)
class Plan:
    """What one radar sends: its plots (hil.columns.PLOTS), an overload's included, and their injection as its line spoils it.

    Plots numbered from `first_nameless` on are the overload's.
    """

    plots: Table
    spoilt: Spoilt
    first_nameless: int


@dataclass(frozen=True)
class Flown:
    """A scenario that was injected: what was seen, planned and sent, and what the boxes counted before and after.

    `strikes` are the faults that were done meanwhile; a box that one of them restarted has counted in all its lives together.
    """

    observed: Observed
    plans: Mapping[str, Plan]
    injections: Mapping[str, Injection]
    departures: Mapping[str, Table]
    counters_before: Mapping[str, Mapping[str, int]]
    counters_after: Mapping[str, Mapping[str, int]]
    watched_ns: tuple[int, int]
    strikes: Sequence[Strike] = ()
    formatter: Mapping[str, FormatterClocks] = field(default_factory=dict)  # of boxes whose formatter has a clock


def scenario_radar(radar: BenchRadar) -> Radar:
    """The scenario's view of a radar of the bench file."""
    return Radar(
        name=radar.name,
        sac=radar.sac,
        sic=radar.sic,
        latitude_deg=radar.latitude_deg,
        longitude_deg=radar.longitude_deg,
        height_m=radar.height_m,
        scan_s=radar.scan_s,
        range_max_m=radar.range_km * 1e3,
        sigma_range_m=radar.sigma_range_m,
        sigma_azimuth_deg=radar.sigma_azimuth_deg,
        sigma_height_m=radar.sigma_height_m,
        pd=radar.detection_probability,
    )


def fly(
    setup: Setup,
    stand: Stand,
    scenario: Scenario,
    seed: int | None,
    watch: Watcher,
    live: Live = none_live,
) -> Flown:
    """Inject `scenario` through every radar of the bench, do its faults, and wait until the last plot has had its time to arrive.

    Raises ConfigError for a radar that no chain starts at or a fault at a box that is not there, BenchError for a fault that this
    bench cannot do and when something of the bench breaks on the way.
    """
    radars = setup.bench.file.radar
    starts = {chain.path[0] for chain in setup.links.chain}
    for radar in radars:
        if radar.name not in starts:
            raise ConfigError(f"no chain of the link file starts at radar `{radar.name}`", "add one, or drop the radar")
    for fault in scenario.fault:
        check_possible(setup, stand, fault)
    observed = build(scenario, [scenario_radar(radar) for radar in radars], seed)
    prepare(radars)
    before = {name: box.counters() for name, box in stand.boxes.items()}
    begun_ns = stand.now_ns()
    epoch_ns = start_instant_ns(stand)
    plans: dict[str, Plan] = {}
    next_id = 1 + max((int(p["plot_id"].max()) for p in observed.plots_by_radar.values() if len(p)), default=-1)
    for radar in radars:
        plans[radar.name] = _plan(
            setup, radar, scenario, observed, epoch_ns, scenario.seed if seed is None else seed, next_id
        )
        next_id += len(plans[radar.name].plots)
    injections = {name: plan.spoilt.injection for name, plan in plans.items()}
    strikes = [Strike(fault, epoch_ns + round(fault.at_s * 1e9)) for fault in scenario.fault]
    acts = [act for strike in strikes for act in acts_of(strike, stand, setup.limits.recovery)]
    drain_s = MARGIN_S + max(budget.end_to_end.limit_s for budget in setup.budgets.values())
    hold_until_ns = epoch_ns + int(scenario.duration_s * 1e9)
    departures = carry_out(stand, list(injections.values()), hold_until_ns, drain_s, watch, acts, live(strikes))
    after = {
        name: counted_in_all(counters, [strike for strike in strikes if strike.fault.box == name])
        for name, counters in counters_of(stand).items()
    }
    watched_ns = (begun_ns, stand.now_ns())
    undo(stand, strikes)
    return Flown(observed, plans, injections, departures, before, after, watched_ns, strikes, formatter_clocks(stand))


def _plan(
    setup: Setup, radar: BenchRadar, scenario: Scenario, observed: Observed, epoch_ns: int, seed: int, next_id: int
) -> Plan:
    spec = setup.bench.box(radar.feeds)
    plots, fcs_bits = observed.plots_by_radar[radar.name], spec.serial_fcs_bits
    injection = plan_radar(radar, plots, observed.markers_by_radar[radar.name], epoch_ns, fcs_bits=fcs_bits)
    first_nameless = next_id
    for fault in scenario.fault:
        if fault.box == radar.feeds and isinstance(fault, Overload):
            nameless = nameless_plots(fault, radar, observed.plots_by_radar[radar.name], next_id)
            injection = with_plots(injection, radar, nameless, epoch_ns, fcs_bits=fcs_bits)
            plots, next_id = np.concatenate([plots, nameless]), next_id + len(nameless)
    line = [fault for fault in scenario.fault if fault.box == radar.feeds and isinstance(fault, LineFault)]
    if radar.port != "radar_serial" or not line:
        return Plan(plots, unspoilt(injection), first_nameless)
    octet_ns = octet_time_ns(spec.serial_baud)
    return Plan(plots, spoil(injection, line, epoch_ns, seed, fcs_bits=fcs_bits, octet_ns=octet_ns), first_nameless)


def result_of(setup: Setup, stand: Stand, flown: Flown, capture: Capture) -> RunResult:
    """Pair what was sent with what the taps saw, chain by chain; clocks counted in a formatter are terms of the budgets."""
    setup = with_formatter(setup, flown.formatter)
    outages = outages_of(flown.strikes, setup.limits.recovery)
    chains = {}
    for chain in setup.links.chain:
        plan = flown.plans[chain.path[0]]
        own = by_plan(plan.spoilt, plan.first_nameless)
        chains[chain.name] = chain_result(
            setup, chain.name, plan.spoilt.injection, plan.plots, capture, outages=outages, own=own
        )
    return RunResult(
        capture=capture,
        chains=chains,
        injections=flown.injections,
        departures=flown.departures,
        counters_before=flown.counters_before,
        counters_after=flown.counters_after,
        drops=stand.drops(),
        watched_ns=flown.watched_ns,
        floor=floor_of_run(setup, stand, flown.injections, flown.departures),
        clock_sync_s=clock_sync_standard_s(setup.bench.file),
        strikes=flown.strikes,
        outages=outages,
        refused={name: plan.spoilt.refused for name, plan in flown.plans.items() if plan.spoilt.refused},
        formatter=flown.formatter,
    )
