"""The runner's side of the dead-man process: start, watch and stop what runs on the bench.

Everything is started by the keeper (see `keeper.py`), so a runner that is killed leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hil.errors import BenchError, HilTimeoutError

READY_TIMEOUT_S = 20.0


class Processes:
    """The processes of one bench. Use as a context manager; leaving it clears the bench.

    `scratch` is a folder for ptys' links and sockets that goes with the bench; `logs` keeps each process's output.
    """

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.scratch = Path(tempfile.mkdtemp(prefix="hil-"))
        # the write end must be in no other process, or the keeper would not see the runner die
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "hil.bench.keeper", str(self.scratch)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.expected_to_end: set[str] = set()
        self._begun_at: dict[str, int] = {}

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, name: str, *arguments: object) -> Any:
        assert self._keeper.stdin is not None and self._keeper.stdout is not None
        try:
            self._keeper.stdin.write(json.dumps({"call": name, "arguments": arguments}) + "\n")
            self._keeper.stdin.flush()
            line = self._keeper.stdout.readline()
        except (BrokenPipeError, ValueError):
            line = ""
        if not line:
            raise BenchError("the bench's keeper process has gone", "start the run again")
        answer = json.loads(line)
        if "cause" in answer:
            raise BenchError(answer["cause"], answer["remedy"])
        return answer["value"]

    def isolate(self, mode: str, addresses: Mapping[str, Sequence[tuple[str, str]]]) -> tuple[str, str]:
        """Give the nodes their network: returns the mode that was reached (`namespace` or `loopback`) and why."""
        value = self._call("isolate", mode, addresses)
        return value["mode"], value["reason"]

    def lock(self, device: str) -> None:
        """Reserve a device (by serial number) for this bench; BenchError names the holder when it is taken."""
        folder = Path(tempfile.gettempdir()) / "radar-hil-locks"
        folder.mkdir(exist_ok=True)
        if folder.stat().st_uid == os.getuid():
            folder.chmod(0o1777)
        self._call("lock", str(folder / f"{device}.lock"), f"process {os.getpid()} of user {os.getuid()}")

    def spawn(self, name: str, argv: Sequence[str], node: str, *, piped: bool = False) -> int:
        """Start a process in the namespace of `node`; its output goes to `logs/NAME.log`. Gives the process id."""
        log = self.log_of(name)
        self._begun_at[name] = (
            log.stat().st_size if log.exists() else 0
        )  # an earlier process of that name said `ready` too
        return int(self._call("spawn", name, list(argv), node, str(log), piped))

    def log_of(self, name: str) -> Path:
        """Where the output of process `name` goes."""
        return self.logs / f"{name}.log"

    def ended(self) -> dict[str, int]:
        """Exit codes of the processes that ended, but for those that were expected to and did so cleanly."""
        codes: dict[str, int] = self._call("poll")
        return {name: code for name, code in codes.items() if code != 0 or name not in self.expected_to_end}

    def check(self) -> None:
        """Raise BenchError, with the last words of its log, when a process has died."""
        for name, code in self.ended().items():
            how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
            words = self.last_words(name)
            raise BenchError(f"{name} has ended ({how}){': ' + words if words else ''}", f"see {self.log_of(name)}")

    def exit_code(self, name: str) -> int | None:
        """Exit code of process `name`, None while it runs."""
        codes: dict[str, int] = self._call("poll")
        return codes.get(name)

    def last_words(self, name: str) -> str:
        """The last line that process `name` printed."""
        path = self.log_of(name)
        lines = path.read_text(errors="replace").strip().splitlines() if path.exists() else []
        lines = [line for line in lines if not line.startswith("ready")]
        return lines[-1] if lines else ""

    def wait_ready(self, name: str) -> str:
        """Wait for the line `ready …` in the output of `name` and return what follows it."""
        until = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < until:
            path = self.log_of(name)
            said = path.read_bytes()[self._begun_at.get(name, 0) :] if path.exists() else b""
            for line in said.decode(errors="replace").splitlines():
                if line.startswith("ready"):
                    return line[5:].strip()
            if self.exit_code(name) is not None:
                raise BenchError(f"{name} did not start: {self.last_words(name)}", f"see {self.log_of(name)}")
            time.sleep(0.01)
        raise HilTimeoutError(f"{name} was not ready within {READY_TIMEOUT_S:.0f} s", f"see {self.log_of(name)}")

    def stop(self, name: str) -> None:
        """Stop one process (SIGTERM, then SIGKILL) and let its name be used again."""
        self._call("stop", [name])
        self._call("forget", name)

    def close(self) -> None:
        """Clear the bench: every process, namespace, lock and scratch file."""
        if self._keeper.stdin is not None and not self._keeper.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._keeper.stdin.close()
            self._keeper.wait()
            shutil.rmtree(self.scratch, ignore_errors=True)  # in case the keeper was killed and could not
