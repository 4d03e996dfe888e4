"""Injectors: octets out of one port, each row at its instant, by the compiled pacers; departures are noted as they happen.

They move bytes and decide nothing: times and octets are in the rows. Scapy is never in this path.
"""

from __future__ import annotations

import ctypes
import errno
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hil.columns import MISSING, StampSource, Table
from hil.drivers import pacing, pcapng
from hil.drivers.compiled import check, library
from hil.drivers.serial import Line, octet_time_ns, octets_per_write
from hil.errors import LinkError

Ints = npt.NDArray[np.int64]
Octets = npt.NDArray[np.uint8]

HUNG_UP = {errno.EIO, errno.EPIPE, errno.ECONNRESET, errno.ENXIO}  # the box behind a line has gone
RETRY_S = 0.02


@dataclass(frozen=True)
class Rows:
    """What leaves and when: row k is `octets[start[k]:stop[k]]` at `at_ns[k]` (CLOCK_REALTIME, never falling).

    On a serial line `payload[payload_start[k]:payload_stop[k]]` is what the taps at its ends show of it: the frame's content.
    """

    octets: Octets
    start: Ints
    stop: Ints
    at_ns: Ints
    payload: Octets = field(default_factory=lambda: np.zeros(0, np.uint8))
    payload_start: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    payload_stop: Ints = field(default_factory=lambda: np.zeros(0, np.int64))


class Injector(Protocol):
    """A port that can carry out a schedule."""

    def carry_out(self, rows: Rows, departures: Table) -> None:
        """Send every row and note its departure (hil.columns.DEPARTURES, one row each). Raises LinkError when the port breaks."""
        ...


