"""The emulated bench flies a scenario: every plot comes through once, by UART and by Ethernet, and the boxes' books agree."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from shipped import built

from hil.bench.fidelity import stand_up
from hil.bench.model import BenchConfig, load_bench
from hil.bench.stand import Stand
from hil.checks import delivery
from hil.errors import BenchError, ConfigError
from hil.run.campaign import fly, result_of
from hil.run.capture import read_capture
from hil.run.drill import Message, Order, drill, plot_blocks
from hil.run.setup import Setup
from hil.timing.verdict import Outcome, Verdict


def with_boxes(setup: Setup, **changes: object) -> BenchConfig:
    boxes = tuple(msgspec.structs.replace(box, **changes) for box in setup.bench.file.box)
    return BenchConfig(setup.bench.path, msgspec.structs.replace(setup.bench.file, box=boxes))


def verdicts_of_a_flight(setup: Setup, stand: Stand) -> list[Verdict]:
    flown = fly(setup, stand, setup.scenario("quiet"), 2, lambda _share: None)
    result = result_of(setup, stand, flown, read_capture(stand.capture))
    verdicts = []
    for chain in result.chains.values():
        for tap in (chain.budget.taps[2], chain.budget.taps[-1]):
            verdicts += delivery.once(chain.journeys, tap, "RIB-DEL-001")
    for radar in setup.bench.file.radar:
        sent = int((result.injections[radar.name].plot_id >= 0).sum())
        books = result.counters_before[radar.feeds], result.counters_after[radar.feeds]
        verdicts += delivery.books(radar.feeds, *books, sent, "RIB-DEL-003")
    assert result.drops == {}
    return verdicts


@pytest.mark.parametrize(("serial_device", "isolation"), [("socket", "auto"), ("pty", "loopback")])
def test_every_plot_comes_through_once(tmp_path: Path, serial_device: str, isolation: str) -> None:
    setup = built("qemu")
    config = with_boxes(setup, serial_device=serial_device)
    with stand_up(config, setup.hops(), tmp_path, isolation_mode=isolation) as stand:
        found = verdicts_of_a_flight(setup, stand)
    assert {verdict.requirement for verdict in found} == {"RIB-DEL-001", "RIB-DEL-003"}
    assert [verdict for verdict in found if verdict.outcome is not Outcome.PASS] == []


def test_a_box_without_a_clock_is_told_the_time(tmp_path: Path) -> None:
    setup = built("qemu")
    with stand_up(setup.bench, setup.hops(), tmp_path) as stand:
        drilled = drill(setup, stand, [], [Order("kr_box", 0.2, lambda box: box.reset())], lasts_s=2.5)
        beats = drilled.capture.tables("kr_c2.in.kr_box")[65]
        assert set(beats["040/TSV"][-1:].tolist()) == {0}
        ages_s = (
            beats["030"] - drilled.capture.stamps_ns("kr_box.out.kr_c2")[: len(beats["030"])] % (86_400 * 10**9) * 1e-9
        )
    assert np.abs(ages_s[-1]) < 0.25


def test_an_emulator_that_is_not_there_is_blocked_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = built("qemu")
    monkeypatch.setattr("shutil.which", lambda _tool: None)
    with (
        pytest.raises(BenchError, match="apt-get install qemu-system-arm"),
        stand_up(setup.bench, setup.hops(), tmp_path, isolation_mode="loopback"),
    ):
        pass


def test_a_box_of_a_kind_that_the_bench_does_not_take_is_blocked(tmp_path: Path) -> None:
    setup = built("qemu")
    config = with_boxes(setup, kind="sim", serial_device=None)
    with (
        pytest.raises(BenchError, match="jp_box is sim, but the bench runs in real time"),
        stand_up(config, setup.hops(), tmp_path, isolation_mode="loopback"),
    ):
        pass


def test_only_an_emulated_box_has_a_choice_of_serial_device(tmp_path: Path) -> None:
    path = tmp_path / "bench.toml"
    setup = built("qemu")
    path.write_text(setup.bench.path.read_text().replace('kind = "qemu"', 'kind = "native"'))
    with pytest.raises(ConfigError, match="jp_box` is native and has no choice of `serial_device`"):
        load_bench(path)


@pytest.mark.parametrize("fidelity", ["native", "qemu"])
def test_a_box_on_a_serial_line_may_halt_and_lose_its_power_while_its_radar_sends(
    tmp_path: Path, fidelity: str
) -> None:
    setup = built(fidelity)
    radar = setup.bench.radar("jp_radar")
    blocks = plot_blocks(radar, 30_000.0 + np.arange(80) / 8, i220=np.arange(1, 81))
    messages = [Message(radar.name, 0.1 * k, block) for k, block in enumerate(blocks)]
    orders = [
        Order("jp_box", 0.95, lambda box: box.freeze(True)),
        Order("jp_box", 2.45, lambda box: box.freeze(False)),
        Order("jp_box", 3.95, lambda box: box.power(False)),
        Order("jp_box", 4.95, lambda box: box.power(True)),
    ]
    with stand_up(setup.bench, setup.hops(), tmp_path) as stand:
        drilled = drill(setup, stand, messages, orders)
        arrived = drilled.capture.at("jp_box.in.jp_radar")["address"].tolist()
        tracked = drilled.capture.at("jp_c2.in.jp_box")["address"].tolist()
    assert len(drilled.capture.at("jp_radar.out.jp_box")) == 80, "a radar does not care"
    assert arrived[:40] == list(range(1, 41)), "what came while the box was halted waited for it"
    assert tracked[:38] == list(range(1, 39)), "and is not lost"
    assert arrived[-1] == tracked[-1] == 80
    assert len(arrived) < 80, "what came without power is gone"
