"""The wires: each datagram after its planned delay, in order, on both taps, with kernel stamps; and the capture opens elsewhere."""

from __future__ import annotations

import shutil
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
from hil.links.cable import End
from hil.links.impairment import Impairment, plan
from hil.links.wan import WanConfig, Wire, WireState, map_counters
from hil.run.capture import read_capture

LISTEN, SEND_FROM, TO = "127.78.0.1", "127.78.0.2", "127.78.0.3"
HEARTBEAT = bytes.fromhex("410009e0fb01010000")


class Rig:
    """One wire, a sender in front and a receiver behind it."""

    def __init__(self, folder: Path, impairment: Impairment) -> None:
        self.capture = folder / "capture.pcapng"
        taps = [
            pcapng.TapInterface("a.out.b", StampSource.KERNEL_RX, "in"),
            pcapng.TapInterface("b.in.a", StampSource.KERNEL_TX, "out"),
        ]
        pcapng.create(self.capture, taps, "test")
        counters = folder / "wires"
        counters.touch()
        self.state: WireState = map_counters(counters, 1)[0]
        wire = Wire("a → b", LISTEN, SEND_FROM, TO, 0, 1, impairment)
        config = folder / "wan.json"
        config.write_bytes(msgspec.json.encode(WanConfig(5, str(self.capture), str(counters), [wire])))
        self.receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.receiver.bind((TO, pcapng.ASTERIX_PORT))
        self.receiver.settimeout(5)
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hil.links.wan", str(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("ready")

    def send(self, payload: bytes) -> None:
        self.sender.sendto(payload, (LISTEN, pcapng.ASTERIX_PORT))

    def close(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.receiver.close()
        self.sender.close()
        return self.process.wait(timeout=10)


@pytest.fixture
def rig(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Rig]:
    made = Rig(tmp_path, request.param)
    yield made
    made.close()


@pytest.mark.parametrize("rig", [Impairment(delay_s=0.02, jitter_s=0.005)], indirect=True)
def test_datagrams_come_out_in_order_after_their_planned_delay(rig: Rig) -> None:
    sent = [HEARTBEAT + bytes([k]) for k in range(50)]
    for payload in sent:
        rig.send(payload)
        time.sleep(0.001)
    assert [rig.receiver.recv(100) for _ in sent] == sent
    assert rig.close() == 0
    arrivals = read_capture(rig.capture).arrivals
    entered = arrivals["arrived_ns"][arrivals["tap"] == 0]
    left = arrivals["arrived_ns"][arrivals["tap"] == 1]
    planned_ns, _ = plan(Impairment(delay_s=0.02, jitter_s=0.005), 5, 0)
    due = np.maximum.accumulate(entered + planned_ns[: len(sent)])
    assert (left >= due).all(), "a datagram left before it was due"
    assert (rig.state.sent, rig.state.lost, rig.state.unstamped) == (50, 0, 0)


@pytest.mark.parametrize("rig", [Impairment(loss=0.3, duplicate=0.2)], indirect=True)
def test_loss_and_duplication_follow_the_plan_exactly(rig: Rig) -> None:
    for k in range(200):
        rig.send(HEARTBEAT + bytes([k]))
    _, copies = plan(Impairment(loss=0.3, duplicate=0.2), 5, 0)
    expected = [k for k in range(200) for _ in range(copies[k])]
    assert [rig.receiver.recv(100)[-1] for _ in expected] == expected
    assert rig.state.lost == int((copies[:200] == 0).sum())
    assert rig.state.duplicated == int((copies[:200] == 2).sum())


@pytest.mark.parametrize("rig", [Impairment(delay_s=0.1)], indirect=True)
def test_a_cable_pulled_at_the_source_stops_what_enters_and_one_at_the_sink_what_leaves(rig: Rig) -> None:
    def send_and_settle(number: int) -> None:
        rig.send(HEARTBEAT + bytes([number]))
        until = time.monotonic() + 5
        while rig.state.received < number and time.monotonic() < until:
            time.sleep(0.001)

    send_and_settle(1)
    rig.state.cut_at(End.SOURCE, True)  # the first is on its way already
    send_and_settle(2)
    rig.state.cut_at(End.SOURCE, False)
    assert rig.receiver.recv(100)[-1] == 1
    rig.state.cut_at(End.SINK, True)
    send_and_settle(3)
    time.sleep(0.3)
    rig.state.cut_at(End.SINK, False)
    send_and_settle(4)
    assert rig.receiver.recv(100)[-1] == 4
    rig.close()
    assert (rig.state.cut, rig.state.sent, rig.state.lost, rig.state.kernel_drops) == (2, 2, 0, 0)
    assert len(read_capture(rig.capture).arrivals) == 4 + 2


@pytest.mark.parametrize("rig", [Impairment()], indirect=True)
def test_the_capture_opens_in_tshark_as_asterix_on_both_taps(rig: Rig) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is missing: apt-get install tshark")
    rig.send(HEARTBEAT)
    rig.receiver.recv(100)
    rig.close()
    fields = ["-T", "fields", "-e", "frame.interface_name", "-e", "frame.protocols", "-e", "udp.dstport"]
    shown = subprocess.run(
        ["tshark", "-r", str(rig.capture), *fields], capture_output=True, text=True, check=True
    ).stdout
    assert [line.split("\t") for line in shown.splitlines()] == [
        ["a.out.b", "raw:ip:udp:asterix", "8600"],
        ["b.in.a", "raw:ip:udp:asterix", "8600"],
    ]


@pytest.mark.parametrize("rig", [Impairment()], indirect=True)
def test_a_capture_cut_anywhere_is_read_up_to_the_cut(rig: Rig) -> None:
    for _ in range(3):
        rig.send(HEARTBEAT)
        rig.receiver.recv(100)
    rig.close()
    whole = rig.capture.read_bytes()
    block = 72  # 28 octets of block header, 28 + 9 of packet, 3 of padding, 4 of trailer
    for cut in range(len(whole) - 2 * block + 1, len(whole) + 1):
        rig.capture.write_bytes(whole[:cut])
        seen = read_capture(rig.capture)
        left_out = len(whole) - cut
        assert len(seen.arrivals) == 6 - -(-left_out // block)
        assert seen.torn == (left_out % block != 0)


def test_a_port_in_use_is_named_with_its_holder(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind((LISTEN, pcapng.ASTERIX_PORT))
        config = tmp_path / "wan.json"
        wire = Wire("a → b", LISTEN, SEND_FROM, TO, 0, 1, Impairment())
        (tmp_path / "wires").touch()
        config.write_bytes(msgspec.json.encode(WanConfig(5, str(tmp_path / "c"), str(tmp_path / "wires"), [wire])))
        ended = subprocess.run(
            [sys.executable, "-m", "hil.links.wan", str(config)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 3
    assert f"UDP port {LISTEN}:8600 is in use, held by process" in ended.stderr
    assert "Traceback" not in ended.stderr
