"""A serial line whose box loses its power: nothing breaks, nothing goes to a stranger, and it goes on when the box is back."""

from __future__ import annotations

import os
import select
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hil.columns import DEPARTURES, MISSING, StampSource
from hil.drivers import pcapng
from hil.drivers.injector import LineTaps, Rows, SerialInjector
from hil.drivers.serial import open_line
from hil.run.capture import read_capture

ROWS, GAP_S = 40, 0.02


def new_box(link: Path) -> tuple[int, Callable[[], None]]:
    """A pty behind `link`, as a box makes it; gives its master side and what takes the power away."""
    master, slave = os.openpty()
    tty.setraw(slave)
    link.symlink_to(os.ttyname(slave))

    def off() -> None:
        link.unlink()
        os.close(slave)
        os.close(master)

    return master, off


def read_all(master: int) -> bytes:
    """Everything that a pty still brings; the kernel moves it at leisure."""
    got = b""
    while select.select([master], [], [], 1.0)[0]:
        got += os.read(master, ROWS)
    return got


def test_what_is_due_without_power_goes_nowhere_and_the_rest_to_the_box_that_is_back(tmp_path: Path) -> None:
    capture, link = tmp_path / "c.pcapng", tmp_path / "line"
    pcapng.create(capture, [pcapng.TapInterface(name, StampSource.USER, "") for name in ("out", "in")], "test")
    _, off = new_box(link)
    taps = LineTaps(pcapng.open_for_append(capture), 0, 1)
    injector = SerialInjector(open_line(link, 115_200), 115_200, taps, lambda: open_line(link, 115_200))
    bounds = np.arange(ROWS + 1, dtype=np.int64)
    octets = np.arange(ROWS, dtype=np.uint8)
    begin_ns = time.time_ns() + 50_000_000
    at_ns = begin_ns + (np.arange(ROWS) * GAP_S * 1e9).astype(np.int64)
    rows = Rows(octets, bounds[:-1], bounds[1:], at_ns, octets, bounds[:-1], bounds[1:])
    departures = np.zeros(ROWS, DEPARTURES)
    sending = threading.Thread(target=injector.carry_out, args=(rows, departures))
    sending.start()
    time.sleep(0.25)
    off()
    time.sleep(0.25)
    master, off = new_box(link)
    sending.join(10)
    assert not sending.is_alive()
    got = read_all(master)
    off()
    seen = read_capture(capture)
    into = [seen.octets[row["offset"]] for row in seen.arrivals if seen.taps[row["tap"]] == "in"]
    out_of = [seen.octets[row["offset"]] for row in seen.arrivals if seen.taps[row["tap"]] == "out"]
    assert out_of == list(range(ROWS))  # the radar does not notice
    assert (departures["departed_ns"] != MISSING).all()
    missing = sorted(set(range(ROWS)) - set(into))
    assert missing == list(range(missing[0], missing[-1] + 1))
    assert 0 < missing[0] < missing[-1] < ROWS - 1
    assert list(got) == list(range(missing[-1] + 1, ROWS))
