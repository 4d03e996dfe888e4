"""The same core on an emulated Cortex-M3 with its own Ethernet and IP: what holds for the native box holds here."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import BUILD, RADAR, Rib, decode, encode, frame, make, plot, raw
from qemu_box import C2_OUT_PORT, LINK_OUT_PORT, LINK_PORT, QemuBox

OPTIONS = ("--sac", "1", "--sic", "2", "--service", "3", "--sensor", f"{RADAR[0]}/{RADAR[1]}:35.5:139.7:40")


@pytest.fixture(scope="module")
def elf() -> Path:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("no compiler for the Cortex-M3: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi")
    make("qemu", "CFLAGS=-O2 -g")
    return BUILD / "mps2_an385/rib.elf"


@pytest.fixture
def emulated(elf: Path, tmp_path: Path) -> Iterator[QemuBox]:
    box = QemuBox(elf, tmp_path, *OPTIONS)
    yield box
    box.stop()


def tracks(box: QemuBox, count: int, port: int = C2_OUT_PORT) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < count:
        found += [bytes(r.unparse().to_bytes()) for c, r in decode(box.receive(port)) if c == 62]
    return found


def test_it_identifies_and_is_well(emulated: QemuBox, elf: Path) -> None:
    assert emulated.ask("*IDN?") == "radar-hil,RIB,0,0.1.0"
    assert emulated.ask("*TST?;:SYST:RES:CAUS?") == "0;POWER"
    build_id = emulated.ask("SYST:BUILD?")
    assert len(build_id) == 40
    assert bytes.fromhex(build_id) in elf.read_bytes()


def test_its_records_are_those_of_the_native_box(emulated: QemuBox, rib: Rib) -> None:
    """Two compilers, two mathematical libraries: octet for octet the same, for plots over Ethernet and over the UART."""
    blocks = [
        encode(48, *(plot(1000 + 512 * s, 0x7E7D00 + t, i040=(("RHO", 9000 * t + 300), ("THETA", 9000 * t + 40 * s)))
                     for t in range(7)))
        for s in range(5)
    ]  # fmt: skip
    rib.send(*blocks)
    expected = [bytes(t.unparse().to_bytes()) for t in rib.tracks(35)]
    emulated.receive(C2_OUT_PORT)  # the first heartbeat: now the neighbours know each other
    found = []
    for k, block in enumerate(blocks):
        if k % 2:
            emulated.serial.sendall(frame(block))
        else:
            emulated.send(block)
        found += tracks(emulated, 7)
    assert found == expected


def test_the_heartbeat_and_remote_records_come_out(emulated: QemuBox) -> None:
    remote = encode(62, {"010": (("SAC", 7), ("SIC", 7)), "015": 1, "070": 5, "040": 9, "080": ((0,) * 5 + (None,),)})
    emulated.receive(C2_OUT_PORT)
    emulated.send(remote, LINK_PORT)
    assert tracks(emulated, 1) == [remote[3:]]
    (_, beat), (_, sensor) = decode(emulated.receive(LINK_OUT_PORT))
    assert raw(beat, "010") == bytes([1, 2])
    assert raw(beat, "040")[0] & 0x10  # nobody told it the time
    assert raw(sensor, "050") == bytes(RADAR)
    emulated.console.sendall(b"SYST:TIME 12,0,0\n")
    emulated.receive(C2_OUT_PORT)
    (_, beat), _ = decode(emulated.receive(C2_OUT_PORT))
    assert not raw(beat, "040")[0] & 0x10
    assert int.from_bytes(raw(beat, "030"), "big") // 128 // 60 == 12 * 60


@pytest.mark.parametrize("cause", ["SOFTWARE", "WATCHDOG", "PIN"])
def test_a_reset_says_its_cause(emulated: QemuBox, cause: str) -> None:
    emulated.receive(C2_OUT_PORT)
    emulated.send(encode(48, plot(1000)))
    tracks(emulated, 1)
    match cause:
        case "SOFTWARE":
            emulated.console.sendall(b"SYST:RES\n")
        case "WATCHDOG":
            emulated.console.sendall(b"DIAG:HANG\n")
        case "PIN":
            emulated.tell_emulator("system_reset")
    time.sleep(2.0 if cause == "WATCHDOG" else 0.5)
    assert emulated.ask("SYST:RES:CAUS?") == cause
    assert emulated.counters()["tracks_live"] == 0


def test_a_frozen_processor_goes_on_where_it_was(emulated: QemuBox) -> None:
    emulated.receive(C2_OUT_PORT)
    emulated.tell_emulator("stop")
    emulated.send(encode(48, plot(1000)))
    time.sleep(1.5)
    emulated.tell_emulator("cont")
    assert len(tracks(emulated, 1)) == 1
    assert emulated.ask("SYST:RES:CAUS?") == "POWER"
