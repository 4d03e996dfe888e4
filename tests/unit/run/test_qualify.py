"""Qualifying a bench: every wire is measured and every part of a delay is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hil.bench.addressing import WireEnds
from hil.errors import BenchError
from hil.run import qualify as module
from hil.run import qualify_host
from hil.run.qualification import Qualification, keep
from hil.run.setup import read_setup


@pytest.fixture(scope="module")
def done() -> Qualification:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MESSAGES", 40)
        patch.setattr(qualify_host, "FRAMES", 12)
        patch.setattr(qualify_host, "STAMPS", 20)
        return module.qualify(read_setup(Path("lab_config/benches/native.toml")), "loopback")


def test_every_pair_of_taps_has_its_loopback_delay(done: Qualification) -> None:
    wires = [hop for hop in read_setup(Path("lab_config/benches/native.toml")).hops() if not hop.serial]
    assert [pair.name.split(" → ")[0] for pair in done.pairs] == [f"{h.source}.out.{h.sink}" for h in wires]
    assert all(pair.n == 40 for pair in done.pairs)


def test_every_part_of_a_delay_is_measured(done: Qualification) -> None:
    assert set(done.kinds) == {"pacing", "into_wire", "wire", "out_of_wire", "serial"}
    assert all(0.0 <= found.p50_s <= found.p99_s <= found.max_s for found in done.kinds.values())
    assert (done.stamps.n, done.kinds["serial"].n) == (20, 12)
    assert done.waits.n > 0
    assert 0.0 <= done.steal <= 1.0


def test_kernel_stamps_are_nearer_to_the_wire_than_the_wire_is_long(done: Qualification) -> None:
    assert done.kinds["into_wire"].p50_s < done.kinds["wire"].p50_s


def test_it_is_written_as_plain_json(done: Qualification, tmp_path: Path) -> None:
    keep(done, tmp_path / "q.json")
    assert json.loads((tmp_path / "q.json").read_text())["isolation"] == "loopback"


class SlowStarts:
    """Stands for the bench's processes and for the clock: each start takes a time from a list."""

    def __init__(self, take_s: list[float]) -> None:
        self.take_s, self.now_s, self.stopped = iter(take_s), 1e9, list[str]()

    def time_ns(self) -> int:
        return int(self.now_s * 1e9)

    def wait_ready(self, _name: str) -> None:
        self.now_s += next(self.take_s)

    def stop(self, name: str) -> None:
        self.stopped.append(name)


def start_three(monkeypatch: pytest.MonkeyPatch, slow: SlowStarts) -> float:
    """The margin, s, that was left before the first of three probes would have sent."""
    monkeypatch.setattr(module, "time", slow)
    monkeypatch.setattr(module, "_start_probe", lambda *_: None)
    ends = [WireEnds("a", f"b{k}", "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4") for k in range(3)]
    probes = module._start_probes(slow, Path(), ends, 0, Path(), start_s=0.5)
    return probes[0].begins_ns * 1e-9 - slow.now_s


def test_probes_that_start_in_time_are_started_once(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowStarts([0.5] * 3)
    assert start_three(monkeypatch, slow) == pytest.approx(3.5)
    assert slow.stopped == []


def test_a_machine_that_turns_slow_gets_more_time_for_its_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowStarts([1.5] * 6)
    assert start_three(monkeypatch, slow) > 1.0
    assert slow.stopped == ["probe.a.b0", "probe.a.b1", "probe.a.b2"]


@pytest.mark.parametrize("take_s", [[6.0] * 3, [1.5] * 3 + [4.4] * 3 + [16.4] * 3])
def test_a_machine_too_slow_to_start_them_blocks(monkeypatch: pytest.MonkeyPatch, take_s: list[float]) -> None:
    with pytest.raises(BenchError, match="too busy to be qualified"):
        start_three(monkeypatch, SlowStarts(take_s))
