"""What the firmware's tests stand on: the box built from source and run as a process, spoken to without the harness.

Nothing here uses `hil`: plots are encoded and tracks decoded by libasterix, frames are built by hand, positions come from
pyproj, so that a mistake in the harness cannot hide one in the box.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asterix.generated as tables
import pytest
import pyvisa
from asterix.base import Bits, RawDatablock

FIRMWARE = Path(__file__).parents[3] / "firmware_stubs"
BUILD = Path(os.environ.get("RIB_BUILD", FIRMWARE / "build"))  # `make -C firmware_stubs coverage` sets both
CFLAGS = os.environ.get("RIB_CFLAGS", "")
DAY_TICKS = 86_400 * 128
SPECS = {
    15: tables.Cat_015_1_0,
    34: tables.Cat_034_1_29,
    48: tables.Cat_048_1_32,
    62: tables.Cat_062_1_21,
    63: tables.Cat_063_1_7,
    65: tables.Cat_065_1_6,
}
RADAR = (10, 20)  # SAC, SIC
SITE = (35.5, 139.7, 40.0)  # latitude, longitude in degrees, height in metres
ANY_PORT = ("127.0.0.1", 0)
_NUMBERS = itertools.count()


def make(*arguments: str) -> None:
    """`make -C firmware_stubs`; skips, with the reason, where there is no compiler."""
    for tool in ("make", "gcc"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: apt-get install {tool}")
    settings = [f"BUILD={BUILD}", *([f"CFLAGS={CFLAGS}"] if CFLAGS else [])]
    command = ["make", "-s", "-C", str(FIRMWARE), *settings, *arguments]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr


def encode(category: int, *records: dict[str, Any]) -> bytes:
    """One data block, made by libasterix."""
    spec = SPECS[category]
    return bytes(spec.create([spec.cv_record.create(record) for record in records]).unparse().to_bytes())


def decode(octets: bytes) -> list[tuple[int, Any]]:
    """(category, record) of everything in a datagram; libasterix in strict mode must accept every octet of it."""
    found: list[tuple[int, Any]] = []
    blocks = RawDatablock.parse(Bits.from_bytes(octets))
    assert not isinstance(blocks, ValueError), f"not ASTERIX: {octets.hex()}"
    for block in blocks:
        category = block.get_category()
        records = SPECS[category].cv_uap.parse(block.get_raw_records())
        assert not isinstance(records, ValueError), f"CAT{category:03d} {octets.hex()}: {records}"
        found += [(category, record) for record in records]
    return found


def raw(record: Any, name: str) -> bytes:
    """The octets of an item; empty = absent."""
    item = record.get_item(name)
    return b"" if item is None else bytes(item.unparse().to_bytes())


def plot(tod: int, address: int | None = 0x840001, radar: tuple[int, int] = RADAR, **items: Any) -> dict[str, Any]:
    """A CAT048 record with the usual items; an item given as None is left out. Names of items are written `i070`."""
    record: dict[str, Any] = {
        "010": (("SAC", radar[0]), ("SIC", radar[1])),
        "140": tod,
        "020": ((5, 0, 0, 0, 0, None),),
        "040": (("RHO", 100 * 256), ("THETA", 8192)),
        "090": (0, 0, ("FL", 350 * 4)),
        "220": address,
    }
    record.update({name.removeprefix("i"): value for name, value in items.items()})
    return {name: value for name, value in record.items() if value is not None}


def frame(payload: bytes, fcs_octets: int = 2) -> bytes:
    """An RFC 1662 frame, written here a second time on purpose."""
    fcs = zlib.crc32(payload) if fcs_octets == 4 else fcs16(payload)
    body = payload + fcs.to_bytes(fcs_octets, "little")
    return b"\x7e" + body.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e") + b"\x7e"


def fcs16(payload: bytes) -> int:
    fcs = 0xFFFF
    for octet in payload:
        fcs ^= octet
        for _ in range(8):
            fcs = fcs >> 1 ^ (0x8408 if fcs & 1 else 0)
    return fcs ^ 0xFFFF


@dataclass
class Rib:
    """A running box."""

    process: subprocess.Popen[str]
    build_id: str
    folder: Path
    radar: tuple[str, int]
    link: tuple[str, int]
    link_out: socket.socket
    c2_out: socket.socket
    console: Any = None
    serial: Any = None

    def send(self, *datagrams: bytes) -> None:
        """Datagrams to radar_eth."""
        self._send(self.radar, datagrams)

    def send_link(self, *datagrams: bytes) -> None:
        """Datagrams to link_in."""
        self._send(self.link, datagrams)

    def send_serial(self, *chunks: bytes) -> None:
        """Octets to radar_serial."""
        for chunk in chunks:
            self.serial.write(chunk)
            self.serial.flush()

    def ask(self, query: str) -> str:
        return str(self.console.query(query))

    def counters(self) -> dict[str, int]:
        return {name: int(value) for name, value in (pair.split("=") for pair in self.ask("STAT:COUN?").split(","))}

    def tracks(self, count: int, *, port: str = "c2_out", timeout_s: float = 10.0) -> list[Any]:
        """The next `count` CAT062 records off a port, in the order of arrival; then makes sure that no more are there."""
        found: list[Any] = []
        end = time.monotonic() + timeout_s
        while len(found) < count:
            assert time.monotonic() < end, f"{len(found)} of {count} records came: {self.counters()}"
            found += self._tracks_now(port, 0.05)
        found += self._tracks_now(port, 0.05)
        assert len(found) == count, f"{len(found)} records came instead of {count}"
        return found

    def _tracks_now(self, port: str, wait_s: float) -> list[Any]:
        tap: socket.socket = getattr(self, port)
        tap.settimeout(wait_s)
        try:
            return [record for category, record in decode(tap.recv(65536)) if category == 62]
        except TimeoutError:
            return []

    def status(self, category: int, *, timeout_s: float = 5.0) -> list[Any]:
        """The records of the next CAT063 or CAT065 block on c2_out, counted from now."""
        end = time.monotonic() + timeout_s
        self.c2_out.settimeout(0.0)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.c2_out.recv(65536)
        while time.monotonic() < end:
            self.c2_out.settimeout(timeout_s)
            found = [record for number, record in decode(self.c2_out.recv(65536)) if number == category]
            if found:
                return found
        raise AssertionError(f"no CAT{category:03d} in {timeout_s} s")

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        for session in (self.console, self.serial):
            if session is not None:
                session.close()
        self.process.terminate()
        return self.process.wait(10)

    def _send(self, to: tuple[str, int], datagrams: tuple[bytes, ...]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for datagram in datagrams:
                sender.sendto(datagram, to)


@pytest.fixture(scope="session")
def image() -> Path:
    """The native box, built."""
    make("posix")
    return BUILD / "posix/rib"


@pytest.fixture
def start(image: Path, tmp_path: Path) -> Iterator[Callable[..., Rib]]:
    """Starts boxes, each with ports of its own, and stops them all in the end."""
    running: list[Rib] = []

    def start_one(*settings: str, program: Path | None = None, site: tuple[float, float, float] = SITE) -> Rib:
        folder = tmp_path / f"box{len(running)}"
        folder.mkdir()
        link_out, c2_out = tap(), tap()
        radar, link = free_address(), free_address()
        latitude, longitude, height = site
        process = subprocess.Popen(
            [
                str(program or image),
                *("--console", str(folder / "console"), "--radar-serial", str(folder / "radar")),
                *("--radar-eth", text(radar), "--link-in", text(link)),
                *("--link-out", text(link_out.getsockname()), "--c2-out", text(c2_out.getsockname()) + "@127.0.0.1"),
                *("--sac", "1", "--sic", "2", "--service", "3"),
                *("--sensor", f"{RADAR[0]}/{RADAR[1]}:{latitude}:{longitude}:{height}"),
                *settings,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        ready, build_id = process.stdout.readline().split()
        assert ready == "ready"
        box = Rib(process, build_id, folder, radar, link, link_out, c2_out)
        running.append(box)
        manager = pyvisa.ResourceManager("@py")
        box.console = manager.open_resource(f"ASRL{(folder / 'console').resolve()}::INSTR")
        box.console.timeout = 10_000  # ms: machines that are busy with something else take a while
        box.console.read_termination = box.console.write_termination = "\n"
        box.serial = open_line(folder / "radar")
        return box

    yield start_one
    for box in running:
        if box.process.poll() is None:
            box.stop()
        assert box.process.stdout is not None
        box.process.stdout.close()
        box.link_out.close()
        box.c2_out.close()


@pytest.fixture
def rib(start: Callable[..., Rib]) -> Rib:
    """A box with default settings and one sensor."""
    return start()


def tap() -> socket.socket:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    receiver.bind(ANY_PORT)
    return receiver


def free_address() -> tuple[str, int]:
    """A loopback address of our own, and a port that the kernel gives to nobody by itself: no other process can be in the way."""
    number = next(_NUMBERS) % 254 + 1
    return f"127.{128 + (os.getpid() >> 8 & 127)}.{os.getpid() & 255}.{number}", 8600


def open_line(link: Path) -> Any:
    import serial  # noqa: PLC0415  only where a line is opened

    return serial.Serial(str(link), 115200)


def text(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"
