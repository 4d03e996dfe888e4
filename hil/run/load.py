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
from hil.columns import MISSING, PLOTS
from hil.framing import frame
from hil.run import schedule
from hil.run.capture import read_capture
from hil.run.injection import Injection, by_columns, plot_columns, ticks_of_day
from hil.run.mission import carry_out, start_instant_ns
from hil.run.result import records_at
from hil.run.setup import Setup
from hil.timing.load_search import Trial, next_load, throughput

DRAIN_S = 1.0

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

    Plots are of as many targets as there are messages, all over the radar's range; `seed` fixes them.
    """

    setup: Setup
    stand: Stand
    radar: str
    seed: int = 1
    _targets: int = field(default=0, init=False)

    def rate(self, duration_s: float) -> Offer:
        """Offers of a constant rate, messages/s, for `duration_s`."""
        return lambda rate_hz: self._offer(rate_hz, schedule.constant(rate_hz, max(1, int(rate_hz * duration_s))))

    def burst(self) -> Offer:
        """Offers of one burst of back-to-back messages; the load is their number."""
        return lambda messages: self._offer(messages, schedule.bursts(int(messages), 1.0, 1))

    def _offer(self, load: float, instants_ns: npt.NDArray[np.int64]) -> Trial:
        injection = self._plots(start_instant_ns(self.stand) + instants_ns)
        before = self._out()
        carry_out(self.stand, [injection], int(injection.scheduled_ns[-1]), DRAIN_S, lambda _share: None)
        sent = len(injection.plot_id)
        return Trial(load, sent, max(0, sent - (self._out() - before)))

    def _out(self) -> int:
        """Tracks of the box's own that its tap has seen so far."""
        path = next(chain.path for chain in self.setup.links.chain if chain.path[0] == self.radar)
        interface = tap_name(path[1], "out", path[2])
        return len(records_at(self.setup.bench, read_capture(self.stand.capture), interface, path))

    def _plots(self, at_ns: npt.NDArray[np.int64]) -> Injection:
        radar, n = self.setup.bench.radar(self.radar), len(at_ns)
        random = np.random.default_rng([self.seed, self._targets])
        plots = np.zeros(n, PLOTS)
        plots["plot_id"], plots["object_id"], plots["mode_3a"] = np.arange(n), MISSING, MISSING
        plots["address"] = (self._targets + np.arange(n)) % 0xFFFFFF + 1
        plots["range_m"] = random.uniform(20e3, 0.9e3 * radar.range_km, n)
        plots["azimuth_rad"] = random.uniform(0.0, 2 * np.pi, n)
        plots["height_m"] = 10e3
        self._targets += n
        ticks = ticks_of_day(at_ns)
        columns = plot_columns(radar, plots, ticks)
        columns.pop("070/MODE3A")
        payloads = by_columns(48, columns)
        fcs_bits = self.setup.bench.box(radar.feeds).serial_fcs_bits
        framed = payloads if radar.port == "radar_eth" else [frame(payload, fcs_bits) for payload in payloads]
        return Injection(
            radar.name, plots["plot_id"], at_ns, ticks, plots["address"].astype(np.int64), payloads, framed
        )
