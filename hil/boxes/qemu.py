"""The firmware on an emulated Cortex-M3 (QEMU, machine mps2-an385), a process of this machine.

Its UARTs end in a pty (console) and a stream socket or pty (`radar_serial`). Its Ethernet goes through QEMU's user network, which
needs no right and no code of ours: the box has one address behind it, its ports are forwarded from the addresses that it has on the
bench, and what it sends leaves as datagrams of the emulator's own sockets. The emulated clock is the host's; never -icount.
"""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime

from hil.boxes import console
from hil.boxes.qmp import Qmp
from hil.boxes.started import StartedBox
from hil.drivers.pcapng import ASTERIX_PORT
from hil.errors import BenchError, HilTimeoutError, LinkError

EMULATOR = "qemu-system-arm"
START_TIMEOUT_S = 20.0
OWN_IP, GATEWAY = "10.0.2.15", "10.0.2.2"  # behind the user network
RADAR_PORT, LINK_PORT = ASTERIX_PORT, ASTERIX_PORT + 1  # of the box itself


class QemuBox(StartedBox):
    """A `Box` (see box.py) whose `image` is an ELF file built by `firmware_stubs`, with `settings` in its settings memory.

    It has no clock of its own: the time is told after every start and reset that comes from here.
    """

    _qmp: Qmp | None = None
    _line_kept_open = -1
    _boot_s = 0.0

    def start(self) -> None:
        """Start the emulator frozen, open its UARTs, let it go, identify it. Raises BenchError when emulator or image are absent,
        when it does not come up, or is not the build that the bench file expects."""
        self._expect_image("build it: make -C firmware_stubs qemu")
        if shutil.which(EMULATOR) is None:
            raise BenchError(f"{self.name} needs {EMULATOR}, which is not installed", f"apt-get install {EMULATOR}")
        self._link("qmp").unlink(missing_ok=True)  # of an emulator that was killed
        self._process = self._launcher.spawn(self.name, self._command(), self.name)
        self._qmp = self._connect()
        self._link_ptys()
        self._open_console()
        time.sleep(self._boot_s)
        self._boot_s = 0.0
        self._qmp.execute("cont")
        console.expect_build(self.name, self.identify().build_id, self._expected_build_id)
        self._tell_time()

    def reset(self) -> None:
        """Pull the reset pin; ports stay open."""
        self._monitor().execute("system_reset", until="RESET")
        self._tell_time()

    def freeze(self, frozen: bool) -> None:
        """Halt the emulated processor, or let it go on; what comes meanwhile waits, as far as its controllers have room."""
        self._monitor().execute("stop" if frozen else "cont")

    def start_slowly(self, boot_s: float) -> None:
        """The next emulator stands still that long before its processor begins."""
        self._boot_s = boot_s

    def stop(self) -> None:
        """Close monitor, console and serial line, stop the process."""
        if self._qmp is not None:
            self._qmp.close()
            self._qmp = None
        if self._line_kept_open >= 0:
            os.close(self._line_kept_open)
            self._line_kept_open = -1
        super().stop()

    def _connect(self) -> Qmp:
        until = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until:
            try:
                return Qmp(self._link("qmp"))
            except OSError:
                time.sleep(0.005)
            if self._launcher.exit_code(self.name) is not None:
                raise BenchError(f"{self.name} did not start: {self._launcher.last_words(self.name)}", "see its log")
        raise HilTimeoutError(f"the emulator of {self.name} did not come up in {START_TIMEOUT_S:.0f} s", "see its log")

    def _monitor(self) -> Qmp:
        if self._qmp is None:
            raise LinkError(f"{self.name} has not been started", "start the bench first")
        return self._qmp

    def _link_ptys(self) -> None:
        """Names of our own for the ptys that the emulator has made."""
        for chardev in self._monitor().execute("query-chardev"):
            kind, _, device = chardev["filename"].partition(":")
            if kind == "pty":
                link = self._link(chardev["label"])
                link.unlink(missing_ok=True)
                link.symlink_to(device)
                if (
                    chardev["label"] == "radar"
                ):  # QEMU takes a second to notice a pty that is opened, and drops what came before
                    self._line_kept_open = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)

    def _tell_time(self) -> None:
        now = datetime.now(UTC)
        self.tell(f"SYST:TIME {now.hour},{now.minute},{now.second + now.microsecond * 1e-6:.6f}")

    def _command(self) -> list[str]:
        command = [
            EMULATOR,
            "-machine",
            "mps2-an385",
            "-nodefaults",
            "-display",
            "none",
            "-S",
            "-kernel",
            str(self.image),
        ]
        command += [
            "-chardev",
            f"socket,id=qmp,path={self._link('qmp')},server=on,wait=off",
            "-mon",
            "chardev=qmp,mode=control",
        ]
        command += ["-chardev", "pty,id=console", "-serial", "chardev:console"]
        radar = "pty,id=radar"
        if self.ports.serial_device == "socket":
            radar = f"socket,id=radar,path={self._link('radar')},server=on,wait=off"
        command += ["-chardev", radar, "-serial", "chardev:radar"]
        command += ["-netdev", ",".join(["user,id=net,ipv6=off", *self._forwards()])]
        command += ["-net", "nic,netdev=net,model=lan9118"]
        words = ["rib", *self._network(), *self._settings]
        arguments = [f"arg={word.replace(',', ',,')}" for word in words]
        return [*command, "-semihosting-config", ",".join(["enable=on,target=native", *arguments])]

    def _forwards(self) -> list[str]:
        ways = ((self.ports.radar_eth, RADAR_PORT), (self.ports.link_in, LINK_PORT))
        return [f"hostfwd=udp:{address}:{ASTERIX_PORT}-{OWN_IP}:{port}" for address, port in ways if address]

    def _network(self) -> list[str]:
        words = [
            "--ip",
            f"{OWN_IP}/24",
            "--gateway",
            GATEWAY,
            "--radar-port",
            str(RADAR_PORT),
            "--link-port",
            str(LINK_PORT),
        ]
        for option, ends in (("--link-out", self.ports.link_out), ("--c2-out", self.ports.c2_out)):
            if ends is not None:
                words += [option, f"{ends[1]}:{ASTERIX_PORT}"]
        return words
