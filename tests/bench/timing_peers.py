"""One contender of timing.py, as a process of its own: sends, receives or paces in the way of one library.

    python tests/bench/timing_peers.py pace METHOD ADDRESS RATE SECONDS START_NS [busy]
    python tests/bench/timing_peers.py receive METHOD ADDRESS INTERFACE OUT
    python tests/bench/timing_peers.py sink ADDRESS

`busy` keeps the interpreter lock of the same process occupied by another thread. Every datagram begins with its number.
"""

from __future__ import annotations

import asyncio
import ctypes
import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hil.columns import DEPARTURES, StampSource
from hil.drivers import pacing, pcapng
from hil.drivers.ethernet import SO_RCVBUFFORCE, SO_TIMESTAMPNS, open_udp
from hil.drivers.injector import Rows, UdpInjector
from hil.drivers.tap import RingTap, UdpTap, map_counters, record_ring, record_udp

PORT = 8600
OCTETS = 100
IDLE_MS = 700
LIMITS = Path("build/bench/limits.so")


def limits() -> ctypes.CDLL:
    """The plain C loops, compiled by timing.py."""
    library = ctypes.CDLL(str(LIMITS))
    library.limit_receive.restype = ctypes.c_int64
    return library


def rows_of(at_ns: np.ndarray, octets: int = OCTETS) -> Rows:
    """Numbered datagrams for our injector."""
    n = len(at_ns)
    content = np.zeros((n, octets), np.uint8)
    content[:, :4] = np.arange(n, dtype="<u4").reshape(-1, 1).view(np.uint8)
    start = np.arange(n, dtype=np.int64) * octets
    return Rows(content.reshape(-1), start, start + octets, at_ns)


def connected(address: str) -> socket.socket:
    """A plain UDP socket with a large buffer."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    sock.connect((address, PORT))
    return sock


# ---- pacing: one way each to send datagram k at instant k ----


def pace_ours(address: str, at_ns: np.ndarray) -> None:
    UdpInjector(open_udp(("0.0.0.0", 0), (address, PORT), transmit_stamps=True)).carry_out(
        rows_of(at_ns), np.zeros(len(at_ns), DEPARTURES)
    )


def pace_c(address: str, at_ns: np.ndarray) -> None:
    sock, buffer, at = connected(address), ctypes.create_string_buffer(OCTETS), np.ascontiguousarray(at_ns)
    words = (ctypes.c_int64(OCTETS), ctypes.c_void_p(at.ctypes.data), ctypes.c_int64(len(at)), ctypes.c_int64(60_000))
    limits().limit_pace(sock.fileno(), buffer, *words)


def pace_python(address: str, at_ns: np.ndarray) -> None:
    sock, buffer = connected(address), bytearray(OCTETS)
    for k, at in enumerate(at_ns.tolist()):
        left = at - time.time_ns()
        if left > 0:
            time.sleep(left / 1e9)
        struct.pack_into("<I", buffer, 0, k)
        sock.send(buffer)


def pace_asyncio(address: str, at_ns: np.ndarray) -> None:
    asyncio.run(_asyncio(address, at_ns.tolist()))


async def _asyncio(address: str, at_ns: list[int]) -> None:
    loop = asyncio.get_running_loop()
    sock, buffer, done = connected(address), bytearray(OCTETS), loop.create_future()
    shift_s = loop.time() - time.time_ns() / 1e9

    def fire(k: int) -> None:
        struct.pack_into("<I", buffer, 0, k)
        sock.send(buffer)
        if k + 1 < len(at_ns):
            loop.call_at(shift_s + at_ns[k + 1] / 1e9, fire, k + 1)
        else:
            done.set_result(None)

    loop.call_at(shift_s + at_ns[0] / 1e9, fire, 0)
    await done


def pace_scapy(address: str, at_ns: np.ndarray) -> None:
    from scapy.all import IP, UDP, Raw, send  # noqa: PLC0415  # takes a second

    packets = [
        IP(dst=address) / UDP(sport=4000, dport=PORT) / Raw(struct.pack("<I", k) + bytes(96)) for k in range(len(at_ns))
    ]
    time.sleep(max(0.0, (int(at_ns[0]) - time.time_ns()) / 1e9))
    send(packets, inter=float(np.diff(at_ns).mean()) / 1e9, verbose=0)


PACERS: dict[str, Callable[[str, np.ndarray], None]] = {
    "ours": pace_ours,
    "c": pace_c,
    "python": pace_python,
    "asyncio": pace_asyncio,
    "scapy": pace_scapy,
}
REAL_TIME = ("ours", "c")  # asyncio and plain Python as people use them


def pace(method: str, address: str, rate_hz: float, seconds: float, start_ns: int, *, busy: bool) -> None:
    """Carry out one schedule; with `busy` in a thread beside one that never lets go of the interpreter for longer than it must."""
    at_ns = start_ns + np.rint(np.arange(int(rate_hz * seconds)) * 1e9 / rate_hz).astype(np.int64)

    def work() -> None:
        if method in REAL_TIME:
            pacing.claim_precision()
        PACERS[method](address, at_ns)

    if not busy:
        work()
        return
    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        sum(k * k for k in range(1_000))


# ---- receiving ----


def receive(method: str, address: str, interface: str, out: Path) -> None:
    """Receive until told to stop (standard input closes) or nothing comes any more; print how many datagrams and how many drops."""
    if method in ("ours", "ours ring", "storm"):
        _receive_ours(method, address, interface, out)
    elif method == "c":
        _receive_c(address, out)
    elif method == "python":
        _receive_python(address)
    elif method == "scapy":
        _receive_scapy(address, interface)


def _receive_ours(method: str, address: str, interface: str, out: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        capture = Path(folder) / "capture.pcapng" if out.name == "-" else out
        pcapng.create(capture, [pcapng.TapInterface("tap", StampSource.KERNEL_RX, method)], "timing")
        state = map_counters(Path(folder) / "state", 1)
        fd = pcapng.open_for_append(capture)
        if method == "ours ring":
            with open_udp((address, PORT + 1)):
                record_ring(RingTap(interface, 0, PORT), state[0], fd, 0)
        else:
            if method == "storm":
                _storm()
            record_udp([UdpTap(address, 0, PORT)], state, fd, 0)
        print(int(state[0].received), int(state[0].kernel_drops), flush=True)


def _storm() -> None:
    """A heap of a million objects, a thread that makes garbage, and one that computes: all in the tap's own interpreter."""
    heap = [{"k": k} for k in range(1_000_000)]

    def churn() -> None:
        while heap:
            [{"a": j, "b": [j]} for j in range(300)]

    def burn() -> None:
        while heap:
            sum(k * k for k in range(1_000))

    for work in (churn, burn):
        threading.Thread(target=work, daemon=True).start()


