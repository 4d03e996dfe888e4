"""What every kind of box must do, whatever it is made of: one suite, a maker of boxes for each kind."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hil.bench.processes import Processes
from hil.boxes.box import Box, Ports, Sensor, StartsSlowly
from hil.boxes.native import NativeBox
from hil.boxes.qemu import EMULATOR, QemuBox
from hil.boxes.rib_library import Output
from hil.boxes.sim import SimBox
from hil.boxes.started import StartedBox
from hil.errors import BenchError, LinkError

FIRMWARE = Path(__file__).parents[3] / "firmware_stubs"
SETTINGS = ["--sac", "1", "--sic", "2", "--serial-number", "RIB-TEST-1"]
WRONG_BUILD = "0" * 40


PACKAGES = {"arm-none-eabi-gcc": "gcc-arm-none-eabi libnewlib-arm-none-eabi"}


def image(target: str, path: str, *tools: str) -> Path:
    """A firmware image, built if need be; skips, with the reason, where a tool that it takes is missing."""
    for tool in ("make", *(tools or ("gcc",))):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: apt-get install {PACKAGES.get(tool, tool)}")
    subprocess.run(["make", "-s", "-C", str(FIRMWARE), target], check=True)
    return FIRMWARE / "build" / path


def no_cable(_cut: bool) -> None:
    """It is not connected."""


@dataclass
class Bed:
    """What a box of one kind stands on: `make` makes one, `passes` lets time go by for it."""

    make: Callable[..., Box]
    passes: Callable[[float], None]


@contextmanager
def in_real_time(kind: type[StartedBox], built: Path, folder: Path) -> Iterator[Bed]:
    with Processes(folder) as processes:
        processes.isolate("loopback", {})

        def make(image_path: Path = built, build_id: str = "") -> Box:
            return kind("box", image_path, Ports(), processes, no_cable, settings=SETTINGS, expected_build_id=build_id)

        yield Bed(make, time.sleep)


@pytest.fixture
def native(tmp_path: Path) -> Iterator[Bed]:
    with in_real_time(NativeBox, image("posix", "posix/rib"), tmp_path) as bed:
        yield bed


@pytest.fixture
def qemu(tmp_path: Path) -> Iterator[Bed]:
    built = image("qemu", "mps2_an385/rib.elf", "arm-none-eabi-gcc", EMULATOR)
    with in_real_time(QemuBox, built, tmp_path) as bed:
        yield bed


@pytest.fixture
def sim() -> Bed:
    built, now = image("sim", "sim/librib.so"), [10**9]
    boxes: list[SimBox] = []

    def passes(seconds: float) -> None:
        until = now[0] + int(seconds * 1e9)
        for box in boxes:
            while box.deadline_ns() <= until:
                now[0] = max(now[0], box.deadline_ns())
                box.work()
        now[0] = until

    def ignore(_box: str, _at_ns: int, _port: Output, _octets: bytes) -> None:
        """Nobody is connected."""

    def make(image_path: Path = built, build_id: str = "") -> Box:
        box = SimBox("box", image_path, lambda: now[0], ignore, no_cable, settings=SETTINGS, expected_build_id=build_id)
        boxes.append(box)
        return box

    return Bed(make, passes)


@pytest.fixture(params=["native", "qemu", "sim"])
def bed(request: pytest.FixtureRequest) -> Bed:
    found: Bed = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def box(bed: Bed) -> Iterator[Box]:
    made = bed.make()
    made.start()
    yield made
    made.stop()


def uptime_s(box: Box) -> float:
    return float(box.ask("SYST:UPT?"))


def test_a_box_says_who_it_is(box: Box) -> None:
    identity = box.identify()
    assert (identity.maker, identity.model, identity.serial_number) == ("radar-hil", "RIB", "RIB-TEST-1")
    assert len(identity.build_id) == 40


def test_another_build_than_expected_is_blocked_with_both_ids(bed: Bed) -> None:
    made = bed.make(build_id=WRONG_BUILD)
    with pytest.raises(BenchError, match=rf"runs build [0-9a-f]{{40}}, expected {WRONG_BUILD}"):
        made.start()
    made.stop()


def test_an_image_that_is_not_there_is_blocked_with_the_command_that_makes_it(bed: Bed, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="make -C firmware_stubs"):
        bed.make(image_path=tmp_path / "none").start()


def test_counters_are_numbers_by_name(box: Box) -> None:
    counters = box.counters()
    assert counters["plots_in"] == 0
    assert "heartbeats" in counters


def test_a_sensor_can_be_added(box: Box) -> None:
    box.add_sensor(Sensor(7, 8, 35.5, 139.7, 40.0))
    assert "7,8," in box.ask("CONF:SENS?")


def test_a_sensor_that_the_box_refuses_is_blocked(box: Box) -> None:
    with pytest.raises(BenchError, match="refused sensor 7/8"):
        box.add_sensor(Sensor(7, 8, 95.0, 139.7, 40.0))


def test_a_command_is_told_without_an_answer(box: Box) -> None:
    box.tell("CONF:MTU 500")
    assert box.ask("CONF:MTU?") == "500"


def test_a_reset_brings_settings_back_and_says_pin(bed: Bed, box: Box) -> None:
    box.tell("CONF:MTU 500")
    assert box.ask("CONF:MTU?") == "500"
    box.reset()
    bed.passes(0.3)
    assert box.ask("SYST:RES:CAUS?") == "PIN"
    assert box.ask("CONF:MTU?") == "1400"


def test_a_power_cycle_starts_from_nothing(bed: Bed, box: Box) -> None:
    box.tell("CONF:MTU 500")
    bed.passes(2.0)
    before_s = uptime_s(box)
    box.power(False)
    box.power(True)
    assert box.ask("SYST:RES:CAUS?") == "POWER"
    assert box.ask("CONF:MTU?") == "1400"
    assert uptime_s(box) < before_s


def test_a_box_can_be_made_to_start_slowly_once(bed: Bed, box: Box) -> None:
    assert isinstance(box, StartsSlowly)
    box.power(False)
    box.start_slowly(0.4)
    before = time.monotonic()
    box.power(True)
    waited_s = time.monotonic() - before
    bed.passes(0.2)
    if waited_s < 0.4:  # it was not waited for, so it is not there yet
        with pytest.raises(LinkError):
            uptime_s(box)
    bed.passes(0.3)
    assert box.ask("SYST:RES:CAUS?") == "POWER"
    box.power(False)
    box.power(True)
    assert uptime_s(box) >= 0.0  # it answers at once


def test_a_frozen_box_does_nothing_until_it_is_thawed(bed: Bed, box: Box) -> None:
    beats = box.counters()["heartbeats"]
    box.freeze(True)
    bed.passes(2.5)
    box.freeze(False)
    assert box.counters()["heartbeats"] <= beats + 1
    for _ in range(20):  # one second is enough, where the machine is not busy
        bed.passes(0.5)
        if box.counters()["heartbeats"] > beats + 1:
            return
    pytest.fail("no heartbeat after the thaw")


def test_what_came_to_a_frozen_box_arrives_when_it_is_thawed(bed: Bed, box: Box) -> None:
    box.freeze(True)
    box.tell("CONF:MTU 500")
    bed.passes(0.5)
    box.freeze(False)
    assert box.ask("CONF:MTU?") == "500"


def test_a_frozen_box_can_be_switched_off_and_on(box: Box) -> None:
    box.freeze(True)
    box.power(False)
    box.power(True)
    assert box.ask("SYST:RES:CAUS?") == "POWER"


def test_a_box_that_was_stopped_can_be_started_again(box: Box) -> None:
    box.stop()
    box.start()
    assert box.identify().serial_number == "RIB-TEST-1"
