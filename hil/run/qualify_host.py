"""The parts of a qualification that need no wires: serial pacing, stamps in user space, time that others took.

What `qualify.py` and it share about executors is here as well: a plan of equal messages, and a module started as a process.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
import time
import tty
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from hil.bench.processes import Processes
from hil.columns import MISSING
from hil.drivers.ethernet import SO_TIMESTAMPNS
from hil.drivers.serial import octet_time_ns
from hil.run import schedule
from hil.run.executor import ExecutorConfig, SerialPort
from hil.run.injection import Injection

FRAMES = 480  # on a serial line
FRAME_OCTETS = 48
STAMPS = 1_000
HEARTBEAT = bytes.fromhex(
    "410009e0fb01010000"
)  # CAT065: what is sent must decode, or reading the capture would be slow

Floats = npt.NDArray[np.float64]


def spawn_module(
    processes: Processes, name: str, module: str, config: msgspec.Struct, node: str, *, piped: bool = False
) -> None:
    """Start `python -m module` with its configuration on a node; it says when it is ready."""
    path = processes.scratch / f"{name}.json"
    path.write_bytes(msgspec.json.encode(config))
    processes.spawn(name, [sys.executable, "-m", module, str(path)], node, piped=piped)


def probe_plan(at_ns: npt.NDArray[np.int64], message: bytes) -> Injection:
    """A plan for an executor that sends the same octets at every instant."""
    n = len(at_ns)
    none = np.full(n, MISSING)
    return Injection("probe", np.arange(n), at_ns, none, none, [message] * n, [message] * n)


def serial_errors(processes: Processes, folder: Path, baud: int, node: str) -> Floats:
    """How late the last octets of frames were handed to a pty against the line's rate, s."""
    master, slave = os.openpty()
    tty.setraw(slave)
    reader = threading.Thread(target=_drain, args=(master,), daemon=True)
    reader.start()
    span_s = FRAME_OCTETS * octet_time_ns(baud) * 1e-9
    at_ns = time.time_ns() + int(1.5e9) + schedule.constant(1.0 / (1.2 * span_s + 0.002), FRAMES)
    probe_plan(at_ns, bytes(FRAME_OCTETS)).save(folder / "serial.npz")
    port = SerialPort(os.ttyname(slave), baud, -1, -1, "127.0.0.1", "127.0.0.1")
    config = ExecutorConfig(
        port, str(folder / "serial.npz"), str(folder / "serial.npy"), str(folder / "capture.pcapng")
    )
    processes.expected_to_end.add("serial")
    spawn_module(processes, "serial", "hil.run.executor", config, node)
    processes.wait_ready("serial")
    while processes.exit_code("serial") is None:
        processes.check()
        time.sleep(0.05)
    os.close(slave)
    reader.join(1.0)
    os.close(master)
    departures = np.load(folder / "serial.npy")
    ideal_ns = departures["scheduled_ns"] + round(FRAME_OCTETS * octet_time_ns(baud))
    return np.asarray((departures["departed_ns"] - ideal_ns) * 1e-9)


def _drain(master: int) -> None:
    try:
        while os.read(master, 4096):
            pass
    except OSError:  # the other end has closed
        return


def stamp_errors() -> Floats:
    """How much later than the kernel a reader in user space notes the arrival of a datagram, s."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(2.0)
        sender.connect(receiver.getsockname())
        source = threading.Thread(target=_trickle, args=(sender,))
        source.start()
        errors_s = np.zeros(STAMPS)
        for k in range(STAMPS):
            ancillary = receiver.recvmsg(64, 128)[1]
            read_ns = time.time_ns()
            seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
            errors_s[k] = (read_ns - seconds * 10**9 - nanoseconds) * 1e-9
        source.join()
    return errors_s


def _trickle(sender: socket.socket) -> None:
    for _ in range(STAMPS):
        sender.send(HEARTBEAT)
        time.sleep(0.001)


def stolen_s() -> float:
    """Time so far in which some process waited for a core, s; 0 where the kernel does not say."""
    try:
        return int(Path("/proc/pressure/cpu").read_text().splitlines()[0].split("total=")[1]) * 1e-6
    except (OSError, IndexError):
        return 0.0


def cpu_ticks() -> tuple[int, ...]:
    """Ticks so far by what they went to (/proc/stat): user, nice, system, idle, iowait, irq, softirq, steal."""
    return tuple(int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9])


def steal_share(before: tuple[int, ...], after: tuple[int, ...]) -> float:
    """Share of the time between two `cpu_ticks` that a hypervisor gave to others."""
    passed = [late - early for early, late in zip(before, after, strict=True)]
    return passed[7] / max(1, sum(passed))
