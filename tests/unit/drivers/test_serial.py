"""A serial line is opened for one, written at line rate, and its errors say what to do."""

from __future__ import annotations

import fcntl
import os
import socket
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hil.columns import DEPARTURES
from hil.drivers.injector import Rows, SerialInjector
from hil.drivers.serial import octet_time_ns, octets_per_write, open_line
from hil.errors import HilTimeoutError, LinkError

BAUD = 115_200


@pytest.fixture
def pty() -> Iterator[tuple[int, Path]]:
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, Path(os.ttyname(slave))
    os.close(master)
    os.close(slave)


def test_one_octet_takes_ten_bit_times() -> None:
    assert octet_time_ns(115_200) == pytest.approx(10 / 115_200 * 1e9)


def test_slow_lines_are_written_octet_by_octet_and_fast_ones_in_small_pieces() -> None:
    assert [octets_per_write(baud) for baud in (9_600, 115_200, 921_600)] == [1, 2, 14]


def test_octets_arrive_whole_and_never_before_the_line_could_have_carried_them(pty: tuple[int, Path]) -> None:
    master, device = pty
    frames = [bytes(range(256)), bytes(100)]
    line = open_line(device, BAUD)
    start_ns = time.time_ns() + 2_000_000
    stop = np.cumsum([len(frame) for frame in frames])
    rows = Rows(np.frombuffer(b"".join(frames), np.uint8), np.array([0, stop[0]]), stop, np.array([start_ns, start_ns]))
    departures = np.zeros(2, DEPARTURES)
    SerialInjector(line, BAUD).carry_out(rows, departures)
    assert (departures["departed_ns"] - start_ns >= np.floor(stop * octet_time_ns(BAUD))).all(), "faster than the line"
    received = b""
    while len(received) < stop[-1]:
        received += os.read(master, 4096)
    assert received == b"".join(frames)
    line.close()


def test_a_box_that_does_not_read_is_told_from_a_slow_one(pty: tuple[int, Path]) -> None:
    _, device = pty
    line = open_line(device, 921_600)
    n = 1 << 20  # more than a pty holds
    rows = Rows(np.zeros(n, np.uint8), np.array([0]), np.array([n]), np.array([time.time_ns() - 20 * 10**9]))
    with pytest.raises(LinkError, match=r"broke while writing .*timed out.*is the box still running"):
        SerialInjector(line, 921_600).carry_out(rows, np.zeros(1, DEPARTURES))
    line.close()


def listening(path: Path) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()
    return server


def rows_of(frames: list[bytes], at_ns: list[int]) -> Rows:
    stop = np.cumsum([len(frame) for frame in frames])
    return Rows(np.frombuffer(b"".join(frames), np.uint8), stop - [len(f) for f in frames], stop, np.array(at_ns))


def read_to_end(peer: socket.socket) -> bytes:
    received = b""
    while octets := peer.recv(4096):
        received += octets
    peer.close()
    return received


def test_a_box_that_halts_for_a_while_gets_everything_late_and_the_line_does_not_wait_for_it(tmp_path: Path) -> None:
    """5,000 octets handed over two at a time are more than a socket holds unread; then it reads again."""
    with listening(tmp_path / "line") as server:
        line = open_line(tmp_path / "line", BAUD)
        peer, _ = server.accept()
        begin_ns = time.time_ns() + 10_000_000
        frames = [bytes([k]) * 100 for k in range(50)]
        span_ns = int(100 * octet_time_ns(BAUD))
        rows, departures = rows_of(frames, [begin_ns + k * span_ns for k in range(50)]), np.zeros(50, DEPARTURES)
        received: list[bytes] = []
        reader = threading.Timer(0.6, lambda: received.append(read_to_end(peer)))
        reader.start()
        SerialInjector(line, BAUD).carry_out(rows, departures)
        line.close()
        reader.join()
    assert received == [b"".join(frames)]
    lateness_ns = departures["departed_ns"] - rows.at_ns - span_ns
    assert np.median(lateness_ns) < 5e6, "it never read before 0.6 s"


def test_frames_go_on_departing_while_nobody_is_at_the_far_end_and_arrive_when_the_box_is_back(tmp_path: Path) -> None:
    path = tmp_path / "line"
    frames = [bytes([k]) * 20 for k in range(60)]
    departures = np.zeros(60, DEPARTURES)
    received: list[bytes] = []
    with listening(path) as server:
        line = open_line(path, BAUD)
        first, _ = server.accept()
        begin_ns = time.time_ns() + 10_000_000
        rows = rows_of(frames, [begin_ns + k * 20_000_000 for k in range(60)])

        def lose_power_and_come_back() -> None:
            time.sleep(0.3)
            path.unlink()
            first.close()
            time.sleep(0.4)
            server_again = listening(path)
            peer, _ = server_again.accept()
            received.append(read_to_end(peer))
            server_again.close()

        box = threading.Thread(target=lose_power_and_come_back, daemon=True)
        box.start()
        injector = SerialInjector(line, BAUD, reopen=lambda: open_line(path, BAUD))
        injector.carry_out(rows, departures)
        injector.line.close()
        box.join()
    assert (departures["departed_ns"] >= rows.at_ns).all(), "every frame departs"
    assert received[0] == b"".join(frames[60 - len(received[0]) // 20 :]), (
        "whole frames from some frame on, to the last"
    )
    assert 10 <= len(received[0]) // 20 <= 40


def test_a_socket_that_is_not_read_is_no_clean_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hil.drivers.serial.HANG_UP_S", 0.05)
    with listening(tmp_path / "line"):
        line = open_line(tmp_path / "line", BAUD)
        with pytest.raises(HilTimeoutError, match="is not read"):
            line.close()


def test_a_socket_without_a_listener_is_refused(tmp_path: Path) -> None:
    listening(tmp_path / "line").close()
    with pytest.raises(LinkError, match=r"cannot be opened .*is the box running"):
        open_line(tmp_path / "line", BAUD)


def test_an_absent_device_is_named() -> None:
    with pytest.raises(LinkError, match="serial device /dev/ttyNOTHERE does not exist: connect it"):
        open_line(Path("/dev/ttyNOTHERE"), BAUD)


def test_a_locked_device_is_refused(pty: tuple[int, Path]) -> None:
    _, device = pty
    with device.open("rb", buffering=0) as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(LinkError, match="is locked by another process: stop that process"):
            open_line(device, BAUD)


def test_a_file_that_is_no_line_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LinkError, match="cannot be opened"):
        open_line(tmp_path / "file", BAUD)
