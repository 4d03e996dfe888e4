"""What the box says of itself: heartbeat, sensor status, console, what it passes on, how it starts and stops."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import BUILD, FIRMWARE, RADAR, Rib, decode, encode, make, plot, raw


def north_marker(tod: int, period_ticks: int | None = None) -> bytes:
    record = {"010": (("SAC", RADAR[0]), ("SIC", RADAR[1])), "000": 1, "030": tod}
    return encode(34, record if period_ticks is None else {**record, "041": period_ticks})


def test_a_heartbeat_comes_every_second_also_when_the_sky_is_empty(rib: Rib) -> None:
    stamps = []
    for _ in range(4):
        (beat,) = rib.status(65)
        stamps.append(time.monotonic())
        assert raw(beat, "010") == bytes([1, 2])
        assert raw(beat, "000") == b"\x01"
        assert raw(beat, "015") == b"\x03"
    assert stamps[-1] - stamps[0] == pytest.approx(3.0, abs=0.5)


def test_sensor_status_follows_the_north_markers(rib: Rib) -> None:
    """Initialisation, then operational, then not connected when markers stop for 2.5 turns of the antenna."""

    def state() -> int:
        (record,) = rib.status(63)
        assert raw(record, "050") == bytes(RADAR)
        return raw(record, "060")[0] >> 6

    assert state() == 2
    rib.send(north_marker(1000, period_ticks=128))
    assert state() == 0
    assert rib.counters()["service_in"] == 1
    end = time.monotonic() + 6
    while state() != 3:
        assert time.monotonic() < end


def test_plots_without_north_markers_mean_a_degraded_sensor(rib: Rib) -> None:
    rib.send(encode(48, plot(1000)))
    (record,) = rib.status(63)
    assert raw(record, "060")[0] >> 6 == 1


def test_remote_records_are_passed_on_once_octet_for_octet(rib: Rib) -> None:
    remote = [
        encode(
            62,
            {
                "010": (("SAC", 7), ("SIC", 7)),
                "015": 1,
                "070": tod,
                "040": tod,
                "080": ((0, 0, 0, 0, 0, None),),
                "295": {"MFL": 3},
            },
        )
        for tod in range(50)
    ]
    rib.send_link(b"".join(remote[:25]), *remote[25:])
    passed = rib.tracks(50)
    assert [bytes(r.unparse().to_bytes()) for r in passed] == [octets[3:] for octets in remote]
    with pytest.raises(AssertionError, match="0 of 1 records"):
        rib.tracks(1, port="link_out", timeout_s=0.2)
    counters = rib.counters()
    assert (counters["remote_in"], counters["remote_out"], counters["remote_refused"]) == (50, 50, 0)


def test_a_remote_record_that_does_not_parse_is_refused(rib: Rib) -> None:
    rib.send_link(bytes.fromhex("3e0005f0ff"), encode(48, plot(1000)))
    counters = rib.counters()
    assert counters["remote_refused"] == 1
    assert counters["unknown_category"] == 1
    assert counters["tracks_out"] == 0


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("*IDN?", "radar-hil,RIB,0,0.1.0"),
        ("*idn?", "radar-hil,RIB,0,0.1.0"),
        ("SYST:VERS?", "1999.0"),
        (":SYSTem:VERSion?", "1999.0"),
        ("SYSTEM:RESET:CAUSE?", "POWER"),
        ("SYST:RES:CAUS?;:SYST:VERS?", "POWER;1999.0"),
        ("SYST:VERS?;ERR?", '1999.0;0,"No error"'),
        ("*TST?", "0"),
        ("*ESR?;*ESR?", "128;0"),
        ("*OPC?", "1"),
        ("CONF:FLUS?", "5.000"),
        ("CONF:FLUS 2.5;FLUS?", "2.500"),
        ("CONF:MTU 500;MTU?", "500"),
        ("CONF:MTU 500;*RST;CONF:MTU?", "1400"),
        ("CONF:SENS?", "10,20,35.50000000,139.70000000,40.00"),
        (
            "CONF:SENS 1,2,-10.5,-20.25,-3;SENS?",
            "10,20,35.50000000,139.70000000,40.00;1,2,-10.50000000,-20.25000000,-3.00",
        ),
        ("SYSTE:VERS?;:SYST:ERR?", '-113,"Undefined header"'),
        ("SYST?;:SYST:ERR?", '-113,"Undefined header"'),
        ("CONF:MTU;:SYST:ERR?", '-109,"Missing parameter"'),
        ("CONF:MTU ten;:SYST:ERR?", '-104,"Data type error"'),
        ("CONF:MTU 500,1;:SYST:ERR?", '-108,"Parameter not allowed"'),
        ("CONF:MTU 10;:SYST:ERR?;:CONF:MTU?", '-222,"Data out of range";1400'),
        ("SYST:TIME 24,0,0;ERR?", '-222,"Data out of range"'),
        ("CONF:COAS 5;COAS?;:CONF:COAS 0;:SYST:ERR?", '5.000;-222,"Data out of range"'),
        (
            "CONF:FILT 1,0.5,0.25;FILT?;:CONF:FILT 2,1,0;:SYST:ERR?",
            '1.000000,0.500000,0.250000;-222,"Data out of range"',
        ),
        ("CONF:CAP 9;CAP?;:CONF:CAP 0;:SYST:ERR?", '9;-222,"Data out of range"'),
        (
            "CONF:FLUS -1;:SYST:ERR?;:CONF:SENS 1,256,0,0,0;:SYST:ERR?",
            '-222,"Data out of range";-222,"Data out of range"',
        ),
        ("*CLS;*ESE 32;*ESE?;*SRE 36;*SRE?;*STB?", "32;36;0"),
        ("*CLS;*OPC;*ESR?;*WAI;*ESE 256;*ESR?", "1;16"),
        ("DIAG:PPS 0;PPS?;PPS 1;PPS?", "0;1"),
        ("DIAG:CLOC 90000;:SYST:ERR:NEXT?", '-222,"Data out of range"'),
    ],
)
def test_the_console_answers(rib: Rib, query: str, answer: str) -> None:
    assert rib.ask(query) == answer


def test_the_error_queue_overflows_as_scpi_says(rib: Rib) -> None:
    rib.console.write(";".join(["BAD"] * 40))
    errors = [rib.ask("SYST:ERR?") for _ in range(17)]
    assert errors == ['-113,"Undefined header"'] * 15 + ['-350,"Queue overflow"', '0,"No error"']
    assert int(rib.ask("*ESR?")) & 0x20


def test_a_line_that_is_too_long_is_refused_whole(rib: Rib) -> None:
    rib.console.write("*IDN?" + " " * 300)
    assert rib.ask("SYST:ERR?") == '-363,"Input buffer overrun"'


def test_the_clock_can_be_set_and_goes_on(rib: Rib) -> None:
    assert rib.ask("SYST:TIME 23,59,59.5;TIME?").startswith("23:59:59.")
    time.sleep(0.7)
    assert rib.ask("SYST:TIME?").startswith("00:00:00.")
    (beat,) = rib.status(65)
    assert int.from_bytes(raw(beat, "030"), "big") < 10 * 128


def test_the_running_image_says_its_own_build_id(rib: Rib, image: Path) -> None:
    notes = subprocess.run(["readelf", "-n", str(image)], capture_output=True, text=True, check=True).stdout
    assert rib.build_id in notes
    assert rib.ask("SYST:BUILD?") == rib.build_id
    assert len(rib.build_id) == 40


def test_a_block_is_closed_by_the_mtu(start: Callable[..., Rib]) -> None:
    rib = start("--mtu", "200", "--flush-ms", "500")
    rib.send(encode(48, *(plot(1000, k) for k in range(20))))
    sizes, records = [], 0
    while records < 20:
        octets = rib.link_out.recv(65536)
        if octets[0] == 62:
            sizes.append(len(octets))
            records += len(decode(octets))
    assert all(150 < size <= 200 for size in sizes[:-1])


def test_it_stops_clean_and_leaves_no_file_behind(start: Callable[..., Rib]) -> None:
    rib = start()
    assert rib.stop() == 0
    assert list(rib.folder.iterdir()) == []


def test_a_killed_box_can_be_started_again_on_the_same_names(start: Callable[..., Rib], image: Path) -> None:
    rib = start()
    rib.process.kill()
    rib.process.wait()
    console = str(rib.folder / "console")
    again = subprocess.Popen([str(image), "--console", console], stdout=subprocess.PIPE, text=True)
    assert again.stdout is not None
    assert again.stdout.readline().startswith("ready ")
    again.terminate()
    assert again.wait(10) == 0
    again.stdout.close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--console", "{folder}/c", "--radar-eth", "{taken}"],
            "rib: cannot bind radar_eth {taken}: Address already in use",
        ),
        (["--console", "{folder}/nowhere/c"], "rib: cannot make console {folder}/nowhere/c: No such file or directory"),
        (["--console", "{folder}/c", "--fcs", "24"], "rib: cannot use --fcs '24': expected 16 or 32"),
        (["--console", "{folder}/c", "--colour"], "rib: unknown option --colour: see docs/icd.md section 5"),
        ([], "rib: cannot use --console '': expected LINK"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    rib: Rib, image: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    names = {"folder": str(tmp_path), "taken": f"{rib.radar[0]}:{rib.radar[1]}"}
    done = subprocess.run(
        [str(image), *(a.format(**names) for a in arguments)], capture_output=True, text=True, timeout=10, check=False
    )
    assert done.returncode == 2
    assert done.stderr == said.format(**names) + "\n"
    assert not list(tmp_path.glob("c"))


def test_records_can_be_dumped_before_they_are_formatted(start: Callable[..., Rib], tmp_path: Path) -> None:
    dump = tmp_path / "records"
    rib = start("--dump-records", str(dump))
    rib.send(encode(48, plot(1000), plot(1000, 2)))
    tracks = rib.tracks(2)
    make("formatter")
    formatted = subprocess.run(
        [str(BUILD / "formatter/cat062_format"), "--sac", "1", "--sic", "2", "--service", "3"],
        input=dump.read_bytes(),
        capture_output=True,
        check=True,
    )
    assert formatted.stdout[3:] == b"".join(bytes(t.unparse().to_bytes()) for t in tracks)
    assert formatted.stderr == b"records=2 malformed=0 blocks=1\n"


def test_an_unknown_defect_is_refused_by_make() -> None:
    refused = subprocess.run(
        ["make", "-s", "-C", str(FIRMWARE), "posix", "DEFECT=nonsense"], capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0
    assert "DEFECT=nonsense is not in app/defects.h" in refused.stderr


def test_the_build_is_reproducible(tmp_path: Path, image: Path) -> None:
    make("posix", f"BUILD={tmp_path}")
    assert (tmp_path / "posix/rib").read_bytes() == image.read_bytes()
