"""The firmware as a process of this machine: the C core on its posix port, ptys for the serial lines, sockets for Ethernet."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from hil.boxes import console
from hil.boxes.box import Identity, Ports, Sensor
from hil.drivers.pcapng import ASTERIX_PORT
from hil.drivers.visa import Session
from hil.errors import BenchError, LinkError


class Launcher(Protocol):
    """What a native box needs of the bench: to be started and stopped on it."""

    scratch: Path

    def spawn(self, name: str, argv: Sequence[str], node: str, *, piped: bool = False) -> int: ...
    def wait_ready(self, name: str) -> str: ...
    def stop(self, name: str) -> None: ...


class NativeBox:
    """A `Box` (see box.py) made of `image`, an executable built by `firmware_stubs`, with `settings` as extra arguments."""

    def __init__(
        self,
        name: str,
        image: Path,
        ports: Ports,
        launcher: Launcher,
        *,
        settings: Sequence[str] = (),
        expected_build_id: str = "",
    ) -> None:
        self.name = name
        self.image = image
        self.ports = ports
        self._launcher = launcher
        self._settings = list(settings)
        self._expected_build_id = expected_build_id
        self._console: Session | None = None
        self._process = 0

    def start(self) -> None:
        """Start the process, wait for its `ready`, open its console. Raises BenchError when the image is absent or is not the one
        that the bench file expects, or when the process does not come up."""
        if not self.image.exists():
            raise BenchError(
                f"{self.name} has no firmware image {self.image}", "build it: make -C firmware_stubs posix, or rtl"
            )
        self._process = self._launcher.spawn(self.name, [str(self.image), *self._arguments()], self.name)
        said = self._launcher.wait_ready(self.name)
        self._console = Session(f"ASRL{self._link('console').resolve()}::INSTR")
        console.expect_build(self.name, self.identify().build_id, self._expected_build_id or said)

    def identify(self) -> Identity:
        """Ask `*IDN?` and `SYST:BUILD?`. Raises BenchError when the answer has another form."""
        return console.identity(self.name, self.ask)

    def counters(self) -> Mapping[str, int]:
        """Every counter by name. Raises BenchError when the answer cannot be read."""
        return console.counters(self.name, self.ask)

    def add_sensor(self, sensor: Sensor) -> None:
        """Tell the box of a radar; raises BenchError when it refuses."""
        console.add_sensor(self.name, self.ask, sensor)

    def ask(self, query: str) -> str:
        """Any query to the console."""
        return self._session().ask(query)

    def tell(self, command: str) -> None:
        """A command to the console that has no answer."""
        self._session().tell(command)

    def reset(self) -> None:
        """Pull the reset pin (SIGHUP); the ptys stay."""
        os.kill(self._process, signal.SIGHUP)

    def power(self, on: bool) -> None:
        """Take the power away (SIGKILL), or give it back."""
        if on:
            self.start()
        else:
            os.kill(self._process, signal.SIGKILL)
            self.stop()

    def freeze(self, frozen: bool) -> None:
        """Halt the process (SIGSTOP), or let it go on."""
        os.kill(self._process, signal.SIGSTOP if frozen else signal.SIGCONT)

    def serial_line(self) -> Path:
        """The pty that stands for the port `radar_serial`."""
        return self._link("radar")

    def stop(self) -> None:
        """Close the console and stop the process."""
        if self._console is not None:
            self._console.close()
            self._console = None
        self._launcher.stop(self.name)

    def _link(self, line: str) -> Path:
        return self._launcher.scratch / f"{self.name}.{line}"

    def _session(self) -> Session:
        if self._console is None:
            raise LinkError(f"{self.name} has not been started", "start the bench first")
        return self._console

    def _arguments(self) -> list[str]:
        arguments = ["--console", str(self._link("console")), "--radar-serial", str(self._link("radar"))]
        for option, address in (("--radar-eth", self.ports.radar_eth), ("--link-in", self.ports.link_in)):
            if address:
                arguments += [option, f"{address}:{ASTERIX_PORT}"]
        for option, ends in (("--link-out", self.ports.link_out), ("--c2-out", self.ports.c2_out)):
            if ends is not None:
                own, towards = ends
                arguments += [option, f"{towards}:{ASTERIX_PORT}@{own}"]
        return arguments + self._settings
