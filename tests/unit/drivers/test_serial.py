"""A serial line is opened for one, written at line rate, and its errors say what to do."""

from __future__ import annotations

import fcntl
import os
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hil.columns import DEPARTURES
from hil.drivers.injector import Rows, SerialInjector
from hil.drivers.serial import octet_time_ns, octets_per_write, open_line
from hil.errors import LinkError

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
