"""Qualifying a bench: every wire is measured and every part of a delay is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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
