"""Short exercises: messages made by hand, and things done to boxes, each at its instant; what came out while they lasted.

Where a scenario shows that a box does its work, a drill shows what it does with one particular thing. It judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from hil.bench.model import Radar
from hil.bench.stand import Act, Stand
from hil.boxes.box import Box
from hil.columns import MISSING, TOD_LSB_S, TOD_TICKS_PER_DAY
from hil.errors import HilError
from hil.framing import frame
from hil.run.campaign import scenario_radar
from hil.run.capture import Capture, read_capture
from hil.run.counting import counters_after_reset, counters_of
from hil.run.injection import Injection, by_columns, mark_columns, plan_radar
from hil.run.mission import carry_out, start_instant_ns
from hil.run.setup import Setup
from hil.run.witness import WITNESS_FILE, read_witness
from hil.scenario import Scenario, build
from hil.scenario.radar import MARKERS, NORTH_MARKER


@dataclass(frozen=True)
class Message:
    """What one radar sends `at_s` after the start: a payload; on a serial line `octets`, by default the payload's frame."""

    radar: str
    at_s: float
    payload: bytes
    octets: bytes | None = None


@dataclass(frozen=True)
class Order:
    """What is done to a box `at_s` after the start. A text is a console command, a query if it ends in `?`."""

    box: str
    at_s: float
    do: str | Callable[[Box], object]


@dataclass(frozen=True)
class Drilled:
    """What came of it: the capture of that time, counters before and after, and what each order answered (None = nothing).

    `waited_s` is the longest that an ordinary process of the bench's machine waited for a core meanwhile.
    """

    capture: Capture
    before: Mapping[str, Mapping[str, int]]
    after: Mapping[str, Mapping[str, int]]
    answers: Sequence[Any]
    epoch_ns: int
    watched_ns: tuple[int, int]
    waited_s: float

    def grew(self, box: str) -> dict[str, int]:
        """How far each counter of a box went up."""
        return {name: value - self.before[box].get(name, 0) for name, value in self.after[box].items()}


def drill(
    setup: Setup, stand: Stand, messages: Sequence[Message], orders: Sequence[Order] = (), *, lasts_s: float = 0.5
) -> Drilled:
    """Reset every box, carry the messages and orders out, watch until `lasts_s` after the last of them, reset again."""
    for box in stand.boxes.values():
        box.reset()
    before = counters_after_reset(stand)
    begun_ns, begun_octet = stand.now_ns(), stand.capture.stat().st_size
    epoch_ns = start_instant_ns(stand)
    answers: list[Any] = [None] * len(orders)

    def act(index: int, order: Order) -> Callable[[], None]:
        def do() -> None:
            box = stand.boxes[order.box]
            if callable(order.do):
                answers[index] = order.do(box)
            elif order.do.endswith("?"):
                try:
                    answers[index] = box.ask(order.do)
                except HilError as error:
                    answers[index] = f"no answer: {error}"  # a box that does not answer is what a drill may find
            else:
                box.tell(order.do)

        return do

    acts = [Act(epoch_ns + int(order.at_s * 1e9), act(index, order)) for index, order in enumerate(orders)]
    radars = dict.fromkeys(message.radar for message in messages)
    injections = [_injection(setup, radar, messages, epoch_ns) for radar in radars]
    until_s = max([0.0, *(order.at_s for order in orders), *(message.at_s for message in messages)])
    carry_out(stand, injections, epoch_ns + int(until_s * 1e9), lasts_s, lambda _share: None, acts)
    after = counters_of(stand)
    watched_ns = (begun_ns, stand.now_ns())
    for box in stand.boxes.values():
        box.reset()  # nothing that was told to a box outlasts the drill
    waited_s = float(read_witness(stand.folder / WITNESS_FILE).max(initial=0.0))
    capture = read_capture(stand.capture, begun_octet, watched_ns)  # without what boxes say of those resets
    return Drilled(capture, before, after, answers, epoch_ns, watched_ns, waited_s)


