"""How much a box carries: throughput in the manner of RFC 2544 §26.1, back-to-back bursts in that of §26.4 and RFC 9004.

`BoxLoad` offers one load at a time to a box of a standing bench and counts what comes out; `search` decides with
hil.timing.load_search which load to try next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hil.bench.stand import Stand, tap_name
from hil.columns import MISSING, PLOTS, TOD_TICKS_PER_DAY
from hil.framing import frame
from hil.run import schedule
from hil.run.capture import read_capture
from hil.run.injection import Injection, by_columns, plot_columns, ticks_of_day
from hil.run.mission import carry_out, start_instant_ns
from hil.run.result import records_at
from hil.run.setup import Setup
from hil.timing.journeys import identity
from hil.timing.load_search import Trial, next_load, throughput

DRAIN_S = 1.0
TARGETS = 1_000  # well within what a box has to hold
GOLDEN_ANGLE_RAD = np.pi * (3 - 5**0.5)  # so that neighbours in the ring are far apart in the sky

Offer = Callable[[float], Trial]


def search(
    offer: Offer, lowest: float, highest: float, resolution: float, *, loss_allowance: float = 0.0, tries: int = 1
) -> tuple[float, tuple[Trial, ...]]:
    """The highest load that was carried (NaN if none was) and every trial; a load counts as carried when one of `tries` was.

    More than one try is for a bench whose own machine is disturbed now and then. Raises ConfigError for a range that is none.
    """
    trials: list[Trial] = []
    while (load := next_load(trials, lowest, highest, resolution, loss_allowance)) is not None:
        best = offer(load)
        for _ in range(tries - 1):
            if best.sent and best.lost <= loss_allowance * best.sent:
                break
            best = min(best, offer(load), key=lambda trial: trial.lost)
        trials.append(best)
    return throughput(trials, loss_allowance), tuple(trials)


@dataclass
class BoxLoad:
    """Offers plots to the box that `radar` feeds and counts its tracks on the way to the next node of the radar's chain.

    `drops` is what the bench itself lost meanwhile: a search with any of it says nothing about the box.
    """

    setup: Setup
    stand: Stand
    radar: str
    drops: int = field(default=0, init=False)

    def rate(self, duration_s: float) -> Offer:
        """Offers of a constant rate, messages/s, for `duration_s`."""
        return lambda rate_hz: self._offer(rate_hz, schedule.constant(rate_hz, max(1, int(rate_hz * duration_s))))

    def burst(self) -> Offer:
        """Offers of one burst of back-to-back messages; the load is their number."""
        return lambda messages: self._offer(int(messages), schedule.bursts(int(messages), 1.0, 1))

    def _offer(self, load: float, instants_ns: npt.NDArray[np.int64]) -> Trial:
        injection = plots_at(self.setup, self.radar, start_instant_ns(self.stand) + instants_ns)
        begun_octet = self.stand.capture.stat().st_size
        carry_out(self.stand, [injection], int(injection.scheduled_ns[-1]), DRAIN_S, lambda _share: None)
        path = next(chain.path for chain in self.setup.links.chain if chain.path[0] == self.radar)
        capture = read_capture(self.stand.capture, begun_octet)
        seen = records_at(self.setup.bench, capture, tap_name(path[1], "out", path[2]), path)
        self.drops = sum(self.stand.drops().values())
        sent = len(injection.plot_id)
        return Trial(load, sent, max(0, sent - len(np.unique(identity(seen["address"], seen["tod_ticks"])))))


def plots_at(setup: Setup, radar_name: str, at_ns: npt.NDArray[np.int64], first: int = 0) -> Injection:
    """Plots that leave at `at_ns`, (n,) i8, of a ring of targets that stand still all over the radar's range; each has an identity.

    `first` is how many messages there were before. A message has the time of day of its instant; where that would give a target two
    plots in one step of the time of day, the later one has the next step.
    """
    radar, n = setup.bench.radar(radar_name), len(at_ns)
    target = (first + np.arange(n)) % TARGETS
    plots = np.zeros(n, PLOTS)
    plots["plot_id"], plots["object_id"], plots["mode_3a"] = first + np.arange(n), MISSING, MISSING
    plots["address"] = 1 + target
    plots["range_m"] = np.linspace(20e3, 0.9e3 * radar.range_km, TARGETS)[target]
    plots["azimuth_rad"] = (target * GOLDEN_ANGLE_RAD) % (2 * np.pi)
    plots["height_m"] = 10e3
    ticks = _apart(ticks_of_day(at_ns), TARGETS)
    columns = plot_columns(radar, plots, ticks)
    columns.pop("070/MODE3A")
    payloads = by_columns(48, columns)
    fcs_bits = setup.bench.box(radar.feeds).serial_fcs_bits
    framed = payloads if radar.port == "radar_eth" else [frame(payload, fcs_bits) for payload in payloads]
    addresses = plots["address"].astype(np.int64)
    return Injection(radar.name, plots["plot_id"], at_ns, ticks, addresses, payloads, framed)


def _apart(ticks: npt.NDArray[np.int64], ring: int) -> npt.NDArray[np.int64]:
    """Times of day such that the message `ring` places on, which is of the same target, is at least one step later."""
    apart = ticks.copy()
    for start in range(ring, len(apart), ring):
        before, here = apart[start - ring : start], apart[start : start + ring]
        step = (here - before[: len(here)]) % TOD_TICKS_PER_DAY
        here[:] = np.where((step == 0) | (step > TOD_TICKS_PER_DAY // 2), before[: len(here)] + 1, here)
    return np.asarray(apart % TOD_TICKS_PER_DAY, np.int64)
