"""The firmware as a process of this machine: the C core on its posix port, ptys for the serial lines, sockets for Ethernet."""

from __future__ import annotations

import os
import signal

from hil.boxes import console
from hil.boxes.started import StartedBox
from hil.drivers.pcapng import ASTERIX_PORT


class NativeBox(StartedBox):
    """A `Box` (see box.py) whose `image` is an executable built by `firmware_stubs`, with `settings` as extra arguments."""

    _boot_ms = 0

    def start(self) -> None:
        """Start the process, wait for its `ready`, open its console. Raises BenchError when the image is absent or is not the one
        that the bench file expects, or when the process does not come up."""
        self._expect_image("build it: make -C firmware_stubs posix, or rtl")
        boot, self._boot_ms = ["--boot-ms", str(self._boot_ms)] if self._boot_ms else [], 0
        self._process = self._launcher.spawn(self.name, [str(self.image), *self._arguments(), *boot], self.name)
        said = self._launcher.wait_ready(self.name)
        self._open_console()
        console.expect_build(self.name, self.identify().build_id, self._expected_build_id or said)

    def reset(self) -> None:
        """Pull the reset pin (SIGHUP); the ptys stay."""
        os.kill(self._process, signal.SIGHUP)

    def freeze(self, frozen: bool) -> None:
        """Halt the process (SIGSTOP), or let it go on."""
        os.kill(self._process, signal.SIGSTOP if frozen else signal.SIGCONT)

    def start_slowly(self, boot_s: float) -> None:
        """The next process waits that long before it opens its ports."""
        self._boot_ms = round(boot_s * 1e3)

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
