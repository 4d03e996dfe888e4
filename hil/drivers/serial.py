"""Async serial lines through pyserial: opened with errors that name the device, and how long an octet takes on them.

Frames are written at line rate by `injector.SerialInjector`; framing is `hil.framing`.
"""

from __future__ import annotations

import errno
from pathlib import Path

import serial

from hil.errors import LinkError

BITS_PER_OCTET = 10  # 8N1
WRITE_NS = 150_000  # a writer is woken for this much line time at once …
OCTETS_PER_WRITE = 16  # … but never for more than a UART's own buffer holds


def open_line(device: Path, baud: int) -> serial.Serial:
    """Open `device` for this process alone (advisory lock, 8N1, no time-out on writes).

    Raises LinkError when it is absent, not a terminal, locked by somebody else or closed to this user.
    """
    try:
        return serial.Serial(str(device), baud, exclusive=True, timeout=0)
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
