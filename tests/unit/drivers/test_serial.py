"""A serial line is opened for one, written at line rate, and its errors say what to do."""

from __future__ import annotations

import fcntl
import os
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from hil.drivers.serial import octet_time_ns, open_line, write_paced
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


def test_octets_arrive_whole_and_never_before_the_line_could_have_carried_them(pty: tuple[int, Path]) -> None:
    master, device = pty
    octets = bytes(range(256)) * 2
    line = open_line(device, BAUD)
    start_ns = time.time_ns() + 2_000_000
    done_ns = write_paced(line, octets, start_ns, BAUD)
    assert done_ns - start_ns >= len(octets) * octet_time_ns(BAUD)
    received = b""
    while len(received) < len(octets):
        received += os.read(master, 4096)
    assert received == octets
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
