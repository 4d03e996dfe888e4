"""How another shell asks for a fault while plots fly: a Unix socket of the run, one line of JSON each way.

The socket is this user's alone (mode 0600, in a folder of mode 0700), is named after the run's folder, and goes when the bench
falls. It is looked at between the ticks of a flight, by the thread that carries faults out; nothing else ever touches a box.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from hil.bench.stand import Act, Stand
from hil.errors import BenchError, ConfigError, HilError
from hil.run.mission import Arriving
from hil.run.setup import Setup
from hil.run.strikes import Strike, acts_of, check_possible
from hil.scenario.faults import AnyFault, LineFault, Overload

NAME_MAX = 60  # characters of the run folder's name, in the socket's
LINE_MAX = 4096
ANSWER_TIMEOUT_S = 10.0
REQUEST_TIMEOUT_S = 0.5


def sockets_folder() -> Path:
    """Where runs of this user have their sockets. Raises BenchError when somebody else could get at it."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    folder = Path(runtime) / "radar-hil" if runtime else Path(tempfile.gettempdir()) / f"radar-hil-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise BenchError(
            f"{folder} cannot be made ({error.strerror})", "set XDG_RUNTIME_DIR to a folder of yours"
        ) from None
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise BenchError(f"{folder} is open to other users", "remove it, or set XDG_RUNTIME_DIR")
    return folder


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """What a socket at `path` can be bound or connected to: an address has 107 octets at most, a folder's path may have more."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


class Control:
    """The runner's end: takes requests for the flight that is under way."""

    def __init__(self, run: Path, setup: Setup, stand: Stand) -> None:
        self._setup = setup
        self._stand = stand
        self.path = sockets_folder() / f"{run.name[:NAME_MAX]}-{os.getpid()}.sock"
        self.path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _address(self.path) as address:
            self._socket.bind(address)
        self.path.chmod(0o600)
        self._socket.listen()
        self._socket.setblocking(False)

    def live(self, strikes: list[Strike]) -> Arriving:
        """What a flight looks at: faults that were asked for join its `strikes`, and their acts are given back."""

        def arriving() -> Sequence[Act]:
            try:
                caller, _ = self._socket.accept()
            except BlockingIOError:
                return ()
            with caller:
                caller.settimeout(REQUEST_TIMEOUT_S)
                return self._serve(caller, strikes)

        return arriving

    def close(self) -> None:
        """Take the socket away."""
        self._socket.close()
        self.path.unlink(missing_ok=True)

    def _serve(self, caller: socket.socket, strikes: list[Strike]) -> Sequence[Act]:
        try:
            fault = msgspec.json.decode(caller.makefile("rb").readline(LINE_MAX), type=AnyFault)
            strike = self._strike(fault, strikes)
        except HilError as error:
            _answer(caller, {"cause": error.cause, "remedy": error.remedy, "code": error.exit_code})
            return ()
        except (msgspec.DecodeError, OSError) as error:
            _answer(caller, {"cause": f"this is no request ({error})", "remedy": "use `hil fault`", "code": 2})
            return ()
        strikes.append(strike)
        _answer(caller, {"done": f"{fault.kind} of {fault.box} begins" + _lasts(fault)})
        return acts_of(strike, self._stand, self._setup.limits.recovery)

    def _strike(self, fault: AnyFault, strikes: Sequence[Strike]) -> Strike:
        check_possible(self._setup, self._stand, fault)
        if isinstance(fault, LineFault | Overload):
            raise BenchError(
                f"{fault.kind}: what a radar sends is planned before it flies", "put it into the scenario as [[fault]]"
            )
        now_ns, span_ns = self._stand.now_ns(), round(fault.span_s * 1e9)
        for other in strikes:
            other_span_ns = round(other.fault.span_s * 1e9)
            if other.fault.box == fault.box and now_ns - other_span_ns <= other.at_ns <= now_ns + span_ns:
                raise BenchError(f"{fault.box} is under another fault then ({other.fault.kind})", "ask again later")
        return Strike(fault, now_ns, live=True)


def _lasts(fault: AnyFault) -> str:
    return f" and lasts {fault.span_s:g} s" if fault.span_s else ""


def _answer(caller: socket.socket, words: dict[str, Any]) -> None:
    try:
        caller.sendall(json.dumps(words).encode() + b"\n")
    except OSError:
        return  # whoever asked has gone


def ask(fault: AnyFault, run: Path | None = None) -> str:
    """Ask the bench of `run` (a run folder), else the one that came up last, for a fault; gives what its runner says.

    Raises BenchError when no bench stands or no plots fly, and whatever the runner refuses the fault for.
    """
    with _connect(run) as line:
        line.settimeout(ANSWER_TIMEOUT_S)
        try:
            line.sendall(msgspec.json.encode(fault) + b"\n")
            answer = json.loads(line.makefile("rb").readline(LINE_MAX) or b"{}")
        except TimeoutError:
            raise BenchError("the bench stands, but no plots fly on it now", "ask while they do") from None
        except (OSError, ValueError):
            answer = {}
    if "done" in answer:
        return str(answer["done"])
    if answer.get("code") == ConfigError.exit_code:
        raise ConfigError(answer["cause"], answer["remedy"])
    raise BenchError(
        answer.get("cause", "the bench fell before it answered"), answer.get("remedy", "see the run's report")
    )


def _connect(run: Path | None) -> socket.socket:
    wanted = f"{run.resolve().name[:NAME_MAX]}-*.sock" if run is not None else "*.sock"
    for path in sorted(sockets_folder().glob(wanted), key=lambda found: found.stat().st_mtime, reverse=True):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _address(path) as address:
                line.connect(address)
        except ConnectionRefusedError:
            line.close()
            path.unlink(missing_ok=True)  # its runner was killed
        except FileNotFoundError:
            line.close()
        else:
            return line
    what = f"no bench stands for the run {run}" if run is not None else "no bench is standing"
    raise BenchError(what, "start one first: `hil run BENCH` in another shell")
