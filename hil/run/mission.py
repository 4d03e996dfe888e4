"""Carries out injections on a bench that stands: executors in processes of their own, watched until the last plot has arrived;
on a simulated bench the clock is simply moved on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np

from hil.bench.stand import Act, ProcessStand, Stand, tap_name
from hil.bench.virtual import Sending, VirtualStand
from hil.columns import DEPARTURES, MISSING, StampSource, Table
from hil.errors import HilTimeoutError
from hil.run.executor import EthernetPort, ExecutorConfig, SerialPort
from hil.run.injection import Injection
from hil.run.witness import WITNESS_FILE, WitnessConfig

WITNESS = "witness"  # as a process of the bench
WATCH_S = 0.1
LEAD_S = 2.0  # from planning to the first octet: interpreters start, plans are loaded
OVERRUN_S = 10.0

Watcher = Callable[[float], None]
Arriving = Callable[[], Sequence[Act]]  # what somebody has asked for meanwhile; looked at about ten times a second


def nobody_asks() -> Sequence[Act]:
    """Nothing but what was planned."""
    return ()


def start_instant_ns(stand: Stand) -> int:
    """The next whole second of the bench's clock that leaves executors the time to start, ns."""
    return (stand.now_ns() + int(LEAD_S * 1e9)) // 10**9 * 10**9 + 10**9


def carry_out(
    stand: Stand,
    injections: Sequence[Injection],
    hold_until_ns: int,
    drain_s: float,
    watch: Watcher,
    acts: Sequence[Act] = (),
    arriving: Arriving = nobody_asks,
) -> dict[str, Table]:
    """Carry out all `injections` at once, hold out until `hold_until_ns`, then `drain_s` more for what is still on its way.

    Meanwhile `acts` are done, each at its instant or as soon after as the bench can, and in real time those `arriving`, too;
    none is left undone. `watch` is called about ten times a second
    with the share (0…1) of the schedule that is over. Returns hil.columns.DEPARTURES by radar. Raises BenchError when any process
    of the bench dies meanwhile, HilTimeoutError when an executor does not end.
    """
    last_ns = max([hold_until_ns, *(int(i.scheduled_ns[-1]) for i in injections if len(i.scheduled_ns))])
    last_ns = max([last_ns, *(act.at_ns for act in acts)])
    if isinstance(stand, VirtualStand):
        return carry_out_virtually(stand, injections, last_ns + int(drain_s * 1e9), watch, acts)
    assert isinstance(stand, ProcessStand)
    _start_witness(stand, last_ns + int((OVERRUN_S + drain_s) * 1e9))
    names = [_start(stand, injection) for injection in injections]
    try:
        busy = [injection for injection in injections if len(injection.scheduled_ns)]
        first_ns = min((int(i.scheduled_ns[0]) for i in busy), default=time.time_ns())
        _wait(stand, names, (first_ns, last_ns), drain_s, watch, acts, arriving)
    finally:
        for name in [WITNESS, *names]:
            stand.processes.stop(name)
            stand.processes.expected_to_end.discard(name)
    return {i.radar: np.load(_departures(stand, i.radar)) for i in injections}


def carry_out_virtually(
    stand: VirtualStand, injections: Sequence[Injection], until_ns: int, watch: Watcher, acts: Sequence[Act]
) -> dict[str, Table]:
    """The same on a virtual clock, which stops at `until_ns`."""
    departures = {}
    for injection in injections:
        sending = Sending(injection.scheduled_ns.tolist(), injection.payloads, injection.octets)
        rows = np.zeros(len(injection.plot_id), DEPARTURES)
        rows["plot_id"], rows["scheduled_ns"] = injection.plot_id, injection.scheduled_ns
        rows["departed_ns"] = stand.send(injection.radar, sending)
        rows["stamp_source"], rows["offset"] = StampSource.VIRTUAL, MISSING
        departures[injection.radar] = rows
    stand.act(acts)
    begin_ns = stand.now_ns()
    for share in np.linspace(0.1, 1.0, 10):
        stand.run_until(begin_ns + int((until_ns - begin_ns) * share))
        watch(float(share))
    return departures


