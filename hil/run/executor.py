"""Carries out the injection plan of one radar, in a process of its own: bytes out of one port, each at its instant.

`python -m hil.run.executor CONFIG.json` says `ready`, works through the plan and ends. Departures go into a memory-mapped file as
they happen, so that a run which is cut short still shows what was sent. It decides nothing: times and bytes are in the plan.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np

from hil.columns import DEPARTURES, MISSING, StampSource, Table
from hil.drivers import pacing, pcapng
from hil.drivers.ethernet import open_udp
from hil.drivers.serial import octet_time_ns, open_line, write_paced
from hil.errors import HilError, LinkError


class SerialPort(msgspec.Struct, frozen=True, tag="serial"):
    """A serial line and the taps that its frames are recorded at; the addresses only label the packets of the capture."""

    device: str
    baud: int
    tap_out: int
    tap_in: int
    label_from: str
    label_to: str


class EthernetPort(msgspec.Struct, frozen=True, tag="ethernet"):
    """A UDP socket from `send_from` towards `to`, port 8600; the wire behind it does the recording."""

    send_from: str
    to: str


class ExecutorConfig(msgspec.Struct, frozen=True):
    """Everything the process needs. `plan` is an .npz of columns (see injection.py), `departures` the .npy to fill."""

    port: SerialPort | EthernetPort
    plan: str
    departures: str
    capture: str


class Sender(Protocol):
    """Sends the octets of one row at its instant and gives the time of the last octet."""

    def send(self, octets: bytes, payload: bytes, at_ns: int) -> int: ...


class SerialSender:
    """Paces frames onto a serial line and records each at both ends of it."""

    def __init__(self, port: SerialPort, capture_fd: int) -> None:
        self._port, self._capture_fd = port, capture_fd
        self._line = open_line(Path(port.device), port.baud)
        self._free_ns = 0  # when the line has carried the last octet of the frame before

    def send(self, octets: bytes, payload: bytes, at_ns: int) -> int:
        port = self._port
        start_ns = max(at_ns, self._free_ns)
        done_ns = write_paced(self._line, octets, start_ns, port.baud)
        self._free_ns = start_ns + round(len(octets) * octet_time_ns(port.baud))
        pcapng.append(self._capture_fd, port.tap_out, start_ns, port.label_from, port.label_to, payload)
        pcapng.append(self._capture_fd, port.tap_in, done_ns, port.label_from, port.label_to, payload)
        return done_ns


class EthernetSender:
    """Sends datagrams, each at its instant."""

    def __init__(self, port: EthernetPort) -> None:
        self._socket: socket.socket = open_udp((port.send_from, 0), (port.to, pcapng.ASTERIX_PORT))

    def send(self, octets: bytes, payload: bytes, at_ns: int) -> int:  # noqa: ARG002  # one signature for both
        pacing.wait_until(at_ns)
        try:
            self._socket.send(octets)
        except OSError as error:
            raise LinkError(f"datagram cannot be sent ({error.strerror})", "does the wire still run?") from None
        return pacing.wait_until(0)


def execute(config: ExecutorConfig) -> None:
    """Work through the plan. Raises LinkError when the port cannot be opened or breaks."""
    plan = np.load(config.plan)
    octets, payload = plan["octets"].tobytes(), plan["payload"].tobytes()
    rows = [
        plan[name].tolist() for name in ("plot_id", "scheduled_ns", "start", "stop", "payload_start", "payload_stop")
    ]
    departures: Table = np.lib.format.open_memmap(config.departures, mode="w+", dtype=DEPARTURES, shape=(len(rows[0]),))
    departures["departed_ns"], departures["offset"] = MISSING, MISSING
    departures["plot_id"], departures["scheduled_ns"] = plan["plot_id"], plan["scheduled_ns"]
    departures["stamp_source"] = StampSource.USER
    departed = departures["departed_ns"]
    sender: Sender
    if isinstance(config.port, SerialPort):
        sender = SerialSender(config.port, pcapng.open_for_append(Path(config.capture)))
    else:
        sender = EthernetSender(config.port)
    print(f"ready {pacing.claim_precision()}", flush=True)
    for row, (_, at_ns, start, stop, payload_start, payload_stop) in enumerate(zip(*rows, strict=True)):
        departed[row] = sender.send(octets[start:stop], payload[payload_start:payload_stop], at_ns)


def main() -> int:
    """Entry point of the process; errors are one line on standard error."""
    try:
        execute(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=ExecutorConfig))
    except HilError as error:
        print(f"executor: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
