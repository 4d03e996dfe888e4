"""Every named defect bites: there is an input to which the box that has it answers otherwise than the one that works."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from conftest import BUILD, DAY_TICKS, FIRMWARE, RADAR, encode, frame, make, plot
from sim_box import CONSOLE, LINK_IN, RADAR_ETH, RADAR_SERIAL, Output, S, SimBox, load

MS = S // 1000
OPTIONS = ("--sac", "1", "--sic", "2", "--sensor", f"{RADAR[0]}/{RADAR[1]}:35.5:139.7:40", "--coast-s", "8")


def listed() -> list[list[str]]:
    make("posix")
    printed = subprocess.run(
        ["make", "-s", "-C", str(FIRMWARE), "defects"], capture_output=True, text=True, check=True
    ).stdout
    return [line.split("\t") for line in printed.splitlines()]


def test_every_defect_names_a_requirement_that_it_breaks() -> None:
    known = tomllib.loads((FIRMWARE.parent / "lab_config/requirements.toml").read_text())["requirement"]
    assert {requirement for _, requirement, _ in listed()} <= {entry["id"] for entry in known}
    assert len(listed()) >= 40


@pytest.fixture(scope="module")
def library() -> Iterator[Path]:
    """The library with all defects; the box that works is back in the end."""
    make("sim", "DEFECT=any")
    path = BUILD / "sim-any/librib.so"
    yield path
    choose(path, "none")


def choose(library: Path, name: str) -> None:
    rib = load(library)
    rib.rib_choose_defect.restype = ctypes.c_bool
    rib.rib_choose_defect.argtypes = [ctypes.c_char_p]
    assert rib.rib_choose_defect(name.encode())


@pytest.fixture(scope="module")
def healthy(library: Path) -> list[Output]:
    choose(library, "none")
    return fly(library)


def fly(library: Path) -> list[Output]:
    """All that a box sends, console included, in a flight that has everything in it."""
    box = SimBox(library, *OPTIONS)
    for at_ns, port, octets in flight_plan():
        box.receive(at_ns, port, octets)
    return box.run_until(120 * S)


@cache
def flight_plan() -> list[tuple[int, int, bytes]]:
    return sorted(everything(), key=lambda event: event[0])


def everything() -> Iterator[tuple[int, int, bytes]]:
    yield from scans()
    yield from odd_ones()
    yield from far_ones()
    yield from overload()
    yield from two_full_tables()
    for at_s in (1, 5, 40, 44, 66, 90, 118):
        yield at_s * S + MS, CONSOLE, b"*IDN?;*ESR?;*TST?\nSTAT:COUN?\nSYST:RES:CAUS?\nSYST:ERR?\n"
    yield 6 * S, CONSOLE, b"BAD\n" * 16 + b"CONF:MTU 1\n" + b"SYST:ERR?\n" * 17
    yield 20 * S, CONSOLE, b"DIAG:PPS 0\n"
    yield 25 * S, CONSOLE, b"DIAG:PPS 1\n"
    yield 50 * S, CONSOLE, b"DIAG:CLOC 3\n"
    yield 80 * S, CONSOLE, b"SYST:RES\n"
    yield 119 * S, CONSOLE, b"DIAG:UPS 0;*TST?\n"


def scans() -> Iterator[tuple[int, int, bytes]]:
    """Forty objects over midnight for 25 turns of 2 s, by both ports; one crosses another, one comes out of a third."""
    for scan in range(25):
        tod = (DAY_TICKS - 12 * 256 + scan * 256) % DAY_TICKS
        at_ns = 2 * S + scan * 2 * S
        yield at_ns, RADAR_ETH, encode(34, marker(1, tod))
        yield at_ns + 500 * MS, RADAR_ETH, encode(34, {**marker(2, tod), "020": 64})
        flight = [
            plot(
                tod,
                0x7E7D00 + k,
                i040=(("RHO", 20000 + 700 * k - 20 * scan), ("THETA", 1000 * k + 100 * scan)),
                i070=(0, 0, 0, 0, ("MODE3A", 0o1000 + k)),
                i240=f"HIL{k:03}  ",
            )
            for k in range(40)
        ]
        yield at_ns + 10 * MS, RADAR_ETH, encode(48, *flight[:20]) + encode(48, *flight[20:30])
        serial = frame(encode(48, *flight[30:35])) + b"".join(frame(encode(48, p)) for p in flight[35:])
        for at in range(0, len(serial), 7):
            yield at_ns + 20 * MS + at * 87_000, RADAR_SERIAL, serial[at : at + 7]
        crossing = [plot(tod, 0x500001, i040=(("RHO", 30000), ("THETA", 40000 + 40 * scan)))]
        crossing.append(plot(tod, 0x500002, i040=(("RHO", 30000), ("THETA", 41000 - 40 * scan))))
        if scan > 5:
            crossing.append(plot(tod, 0x500003, i040=(("RHO", 30000 + 20 * (scan - 5)), ("THETA", 40000 + 40 * scan))))
        yield at_ns + 500 * MS, RADAR_ETH, encode(48, *crossing)
        remote = {"010": (("SAC", 7), ("SIC", 7)), "015": 1, "070": tod, "040": 9, "080": ((0,) * 5 + (None,),)}
        yield at_ns + 600 * MS, LINK_IN, encode(62, remote, {**remote, "040": 10})


def marker(kind: int, tod: int) -> dict[str, object]:
    return {"010": (("SAC", RADAR[0]), ("SIC", RADAR[1])), "000": kind, "030": tod, "041": 256}


def odd_ones() -> Iterator[tuple[int, int, bytes]]:
    """What is to be refused, and what comes after it."""
    good, later = encode(48, plot(1000, 0x600000)), encode(48, plot(1000, 0x600001))
    test_target = plot(1000, 3, i020=((5, 0, 0, 0, 0, None), (1, 0, 0, 0, 0, 0, None)))
    yield 30 * S, RADAR_ETH, encode(48, plot(1000, 1, radar=(9, 9)), plot(1000, 2, i040=None), test_target)
    yield 31 * S, RADAR_ETH, good[:1] + (len(good) - 1).to_bytes(2, "big") + good[3:-1] + later
    bad_fcs = bytearray(frame(later))
    bad_fcs[-3] ^= 1
    yield 32 * S, RADAR_SERIAL, bytes(bad_fcs) + frame(encode(48, *(plot(1000, 0x610000 + k) for k in range(20))))
    yield 108 * S, CONSOLE, b"CONF:FLUS 0\n"
    for k in range(500):
        yield 109 * S + k * MS, RADAR_ETH, 3 * good
    # a new object gets a number after the first ones have ended
    yield 100 * S, RADAR_ETH, encode(48, plot(5000, 0x620000))
    for k, tod in enumerate((5000, 5128, 5256, 5192, 5512)):  # one comes late
        yield (
            104 * S + k * S,
            RADAR_ETH,
            encode(48, plot(tod, 0x620001, i040=(("RHO", tod * tod // 1000), ("THETA", 0)))),
        )
    yield 80 * S - MS, RADAR_ETH, good  # its block is open when the box is reset


def far_ones() -> Iterator[tuple[int, int, bytes]]:
    """By CAT015, beyond 256 NM, below zero, at a level that is garbled, and seen by a second radar."""
    source = {"010": (("SAC", RADAR[0]), ("SIC", RADAR[1])), "000": (1, 0), "015": 1, "145": 1000}
    yield 33 * S, RADAR_ETH, encode(15, {**source, "625": {"R": 6_000_000}, "627": {"AZ": 16384}, "628": {"EL": 10922}})
    yield 34 * S, RADAR_ETH, bytes.fromhex("30001a f1810102 0a14 0003e8 a140 ffff0000 000001 0508012c00")
    levels = [(0, 0, ("FL", -40)), (0, 1, ("FL", 400))]
    yield 35 * S, RADAR_ETH, encode(48, *(plot(1000, 0x640000 + k, i090=level) for k, level in enumerate(levels)))
    yield 36 * S, CONSOLE, b"CONF:SENS 9,8,36,140,10\n"
    yield 37 * S, RADAR_ETH, encode(48, plot(1000, 0x640010, radar=(9, 8)))


def two_full_tables() -> Iterator[tuple[int, int, bytes]]:
    """Every slot taken, given back, and nearly as many taken again; a datagram for every record."""
    for at_s, first, count in ((83, 0x650000, 4000), (93, 0x660000, 3700)):
        yield at_s * S - MS, CONSOLE, b"CONF:MTU 64\n"
        for k in range(0, count, 50):
            full = [plot(3000, first + n, i040=(("RHO", 2560 + 10 * n), ("THETA", 0))) for n in range(k, k + 50)]
            yield at_s * S + k * 100_000, RADAR_ETH, encode(48, *full)
    yield 84 * S, CONSOLE, b"CONF:MTU 1400\n"
    yield 93 * S + 101 * MS, CONSOLE, b"CONF:MTU 1400\n"


def overload() -> Iterator[tuple[int, int, bytes]]:
    """A box made for 200 plots a second gets 300 at once, after a flight long enough for every counter to wrap."""
    yield 60 * S, CONSOLE, b"CONF:CAP 200\n"
    for first in range(0, 300, 50):
        named = [
            plot(2000, k % 2 * (0x630000 + k) or None, i040=(("RHO", 2560 + 200 * k), ("THETA", 0)))
            for k in range(first, first + 50)
        ]
        yield 61 * S, RADAR_ETH, encode(48, *named)
    yield 64 * S, CONSOLE, b"CONF:CAP 4000\nSYST:RES:CAUS?\n"


def test_a_defect_changes_what_the_box_does(library: Path, healthy: list[Output]) -> None:
    """All of them in one test: the flight is the same, so a defect that leaves every octet and time as it was is dead."""
    dead = []
    for name, _, _ in listed():
        if name == "crash_on_category":  # would take this process with it; see below
            continue
        choose(library, name)
        if fly(library) == healthy:
            dead.append(name)
    choose(library, "none")
    assert not dead, dead
    assert fly(library) == healthy


def test_the_crashing_defect_crashes(library: Path) -> None:
    program = (
        f"import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}]; from test_rib_defects import *; "
        f"choose(Path({str(library)!r}), 'crash_on_category'); "
        f"SimBox(Path({str(library)!r}), *OPTIONS).receive(2 * S, RADAR_ETH, bytes([21, 0, 4, 0]))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode < 0


def test_every_requirement_on_the_box_is_named_where_it_is_met_and_by_a_test_of_the_suite() -> None:
    root = FIRMWARE.parent
    entries = tomllib.loads((root / "lab_config/requirements.toml").read_text())["requirement"]
    wanted = {entry["id"] for entry in entries if entry["id"].startswith("RIB-")}
    code = "".join(path.read_text() for path in (FIRMWARE / "app").glob("*.[ch]") if path.name != "defects.h")
    suite = "".join(path.read_text() for part in ("stress", "system") for path in (root / "tests" / part).glob("*.py"))
    assert {requirement for requirement in wanted if requirement not in code} == set()
    assert {requirement for requirement in wanted if f'@req("{requirement}")' not in suite} == set()
