"""What the box does when something is taken from it: its time to think, its power, its processor."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest
from conftest import Rib, encode, plot, raw
from pyvisa.errors import VisaIOError


def test_overload_sheds_by_priority_counts_it_and_ends(start: Callable[..., Rib]) -> None:
    """400 plots at once into a box made for 100 a second: plots with an identity go first."""
    rib = start("--capacity", "100")
    anonymous = [plot(1000, None, i040=(("RHO", 2560 + 256 * k), ("THETA", 0))) for k in range(90)]
    identified = [plot(1000, 0x100000 + k) for k in range(310)]
    rib.send(encode(48, *anonymous))
    for at in range(0, 310, 62):
        rib.send(encode(48, *identified[at : at + 62]))
    counters = rib.counters()
    assert counters["plots_in"] == 400
    assert counters["tracks_out"] + counters["shed"] == 400
    assert 100 <= counters["tracks_out"] <= 200
    tracks = rib.tracks(counters["tracks_out"])
    without = sum(raw(t, "380") == b"" for t in tracks)
    assert 74 <= without <= 90  # three quarters of the room
    (beat,) = rib.status(65)
    assert raw(beat, "040")[0] & 0x20  # OVL
    time.sleep(3)
    (beat,) = rib.status(65)
    assert not raw(beat, "040")[0] & 0x20
    rib.send(encode(48, plot(2000)))
    assert rib.counters()["tracks_out"] == counters["tracks_out"] + 1


def ask_when_it_is_back(rib: Rib, query: str) -> str:
    """The console stays the same line over a reset, but what is on it may get lost."""
    end, patience_ms = time.monotonic() + 10, rib.console.timeout
    rib.console.timeout = 500
    try:
        while True:
            try:
                return rib.ask(query)
            except VisaIOError:
                if time.monotonic() > end:
                    raise
    finally:
        rib.console.timeout = patience_ms


@pytest.mark.parametrize("cause", ["SOFTWARE", "WATCHDOG", "PIN"])
def test_a_reset_says_its_cause_and_shows_no_stale_track(rib: Rib, cause: str) -> None:
    rib.send(encode(48, plot(1000)))
    rib.tracks(1)
    if cause == "PIN":
        rib.process.send_signal(signal.SIGHUP)
    else:
        rib.console.write({"SOFTWARE": "SYST:RES", "WATCHDOG": "DIAG:HANG"}[cause])
    time.sleep(0.2)
    assert ask_when_it_is_back(rib, "SYST:RES:CAUS?") == cause
    assert rib.counters()["tracks_live"] == 0
    assert rib.ask("DIAG:LOG?").endswith(f"started by {cause}")
    (beat,) = rib.status(65)
    assert raw(beat, "040")[0] & 0x02  # STTN has changed
    rib.send(encode(48, plot(1512)))
    (track,) = rib.tracks(1)
    assert raw(track, "080")[1] & 0x20  # TSB
    assert rib.process.poll() is None


def test_a_box_that_was_frozen_goes_on_and_is_not_reset(rib: Rib) -> None:
    rib.process.send_signal(signal.SIGSTOP)
    rib.send(encode(48, plot(1000)), encode(48, plot(1512)))
    time.sleep(2.5)
    rib.process.send_signal(signal.SIGCONT)
    assert len(rib.tracks(2)) == 2
    assert rib.ask("SYST:RES:CAUS?") == "POWER"
    assert rib.counters()["heartbeats"] <= 5


def test_a_slow_box_comes_up_late(start: Callable[..., Rib]) -> None:
    before = time.monotonic()
    start("--boot-ms", "700")
    assert time.monotonic() - before >= 0.7
