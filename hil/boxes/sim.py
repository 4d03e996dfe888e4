"""A box in virtual time: the firmware's core as a library in this process, on a clock of the bench and on ideal lines.

Octets come from whoever calls `receive`, and go to whoever gave `deliver`. It has no pty and no socket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hil.boxes import console
from hil.boxes.box import Cable, Identity, Sensor
from hil.boxes.rib_library import Cause, Input, Output, Rib
from hil.errors import BenchError, LinkError

NEVER_NS = 2**63 - 1


class SimBox:
    """A `Box` (see box.py) made of `library`, with `settings` as options.

    `now_ns` is the bench's clock; `cable` pulls its Ethernet cable.
    """

    def __init__(
        self,
        name: str,
        library: Path,
        now_ns: Callable[[], int],
        deliver: Callable[[str, int, Output, bytes], None],
        cable: Cable,
        *,
        settings: Sequence[str] = (),
        expected_build_id: str = "",
    ) -> None:
        self.name = name
        self.image = library
        self._now_ns = now_ns
        self._deliver = deliver
        self._cable = cable
        self._settings = list(settings)
        self._expected_build_id = expected_build_id
        self._rib: Rib | None = None
        self._frozen = False
        self._waiting: list[tuple[Input, bytes]] = []
        self._answer = b""

    def start(self) -> None:
        """Power the box up, identify it. Raises BenchError when the library is absent, refuses an option, or is another build."""
        if not self.image.exists():
            raise BenchError(
                f"{self.name} has no firmware library {self.image}", "build it: make -C firmware_stubs sim"
            )
        self._frozen, self._waiting = False, []
        self._rib = Rib(self.image, self._settings, self._now_ns(), self._out)
        console.expect_build(self.name, self.identify().build_id, self._expected_build_id)

    def identify(self) -> Identity:
        """Ask `*IDN?` and `SYST:BUILD?`."""
        return console.identity(self.name, self.ask)

    def counters(self) -> Mapping[str, int]:
        """Every counter by name."""
        return console.counters(self.name, self.ask)

    def add_sensor(self, sensor: Sensor) -> None:
        """Tell the box of a radar."""
        console.add_sensor(self.name, self.ask, sensor)

    def ask(self, query: str) -> str:
        """Any query to the console. Raises LinkError when nothing comes back."""
        self.tell(query)
        if not self._answer.endswith(b"\n"):
            raise LinkError(f"{self.name} does not answer `{query}`", "is it powered, and not frozen?")
        return self._answer.decode(errors="replace").rstrip("\n")

    def tell(self, command: str) -> None:
        """A command to the console that has no answer."""
        self._answer = b""
        self.receive(Input.CONSOLE, command.encode() + b"\n")

    def reset(self) -> None:
        """Pull the reset pin."""
        if self._rib is not None:
            self._rib.reset(self._now_ns(), Cause.PIN)

    def power(self, on: bool) -> None:
        """Take the power away, or give it back."""
        if on and self._rib is None:
            self.start()
        elif not on:
            self._rib = None

    def freeze(self, frozen: bool) -> None:
        """Halt the processor, or let it go on; what comes meanwhile waits in its ports."""
        if self._rib is not None and self._frozen and not frozen:
            self._rib.stall(self._now_ns())
        self._frozen = frozen
        if not frozen:
            waiting, self._waiting = self._waiting, []
            for port, octets in waiting:
                self.receive(port, octets)

    def cut_link(self, cut: bool) -> None:
        """Pull the cable out of the wires of the bench, or plug it in again."""
        self._cable(cut)

    def stop(self) -> None:
        """Take the power away."""
        self._rib = None

    # ---- what the bench's clock and lines call ----

    def deadline_ns(self) -> int:
        """When the box has something to do next."""
        return NEVER_NS if self._rib is None or self._frozen else self._rib.deadline_ns()

    def work(self) -> None:
        """Let it do what is due now."""
        if self._rib is not None and not self._frozen:
            self._rib.run_until(self._now_ns())

    def receive(self, port: Input, octets: bytes) -> None:
        """Octets reach a port; without power they are gone."""
        if self._frozen:
            self._waiting.append((port, octets))
        elif self._rib is not None:
            self._rib.receive(self._now_ns(), port, octets)

    def _out(self, at_ns: int, port: Output, octets: bytes) -> None:
        if port is Output.CONSOLE:
            self._answer += octets
        else:
            self._deliver(self.name, at_ns, port, octets)
