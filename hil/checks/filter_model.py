"""What the filter of docs/icd.md §2 makes of one object's plots: written from that text, to hold boxes against.

Earth-centred coordinates, one object at a time, plots in the order of time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

VELOCITY_BASE_S = 0.9  # the first plot that far after the first one gives the velocity
STEP_MIN_S = 1.0
LOST_M, LOST_MPS2 = 15e3, 50.0  # a residual beyond this starts the state anew

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Smoothed:
    """Per plot: position (n, 3) and velocity (n, 3) in ECEF, m and m/s; NaN while there is no velocity."""

    position_m: Floats
    velocity_mps: Floats


def smooth(time_s: Floats, measured_m: Floats, alpha: float, beta: float, gamma: float) -> Smoothed:
    """Run the filter over `time_s` (n,), `measured_m` (n, 3)."""
    positions, velocities = np.empty_like(measured_m), np.full_like(measured_m, np.nan)
    first = 0
    p, v, a = measured_m[0], np.full(3, np.nan), np.zeros(3)
    for k, (now_s, seen_m) in enumerate(zip(time_s, measured_m, strict=True)):
        if k == first:
            p, v, a = seen_m, np.full(3, np.nan), np.zeros(3)
        elif np.isnan(v[0]):
            p = seen_m
            base_s = now_s - time_s[first]
            if base_s >= VELOCITY_BASE_S:
                v = (seen_m - measured_m[first]) / base_s
        else:
            dt_s = now_s - time_s[k - 1]
            predicted = p + v * dt_s + a * dt_s**2 / 2
            residual = seen_m - predicted
            if np.linalg.norm(residual) > LOST_M + LOST_MPS2 * dt_s**2:
                first, p, v, a = k, seen_m, np.full(3, np.nan), np.zeros(3)
            else:
                step_s = max(dt_s, STEP_MIN_S)
                p = predicted + alpha * residual
                v = v + a * dt_s + beta * residual / step_s
                a = a + 2 * gamma * residual / step_s**2
        positions[k], velocities[k] = p, v
    return Smoothed(positions, velocities)
