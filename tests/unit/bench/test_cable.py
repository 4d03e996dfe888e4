"""A box whose Ethernet cable is pulled, on every bench: nothing reaches it or leaves it, and that is no loss of the bench."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from shipped import built

from hil.bench.fidelity import stand_up
from hil.bench.stand import Stand
from hil.run.drill import Message, Order, drill, plot_blocks
from hil.run.setup import Setup


@pytest.fixture(
    scope="module", params=["native namespace", "native loopback", "qemu namespace", "qemu loopback", "sim virtual"]
)
def standing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Setup, Stand]]:
    fidelity, isolation = request.param.split()
    setup = built(fidelity)
    mode = "auto" if isolation == "namespace" else isolation  # a kernel that allows none still shows the rest
    with stand_up(setup.bench, setup.hops(), tmp_path_factory.mktemp("bench"), isolation_mode=mode) as stand:
        yield setup, stand


def test_a_pulled_cable_carries_nothing_either_way_until_it_is_plugged_in_again(standing: tuple[Setup, Stand]) -> None:
    setup, stand = standing
    radar = setup.bench.radar("kr_radar")
    blocks = plot_blocks(radar, np.array([30_000.0, 30_002.0, 30_004.0]), i220=1)
    drilled = drill(
        setup,
        stand,
        [Message(radar.name, at_s, block) for at_s, block in zip((0.0, 2.5, 5.0), blocks, strict=True)],
        [
            Order("kr_box", 1.0, lambda box: box.cut_link(True)),
            Order("kr_box", 4.0, lambda box: box.cut_link(False)),
            Order("kr_box", 2.0, "SYST:RES:CAUS?"),
        ],
    )
    assert drilled.answers[-1] == "PIN", "the console goes on"
    assert drilled.grew("kr_box")["plots_in"] == 2
    for tap, seen in (("kr_box.in.kr_radar", 2), ("kr_c2.in.kr_box", 2), ("usfk_gw.in.kr_box", 2)):
        assert len(drilled.capture.at(tap)) == seen, tap
        silence_s = np.diff(drilled.capture.stamps_ns(tap)).max() * 1e-9
        assert silence_s > 2.5, tap
    assert sum(wire.cut for wire in stand.wires) >= 5, "a plot, two heartbeats on each of two wires"
    assert stand.drops() == {}


def test_the_cable_of_one_box_is_not_that_of_another(standing: tuple[Setup, Stand]) -> None:
    setup, stand = standing
    drilled = drill(setup, stand, [], [Order("kr_box", 0.0, lambda box: box.cut_link(True))], lasts_s=2.5)
    assert len(drilled.capture.stamps_ns("jp_c2.in.jp_box")) >= 2
    assert np.diff(drilled.capture.stamps_ns("jp_c2.in.jp_box")).max() < 2e9
    stand.boxes["kr_box"].cut_link(False)
