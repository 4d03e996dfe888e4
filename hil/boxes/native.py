"""The firmware as a process of this machine: the C core on its posix port, ptys for the serial lines, sockets for Ethernet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

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

    def start(self) -> None:
        """Start the process, wait for its `ready`, open its console. Raises BenchError when the image is absent or is not the one
        that the bench file expects, or when the process does not come up."""
        if not self.image.exists():
            raise BenchError(
                f"{self.name} has no firmware image {self.image}", "build it: make -C firmware_stubs posix"
            )
        self._launcher.spawn(self.name, [str(self.image), *self._arguments()], self.name)
        said = self._launcher.wait_ready(self.name)
        self._console = Session(f"ASRL{self._link('console').resolve()}::INSTR")
        running = self.identify().build_id
        expected = self._expected_build_id or said
        if running != expected:
            raise BenchError(
                f"{self.name} runs build {running}, expected {expected}", "flash the right image, or correct `build_id`"
            )

    def identify(self) -> Identity:
        """Ask `*IDN?` and `SYST:BUILD?`. Raises BenchError when the answer has another form."""
        fields = self._session().ask("*IDN?").split(",")
        if len(fields) != 4:
            raise BenchError(
                f"{self.name} does not identify: *IDN? gave `{','.join(fields)}`", "is this console a box's?"
            )
        maker, model, serial_number, firmware = fields
        return Identity(maker, model, serial_number, firmware, self._session().ask("SYST:BUILD?"))

    def counters(self) -> Mapping[str, int]:
        """Every counter by name. Raises BenchError when the answer cannot be read."""
        answer = self._session().ask("STAT:COUN?")
        try:
            return {name: int(value) for name, value in (pair.split("=") for pair in answer.split(","))}
        except ValueError:
            raise BenchError(f"{self.name}: STAT:COUN? gave `{answer[:80]}`", "is this console a box's?") from None

    def add_sensor(self, sensor: Sensor) -> None:
        """Tell the box of a radar; raises BenchError when it refuses."""
        site = f"{sensor.latitude_deg:.7f},{sensor.longitude_deg:.7f},{sensor.height_m:.1f}"
        self._session().tell(f"CONF:SENS {sensor.sac},{sensor.sic},{site}")
        error = self._session().ask("SYST:ERR?")
        if not error.startswith("0,"):
            raise BenchError(f"{self.name} refused sensor {sensor.sac}/{sensor.sic}: {error}", "see docs/icd.md §4")

    def ask(self, query: str) -> str:
        """Any query to the console."""
        return self._session().ask(query)

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
