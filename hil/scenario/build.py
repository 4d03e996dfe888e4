"""A scenario and the radars that look at it, worked out: truth, plots and antenna marks, the same bits from the same seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hil.columns import Table
from hil.errors import ConfigError
from hil.scenario.model import Scenario
from hil.scenario.radar import Radar, antenna_marks, observe
from hil.scenario.truth import Flight, fly, truth_table


@dataclass(frozen=True, slots=True)
class Observed:
    """`truth` is hil.columns.TRUTH; per radar name, plots are hil.columns.PLOTS and markers hil.scenario.radar.MARKERS.

    plot_id is unique over all radars and rises with time; `radar` in the tables is the radar's place in the sequence given.
    """

    flights: tuple[Flight, ...]
    truth: Table
    plots_by_radar: Mapping[str, Table]
    markers_by_radar: Mapping[str, Table]


def build(scenario: Scenario, radars: Sequence[Radar], seed: int | None = None) -> Observed:
    """Work out what each radar sees of the scenario; `seed` replaces the scenario's own.

    Raises ConfigError when two radars share a name.
    """
    names = [radar.name for radar in radars]
    if len(set(names)) < len(names):
        raise ConfigError(f"two radars share a name: {', '.join(names)}", "give each radar its own")
    seed = scenario.seed if seed is None else seed
    flights = fly(scenario, seed)
    plots = {r.name: observe(flights, r, scenario.duration_s, seed, index) for index, r in enumerate(radars)}
    _number_in_order_of_time(list(plots.values()))
    markers = {r.name: antenna_marks(r, scenario.duration_s, index) for index, r in enumerate(radars)}
    return Observed(flights, truth_table(flights), plots, markers)


def _number_in_order_of_time(tables: Sequence[Table]) -> None:
    if not tables:
        return
    times = np.concatenate([table["time_s"] for table in tables])
    plot_id = np.empty(len(times), dtype=np.int64)
    plot_id[np.argsort(times, kind="stable")] = np.arange(len(times))
    edges = np.cumsum([len(table) for table in tables])[:-1]
    for table, numbers in zip(tables, np.split(plot_id, edges), strict=True):
        table["plot_id"] = numbers