def _injection(setup: Setup, radar: str, messages: Sequence[Message], epoch_ns: int) -> Injection:
    own = sorted((m for m in messages if m.radar == radar), key=lambda m: m.at_s)
    spec = setup.bench.radar(radar)
    fcs_bits = setup.bench.box(spec.feeds).serial_fcs_bits
    plain = spec.port == "radar_eth"
    rows = np.arange(len(own))
    return Injection(
        radar=radar,
        plot_id=rows,
        scheduled_ns=np.array([epoch_ns + int(m.at_s * 1e9) for m in own], np.int64),
        tod_ticks=np.full(len(own), MISSING),
        address=np.full(len(own), MISSING),
        payloads=[m.payload for m in own],
        octets=[m.octets if m.octets is not None else m.payload if plain else frame(m.payload, fcs_bits) for m in own],
    )


# ---- messages ----


def plot_blocks(radar: Radar, tod_s: Any, **items: Any) -> list[bytes]:
    """CAT048 blocks of one plot each, as many as the longest column: `tod_s`, and items by path with `i` in front and `__` for `/`.

    Without others a plot is a Mode S roll-call at 100 km, north-east, in FL 330. None leaves a usual item out.
    """
    usual: dict[str, Any] = {
        "010/SAC": radar.sac,
        "010/SIC": radar.sic,
        "140": np.round(np.asarray(tod_s) / TOD_LSB_S) % TOD_TICKS_PER_DAY * TOD_LSB_S,
        "020/TYP": 5,
        "040/RHO": 100e3,
        "040/THETA": np.pi / 4,
        "090/FL": 33_000 * 0.3048,
    }
    usual |= {name.removeprefix("i").replace("__", "/"): value for name, value in items.items()}
    columns = {path: value for path, value in usual.items() if value is not None}
    n = max(np.size(value) for value in columns.values())
    return by_columns(48, {path: np.broadcast_to(np.asarray(value), n).copy() for path, value in columns.items()})


def one_block(blocks: Iterable[bytes]) -> bytes:
    """The records of several blocks of one category in one block."""
    parts = list(blocks)
    body = b"".join(part[3:] for part in parts)
    return parts[0][:1] + (3 + len(body)).to_bytes(2, "big") + body


def service_block(radar: Radar, tod_s: float, kind: int = NORTH_MARKER, *, turn_s: float | None = None) -> bytes:
    """A CAT034 block: a north marker, or a sector crossing at 90°; `turn_s` is the antenna's rotation period (I034/041)."""
    mark = np.zeros(1, MARKERS)
    mark["message_type"], mark["azimuth_rad"] = kind, np.pi / 2
    columns = mark_columns(radar, mark, np.array([round(tod_s / TOD_LSB_S) % TOD_TICKS_PER_DAY]))
    if kind == NORTH_MARKER:
        del columns["020"]
    if turn_s is not None:
        columns["041"] = np.array([turn_s])
    return by_columns(34, columns)[0]


def flight(setup: Setup, radar: Radar, scenario: Scenario, tod_epoch_s: float, speed: float) -> list[Message]:
    """A scenario seen without measurement errors, sent `speed` times as fast as it is; its times of day begin at `tod_epoch_s`."""
    exact = msgspec.structs.replace(radar, sigma_range_m=0.0, sigma_azimuth_deg=0.0, sigma_height_m=0.0)
    observed = build(scenario, [scenario_radar(exact)])
    plan = plan_radar(
        exact,
        observed.plots_by_radar[radar.name],
        observed.markers_by_radar[radar.name],
        int(tod_epoch_s * 1e9),
        fcs_bits=setup.bench.box(radar.feeds).serial_fcs_bits,
    )
    seconds = (plan.scheduled_ns - int(tod_epoch_s * 1e9)) * 1e-9 / speed
    return [Message(radar.name, at, payload) for at, payload in zip(seconds.tolist(), plan.payloads, strict=True)]


def later(messages: Iterable[Message], by_s: float) -> list[Message]:
    """The same messages, later."""
    return [replace(message, at_s=message.at_s + by_s) for message in messages]
