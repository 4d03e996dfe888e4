"""What the harness's injection and capture are worth: ours, scapy, plain Python, tcpreplay and C loops, in one run on one machine.

    python tests/bench/timing.py [--only send,capture,pacing,storm,serial,floor] [--rounds 3] [--json FILE]

Ratios compare contenders of the same round and are the median over the rounds; absolute figures need an idle machine, and the
machine's own floor stands beside them. Two network namespaces and a veth pair where they may be made, else the loopback interface.
"""

from __future__ import annotations

import argparse
import ctypes
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from timing_peers import LIMITS, OCTETS, PORT, connected, limits, rows_of

from hil.bench import isolation
from hil.columns import DEPARTURES
from hil.drivers import pacing
from hil.drivers.ethernet import open_udp
from hil.drivers.injector import UdpInjector
from hil.drivers.serial import octet_time_ns
from hil.errors import BenchError
from hil.run import schedule
from hil.run.capture import read_capture
from hil.run.executor import EthernetPort, ExecutorConfig, SerialPort
from hil.run.load import search
from hil.run.qualify_host import probe_plan
from hil.timing.load_search import Trial

PEERS = str(Path(__file__).with_name("timing_peers.py"))
BUSY = "while True: sum(k * k for k in range(1000))"
PACING_METHODS = ("ours", "c", "python", "asyncio")
SERIAL_OCTETS = 64


class Net:
    """Two ends of a wire: this process sends from `near`, children live at `far`."""

    def __init__(self) -> None:
        self.near, self.far, self.interface, self.space = "10.78.1.1", "10.78.1.2", "eth0", -1
        try:
            self.space = isolation.make_namespaces({"far": [(self.far, self.near)]})["far"]
        except BenchError as error:
            self.near, self.far, self.interface = "127.0.0.1", "127.78.9.2", "lo"
            print(f"on the loopback interface: {error}")

    def start(self, *words: str, far: bool = False, stdin: int = subprocess.PIPE) -> subprocess.Popen[str]:
        """A contender (timing_peers.py) at one end."""
        enter = (lambda: isolation.enter(self.space)) if far and self.space >= 0 else None
        command = [sys.executable, PEERS, *words]
        return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, text=True, preexec_fn=enter)  # noqa: PLW1509  # no threads yet

    def receiver(self, method: str, out: str = "-") -> subprocess.Popen[str]:
        """A receiver that is ready; one that waits for a word to begin has been given it."""
        child = self.start("receive", method, self.far, self.interface, out, far=True)
        assert child.stdout is not None and child.stdin is not None
        if not child.stdout.readline().startswith("ready"):
            raise SystemExit(f"receiver {method} did not start")
        if method in ("c", "python"):
            child.stdin.write("go\n")
            child.stdin.flush()
        return child


def finish(child: subprocess.Popen[str]) -> tuple[int, int]:
    """Stop a receiver; how many datagrams it got, and how many its kernel dropped."""
    said, _ = child.communicate("\n" if child.args[3] == "scapy" else None, timeout=60)  # type: ignore[index]  # a list of words
    received, drops = said.split()[-2:]
    return int(received), int(drops)


def median_ratio(ours: Sequence[float], other: Sequence[float]) -> float:
    """Median over rounds of ours / other."""
    return float(np.median(np.array(ours) / np.array(other)))


# ---- sending ----


def send_rates(net: Net, rounds: int) -> dict[str, float]:
    """Datagrams/s of every sender, delivered to a sink that drops them."""
    sink = net.start("sink", net.far, far=True)
    assert sink.stdin is not None and sink.stdout is not None
    sink.stdout.readline()

    def arrived() -> int:
        sink.stdin.write("\n")  # type: ignore[union-attr]  # checked above
        sink.stdin.flush()  # type: ignore[union-attr]
        return int(sink.stdout.readline())  # type: ignore[union-attr]

    senders = {"ours": _send_ours, "c": _send_c, "python": _send_python, "scapy": _send_scapy}
    if shutil.which("tcpreplay") and net.space >= 0:
        senders["tcpreplay"] = _send_tcpreplay
    rates: dict[str, list[float]] = {name: [] for name in senders}
    for _, (name, send) in itertools.product(range(rounds), senders.items()):
        before = arrived()
        count, took_s = send(net)
        time.sleep(0.1)
        rates[name].append((arrived() - before) / took_s if net.space >= 0 else count / took_s)
    sink.communicate()
    _table("send, datagrams/s of 100 octets", {name: np.array(values) for name, values in rates.items()}, "{:.0f}")
    return {
        "send_ratio_c": median_ratio(rates["ours"], rates["c"]),
        "send_ratio_scapy": median_ratio(rates["ours"], rates["scapy"]),
    }