def _bound(address: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.bind((address, PORT))
    return sock


def _receive_c(address: str, out: Path) -> None:
    sock, room = _bound(address), 4_000_000
    stamps, sequence = np.zeros(room, np.int64), np.zeros(room, np.uint32)
    pacing.claim_precision()
    print("ready", flush=True)
    sys.stdin.readline()
    n = limits().limit_receive(
        sock.fileno(), ctypes.c_int64(IDLE_MS), ctypes.c_int64(room),
        ctypes.c_void_p(stamps.ctypes.data), ctypes.c_void_p(sequence.ctypes.data),
    )  # fmt: skip
    if out.name != "-":
        np.savez(out, stamps=stamps[:n], sequence=sequence[:n])
    print(n, 0, flush=True)


def _receive_python(address: str) -> None:
    sock, n, stamps = _bound(address), 0, []
    sock.settimeout(IDLE_MS / 1e3)
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        while True:
            _, ancillary, _, _ = sock.recvmsg(2048, 64)
            stamps.append(struct.unpack("qq", ancillary[0][2]))
            n += 1
    except TimeoutError:
        print(n, 0, flush=True)


def _receive_scapy(address: str, interface: str) -> None:
    from scapy.all import AsyncSniffer  # noqa: PLC0415  # takes a second

    with open_udp((address, PORT)):
        stamps: list[float] = []
        sniffer = AsyncSniffer(
            iface=interface, filter=f"udp dst port {PORT}", store=False, prn=lambda packet: stamps.append(packet.time)
        )
        sniffer.start()
        time.sleep(1.0)
        print("ready", flush=True)
        sys.stdin.readline()
        sniffer.stop()
    print(len(stamps), 0, flush=True)


def sink(address: str) -> None:
    """Let datagrams come and drop them; for each line on standard input say how many have come so far."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    sock.bind((address, PORT))
    print("ready", flush=True)
    for _ in sys.stdin:
        lines = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Udp:")]
        print(sum(int(lines[1][lines[0].index(name)]) for name in ("InDatagrams", "RcvbufErrors")), flush=True)


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    if what == "pace":
        pace(words[0], words[1], float(words[2]), float(words[3]), int(words[4]), busy=words[5:] == ["busy"])
    elif what == "receive":
        receive(words[0], words[1], words[2], Path(words[3]))
    else:
        sink(words[0])
