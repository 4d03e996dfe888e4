"""What boxes have in common that are processes of this machine: started by the bench, spoken to over a pty, switched off at once.

How such a box is started, reset and halted is each kind's own business.
"""

from __future__ import annotations

import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from hil.boxes import console
from hil.boxes.box import Cable, Identity, Ports, Sensor
from hil.drivers.visa import Session
from hil.errors import BenchError, LinkError


class Launcher(Protocol):
    """What such a box needs of the bench: to be started and stopped on it."""

    scratch: Path

    def spawn(self, name: str, argv: Sequence[str], node: str, *, piped: bool = False) -> int: ...
    def wait_ready(self, name: str) -> str: ...
    def exit_code(self, name: str) -> int | None: ...
    def last_words(self, name: str) -> str: ...
    def stop(self, name: str) -> None: ...


class StartedBox(ABC):
    """The part of a `Box` (see box.py) that does not depend on the kind; `image` is what it runs, `settings` are words for it.

    Its Ethernet cable is the bench's: `cable` pulls it out of the wires, and the box does not notice.
    """

    def __init__(
        self,
        name: str,
        image: Path,
        ports: Ports,
        launcher: Launcher,
        cable: Cable,
        *,
        settings: Sequence[str] = (),
        expected_build_id: str = "",
    ) -> None:
        self.name = name
        self.image = image
        self.ports = ports
        self._launcher = launcher
        self._cable = cable
        self._settings = list(settings)
        self._expected_build_id = expected_build_id
        self._console: Session | None = None
        self._process = 0

    @abstractmethod
    def start(self) -> None:
        """Bring it up, identify it."""

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

    def power(self, on: bool) -> None:
        """Take the power away (SIGKILL), or give it back."""
        if on:
            self.start()
        else:
            self._unlink()  # nobody shall find a device of that number that is another's by then
            os.kill(self._process, signal.SIGKILL)
            self.stop()

    def cut_link(self, cut: bool) -> None:
        """Pull the Ethernet cable, or plug it in again."""
        self._cable(cut)

    def serial_line(self) -> Path:
        """What stands for the port `radar_serial`: a pty or a stream socket."""
        return self._link("radar")

    def stop(self) -> None:
        """Close the console and stop the process."""
        if self._console is not None:
            self._console.close()
            self._console = None
        self._launcher.stop(self.name)
        self._unlink()

    def _unlink(self) -> None:
        for line in ("console", "radar"):
            self._link(line).unlink(missing_ok=True)

    def _link(self, line: str) -> Path:
        return self._launcher.scratch / f"{self.name}.{line}"

    def _expect_image(self, remedy: str) -> None:
        if not self.image.exists():
            raise BenchError(f"{self.name} has no firmware image {self.image}", remedy)

    def _open_console(self) -> None:
        self._console = Session(f"ASRL{self._link('console').resolve()}::INSTR")

    def _session(self) -> Session:
        if self._console is None:
            raise LinkError(f"{self.name} has not been started", "start the bench first")
        return self._console
