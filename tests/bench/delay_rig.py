"""The rig of the known truth: executor → wire → reference delay line → wire, tapped by the harness as any box on a bench is.

The delay line (delay_line.c) is a program of its own with stamps of its own; everything else is the harness as it is used in a run.
Addresses are of the loopback interface, so no privilege is needed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import numpy as np

from hil.columns import TOD_LSB_S, StampSource
from hil.drivers import pcapng
from hil.links.impairment import Impairment
from hil.links.wan import WanConfig, Wire
from hil.run.capture import Capture, read_capture
from hil.run.executor import EthernetPort, ExecutorConfig
from hil.run.injection import Injection, by_columns, ticks_of_day
from hil.run.witness import WitnessConfig, read_witness
from hil.timing.journeys import Journeys, TapStamps, identity, pair

RADAR, WIRE_IN, WIRE_OUT, LINE_IN, LINE_OUT, NEXT_IN, NEXT_OUT, SINK = (f"127.79.0.{k}" for k in range(1, 9))
TAPS = ("radar.out", "line.in", "line.out", "sink.in")
BUILD = Path("build/bench")


def compiled(name: str) -> Path:
    """A C program of this folder, compiled into build/bench when it is newer than what is there."""
    source, target = Path(__file__).parent / f"{name}.c", BUILD / name
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        BUILD.mkdir(parents=True, exist_ok=True)
        command = ["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", str(target), str(source)]
        subprocess.run(command, check=True)
    return target


def plots(at_ns: np.ndarray) -> Injection:
    """One CAT048 plot an instant, each with an address of its own."""
    ticks, address = ticks_of_day(at_ns), np.arange(len(at_ns)) + 1
    n = len(at_ns)
    columns = {
        "010/SAC": np.full(n, 250),
        "010/SIC": np.full(n, 11),
        "140": ticks * TOD_LSB_S,
        "020/TYP": np.full(n, 5),
        "040/RHO": np.full(n, 1e5),
        "040/THETA": np.full(n, 1.0),
        "220": address,
    }
    payloads = by_columns(48, columns)
    return Injection("radar", np.arange(n), at_ns, ticks, address, payloads, payloads)


@dataclass(frozen=True)
class Flight:
    """What came of one stream: journeys over the harness's taps, the delay line's own stamps, and the witness's waits."""

    journeys: Journeys
    truth_ns: np.ndarray  # (n, 3): received, sent, second copy sent
    waits_s: np.ndarray
    bench_drops: int


class Rig:
    """Processes of the rig. With `line` the delay line sits between the wires, else they are joined directly."""

    def __init__(self, plan: np.ndarray, *, line: bool = True, fifo: bool = True) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="hil-truth-")
        self.folder = Path(self._folder.name)
        self.capture = self.folder / "capture.pcapng"
        sources = (StampSource.KERNEL_RX, StampSource.KERNEL_TX) * 2
        taps = [pcapng.TapInterface(n, s, "rig") for n, s in zip(TAPS, sources, strict=True)]
        pcapng.create(self.capture, taps, "radar-hil")
        (self.folder / "wires").touch()
        first = Wire("radar → line", WIRE_IN, WIRE_OUT, LINE_IN if line else NEXT_IN, 0, 1, Impairment())
        second = Wire("line → sink", NEXT_IN, NEXT_OUT, SINK, 2, 3, Impairment())
        self._wan = self._python(
            "hil.links.wan", WanConfig(0, str(self.capture), str(self.folder / "wires"), [first, second])
        )
        self._line: subprocess.Popen[str] | None = None
        if line:
            plan.astype(np.int64).tofile(self.folder / "plan")
            words = [
                LINE_IN,
                LINE_OUT,
                NEXT_IN,
                str(pcapng.ASTERIX_PORT),
                str(self.folder / "plan"),
                str(self.folder / "stamps"),
            ]
            command = [str(compiled("delay_line")), *words, "fifo" if fifo else "ordinary"]
            self._line = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            self._ready(self._line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in (self._wan, self._line):
            if process is not None:
                process.kill()
                process.wait()
        self._folder.cleanup()

    def _python(self, module: str, config: msgspec.Struct) -> subprocess.Popen[str]:
        path = self.folder / f"{module}.json"
        path.write_bytes(msgspec.json.encode(config))
        command = [sys.executable, "-m", module, str(path)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._ready(process)
        return process

    def _ready(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        said = process.stdout.readline()
        if not said.startswith("ready"):
            raise SystemExit(f"{process.args} did not start: {said}")

    def fly(self, schedule_ns: np.ndarray, drain_s: float) -> Flight:
        """Send one plot at every instant (ns from the start) and wait until the last has come out."""
        start_ns = time.time_ns() + 1_500_000_000
        injection = plots(start_ns + schedule_ns)
        injection.save(self.folder / "plan.npz")
        departures = self.folder / "departures.npy"
        until_ns = int(start_ns + schedule_ns[-1] + drain_s * 1e9)
        witness = self._python("hil.run.witness", WitnessConfig(until_ns, str(self.folder / "witness.npy")))
        port = EthernetPort(RADAR, WIRE_IN)
        config = ExecutorConfig(port, str(self.folder / "plan.npz"), str(departures), str(self.capture))
        executor = self._python("hil.run.executor", config)
        if executor.wait() != 0 or (self._line is not None and self._line.wait(timeout=drain_s + 10) != 0):
            raise SystemExit("the rig broke")
        witness.wait()
        time.sleep(0.1)
        capture = read_capture(self.capture)
        stamps = self.folder / "stamps"
        truth = np.fromfile(stamps, np.int64).reshape(-1, 3) if stamps.exists() else np.zeros((0, 3), np.int64)
        drops = len(schedule_ns) - int((capture.arrivals["tap"] == 1).sum())
        return Flight(_journeys(injection, capture), truth, read_witness(self.folder / "witness.npy"), drops)


def _journeys(injection: Injection, capture: Capture) -> Journeys:
    taps = []
    for tap in TAPS[1:3]:
        rows = capture.at(tap)
        taps.append(TapStamps(tap, identity(rows["address"], rows["tod_ticks"]), rows["arrived_ns"]))
    keys = identity(injection.address, injection.tod_ticks)
    return pair(injection.plot_id, keys, injection.scheduled_ns, taps, start_tap=TAPS[0])
