"""Asking a bench that stands for a fault: one socket, this user's alone, and every refusal in one line."""

from __future__ import annotations

import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hil.bench.stand import Act
from hil.bench.virtual import VirtualStand, stand_up_virtual
from hil.cli import main
from hil.errors import BenchError, ConfigError
from hil.run.control import Control, ask, sockets_folder
from hil.run.setup import Setup, read_setup
from hil.run.strikes import Strike
from hil.scenario.faults import AnyFault, BitErrors, Freeze, Reset

ROOT = Path(__file__).parents[3]
FREEZE = Freeze(at_s=0.0, box="kr_box", lasts_s=0.5)


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path / "run"


@pytest.fixture(scope="module")
def setup() -> Setup:
    subprocess.run(["make", "-s", "-C", str(ROOT / "firmware_stubs"), "sim"], check=True)
    return read_setup(ROOT / "lab_config/benches/sim.toml")


@pytest.fixture
def stand(setup: Setup, tmp_path: Path) -> Iterator[VirtualStand]:
    with stand_up_virtual(setup.bench, setup.hops(), tmp_path) as standing:
        yield standing


@pytest.fixture
def control(setup: Setup, stand: VirtualStand, tmp_path: Path) -> Iterator[Control]:
    made = Control(tmp_path / "20260101T000000-sim-quiet", setup, stand)
    yield made
    made.close()


def asked(control: Control, fault: AnyFault, strikes: list[Strike]) -> tuple[list[Act], list[str | Exception]]:
    """Ask in another thread while this one looks, as a flight does."""
    said: list[str | Exception] = []

    def another_shell() -> None:
        try:
            said.append(ask(fault))
        except Exception as error:
            said.append(error)

    arriving, acts = control.live(strikes), []
    shell = threading.Thread(target=another_shell)
    shell.start()
    while shell.is_alive():
        acts += arriving()
    return acts, said


def test_a_fault_that_is_asked_for_joins_the_flight(control: Control, stand: VirtualStand) -> None:
    strikes: list[Strike] = []
    acts, said = asked(control, FREEZE, strikes)
    assert said == ["freeze of kr_box begins and lasts 0.5 s"]
    assert [act.at_ns - stand.now_ns() for act in acts] == [0, 500_000_000]
    assert [(strike.fault, strike.live) for strike in strikes] == [(FREEZE, True)]


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Reset(at_s=0.0, box="nobody"), ConfigError, "has no box `nobody`: it has jp_box, kr_box"),
        (BitErrors(at_s=0.0, box="jp_box", lasts_s=1.0, bit_error_ratio=0.1), BenchError, "put it into the scenario"),
        (
            BitErrors(at_s=0.0, box="kr_box", lasts_s=1.0, bit_error_ratio=0.1),
            ConfigError,
            "no radar feeds kr_box by a serial",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    control: Control, fault: AnyFault, kind: type[Exception], words: str
) -> None:
    strikes: list[Strike] = []
    acts, said = asked(control, fault, strikes)
    assert (acts, strikes) == ([], [])
    assert isinstance(said[0], kind)
    assert words in str(said[0])


def test_two_faults_of_one_box_do_not_meet(control: Control, stand: VirtualStand) -> None:
    planned = [Strike(Freeze(at_s=9.0, box="kr_box", lasts_s=1.0), stand.now_ns() + 200_000_000)]
    _, said = asked(control, FREEZE, planned)
    assert "kr_box is under another fault then (freeze)" in str(said[0])


def test_the_socket_is_this_users_alone_and_goes_with_the_bench(control: Control) -> None:
    assert stat.S_IMODE(control.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(control.path.parent.stat().st_mode) == 0o700
    control.close()
    assert list(sockets_folder().iterdir()) == []


def test_a_folder_that_others_may_enter_is_refused(runtime: Path) -> None:
    (runtime / "radar-hil").mkdir(parents=True, mode=0o755)
    with pytest.raises(BenchError, match="open to other users"):
        sockets_folder()


def test_without_a_bench_it_says_so_and_a_dead_runs_socket_is_swept_away(
    control: Control, capsys: pytest.CaptureFixture[str]
) -> None:
    control._socket.close()  # as if its runner had been killed
    assert main(["fault", "kr_box", "reset"]) == BenchError.exit_code
    assert capsys.readouterr().err.startswith("hil: no bench is standing: start one first")
    assert list(sockets_folder().iterdir()) == []
    assert main(["fault", "kr_box", "reset", "--run", "runs/another"]) == BenchError.exit_code
    assert "no bench stands for the run" in capsys.readouterr().err


def test_an_unknown_kind_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fault", "kr_box", "frezze"])
    assert ended.value.code == ConfigError.exit_code
    assert "invalid choice: 'frezze'" in capsys.readouterr().err
