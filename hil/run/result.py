"""What a run brought back, as columns: records at every tap, every plot's journey along each chain, and what excuses it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hil.bench.model import BenchConfig, Radar
from hil.bench.stand import tap_name
from hil.boxes.box import FormatterClocks
from hil.columns import MISSING, StampSource, Table
from hil.framing import Cause
from hil.run.capture import Capture
from hil.run.floor import BenchFloor
from hil.run.injection import Injection
from hil.run.outages import Excuse, Outage, excused
from hil.run.setup import Setup
from hil.run.strikes import Strike
from hil.scenario.geodesy import ecef_to_geodetic, spherical_to_ecef
from hil.timing.budget import Budget
from hil.timing.journeys import Journeys, TapStamps, identity, pair

PLOT_CATEGORY, TRACK_CATEGORY = 48, 62


@dataclass(frozen=True)
class ChainResult:
    """One chain's budget, its plots' journeys, and where each tap's stamps were taken."""

    budget: Budget
    journeys: Journeys
    sources: Mapping[str, StampSource]  # by the budget's tap names
    plots: Table  # hil.columns.PLOTS, in the order of the journeys
    keys: npt.NDArray[np.int64]  # identity of each plot, in the same order
    excused: npt.NDArray[np.int8]  # (n, taps), hil.run.outages.Excuse; 0 throughout a run without faults

    def due(self, tap: str) -> Journeys:
        """The journeys of the plots that no fault excuses from being seen at a tap."""
        return self._up_to(tap, Excuse.LATE)

    def timely(self, tap: str) -> Journeys:
        """Of those, the journeys that no fault excuses from being in time there."""
        return self._up_to(tap, Excuse.NONE)

    def _up_to(self, tap: str, excuse: Excuse) -> Journeys:
        chosen = self.excused[:, self.journeys.column(tap)] <= excuse
        return self.journeys if chosen.all() else self.journeys.among(chosen)


@dataclass(frozen=True)
class RunResult:
    """Everything that checks are made on."""

    capture: Capture
    chains: Mapping[str, ChainResult]
    injections: Mapping[str, Injection]
    departures: Mapping[str, Table]  # hil.columns.DEPARTURES by radar
    counters_before: Mapping[str, Mapping[str, int]]
    counters_after: Mapping[str, Mapping[str, int]]
    drops: Mapping[str, int]
    watched_ns: tuple[int, int]
    floor: BenchFloor
    clock_sync_s: float = 0.0  # standard uncertainty of the offset between the clocks of the stamps
    strikes: Sequence[Strike] = ()
    outages: Sequence[Outage] = ()
    refused: Mapping[str, Sequence[tuple[int, Cause]]] = field(
        default_factory=dict
    )  # by radar: pieces that its line spoilt
    formatter: Mapping[str, FormatterClocks] = field(default_factory=dict)  # of boxes whose formatter has a clock

    def owed(self, setup: Setup, radar: str) -> tuple[int, int]:
        """How many plots a radar sent whole to its box, and how many of them an outage may have kept from it."""
        sent = int((self.injections[radar].plot_id != MISSING).sum())
        chain = next((chain for chain in setup.links.chain if chain.path[0] == radar), None)
        if chain is None:
            return sent, 0
        excuses = self.chains[chain.name].excused[:, self.chains[chain.name].journeys.column(f"{chain.path[1]}.out")]
        return sent - int((excuses == Excuse.SPOILT).sum()), int((excuses == Excuse.LOST).sum())

    def pauses_ns(self, box: str) -> list[tuple[int, int]]:
        """When faults kept a box from sending at all."""
        return [(o.begin_ns, o.until_ns) for o in self.outages if o.box == box and o.silent]


def interface_of(path: Sequence[str], tap: str) -> str:
    """The capture's interface for a tap of a budget: `jp_box.out` in a chain that goes on to usfj_gw is `jp_box.out.usfj_gw`."""
    node, way = tap.rsplit(".", 1)
    other = path[path.index(node) + (1 if way == "out" else -1)]
    return tap_name(node, way, other)


def records_at(bench: BenchConfig, capture: Capture, interface: str, path: Sequence[str]) -> Table:
    """Records of one chain's own source at a tap: plots before its first box, that box's tracks (but for ends of track) behind."""
    rows = capture.records[capture.records["tap"] == capture.taps.index(interface)]
    if (
        bench.role_of(interface.split(".", maxsplit=1)[0]) == "radar"
        or bench.role_of(interface.rsplit(".", 1)[1]) == "radar"
    ):
        radar = bench.radar(path[0])
        plots: Table = rows[
            (rows["category"] == PLOT_CATEGORY) & (rows["sac"] == radar.sac) & (rows["sic"] == radar.sic)
        ]
        return plots
    box = bench.box(path[1])
    own = (rows["category"] == TRACK_CATEGORY) & (rows["sac"] == box.sac) & (rows["sic"] == box.sic)
    tracks: Table = rows[own & ~rows["ended"]]
    return tracks


def plot_positions(radar: Radar, plots: Table) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Latitude and longitude (radians, WGS-84) of plots (hil.columns.PLOTS) as their radar measured them: range, azimuth, height.

    A CAT048 plot has no elevation; the one that fits range and height is found by bisection, as the height grows with it.
    """
    site = (np.radians(radar.latitude_deg), np.radians(radar.longitude_deg), radar.height_m)
    low, high = np.full(len(plots), -np.pi / 2), np.full(len(plots), np.pi / 2)
    for _ in range(60):
        middle = (low + high) / 2
        position = spherical_to_ecef(plots["range_m"], plots["azimuth_rad"], middle, site)
        below = ecef_to_geodetic(position)[2] < plots["height_m"]
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    latitude, longitude, _ = ecef_to_geodetic(
        spherical_to_ecef(plots["range_m"], plots["azimuth_rad"], (low + high) / 2, site)
    )
    return latitude, longitude


def chain_result(
    setup: Setup,
    chain: str,
    injection: Injection,
    plots: Table,
    capture: Capture,
    *,
    outages: Sequence[Outage],
    own: npt.NDArray[np.int8],
) -> ChainResult:
    """Pair what every tap of `chain` saw with the plots of its radar, by address and time of day.

    `outages` are those of the run; `own` what the plan excuses each plot from (see hil.run.outages).
    """
    budget, path = setup.budgets[chain], setup.links.chain_named(chain).path
    sent = injection.plot_id != MISSING
    keys = identity(injection.address[sent], injection.tod_ticks[sent])
    taps, sources = [], {budget.taps[0]: StampSource.VIRTUAL}  # the schedule itself is exact
    for tap in budget.taps[1:]:
        interface = interface_of(path, tap)
        rows = records_at(setup.bench, capture, interface, path)
        taps.append(TapStamps(tap, identity(rows["address"], rows["tod_ticks"]), rows["arrived_ns"]))
        sources[tap] = capture.sources[capture.taps.index(interface)]
    journeys = pair(injection.plot_id[sent], keys, injection.scheduled_ns[sent], taps, start_tap=budget.taps[0])
    in_order = plots[np.argsort(plots["plot_id"])]
    rows = np.searchsorted(in_order["plot_id"], journeys.plot_id)
    serial = setup.bench.radar(path[0]).port == "radar_serial"
    excuses = excused(journeys, path, serial, outages, own)
    return ChainResult(budget, journeys, sources, in_order[rows], keys, excuses)
