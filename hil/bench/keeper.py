"""The dead-man process: owns the bench's namespaces, locks and processes, and takes all of them down when the runner dies.

It reads one JSON request a line on standard input and answers each with one line; the end of its input, whatever the cause, is the
order to clear the bench. Its children die with it. Nothing here knows what the processes do. The other side is `processes.py`.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from hil.bench import isolation
from hil.errors import BenchError, HilError

PR_SET_PDEATHSIG = 1
GRACE_S = 1.0
_LIBC = ctypes.CDLL(None)
BENCH_PRIORITY = 5  # real-time, below wires and executors (hil.drivers.pacing)


class Keeper:
    """State of the dead-man process: its children by name, the namespaces, the locks."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.children: dict[str, int] = {}
        self.ended: dict[str, int] = {}
        self.spaces: dict[str, int] = {}
        self.locks: dict[str, int] = {}

    def isolate(self, mode: str, addresses: dict[str, list[tuple[str, str]]]) -> dict[str, str]:
        """Make the namespaces; with mode `auto` fall back to loopback and give the reason."""
        if mode == "loopback":
            return {"mode": "loopback", "reason": "asked for"}
        if mode == "namespace":
            self.spaces = isolation.make_namespaces(addresses)
            return {"mode": "namespace", "reason": "asked for"}
        reason = self._try_namespaces(addresses)
        return {"mode": "loopback" if reason else "namespace", "reason": reason or "the kernel allows it"}

    def _try_namespaces(self, addresses: dict[str, list[tuple[str, str]]]) -> str:
        # a child tries first: half-made namespaces would have moved this process already
        trial = os.fork()
        if trial == 0:
            try:
                isolation.make_namespaces(addresses)
            except (HilError, OSError) as error:
                (self.scratch / "isolation").write_text(str(error))
                os._exit(1)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(trial, 0)[1]) != 0:
            return (self.scratch / "isolation").read_text()
        self.spaces = isolation.make_namespaces(addresses)
        return ""

    def lock(self, path: str, owner: str) -> None:
        """Take the lock file at `path` for this bench, or raise BenchError with what its holder wrote into it."""
        descriptor = _open_lock(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace") or "another run"
            os.close(descriptor)
            raise BenchError(f"{Path(path).stem} is in use by {holder}", "wait for that run, or stop it") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, owner.encode(), 0)
        self.locks[path] = descriptor

    def spawn(self, name: str, argv: list[str], node: str, output: str, piped: bool) -> int:
        """Start `argv` in the namespace of `node`, output and errors into the file `output`; gives its process id.

        With `piped` its standard input stays open until the bench is cleared, otherwise it is /dev/null.
        """
        read_end, write_end = os.pipe()
        keeper = os.getpid()
        child = os.fork()
        if child == 0:
            _die_with(keeper)
            self._become(argv, node, output, read_end if piped else None)
        os.close(read_end)
        if not piped:
            os.close(write_end)
        self.children[name] = child
        return child

    def _become(self, argv: list[str], node: str, output: str, stdin: int | None) -> None:
        try:
            _favour()
            if self.spaces:
                isolation.enter(self.spaces[node])
            os.dup2(os.open(os.devnull, os.O_RDONLY) if stdin is None else stdin, 0)
            log = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.execvp(argv[0], argv)
        except (OSError, HilError) as error:
            os.write(2, f"cannot start {argv[0]}: {error}\n".encode())
        finally:
            os._exit(127)

    def poll(self) -> dict[str, int]:
        """Exit codes of the processes that have ended (negative: the signal), by name."""
        for name, child in list(self.children.items()):
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                self.ended[name] = os.waitstatus_to_exitcode(status)
                del self.children[name]
        return self.ended

    def stop(self, names: list[str]) -> None:
        """Ask the processes to end, and kill those that have not after the grace time."""
        for kind in (signal.SIGTERM, signal.SIGKILL):
            for name in [n for n in names if n in self.children]:
                os.kill(self.children[name], kind)
            until = time.monotonic() + GRACE_S
            while set(names) & set(self.children) and time.monotonic() < until:
                self.poll()
                time.sleep(0.005)

    def forget(self, name: str) -> None:
        """Let a name be used again after its process has been stopped."""
        self.ended.pop(name, None)

    def clear(self) -> None:
        """Stop everything, remove the scratch folder, give up the locks."""
        self.stop(list(self.children))
        shutil.rmtree(self.scratch, ignore_errors=True)
        for descriptor in self.locks.values():
            os.ftruncate(descriptor, 0)
            os.close(descriptor)


def _die_with(parent: int) -> None:
    """Let this process be killed when `parent` ends, and end it at once if that has happened already."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # died between fork and prctl: no signal will come
        os._exit(127)


def _favour() -> None:
    """Let what runs on the bench go before the rest of the machine, as a box with a processor of its own would; where permitted."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(BENCH_PRIORITY))


def _open_lock(path: str) -> int:
    """A lock file that every user of the machine can lock and name himself in, whoever made it."""
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)  # not O_CREAT: the kernel refuses that for another user's file
    except FileNotFoundError:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        os.fchmod(descriptor, 0o666)  # whatever the umask says
        return descriptor


REQUESTS = {
    "isolate": Keeper.isolate,
    "lock": Keeper.lock,
    "spawn": Keeper.spawn,
    "poll": Keeper.poll,
    "stop": Keeper.stop,
    "forget": Keeper.forget,
}


def _answer(keeper: Keeper, line: str) -> dict[str, Any]:
    request = json.loads(line)
    try:
        return {"value": REQUESTS[request["call"]](keeper, *request["arguments"])}  # type: ignore[operator]  # table of methods
    except HilError as error:
        return {"cause": error.cause, "remedy": error.remedy}
    except OSError as error:
        return {"cause": f"{request['call']} failed: {error}", "remedy": "check the rights of this user"}


def main() -> int:
    """Serve requests until standard input ends, then clear the bench."""
    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(kind, signal.SIG_IGN)  # only the end of the runner ends the keeper
    keeper = Keeper(Path(sys.argv[1]))
    try:
        for line in sys.stdin:
            print(json.dumps(_answer(keeper, line)), flush=True)
    except BrokenPipeError:
        pass  # the runner died between question and answer: clear the bench
    finally:
        keeper.clear()
    return 0


if __name__ == "__main__":
    sys.exit(main())
