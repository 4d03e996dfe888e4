"""Does a track stay one object's track, under one number, near where the object is?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hil.columns import Table
from hil.timing.verdict import Outcome, Verdict, judge_count

EARTH_RADIUS_M = 6_371_009.0  # mean radius; distances here are short


def one_number_each(tracks: Table, tap: str, requirement: str) -> list[Verdict]:
    """Over `tracks` (hil.columns.TRACKS, one tap and source): no address changes its number, no number its address."""
    pairs = np.unique(np.stack([tracks["address"], tracks["track_number"]], axis=1), axis=0)
    changed = len(pairs) - len(np.unique(pairs[:, 0]))
    moved = len(pairs) - len(np.unique(pairs[:, 1]))
    return [
        judge_count(requirement, tap, changed, 0, len(tracks), "changes of number"),
        judge_count(requirement, tap, moved, 0, len(tracks), "numbers that moved to another object"),
    ]


def near_its_plots(
    tracks: Table,
    latitude_rad: npt.NDArray[np.float64],
    longitude_rad: npt.NDArray[np.float64],
    limit_m: float,
    tap: str,
    requirement: str,
) -> Verdict:
    """No track is further than `limit_m` from the plot that updated it, whose position is given row by row (WGS-84, radians)."""
    north_m = (tracks["latitude_rad"] - latitude_rad) * EARTH_RADIUS_M
    east_m = (tracks["longitude_rad"] - longitude_rad) * EARTH_RADIUS_M * np.cos(latitude_rad)
    away_m = np.hypot(north_m, east_m)
    unknown = int(np.isnan(away_m).sum())
    if not len(away_m) or unknown:
        reason = f"{unknown} tracks have no position" if unknown else "nothing was observed"
        outcome = Outcome.FAIL if unknown else Outcome.INCONCLUSIVE
        return Verdict(requirement, tap, limit_m, "m", np.nan, 0.0, outcome, len(away_m), reason)
    worst = int(np.argmax(away_m))
    outcome = Outcome.PASS if away_m[worst] <= limit_m else Outcome.FAIL
    reason = (
        ""
        if outcome is Outcome.PASS
        else f"track {tracks['track_number'][worst]} is {away_m[worst]:.0f} m from its plot"
    )
    return Verdict(requirement, tap, limit_m, "m", float(away_m[worst]), 0.0, outcome, len(away_m), reason)
