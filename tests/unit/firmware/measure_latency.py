"""Prints the median way of a plot through the box, native and emulated, by Ethernet and by UART (flush time 0).

    python tests/unit/firmware/measure_latency.py [COUNT]

Stamps are taken in this process, so its own scheduling is in the figures: read them as ratios.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from conftest import BUILD, RADAR, encode, frame, free_address, make, open_line, plot, tap, text
from qemu_box import C2_OUT_PORT, QemuBox

OPTIONS = ("--sensor", f"{RADAR[0]}/{RADAR[1]}:35.5:139.7:40", "--flush-ms", "0")


def median_us(count: int, send: Callable[[bytes], None], receive: Callable[[], bytes], serial: bool) -> str:
    """Over `count` plots, 5 ms apart."""
    ways = []
    for k in range(count):
        block = encode(48, plot(1000 + k, k % 50))
        octets = frame(block) if serial else block
        begin = time.perf_counter_ns()
        send(octets)
        while receive()[0] != 62:
            pass
        ways.append((time.perf_counter_ns() - begin) / 1000)
        time.sleep(0.005)
    ways.sort()
    return f"median {statistics.median(ways):.0f} us, p99 {ways[int(0.99 * count)]:.0f} us of {count}"


def native(count: int, folder: Path) -> None:
    out, radar = tap(), free_address()
    names = ("--console", str(folder / "console"), "--radar-serial", str(folder / "radar"))
    ends = ("--radar-eth", text(radar), "--c2-out", text(out.getsockname()))
    process = subprocess.Popen([str(BUILD / "posix/rib"), *names, *ends, *OPTIONS], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    line, sender = open_line(folder / "radar"), tap()
    receive = lambda: out.recv(2048)  # noqa: E731
    print("native UDP to UDP: ", median_us(count, lambda o: sender.sendto(o, radar) and None, receive, False))
    print("native UART to UDP:", median_us(count, lambda o: line.write(o) and None, receive, True))
    process.terminate()
    process.wait()


def emulated(count: int, folder: Path) -> None:
    box = QemuBox(BUILD / "mps2_an385/rib.elf", folder, *OPTIONS)
    receive = lambda: box.receive(C2_OUT_PORT)  # noqa: E731
    receive()
    print("QEMU UDP to UDP:   ", median_us(count, box.send, receive, False))
    print("QEMU UART to UDP:  ", median_us(count, box.serial.sendall, receive, True))
    box.stop()


if __name__ == "__main__":
    make("posix")
    make("qemu")
    plots = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as scratch:
        native(plots, Path(scratch))
        emulated(plots, Path(scratch))
