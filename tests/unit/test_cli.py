"""The command as a user meets it: exit codes that scripts can trust, one line for each mistake, nothing left behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hil.run.capture import read_capture

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "lab_config/benches/native.toml"
HIL = [sys.executable, "-m", "hil.cli"]


def hil(*arguments: object) -> tuple[int, str]:
    """Exit code and everything that was printed."""
    done = subprocess.run([*HIL, *map(str, arguments)], capture_output=True, text=True, check=False, cwd=ROOT)
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def bench(tmp_path: Path) -> Callable[[str, str], Path]:
    """A copy of lab_config with one place of the native bench file changed."""
    shutil.copytree(ROOT / "lab_config", tmp_path / "lab_config")

    def changed(old: str, new: str) -> Path:
        file = tmp_path / "lab_config/benches/native.toml"
        text = file.read_text().replace("../../firmware_stubs", str(ROOT / "firmware_stubs"))
        text = text.replace("../../tests/system", str(ROOT / "tests/system"))
        assert old in text
        file.write_text(text.replace(old, new))
        return file

    return changed


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "flush_ms",
            "flush_s",
            r"native.toml:\d+: unknown key `flush_s`: wrong unit: this value is given in ms, write `flush_ms`",
        ),
        ("serial_baud", "serial_bauds", r"native.toml:\d+: unknown key `serial_bauds`: did you mean `serial_baud`\?"),
        ("scan_s = 2.0 ", 'scan_s = "2 s" ', r"native.toml:\d+: Expected `float`, got `str` at `radar\[0\]\.scan_s`"),
        ("serial_baud = 115200", "serial_baud = 1200", r"native.toml:\d+: Expected `int` >= 9600"),
        ("trilateral.toml", "trilaterel.toml", r"trilaterel.toml: no such file: .* has trilateral.toml"),
        ('feeds = "jp_box"', 'feeds = "jp_bix"', r"radar `jp_radar` feeds `jp_bix`, which is no box"),
    ],
)
def test_a_configuration_that_does_not_fit_is_one_line_and_exit_code_2(
    bench: Callable[[str, str], Path], old: str, new: str, said: str
) -> None:
    code, text = hil("run", bench(old, new), "--scenario", "quiet")
    assert code == 2
    assert re.search(said, text), text
    assert len(text.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "nosuch.toml"), "nosuch.toml: no such file"),
        (("run", BENCH, "--scenario", "nosuch"), "nosuch.toml: no such file"),
        (("run", BENCH, "--image", "kr_box"), "--image kr_box: there is no file `kr_box`"),
        (("run", BENCH, "--image", f"xx={BENCH}"), "has no box `xx`: it has jp_box, kr_box"),
        (("replay", "/nosuch.pcap", "--bench", BENCH), "/nosuch.pcap cannot be opened"),
        (("replay", BENCH, "--bench", BENCH), "is neither pcap nor pcapng"),
        (("fly",), "invalid choice: 'fly'"),
    ],
)
def test_a_wrong_argument_is_named_and_exit_code_2(arguments: tuple[object, ...], said: str) -> None:
    code, text = hil(*arguments)
    assert (code, said in text) == (2, True), text


@pytest.mark.parametrize("verb", [[], ["run"], ["replay"]])
def test_help_teaches_by_example(verb: list[str]) -> None:
    code, text = hil(*verb, "--help")
    assert code == 0
    assert "examples:" in text


def udp_packet(payload: bytes) -> bytes:
    address = socket.inet_aton("192.0.2.1")
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0) + 2 * address
    return ip + struct.pack(">HHHH", 1, 2, 8 + len(payload), 0) + payload


def pcap(path: Path, payloads: list[bytes]) -> Path:
    packets = [udp_packet(payload) for payload in payloads]
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    path.write_bytes(header + b"".join(struct.pack("<IIII", 1, k, len(p), len(p)) + p for k, p in enumerate(packets)))
    return path


def test_a_recording_without_asterix_is_refused(tmp_path: Path) -> None:
    code, text = hil("replay", pcap(tmp_path / "talk.pcap", [b"hello world"] * 3), "--bench", BENCH)
    assert code == 2
    assert "has no ASTERIX in it (3 UDP datagrams, none decodes)" in text


def test_a_recording_that_breaks_off_is_refused_with_the_place(tmp_path: Path) -> None:
    whole = pcap(tmp_path / "cut.pcap", [b"hello world"] * 3)
    whole.write_bytes(whole.read_bytes()[:-5])
    code, text = hil("replay", whole, "--bench", BENCH)
    assert code == 2
    assert "breaks off at octet 134 of 184, after 2 whole packets" in text


@pytest.mark.parametrize("rate", ["500", "500/min", "0/s", "-3/s"])
def test_a_rate_in_a_wrong_unit_is_refused(tmp_path: Path, rate: str) -> None:
    recording = pcap(tmp_path / "beat.pcap", [bytes.fromhex("410009e0fb01010000")])
    code, text = hil("replay", recording, "--bench", BENCH, f"--rate={rate}")
    assert code == 2
    assert "give datagrams per second, for example 500/s" in text


def outcome(folder: Path) -> dict[str, object]:
    facts: dict[str, object] = json.loads(next(folder.glob("*/run.json")).read_text())
    return facts


def test_a_missing_image_blocks(bench: Callable[[str, str], Path], tmp_path: Path) -> None:
    file = bench("build/posix/rib", "build/posix/nothing")
    code, text = hil("run", file, "--scenario", "quiet", "--out", tmp_path / "runs")
    assert code == 3
    assert "jp_box has no firmware image" in text and "make -C firmware_stubs posix" in text
    assert outcome(tmp_path / "runs")["outcome"] == "blocked"


def test_an_unexpected_build_blocks_and_shows_both_ids(bench: Callable[[str, str], Path], tmp_path: Path) -> None:
    file = bench('build_id = ""', f'build_id = "{"0" * 40}"')
    code, text = hil("run", file, "--scenario", "quiet", "--out", tmp_path / "runs")
    assert code == 3
    assert re.search(r"jp_box runs build [0-9a-f]{40}, expected 0{40}", text)


def test_a_port_in_use_blocks_and_names_its_holder(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.77.2.129", 8600))
        code, text = hil("run", BENCH, "--scenario", "quiet", "--isolation", "loopback", "--out", tmp_path / "runs")
    assert code == 3
    assert "UDP port 127.77.2.129:8600 is in use, held by process" in text


# ---- cut short ----


def started(tmp_path: Path) -> subprocess.Popen[str]:
    """A run whose plots are on their way."""
    command = [*HIL, "run", str(BENCH), "--scenario", "quiet", "--out", str(tmp_path / "runs")]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        captures = list(tmp_path.glob("runs/*/capture.pcapng"))
        if captures and captures[0].stat().st_size > 20_000:
            return run
        time.sleep(0.05)
    run.kill()
    pytest.fail(f"no plots within 60 s: {run.communicate()[0]}")


def command_lines() -> dict[int, str]:
    """Every process of the machine by number."""
    lines = {}
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines[int(entry.parent.name)] = entry.read_text().replace("\0", " ")
        except OSError:
            continue  # it has just ended
    return lines


def scratch_of(run: subprocess.Popen[str]) -> list[str]:
    """The scratch folder of a run, which every process on its bench has on its command line."""
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
    return [found for child in children for found in re.findall(r"keeper (\S+)", command_lines()[int(child)])]


def processes_in(scratch: list[str]) -> dict[int, str]:
    return {number: line for number, line in command_lines().items() if any(folder in line for folder in scratch)}


def assert_nothing_is_left(scratch: list[str], tmp_path: Path) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until and (processes_in(scratch) or any(Path(folder).exists() for folder in scratch)):
        time.sleep(0.05)
    assert processes_in(scratch) == {}
    assert not any(Path(folder).exists() for folder in scratch)
    capture = read_capture(next(tmp_path.glob("runs/*/capture.pcapng")))
    assert len(capture.records) > 0, "what was captured before must be readable"


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 3), (signal.SIGTERM, 3), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_run_that_is_cut_short_leaves_its_capture_and_nothing_else(
    tmp_path: Path, how: signal.Signals, code: int
) -> None:
    run = started(tmp_path)
    scratch = scratch_of(run)
    assert scratch and processes_in(scratch)
    run.send_signal(how)
    text = run.communicate(timeout=60)[0]
    assert run.returncode == code, text
    assert "Traceback" not in text
    assert_nothing_is_left(scratch, tmp_path)


def test_a_box_that_is_killed_blocks_the_run_and_is_named(tmp_path: Path) -> None:
    run = started(tmp_path)
    scratch = scratch_of(run)
    victim = next(n for n, line in processes_in(scratch).items() if "/rib " in line and "kr_box" in line)
    os.kill(victim, signal.SIGKILL)
    text = run.communicate(timeout=60)[0]
    assert run.returncode == 3, text
    assert "kr_box has ended (killed by signal 9)" in text
    assert outcome(tmp_path / "runs")["outcome"] == "blocked"
    assert_nothing_is_left(scratch, tmp_path)
