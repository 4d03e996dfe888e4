"""Taps record what arrives, once, with kernel stamps; what the kernel had to drop is counted and never silently missing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from hil.columns import StampSource
from hil.drivers import pcapng
from hil.drivers.ethernet import RECEIVE_BUFFER_OCTETS
from hil.drivers.tap import RingTap, TapConfig, UdpTap, map_counters
from hil.run.capture import read_capture

FIRST, SECOND = "127.78.4.1", "127.78.4.2"
HEARTBEAT = bytes.fromhex("410009e0fb01010000")


class Taps:
    """A tap process with its capture and counters."""

    def __init__(self, folder: Path, udp: list[UdpTap], ring: RingTap | None = None) -> None:
        self.capture = folder / "capture.pcapng"
        names = [f"tap{k}" for k in range(max(1, len(udp)))]
        pcapng.create(self.capture, [pcapng.TapInterface(n, StampSource.KERNEL_RX, "test") for n in names], "test")
        self.state = map_counters(folder / "state", len(names))
        config = folder / "tap.json"
        config.write_bytes(msgspec.json.encode(TapConfig(str(self.capture), str(folder / "state"), udp, ring)))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hil.drivers.tap", str(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()

    def end(self) -> str:
        """Stop it; what it wrote to standard error."""
        return self.process.communicate(timeout=20)[1]


def payloads_of(capture: Path) -> list[bytes]:
    """What was recorded, in order of arrival."""
    data, arrivals = capture.read_bytes(), read_capture(capture).arrivals
    return [data[start : start + length] for start, length in zip(arrivals["offset"], arrivals["length"], strict=True)]


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.78.4.9", 0))
        yield opened


def test_every_datagram_is_recorded_once_at_its_tap_between_sending_and_looking(
    tmp_path: Path, sender: socket.socket
) -> None:
    taps = Taps(tmp_path, [UdpTap(FIRST, 0), UdpTap(SECOND, 1)])
    begun_ns = time.time_ns()
    for _ in range(300):
        sender.sendto(HEARTBEAT, (FIRST, 8600))
        sender.sendto(HEARTBEAT * 2, (SECOND, 8600))
    assert taps.end() == ""
    ended_ns = time.time_ns()
    arrivals = read_capture(taps.capture).arrivals
    for tap, length in ((0, 9), (1, 18)):
        rows = arrivals[arrivals["tap"] == tap]
        assert (len(rows), set(rows["length"])) == (300, {length})
        assert ((rows["arrived_ns"] >= begun_ns) & (rows["arrived_ns"] <= ended_ns)).all()
    assert [(t.received, t.kernel_drops, t.left_out, t.unstamped) for t in taps.state] == [(300, 0, 0, 0)] * 2


def test_payloads_come_through_unchanged(tmp_path: Path, sender: socket.socket) -> None:
    taps = Taps(tmp_path, [UdpTap(FIRST, 0)])
    random = np.random.default_rng(4)
    payloads = [random.bytes(int(length)) for length in random.integers(0, 9_000, 100)]
    for payload in payloads:
        sender.sendto(payload, (FIRST, 8600))
    taps.end()
    assert payloads_of(taps.capture) == payloads


def test_what_the_kernel_drops_is_counted(tmp_path: Path, sender: socket.socket) -> None:
    taps = Taps(tmp_path, [UdpTap(FIRST, 0)])
    taps.process.send_signal(signal.SIGSTOP)
    flood = 2 * RECEIVE_BUFFER_OCTETS // 9_000
    for _ in range(flood):
        sender.sendto(bytes(9_000), (FIRST, 8600))
    taps.process.send_signal(signal.SIGCONT)
    time.sleep(0.5)
    sender.sendto(HEARTBEAT, (FIRST, 8600))  # the kernel tells of drops with the next datagram
    taps.end()
    state = taps.state[0]
    assert state.kernel_drops > 0
    assert state.received + state.kernel_drops == flood + 1


def test_a_killed_tap_leaves_a_capture_that_is_read_up_to_its_end(tmp_path: Path, sender: socket.socket) -> None:
    taps = Taps(tmp_path, [UdpTap(FIRST, 0)])
    for _ in range(500):
        sender.sendto(HEARTBEAT, (FIRST, 8600))
    while taps.state[0].received < 100:
        time.sleep(0.001)
    taps.process.kill()
    taps.process.wait()
    assert len(read_capture(taps.capture).arrivals) >= 100


def test_a_ring_records_what_others_get_and_nothing_else(tmp_path: Path, sender: socket.socket) -> None:
    if os.geteuid() != 0:
        pytest.skip("watching an interface needs CAP_NET_RAW")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind((FIRST, 8711))
        taps = Taps(tmp_path, [], RingTap("lo", 0, 8711))
        for k in range(100):
            sender.sendto(HEARTBEAT + bytes([k]), (FIRST, 8711))
            sender.sendto(HEARTBEAT, (FIRST, 8712))
        time.sleep(0.1)
        assert taps.end() == ""
        assert [receiver.recv(64)[-1] for _ in range(100)] == list(range(100))
    assert payloads_of(taps.capture) == [HEARTBEAT + bytes([k]) for k in range(100)]
    assert (taps.state[0].received, taps.state[0].kernel_drops) == (100, 0)


def test_an_absent_interface_is_named(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("watching an interface needs CAP_NET_RAW")
    taps = Taps(tmp_path, [], RingTap("nothere0", 0))
    assert taps.end() == "tap: interface nothere0 cannot be watched (no such interface): see `ip link`\n"
    assert taps.process.returncode == 3