def _timed(count: int, work: Callable[[], object]) -> tuple[int, float]:
    begun = time.perf_counter()
    work()
    return count, time.perf_counter() - begun


def _send_ours(net: Net) -> tuple[int, float]:
    rows, departures = rows_of(np.zeros(200_000, np.int64)), np.zeros(200_000, DEPARTURES)
    injector = UdpInjector(open_udp((net.near, 0), (net.far, PORT)), bulk=True)
    return _timed(200_000, lambda: injector.carry_out(rows, departures))


def _send_c(net: Net) -> tuple[int, float]:
    sock, content = connected(net.far), ctypes.create_string_buffer(OCTETS)
    words = (ctypes.c_int64(OCTETS), ctypes.c_int64(200_000))
    return _timed(200_000, lambda: limits().limit_send(sock.fileno(), content, *words))


def _send_python(net: Net) -> tuple[int, float]:
    send, content = connected(net.far).send, bytes(OCTETS)

    def work() -> None:
        for _ in range(40_000):
            send(content)

    return _timed(40_000, work)


def _packet(net: Net) -> object:
    from scapy.all import IP, UDP, Ether, Raw  # noqa: PLC0415  # takes a second

    return (
        Ether(src="02:00:00:00:00:01", dst=_far_mac(net))
        / IP(src=net.near, dst=net.far)
        / UDP(sport=4000, dport=PORT)
        / Raw(bytes(OCTETS))
    )


def _far_mac(net: Net) -> str:
    if net.space < 0:
        return "00:00:00:00:00:00"
    shown = subprocess.run(["ip", "neigh", "show", net.far], capture_output=True, text=True, check=True).stdout
    found = re.search(r"lladdr (\S+)", shown)
    return found[1] if found else "ff:ff:ff:ff:ff:ff"


def _near_interface(net: Net) -> str:
    return "wan0" if net.space >= 0 else "lo"


def _send_scapy(net: Net) -> tuple[int, float]:
    from scapy.all import conf, sendp  # noqa: PLC0415  # takes a second

    conf.ifaces.reload()
    packets = [_packet(net)] * 2_000
    return _timed(2_000, lambda: sendp(packets, iface=_near_interface(net), verbose=0))


def _send_tcpreplay(net: Net) -> tuple[int, float]:
    from scapy.all import wrpcap  # noqa: PLC0415  # takes a second

    with tempfile.TemporaryDirectory() as folder:
        wrpcap(f"{folder}/p.pcap", [_packet(net)] * 1_000)
        command = ["tcpreplay", "-q", "-i", _near_interface(net), "--topspeed", "-K", "--loop=50", f"{folder}/p.pcap"]
        return _timed(50_000, lambda: subprocess.run(command, capture_output=True, check=True))


# ---- capture ----


def capture_rates(net: Net) -> dict[str, float]:
    """Highest rate, datagrams/s, that every receiver takes without loss, each with the kernel's stamps."""
    methods = ["ours", "c", "python", "scapy"] + (["ours ring"] if net.space >= 0 else [])
    ranges = {"scapy": (1_000.0, 60_000.0), "python": (20_000.0, 700_000.0)}
    best = {}
    for method in methods:
        low, high = ranges.get(method, (100_000.0, 700_000.0))
        found, _ = search(lambda rate, method=method: _offer(net, method, rate), low, high, low / 2, tries=3)  # type: ignore[misc]  # bound at once
        best[method] = np.array([found])
    _table("capture without loss, datagrams/s", best, "{:.0f}")
    ours = max(float(best[name][0]) for name in ("ours", "ours ring") if name in best)
    return {"capture_ratio_c": ours / float(best["c"][0]), "capture_per_s": ours}


