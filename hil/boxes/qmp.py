"""QMP, how an emulator is told what to do: one JSON object a line, over a Unix socket."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from hil.errors import LinkError

TIMEOUT_S = 5.0


class Qmp:
    """The monitor of a running QEMU. Every call raises LinkError when it has gone, does not answer, or refuses."""

    def __init__(self, path: Path) -> None:
        """Connect. Raises OSError while nobody listens at `path`."""
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(TIMEOUT_S)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._lines = self._socket.makefile("rb")
        self._next()  # its greeting
        self.execute("qmp_capabilities")

    def execute(self, command: str, *, until: str = "") -> Any:
        """Have `command` done and give what it returns; with `until` wait for that event too, which comes before or after."""
        try:
            self._socket.sendall(json.dumps({"execute": command}).encode() + b"\n")
        except OSError as error:
            raise self._broken(str(error)) from None
        returned: Any = None
        returns, happened = False, not until
        while not (returns and happened):
            said = self._next()
            if "error" in said:
                raise self._broken(f"it refuses {command}: {said['error']['desc']}")
            if "return" in said:
                returned, returns = said["return"], True
            elif said["event"] == until and not said.get("data", {}).get("guest"):  # not what the guest did before
                happened = True
        return returned

    def close(self) -> None:
        """Let go of the monitor; the emulator runs on."""
        self._lines.close()
        self._socket.close()

    def _next(self) -> dict[str, Any]:
        try:
            line = self._lines.readline()
        except OSError as error:
            raise self._broken(str(error)) from None
        if not line:
            raise self._broken("it has hung up")
        said: dict[str, Any] = json.loads(line)
        return said

    def _broken(self, why: str) -> LinkError:
        return LinkError(f"the emulator at {self._path} does not do as it is told ({why})", "look at its log")
