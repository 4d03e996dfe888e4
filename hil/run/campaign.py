"""One scenario flown over one bench: worked out, planned, carried out, and brought back as columns. Where core and shell meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hil.bench.model import Radar as BenchRadar
from hil.bench.stand import Stand
from hil.boxes import console
from hil.boxes.box import FormatterClocks
from hil.columns import Table
from hil.errors import ConfigError
from hil.run.capture import Capture
from hil.run.floor import floor_of_run
from hil.run.injection import Injection, plan_radar
from hil.run.mission import Watcher, carry_out, start_instant_ns
from hil.run.result import RunResult, chain_result
from hil.run.setup import Setup
from hil.scenario import Observed, Radar, Scenario, build
from hil.timing.budget import with_clocks
from hil.timing.terms import Clocks

MARGIN_S = 1.0  # on top of the longest chain's limit, for what is still on its way


@dataclass(frozen=True)
class Flown:
    """A scenario that was injected: what was seen, planned and sent, and what the boxes counted before and after."""

    observed: Observed
    injections: Mapping[str, Injection]
    departures: Mapping[str, Table]
    counters_before: Mapping[str, Mapping[str, int]]
    counters_after: Mapping[str, Mapping[str, int]]
    watched_ns: tuple[int, int]
    formatter: Mapping[str, FormatterClocks]  # of boxes whose formatter has a clock


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


def fly(setup: Setup, stand: Stand, scenario: Scenario, seed: int | None, watch: Watcher) -> Flown:
    """Inject `scenario` through every radar of the bench and wait until the last plot has had its time to arrive.

    Raises ConfigError for a radar that no chain starts at, BenchError when something of the bench breaks on the way.
    """
    radars = setup.bench.file.radar
    starts = {chain.path[0] for chain in setup.links.chain}
    for radar in radars:
        if radar.name not in starts:
            raise ConfigError(f"no chain of the link file starts at radar `{radar.name}`", "add one, or drop the radar")
    observed = build(scenario, [scenario_radar(radar) for radar in radars], seed)
    before = {name: box.counters() for name, box in stand.boxes.items()}
    begun_ns = stand.now_ns()
    epoch_ns = start_instant_ns(stand)
    injections = {
        radar.name: plan_radar(
            radar,
            observed.plots_by_radar[radar.name],
            observed.markers_by_radar[radar.name],
            epoch_ns,
            fcs_bits=setup.bench.box(radar.feeds).serial_fcs_bits,
        )
        for radar in radars
    }
    drain_s = MARGIN_S + max(budget.end_to_end.limit_s for budget in setup.budgets.values())
    hold_until_ns = epoch_ns + int(scenario.duration_s * 1e9)
    departures = carry_out(stand, list(injections.values()), hold_until_ns, drain_s, watch)
    after = {name: box.counters() for name, box in stand.boxes.items()}
    formatter = formatter_clocks(stand)
    return Flown(observed, injections, departures, before, after, (begun_ns, stand.now_ns()), formatter)


def formatter_clocks(stand: Stand) -> dict[str, FormatterClocks]:
    """What the boxes of an `rtl` bench have counted; empty on other benches. Raises BenchError for an answer of another form."""
    if stand.config.file.fidelity != "rtl":
        return {}
    asked = {name: console.formatter_clocks(name, box.ask) for name, box in stand.boxes.items()}
    return {name: clocks for name, clocks in asked.items() if clocks.messages}


def counted(setup: Setup, formatter: Mapping[str, FormatterClocks]) -> Setup:
    """The set-up with the clocks that were counted as terms of its budgets."""
    terms = {
        name: Clocks(
            min_clocks=seen.clocks_min,
            max_clocks=seen.clocks_max,
            clock_mhz=seen.clock_mhz,
            note=f"formatter, counted over {seen.messages} messages",
        )
        for name, seen in formatter.items()
    }
    return replace(setup, budgets={name: with_clocks(budget, terms) for name, budget in setup.budgets.items()})


def result_of(setup: Setup, stand: Stand, flown: Flown, capture: Capture) -> RunResult:
    """Pair what was sent with what the taps saw, chain by chain; clocks counted in a formatter are terms of the budgets."""
    setup = counted(setup, flown.formatter)
    chains = {}
    for chain in setup.links.chain:
        radar = chain.path[0]
        chains[chain.name] = chain_result(
            setup, chain.name, flown.injections[radar], flown.observed.plots_by_radar[radar], capture
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
        formatter=flown.formatter,
    )
