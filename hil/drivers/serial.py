"""Async serial lines through pyserial: opened with errors that name the device, written at line rate.

A pty has no line rate of its own, so the writer paces: every octet takes start bit, eight data bits and stop bit. Only bytes
here; framing is `hil.framing`.
"""

from __future__ import annotations

import errno
from pathlib import Path

import serial

from hil.drivers.pacing import wait_until
from hil.errors import LinkError

BITS_PER_OCTET = 10  # 8N1
OCTETS_PER_WRITE = 4


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


def write_paced(line: serial.Serial, octets: bytes, start_ns: int, baud: int) -> int:
    """Write `octets` so that octet k is handed over when its stop bit would end, `start_ns` + (k + 1) octet times.

    Returns the instant (CLOCK_REALTIME, ns) just before the last octets were handed over: the far side cannot have had them
    earlier, however late this process gets to run again. Raises LinkError when the line breaks.
    """
    octet_ns = octet_time_ns(baud)
    handed_ns = start_ns
    try:
        for begin in range(0, len(octets), OCTETS_PER_WRITE):
            piece = octets[begin : begin + OCTETS_PER_WRITE]
            handed_ns = wait_until(start_ns + round((begin + len(piece)) * octet_ns))
            line.write(piece)
    except (serial.SerialException, OSError) as error:
        raise LinkError(f"serial line {line.port} broke while writing ({error})", "is the box still running?") from None
    return handed_ns