class _Schedule(ctypes.Structure):
    """`struct schedule` of pacer.h."""

    _fields_ = [
        ("rows", ctypes.c_uint64),
        ("octets", ctypes.c_void_p),
        ("start", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
        ("at_ns", ctypes.c_void_p),
        ("departed", ctypes.c_void_p),
        ("source", ctypes.c_void_p),
        ("stride", ctypes.c_uint64),
        ("spin_ns", ctypes.c_int64),
    ]


class _Line(ctypes.Structure):
    """`struct line` of pacer.h."""

    _fields_ = [
        ("fd", ctypes.c_int32),
        ("capture_fd", ctypes.c_int32),
        ("tap_out", ctypes.c_int32),
        ("tap_in", ctypes.c_int32),
        ("from_ip", ctypes.c_uint32),
        ("to_ip", ctypes.c_uint32),
        ("port", ctypes.c_uint32),
        ("octets_per_write", ctypes.c_uint32),
        ("octet_ns", ctypes.c_double),
        ("payload", ctypes.c_void_p),
        ("payload_start", ctypes.c_void_p),
        ("payload_stop", ctypes.c_void_p),
    ]


def _schedule(rows: Rows, departures: Table) -> _Schedule:
    fields = departures.dtype.fields
    assert fields is not None and len(departures) == len(rows.at_ns)
    for column in (rows.start, rows.stop, rows.at_ns, rows.payload_start, rows.payload_stop):
        assert column.dtype == np.int64 and column.flags.c_contiguous
    departures["departed_ns"], departures["offset"] = MISSING, MISSING
    departures["scheduled_ns"], departures["stamp_source"] = rows.at_ns, StampSource.USER
    return _Schedule(
        rows=len(rows.at_ns),
        octets=rows.octets.ctypes.data,
        start=rows.start.ctypes.data,
        stop=rows.stop.ctypes.data,
        at_ns=rows.at_ns.ctypes.data,
        departed=departures.ctypes.data + fields["departed_ns"][1],
        source=departures.ctypes.data + fields["stamp_source"][1],
        stride=departures.strides[0],
        spin_ns=pacing.spin_ns_for(rows.at_ns),
    )


@dataclass(frozen=True)
class UdpInjector:
    """Datagrams on a connected UDP socket. Departures carry the kernel's transmit stamp where the socket was opened with them.

    `bulk` is for rate: datagrams of equal length that are due at one instant go to the kernel as one packet, which it splits. Then
    only the first of them gets a kernel stamp, and packet taps of others may see the one large packet.
    """

    connected: socket.socket
    bulk: bool = False

    def carry_out(self, rows: Rows, departures: Table) -> None:
        """See Injector."""
        schedule = _schedule(rows, departures)
        result = library().pace_datagrams(ctypes.byref(schedule), self.connected.fileno(), int(self.bulk))
        check(result, "datagrams cannot be sent", "does the wire still run?")


@dataclass(frozen=True)
class LineTaps:
    """Where the frames of a serial line are recorded: interface numbers of its two ends, and addresses that label the packets."""

    capture_fd: int
    tap_out: int
    tap_in: int
    label_from: str = "127.0.0.1"
    label_to: str = "127.0.0.1"


@dataclass
class SerialInjector:
    """Frames on an asynchronous line, octet by octet at its rate; a departure is the instant before the last octets' hand-over.

    With `reopen` the line outlives the box behind it: without one frames depart into nothing, until it can be opened again.
    """

    line: Line
    baud: int
    taps: LineTaps | None = None
    reopen: Callable[[], Line] | None = None

    def carry_out(self, rows: Rows, departures: Table) -> None:
        """See Injector."""
        schedule = _schedule(rows, departures)
        begin, end, connected = 0, len(rows.at_ns), True
        while begin < end:
            until = end if connected else begin + _due(rows.at_ns[begin:])
            result = self._pace(rows, schedule, begin, until, connected)
            begin += int((departures["departed_ns"][begin:until] != MISSING).sum())
            if -result in HUNG_UP and self.reopen is not None:
                self.line.close()
                connected = False
            else:
                check(result, f"serial line {self.line.name} broke while writing", "is the box still running?")
            connected = connected or self._opens_again()

    def _opens_again(self) -> bool:
        assert self.reopen is not None
        try:
            self.line = self.reopen()
        except LinkError:
            return False
        return True

    def _pace(self, rows: Rows, whole: _Schedule, begin: int, end: int, connected: bool) -> int:
        taps = self.taps or LineTaps(-1, -1, -1)
        part = _part(whole, begin, end)
        line = _Line(
            fd=self.line.fileno() if connected else -1,
            capture_fd=taps.capture_fd,
            tap_out=taps.tap_out,
            tap_in=taps.tap_in,
            from_ip=pcapng.network_order(taps.label_from),
            to_ip=pcapng.network_order(taps.label_to),
            port=pcapng.ASTERIX_PORT,
            octets_per_write=octets_per_write(self.baud),
            octet_ns=octet_time_ns(self.baud),
            payload=rows.payload.ctypes.data,
            payload_start=rows.payload_start.ctypes.data + begin * rows.payload_start.itemsize,
            payload_stop=rows.payload_stop.ctypes.data + begin * rows.payload_stop.itemsize,
        )
        result: int = library().pace_frames(ctypes.byref(part), ctypes.byref(line))
        return result


def _part(whole: _Schedule, begin: int, end: int) -> _Schedule:
    """Rows `begin` to `end` of a schedule."""
    return _Schedule(
        rows=end - begin,
        octets=whole.octets,
        start=whole.start + 8 * begin,
        stop=whole.stop + 8 * begin,
        at_ns=whole.at_ns + 8 * begin,
        departed=whole.departed + whole.stride * begin,
        source=whole.source + whole.stride * begin,
        stride=whole.stride,
        spin_ns=whole.spin_ns,
    )


def _due(at_ns: Ints) -> int:
    """How many rows to let go by before the line is tried again; waits, when there is none yet."""
    time.sleep(RETRY_S)
    return int(np.searchsorted(at_ns, time.time_ns(), side="right"))
