"""Async serial lines: opened with errors that name the device, and how long an octet takes on them.

A line is a device that pyserial opens, or the stream socket that an emulator has in its place. Frames are written at line rate by
`injector.SerialInjector`; framing is `hil.framing`.
"""

from __future__ import annotations

import contextlib
import errno
import socket
from pathlib import Path
from typing import Protocol

import serial

from hil.errors import HilTimeoutError, LinkError

BITS_PER_OCTET = 10  # 8N1
WRITE_NS = 150_000  # a writer is woken for this much line time at once …
OCTETS_PER_WRITE = 16  # … but never for more than a UART's own buffer holds
HANG_UP_S = 5.0


class Line(Protocol):
    """An open line: octets are written to its descriptor, which does not block."""

    @property
    def name(self) -> str: ...
    def fileno(self) -> int: ...
    def close(self) -> None: ...


class SocketLine:
    """A stream socket that stands for a line. Raises LinkError when nobody listens at `path`."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(self.name)
        except OSError as error:
            self._socket.close()
            raise LinkError(f"serial line {path} cannot be opened ({error.strerror})", "is the box running?") from None
        self._socket.setblocking(False)

    def fileno(self) -> int:
        """Its descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Hang up when the other end has read everything; it would drop the rest. Raises HilTimeoutError when it does not read."""
        if self._socket.fileno() < 0:
            return
        with self._socket, contextlib.suppress(ConnectionError):
            self._socket.settimeout(HANG_UP_S)
            try:
                self._socket.shutdown(socket.SHUT_WR)
                while self._socket.recv(OCTETS_PER_WRITE):
                    pass
            except TimeoutError:
                raise HilTimeoutError(f"serial line {self.name} is not read", "is the box frozen?") from None


def open_line(device: Path, baud: int) -> Line:
    """Open `device` for this process alone (advisory lock, 8N1, no time-out on writes); a stream socket as it is.

    Raises LinkError when it is absent, not a terminal, locked by somebody else or closed to this user.
    """
    if device.is_socket():
        return SocketLine(device)
    try:
        opened: Line = serial.Serial(str(device), baud, exclusive=True, timeout=0)
        return opened
    except serial.SerialException as error:
        if not device.exists():
            raise LinkError(f"serial device {device} does not exist", "connect it, or correct the bench file") from None
        if error.errno == errno.EACCES:
            raise LinkError(
                f"serial device {device} may not be opened by this user", "join its group (dialout)"
            ) from None
        if "lock" in str(error).lower() or error.errno in (errno.EBUSY, errno.EAGAIN):
            raise LinkError(f"serial device {device} is locked by another process", "stop that process") from None
        raise LinkError(
            f"serial device {device} cannot be opened ({error})", "check that it is a serial line"
        ) from None
    except ValueError as error:
        raise LinkError(
            f"serial device {device} refuses {baud} Bd ({error})", "correct `baud` in the bench file"
        ) from None


def octet_time_ns(baud: int) -> float:
    """Time of one octet on the line in ns: start bit, eight data bits, stop bit."""
    return BITS_PER_OCTET * 1e9 / baud


def octets_per_write(baud: int) -> int:
    """How many octets a pacer hands over at once: one on slow lines, a few where an octet is shorter than it takes to wake up."""
    return max(1, min(OCTETS_PER_WRITE, round(WRITE_NS / octet_time_ns(baud))))