def _wait(
    stand: ProcessStand,
    names: Sequence[str],
    schedule_ns: tuple[int, int],
    drain_s: float,
    watch: Watcher,
    acts: Sequence[Act],
    arriving: Arriving,
) -> None:
    first_ns, last_ns = schedule_ns
    pending = sorted(acts, key=_instant)
    done, until_ns = False, last_ns + int(OVERRUN_S * 1e9)
    while pending or not done or time.time_ns() < until_ns:
        stand.check()
        pending = sorted([*pending, *arriving()], key=_instant)
        while pending and pending[0].at_ns <= time.time_ns():
            pending.pop(0).do()
        codes = {name: stand.processes.exit_code(name) for name in names}
        if not done and all(code == 0 for code in codes.values()):
            done, until_ns = True, max(time.time_ns(), last_ns) + int(drain_s * 1e9)
        if not done and time.time_ns() > until_ns:
            late = ", ".join(name for name, code in codes.items() if code is None)
            raise HilTimeoutError(
                f"{late} did not end {OVERRUN_S:.0f} s after the schedule", "is the machine overloaded?"
            )
        watch(min(1.0, max(0.0, (time.time_ns() - first_ns) / max(last_ns - first_ns, 1))))
        wait_s = (pending[0].at_ns - time.time_ns()) * 1e-9 if pending else WATCH_S
        time.sleep(min(WATCH_S, max(0.0, wait_s)))


def _instant(act: Act) -> int:
    return act.at_ns


def _departures(stand: ProcessStand, radar: str) -> str:
    return str(stand.folder / f"departures_{radar}.npy")


def _start(stand: ProcessStand, injection: Injection) -> str:
    radar = stand.config.radar(injection.radar)
    plan = stand.processes.scratch / f"{radar.name}.npz"
    injection.save(plan)
    port: SerialPort | EthernetPort
    if radar.port == "radar_serial":
        spec = stand.config.box(radar.feeds)
        port = SerialPort(
            device=str(stand.boxes[radar.feeds].serial_line()),
            baud=spec.serial_baud,
            tap_out=stand.tap_number(tap_name(radar.name, "out", radar.feeds)),
            tap_in=stand.tap_number(tap_name(radar.feeds, "in", radar.name)),
            label_from="127.0.0.1",
            label_to="127.0.0.1",
        )
    else:
        wire = stand.wire_into(radar.name, radar.feeds)
        port = EthernetPort(send_from=wire.out_of, to=wire.listen)
    config = ExecutorConfig(port, str(plan), _departures(stand, radar.name), str(stand.capture))
    path = stand.processes.scratch / f"{radar.name}.json"
    path.write_bytes(msgspec.json.encode(config))
    stand.processes.expected_to_end.add(radar.name)
    stand.processes.spawn(radar.name, [sys.executable, "-m", "hil.run.executor", str(path)], radar.name)
    stand.processes.wait_ready(radar.name)
    return radar.name


def _start_witness(stand: ProcessStand, until_ns: int) -> None:
    config = WitnessConfig(until_ns, str(stand.folder / WITNESS_FILE))
    path = stand.processes.scratch / f"{WITNESS}.json"
    path.write_bytes(msgspec.json.encode(config))
    stand.processes.expected_to_end.add(WITNESS)
    stand.processes.spawn(WITNESS, [sys.executable, "-m", "hil.run.witness", str(path)], stand.ends[0].source)


def planned(injections: Sequence[Injection]) -> Mapping[str, int]:
    """Rows of each injection that carry a plot, by radar."""
    return {i.radar: int((i.plot_id >= 0).sum()) for i in injections}
