"""A serial line whose far end may lose its power: what is due meanwhile goes nowhere, and the line goes on when its box is back.

The line is a link that the box makes anew each time it comes up; until there is a new one, the device that the old one names may
be anybody's.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from hil.columns import MISSING, Table
from hil.drivers import pcapng
from hil.drivers.injector import LineGoneError, LineTaps, Rows, SerialInjector
from hil.drivers.serial import open_line
from hil.errors import LinkError

LOOK_S = 0.005


@dataclass
class RevivingInjector:
    """An `Injector` (see injector.py) on the line that `link` names, which is opened when it is made."""

    link: Path
    baud: int
    taps: LineTaps

    def __post_init__(self) -> None:
        self._open()

    def carry_out(self, rows: Rows, departures: Table) -> None:
        """See Injector. Raises LinkError when the line breaks otherwise than by losing its far end."""
        done = 0
        while True:
            try:
                self._injector.carry_out(_from(rows, done), departures[done:])
            except LineGoneError:
                sent = departures["departed_ns"][done:] != MISSING
                done += int(sent.argmin())  # rows leave in order
                done = self._send_into_nothing(rows, departures, done)
                continue
            return

    def _send_into_nothing(self, rows: Rows, departures: Table, done: int) -> int:
        """Until there is a new line, or nothing more to send; gives the first row that is still due."""
        self._injector.line.close()
        while done < len(rows.at_ns):
            if _made(self.link) != self._made:
                try:
                    self._open()
                    break
                except LinkError:
                    pass  # it is just being made
            if rows.at_ns[done] <= time.time_ns():
                departures["departed_ns"][done] = rows.at_ns[done]
                payload = rows.payload[rows.payload_start[done] : rows.payload_stop[done]].tobytes()
                ends = (self.taps.label_from, self.taps.label_to)
                seen = pcapng.packet(self.taps.tap_out, int(rows.at_ns[done]), *ends, payload)
                os.write(self.taps.capture_fd, seen)
                done += 1
            else:
                time.sleep(LOOK_S)
        return done

    def _open(self) -> None:
        made = _made(self.link)
        self._injector = SerialInjector(open_line(self.link.resolve(), self.baud), self.baud, self.taps)
        self._made = made


def _from(rows: Rows, first: int) -> Rows:
    return Rows(
        rows.octets,
        rows.start[first:],
        rows.stop[first:],
        rows.at_ns[first:],
        rows.payload,
        rows.payload_start[first:],
        rows.payload_stop[first:],
    )


def _made(link: Path) -> tuple[int, int]:
    """Which link it is: the box replaces it whenever it comes up."""
    try:
        found = link.lstat()
    except OSError:
        return (0, 0)
    return (found.st_ino, found.st_ctime_ns)
