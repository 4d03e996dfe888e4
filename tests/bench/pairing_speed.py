"""How long pairing takes: a million journeys over six taps, with loss, duplicates and reordering, one core.

python tests/bench/pairing_speed.py [--journeys 1000000] [--taps 6] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from hil.columns import TOD_TICKS_PER_DAY
from hil.timing.journeys import TapStamps, identity, pair, segment_delays

HOUR_NS = 3_600_000_000_000
NOON_NS = 1_700_049_600_000_000_000


def taps_of(
    keys: np.ndarray, starts_ns: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[list[TapStamps], int]:
    """Taps that each delay by 1 ms + exponential 5 ms, lose 0.1 % and duplicate 0.1 %; and how many plots are left at the end."""
    n = len(keys)
    alive, stamps, taps = np.ones(n, bool), starts_ns.copy(), []
    for index in range(count):
        stamps = stamps + 1_000_000 + rng.exponential(5e6, n).astype(np.int64)
        alive &= rng.random(n) >= 0.001
        rows = np.flatnonzero(alive)
        rows = np.concatenate([rows, rows[rng.random(len(rows)) < 0.001]])
        rows = rows[np.argsort(stamps[rows], kind="stable")]
        taps.append(TapStamps(f"tap {index}", keys[rows], stamps[rows]))
    return taps, int(np.count_nonzero(alive))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--journeys", type=int, default=1_000_000)
    options.add_argument("--taps", type=int, default=6)
    options.add_argument("--json", type=Path, help="write the figure here")
    given = options.parse_args()
    rng = np.random.default_rng(1)
    starts_ns = NOON_NS + np.sort(rng.integers(0, HOUR_NS, given.journeys))
    tod = starts_ns // 1000 * 128 // 1_000_000 % TOD_TICKS_PER_DAY
    keys = identity(rng.integers(0, 1 << 24, given.journeys), tod)
    taps, arrived = taps_of(keys, starts_ns, given.taps, rng)
    began = time.perf_counter()
    journeys = pair(np.arange(given.journeys), keys, starts_ns, taps, start_tap="start")
    delays = segment_delays(journeys, "start", taps[-1].name)
    took_s = time.perf_counter() - began
    found, unclear = int(np.count_nonzero(~np.isnan(delays))), int(journeys.ambiguous.sum())
    print(
        f"{given.journeys} journeys over {given.taps} taps: {took_s:.2f} s; {found} of {arrived} arrived, {unclear} ambiguous"
    )
    if given.json:
        given.json.write_text(json.dumps({"pairing_s_per_million": took_s * 1e6 / given.journeys}) + "\n")


if __name__ == "__main__":
    main()
