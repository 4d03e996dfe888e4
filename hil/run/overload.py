"""Plots on top of a scenario's: without address and code, so a box has to shed them first. Pure.

They lie on one bearing, in the middle of the widest stretch of sky in which the radar sees nothing of the scenario, so that none of
them can be taken for an object of it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hil.bench.model import Radar
from hil.columns import MISSING, PLOTS, TOD_LSB_S, Table
from hil.errors import ConfigError
from hil.framing import frame
from hil.run.injection import Injection, by_columns, ticks_of_day
from hil.scenario.faults import Overload

RANGE_FROM_M, RANGE_STEP_M = 60e3, 1.7e3
HEIGHT_M = 9_000.0
CLEAR_SKY_RAD = np.radians(10.0)
PRIMARY = 1  # I048/020 TYP: single PSR detection


def nameless_plots(fault: Overload, radar: Radar, seen: Table, first_id: int) -> Table:
    """The plots (hil.columns.PLOTS) that `fault` adds to those that `radar` sees of the scenario, numbered from `first_id`.

    Raises ConfigError when the scenario leaves no sky free for them.
    """
    count = int(fault.lasts_s * fault.plots_per_s)
    plots = np.zeros(count, PLOTS)
    plots["plot_id"] = first_id + np.arange(count)
    plots["radar"] = seen["radar"][0] if len(seen) else 0
    plots["time_s"] = fault.at_s + (np.arange(count) + 0.5) / fault.plots_per_s
    room_m = min(radar.range_km * 1e3, 440e3) - RANGE_FROM_M
    plots["range_m"] = RANGE_FROM_M + np.arange(count) * RANGE_STEP_M % room_m
    plots["azimuth_rad"] = _free_bearing_rad(radar.name, seen["azimuth_rad"])
    plots["height_m"] = HEIGHT_M
    plots["elevation_rad"] = np.nan
    plots["mode_3a"], plots["address"], plots["object_id"] = MISSING, MISSING, MISSING
    return plots


def _free_bearing_rad(radar: str, seen_rad: npt.NDArray[np.float64]) -> float:
    if not len(seen_rad):
        return 0.0
    bearings = np.sort(seen_rad % (2 * np.pi))
    gaps = np.diff(bearings, append=bearings[0] + 2 * np.pi)
    widest = int(np.argmax(gaps))
    if gaps[widest] < CLEAR_SKY_RAD:
        raise ConfigError(
            f"{radar} sees the scenario all around: there is no sky for the plots of an overload",
            "leave 10° free of traffic",
        )
    return float((bearings[widest] + gaps[widest] / 2) % (2 * np.pi))


def with_plots(injection: Injection, radar: Radar, plots: Table, epoch_ns: int, *, fcs_bits: int = 16) -> Injection:
    """The same injection with nameless `plots` in between, in the order of time; one CAT048 block each."""
    scheduled_ns = epoch_ns + np.rint(plots["time_s"] * 1e9).astype(np.int64)
    ticks = ticks_of_day(scheduled_ns)
    n = len(plots)
    payloads = by_columns(
        48,
        {
            "010/SAC": np.full(n, radar.sac),
            "010/SIC": np.full(n, radar.sic),
            "140": ticks * TOD_LSB_S,
            "020/TYP": np.full(n, PRIMARY),
            "040/RHO": plots["range_m"],
            "040/THETA": plots["azimuth_rad"],
            "110/3DH": plots["height_m"],
        },
    )
    octets = payloads if radar.port == "radar_eth" else [frame(payload, fcs_bits) for payload in payloads]
    at_ns = np.concatenate([injection.scheduled_ns, scheduled_ns])
    order = np.argsort(at_ns, kind="stable")
    all_payloads, all_octets = [*injection.payloads, *payloads], [*injection.octets, *octets]
    return replace(
        injection,
        plot_id=np.concatenate([injection.plot_id, plots["plot_id"]])[order],
        scheduled_ns=at_ns[order],
        tod_ticks=np.concatenate([injection.tod_ticks, ticks])[order],
        address=np.concatenate([injection.address, plots["address"]])[order],
        payloads=[all_payloads[k] for k in order],
        octets=[all_octets[k] for k in order],
    )