def _offer(net: Net, method: str, rate: float) -> Trial:
    count = int(rate * 0.4) // 64 * 64
    receiver = net.receiver(method)
    at_ns = time.time_ns() + 50_000_000 + schedule.bursts(64, 64 / rate, count // 64)
    UdpInjector(open_udp((net.near, 0), (net.far, PORT))).carry_out(rows_of(at_ns), np.zeros(count, DEPARTURES))
    time.sleep(0.3)
    received, _ = finish(receiver)
    return Trial(rate, count, max(0, count - received))


# ---- pacing ----


def pacing_errors(net: Net, rounds: int) -> dict[str, float]:
    """Departure error against the schedule by the receiver's kernel stamps, with the lock free and kept busy."""
    found: dict[tuple[str, float, bool], list[np.ndarray]] = {}
    for _, rate, busy, method in itertools.product(range(rounds), (1_000.0, 10_000.0), (False, True), PACING_METHODS):
        found.setdefault((method, rate, busy), []).append(_pace(net, method, rate, busy=busy))
    found[("scapy", 1_000.0, False)] = [_pace(net, "scapy", 1_000.0, busy=False)]
    for rate, busy in itertools.product((1_000.0, 10_000.0), (False, True)):
        rows = {m: np.median(np.array(v), axis=0) for (m, r, b), v in found.items() if (r, b) == (rate, busy)}
        title = f"departure error at {rate:.0f}/s{', interpreter lock busy' if busy else ''}, µs: p50, p99, p99.9"
        _table(title, rows, "{:.1f}")

    def p99(method: str, busy: bool) -> np.ndarray:
        return np.array([[v[1] for v in found[(method, rate, busy)]] for rate in (1_000.0, 10_000.0)])

    def worst(numerator: np.ndarray, denominator: np.ndarray) -> float:
        return float(np.median(numerator / denominator, axis=1).max())

    return {
        "pacing_p99_ratio_c": worst(p99("ours", False), p99("c", False)),
        "pacing_p99_ratio_c_gil_busy": worst(p99("ours", True), p99("c", True)),
        "pacing_p99_ratio_asyncio": 1 / worst(p99("ours", False), p99("asyncio", False)),
        "pacing_p99_ratio_asyncio_gil_busy": 1 / worst(p99("ours", True), p99("asyncio", True)),
        "pacing_p99_us_1k": float(np.median(p99("ours", False)[0])),
        "pacing_p99_us_10k": float(np.median(p99("ours", False)[1])),
    }


def _pace(net: Net, method: str, rate: float, *, busy: bool) -> np.ndarray:
    """p50, p99 and p99.9 of one contender, µs; what was lost counts as infinitely late."""
    seconds = 2.0 if rate < 5_000 else 1.0
    with tempfile.TemporaryDirectory() as folder:
        receiver = net.receiver("c", f"{folder}/got.npz")
        start_ns = time.time_ns() + (3_000_000_000 if method == "scapy" else 1_200_000_000)
        words = ["pace", method, net.far, str(rate), str(seconds), str(start_ns), *(["busy"] if busy else [])]
        # the receiver ends when nothing comes for a while, so something has to come until the contender begins
        keep, stop = connected(net.far), threading.Event()
        knock = threading.Thread(target=_knock, args=(keep, stop, start_ns - 100_000_000))
        knock.start()
        sender = net.start(*words, stdin=subprocess.DEVNULL)
        knock.join()
        sender.wait(timeout=60 + 4 * seconds)
        finish(receiver)
        got = np.load(f"{folder}/got.npz")
    n = int(rate * seconds)
    rows = got["sequence"] < n
    errors = np.full(n, np.inf)
    scheduled = start_ns + np.rint(np.arange(n) * 1e9 / rate).astype(np.int64)
    sequence = got["sequence"][rows]
    errors[sequence] = (got["stamps"][rows] - scheduled[sequence]) * 1e-3
    ordered = np.sort(np.abs(errors))
    return np.array([ordered[min(n - 1, int(np.ceil(share * n)) - 1)] for share in (0.5, 0.99, 0.999)])


def _knock(sock: object, stop: threading.Event, until_ns: int) -> None:
    while time.time_ns() < until_ns and not stop.is_set():
        sock.send(b"\xff" * 8)  # type: ignore[attr-defined]  # a socket
        time.sleep(0.2)


# ---- delays in a storm ----


def storm_error(net: Net) -> dict[str, float]:
    """One-way delay between kernel stamps while both ends' interpreters are kept busy; a veth pair itself takes next to nothing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        receiver = net.receiver("storm", str(folder / "capture.pcapng"))
        time.sleep(0.5)
        burner = subprocess.Popen([sys.executable, "-c", BUSY])
        n = 5_000
        at_ns = time.time_ns() + 2_000_000_000 + schedule.constant(1_000.0, n)
        _execute(folder, EthernetPort(net.near, net.far), at_ns, bytes.fromhex("410009e0fb01010000"))
        time.sleep(0.3)
        burner.kill()
        burner.wait()
        finish(receiver)
        arrived = read_capture(folder / "capture.pcapng").arrivals["arrived_ns"]
        departures = np.load(folder / "departures.npy")
    if len(arrived) != n:
        raise SystemExit(f"the storm lost {n - len(arrived)} datagrams")
    errors_us = np.abs(arrived - departures["departed_ns"]) * 1e-3
    from_kernel = int((departures["stamp_source"] == 1).sum())
    rows = {"ours": np.percentile(errors_us, [50, 99, 99.9])}
    _table(
        f"one-way delay in a storm, kernel to kernel ({from_kernel} of {n} stamps), µs: p50, p99, p99.9", rows, "{:.2f}"
    )
    return {"delay_error_storm_p99_us": float(np.percentile(errors_us, 99))}


def _execute(folder: Path, port: EthernetPort | SerialPort, at_ns: np.ndarray, message: bytes) -> None:
    probe_plan(at_ns, message).save(folder / "plan.npz")
    config = ExecutorConfig(port, str(folder / "plan.npz"), str(folder / "departures.npy"), os.devnull)
    (folder / "executor.json").write_bytes(msgspec.json.encode(config))
    command = [sys.executable, "-m", "hil.run.executor", str(folder / "executor.json")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


# ---- serial ----


def serial_errors(rounds: int) -> dict[str, float]:
    """Error of the last octet of frames as a reader of the pty sees it, and of the rate of a stream without pauses."""
    figures, rows = {}, {}
    for baud in (9_600, 115_200, 921_600):
        found = np.median([_serial(baud) for _ in range(rounds)], axis=0)
        rows[f"{baud} Bd"] = found
        if baud == 115_200:
            figures = {
                "serial_last_byte_p99_us": float(found[1]),
                "serial_handed_over_p99_us": float(found[3]),
                "serial_rate_ppm": float(found[4]),
            }
    _table("serial: last octet µs p50, p99 at the reader; p50, p99 handed over; rate error ppm", rows, "{:.1f}")
    return figures


def _serial(baud: int) -> np.ndarray:
    octet_ns = octet_time_ns(baud)
    frames = max(20, min(400, round(2e9 / (SERIAL_OCTETS * octet_ns))))
    spaced = schedule.constant(1e9 / (1.2 * SERIAL_OCTETS * octet_ns + 1e6), frames)
    stamps, count, at_ns, departed = _line(baud, spaced)
    ends = np.arange(1, frames + 1) * SERIAL_OCTETS
    seen = stamps[np.searchsorted(count, ends)]
    ideal = at_ns + round(SERIAL_OCTETS * octet_ns)
    stamps, count, _, _ = _line(baud, np.zeros(frames, np.int64))
    slope_ns = np.polyfit(count - count.mean(), (stamps - stamps[0]).astype(float), 1)[0]
    errors = [
        np.percentile(np.abs(seen - ideal) * 1e-3, [50, 99]),
        np.percentile(np.abs(departed - ideal) * 1e-3, [50, 99]),
    ]
    return np.concatenate([*errors, [abs(slope_ns / octet_ns - 1) * 1e6]])


def _line(baud: int, at_ns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Send frames over a pty; when how many octets had come, the schedule, and the departures."""
    master, slave = os.openpty()
    tty.setraw(slave)
    tty.setraw(master)
    total, room = len(at_ns) * SERIAL_OCTETS, len(at_ns) * SERIAL_OCTETS
    stamps, count = np.zeros(room, np.int64), np.zeros(room, np.int64)
    notes: list[int] = []

    def read() -> None:
        pacing.claim_precision()
        notes.append(
            limits().limit_read(
                master, ctypes.c_int64(total), ctypes.c_int64(room),
                ctypes.c_void_p(stamps.ctypes.data), ctypes.c_void_p(count.ctypes.data),
            )
        )  # fmt: skip

    at_ns = time.time_ns() + 1_200_000_000 + at_ns
    reader = threading.Thread(target=read)
    reader.start()
    with tempfile.TemporaryDirectory() as name:
        port = SerialPort(os.ttyname(slave), baud, -1, -1, "127.0.0.1", "127.0.0.1")
        _execute(Path(name), port, at_ns, bytes(SERIAL_OCTETS))
        departed = np.load(Path(name) / "departures.npy")["departed_ns"]
    reader.join()
    os.close(master)
    os.close(slave)
    n = notes[0]
    return stamps[:n], count[:n], at_ns, departed


# ---- floor ----


def floor() -> dict[str, float]:
    """How late this machine wakes a sleeper: under SCHED_FIFO (or what is granted) and as an ordinary process."""
    rows = {}
    for name, claim in (("real time", "pacing.claim_precision()"), ("ordinary", "None")):
        code = (
            f"import sys, ctypes, numpy as np; sys.path.insert(0, {str(Path(PEERS).parent)!r})\n"
            "from hil.drivers import pacing; from timing_peers import limits\n"
            f"{claim}\nlate = np.zeros(3000, np.int64)\n"
            "limits().limit_wake(ctypes.c_int64(1000000), ctypes.c_int64(3000), ctypes.c_void_p(late.ctypes.data))\n"
            "print(*np.percentile(late, [50, 99, 99.9]))"
        )
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        rows[name] = np.array([float(word) for word in said.split()]) * 1e-3
    _table("the machine's floor: wake-up lateness, µs: p50, p99, p99.9", rows, "{:.1f}")
    return {"floor_wake_p99_us": float(rows["real time"][1]), "floor_wake_ordinary_p99_us": float(rows["ordinary"][1])}


def _table(title: str, rows: dict[str, np.ndarray], form: str) -> None:
    print(f"\n{title}")
    for name, values in rows.items():
        print(f"  {name:12s} " + " ".join(f"{form.format(value):>10s}" for value in np.ravel(values)), flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default="floor,send,capture,pacing,storm,serial", help="parts, by commas")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--json", type=Path, help="write the figures here")
    given = options.parse_args()
    LIMITS.parent.mkdir(parents=True, exist_ok=True)
    command = [
        "gcc",
        "-std=gnu11",
        "-O2",
        "-shared",
        "-fPIC",
        "-o",
        str(LIMITS),
        str(Path(PEERS).with_name("limits.c")),
    ]
    subprocess.run(command, check=True)
    net = Net()
    parts: dict[str, Callable[[], dict[str, float]]] = {
        "floor": floor,
        "send": lambda: send_rates(net, given.rounds),
        "capture": lambda: capture_rates(net),
        "pacing": lambda: pacing_errors(net, given.rounds),
        "storm": lambda: storm_error(net),
        "serial": lambda: serial_errors(given.rounds),
    }
    figures: dict[str, float] = {}
    for part in given.only.split(","):
        figures |= parts[part]()
    print("\n" + "\n".join(f"{name} = {value:.4g}" for name, value in figures.items()))
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
