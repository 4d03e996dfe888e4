"""The simulated bench: the same seed gives the same capture, octet for octet, and wires do what their plan says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from hil.bench.fidelity import stand_up
from hil.columns import StampSource
from hil.links.cable import End
from hil.links.impairment import Impairment, plan
from hil.links.virtual_wire import VirtualWire
from hil.run.campaign import fly
from hil.run.capture import read_capture
from hil.run.setup import read_setup

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module", autouse=True)
def library() -> None:
    for tool in ("make", "gcc"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: apt-get install {tool}")
    subprocess.run(["make", "-s", "-C", str(ROOT / "firmware_stubs"), "sim"], check=True)


def capture_of(folder: Path, seed: int, scenario: str = "quiet") -> bytes:
    folder.mkdir()
    setup = read_setup(ROOT / "lab_config/benches/sim.toml")
    with stand_up(setup.bench, setup.hops(), folder, seed=seed) as stand:
        fly(setup, stand, setup.scenario(scenario), seed, lambda _share: None)
        return stand.capture.read_bytes()


def test_the_same_seed_gives_the_same_capture(tmp_path: Path) -> None:
    assert capture_of(tmp_path / "one", 5) == capture_of(tmp_path / "two", 5)


def test_faults_are_the_same_too(tmp_path: Path) -> None:
    assert capture_of(tmp_path / "one", 5, "faults") == capture_of(tmp_path / "two", 5, "faults")


def test_another_seed_gives_another_capture(tmp_path: Path) -> None:
    assert capture_of(tmp_path / "one", 5) != capture_of(tmp_path / "two", 6)


def test_every_stamp_is_virtual(tmp_path: Path) -> None:
    capture_of(tmp_path / "one", 5)
    assert set(read_capture(tmp_path / "one/capture.pcapng").sources) == {StampSource.VIRTUAL}


def test_a_wire_does_what_its_plan_says() -> None:
    impairment = Impairment(delay_s=0.01, jitter_s=0.002, loss=0.1, duplicate=0.1)
    delay_ns, copies = plan(impairment, 3, 0)
    wire = VirtualWire(impairment, 3, 0)
    due = [wire.accept(k * 10**9) for k in range(500)]  # far apart: none waits for another
    assert [len(d) for d in due] == copies[:500].tolist()
    assert [d[0] for d in due if d] == (np.arange(500) * 10**9 + delay_ns[:500])[copies[:500] > 0].tolist()


def test_datagrams_do_not_overtake_each_other() -> None:
    wire = VirtualWire(Impairment(delay_s=0.01, jitter_s=0.005), 3, 0)
    due = [wire.accept(k * 1000)[0] for k in range(500)]
    assert due == sorted(due)


def test_nothing_passes_a_pulled_cable() -> None:
    wire = VirtualWire(Impairment(delay_s=0.01), 3, 0)
    wire.cut_at(End.SOURCE, True)
    assert wire.accept(0) == []
    wire.cut_at(End.SOURCE, False)
    assert wire.accept(0) == [10_000_000]
    wire.cut_at(End.SINK, True)
    assert not wire.leave()
    wire.cut_at(End.SINK, False)
    assert wire.leave()
    assert (wire.cut, wire.sent) == (2, 1)
