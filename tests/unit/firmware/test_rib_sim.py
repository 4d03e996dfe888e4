"""The same core in virtual time: what the interface document says of times and numbers holds to the nanosecond."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from conftest import BUILD, RADAR, decode, encode, make, plot, raw
from sim_box import C2_OUT, LINK_IN, LINK_OUT, RADAR_ETH, Output, S, SimBox, tracks_of

SENSOR = ("--sac", "1", "--sic", "2", "--service", "3", "--sensor", f"{RADAR[0]}/{RADAR[1]}:35.5:139.7:40")
MS = S // 1000


@pytest.fixture(scope="module")
def library() -> Path:
    make("sim")
    return BUILD / "sim/librib.so"


@pytest.fixture
def box(library: Path) -> SimBox:
    return SimBox(library, *SENSOR)


def records(outputs: list[Output]) -> list[bytes]:
    return [bytes(r.unparse().to_bytes()) for o in tracks_of(outputs) for _, r in decode(o.octets)]


def test_a_block_leaves_flush_ms_after_its_first_record(box: SimBox) -> None:
    for at_ns in (0, 1 * MS, 4_999_999, 5 * MS):
        box.receive(10 * S + at_ns, RADAR_ETH, encode(48, plot(1000, at_ns)))
    blocks = tracks_of(box.run_until(11 * S))
    assert [(o.at_ns - 10 * S, len(decode(o.octets))) for o in blocks] == [(5 * MS, 3), (10 * MS, 1)]


def test_the_heartbeat_comes_every_second_to_the_nanosecond(box: SimBox) -> None:
    beats = [o.at_ns for o in box.run_until(30 * S) if o.port == C2_OUT and o.octets[0] == 65]
    assert beats == [k * S for k in range(1, 31)]


def test_the_same_input_gives_the_same_octets_at_the_same_times(library: Path) -> None:
    def fly() -> list[Output]:
        source, box = random.Random(7), SimBox(library, *SENSOR)
        for k in range(500):
            where = ("RHO", source.randrange(2560, 50000)), ("THETA", source.randrange(65536))
            box.receive(2 * S + k * 3 * MS, RADAR_ETH, encode(48, plot(1000 + k, source.randrange(50), i040=where)))
        return box.run_until(60 * S)

    assert fly() == fly()


def test_boxes_in_one_process_do_not_know_of_each_other(library: Path) -> None:
    one, other = SimBox(library, *SENSOR), SimBox(library, *SENSOR)
    one.receive(2 * S, RADAR_ETH, encode(48, plot(1000)))
    other.receive(2 * S, RADAR_ETH, encode(48, plot(1000, 2), plot(1000, 3)))
    assert (len(records(one.run_until(3 * S))), len(records(other.run_until(3 * S)))) == (1, 2)
    assert (one.counters()["plots_in"], other.counters()["plots_in"]) == (1, 2)


def test_a_track_ends_after_its_coast_time_and_its_number_rests_for_a_minute(library: Path) -> None:
    """Tracks start and end without pause; no number comes back within 60 s of its end."""
    box = SimBox(library, *SENSOR, "--coast-s", "1")
    ended_ns: dict[int, int] = {}
    begun = 0
    for k in range(3000):
        at_ns = 2 * S + k * 100 * MS
        box.receive(at_ns, RADAR_ETH, encode(48, plot(1000 + 13 * k, k)))
        for out in tracks_of(box.run_until(at_ns + 10 * MS)):
            for _, record in decode(out.octets):
                track, status = int.from_bytes(raw(record, "040"), "big"), raw(record, "080")
                if len(status) > 1 and status[1] & 0x40:
                    ended_ns[track] = out.at_ns
                else:
                    begun += 1
                    assert out.at_ns - ended_ns.pop(track, -(10**12)) >= 60 * S
    assert begun == 3000
    assert len(ended_ns) > 2900


def quick_plots(first_address: int, count: int) -> bytes:
    """A block of plots spread over the sky (items 010, 140, 020, 040, 220), packed by hand: libasterix is too slow."""
    packed = b"".join(
        bytes.fromhex("f180 0a14 0003e8 a0") + struct.pack(">HHI", 30000, k * 11 % 65536, k)[:4] + k.to_bytes(3, "big")
        for k in range(first_address, first_address + count)
    )
    return b"\x30" + (3 + len(packed)).to_bytes(2, "big") + packed


def test_numbers_rest_also_when_they_run_short(library: Path) -> None:
    """2,000 tracks a second need more numbers in a minute than there are: plots are refused, no number comes back early."""
    box = SimBox(library, *SENSOR, "--coast-s", "1", "--capacity", "100000")
    seen: dict[int, int] = {}
    for step in range(160):
        at_ns = 2 * S + step * S // 4
        box.receive(at_ns, RADAR_ETH, quick_plots(500 * step, 500))
        for out in tracks_of(box.run_until(at_ns + 100 * MS))[::10]:
            track = int.from_bytes(raw(decode(out.octets)[0][1], "040"), "big")
            assert out.at_ns - seen.get(track, out.at_ns) < 2 * S or out.at_ns - seen[track] >= 60 * S
            seen[track] = out.at_ns
    counters = box.counters()
    assert counters["tracks_new"] + counters["table_full"] == counters["plots_in"] == 80_000
    assert counters["table_full"] > 10_000
    assert counters["tracks_live"] == counters["tracks_new"] - counters["tracks_ended"]


def test_four_thousand_tracks_fit_and_no_more(library: Path) -> None:
    box = SimBox(library, *SENSOR, "--capacity", "100000")
    for first in range(0, 4100, 100):
        where = [{"i040": (("RHO", 2560 + 10 * k), ("THETA", first * 15))} for k in range(100)]
        box.receive(2 * S, RADAR_ETH, encode(48, *(plot(1000, first + k, **where[k]) for k in range(100))))
    counters = box.counters()
    assert (counters["tracks_out"], counters["table_full"], counters["tracks_live"]) == (4000, 100, 4000)


def test_a_busy_link_and_a_busy_radar_share_the_blocks_of_c2_out(box: SimBox) -> None:
    remote = encode(62, {"010": (("SAC", 7), ("SIC", 7)), "015": 1, "070": 5, "040": 9, "080": ((0,) * 5 + (None,),)})
    for k in range(200):
        box.receive(2 * S + k * MS // 2, RADAR_ETH, encode(48, plot(1000 + k, k)))
        box.receive(2 * S + k * MS // 2, LINK_IN, remote)
    outputs = box.run_until(4 * S)
    assert len(records(outputs)) == 400
    assert sum(octets == remote[3:] for octets in records(outputs)) == 200
    assert sum(len(decode(o.octets)) for o in tracks_of(outputs, LINK_OUT)) == 200


def test_a_watchdog_bites_a_second_after_the_box_hangs(box: SimBox) -> None:
    box.receive(5 * S, RADAR_ETH, encode(48, plot(1000)))
    box.run_until(6 * S)
    assert box.ask("DIAG:HANG") == ""
    assert box.run_until(6 * S + 700 * MS) == []
    box.run_until(8 * S)
    assert box.ask("SYST:RES:CAUS?;:SYST:UPT?") == "WATCHDOG;1.000"
    assert box.counters()["tracks_live"] == 0


def time_is_flagged(box: SimBox) -> bool:
    """TSV in the next CAT065, and the same in CAT063."""
    beat = [o for o in box.run_until(box.now_ns + S) if o.port == C2_OUT and o.octets[0] == 65][-1]
    (_, system), (_, sensor) = decode(beat.octets)
    flagged = bool(raw(system, "040")[0] & 0x10)
    assert bool(len(raw(sensor, "060")) > 1 and raw(sensor, "060")[1] & 0x08) == flagged
    return flagged


def test_a_time_source_that_is_lost_is_flagged(box: SimBox) -> None:
    assert not time_is_flagged(box)
    box.set_clock(0, valid=False)
    assert time_is_flagged(box)
    box.set_clock(0)
    assert not time_is_flagged(box)


def test_a_lost_pulse_per_second_is_flagged_and_leaves_times_alone(box: SimBox) -> None:
    assert not time_is_flagged(box)
    box.ask("DIAG:PPS 0")
    assert time_is_flagged(box)
    box.receive(box.now_ns, RADAR_ETH, encode(48, plot(1234)))
    (block,) = tracks_of(box.run_until(box.now_ns + S // 2))
    assert int.from_bytes(raw(decode(block.octets)[0][1], "070"), "big") == 1234
    box.ask("DIAG:PPS 1")
    assert not time_is_flagged(box)


@pytest.mark.parametrize("step_ns", [S, -S, S // 5, -40_000 * S])
def test_a_clock_step_or_leap_second_is_flagged_for_a_while_and_leaves_times_alone(box: SimBox, step_ns: int) -> None:
    day_ns = 86_400 * S
    assert not time_is_flagged(box)
    box.set_clock(step_ns % day_ns)
    box.receive(box.now_ns, RADAR_ETH, encode(48, plot(1234)))
    (block,) = tracks_of(box.run_until(box.now_ns + S // 2))
    assert int.from_bytes(raw(decode(block.octets)[0][1], "070"), "big") == 1234
    assert time_is_flagged(box)
    assert "clock stepped" in box.ask("DIAG:LOG?")
    box.run_until(box.now_ns + 10 * S)
    assert not time_is_flagged(box)


def test_midnight_is_not_a_clock_step(box: SimBox) -> None:
    box.set_clock(86_400 * S - 3 * S)
    box.ask("SYST:TIME 23,59,57")
    for _ in range(6):
        assert not time_is_flagged(box)
    assert box.ask("SYST:TIME?").startswith("00:00:0")


@pytest.mark.parametrize("options", [("--sac", "256"), ("--nonsense", "1"), ("--sensor", "1/1:91:0:0")])
def test_options_that_are_not_good_are_refused(library: Path, options: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=options[0]):
        SimBox(library, *options)
