"""Carries out the injection plan of one radar, in a process of its own: bytes out of one port, each at its instant.

`python -m hil.run.executor CONFIG.json` says `ready`, works through the plan and ends. Departures go into a memory-mapped file as
they happen, so that a run which is cut short still shows what was sent. It decides nothing: times and bytes are in the plan, and
the waiting is done by the compiled pacers (hil/drivers/injector.py).
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import msgspec
import numpy as np

from hil.columns import DEPARTURES, Table
from hil.drivers import pacing, pcapng
from hil.drivers.ethernet import open_udp
from hil.drivers.injector import Injector, LineTaps, Rows, SerialInjector, UdpInjector
from hil.drivers.serial import Line, open_line
from hil.errors import HilError


class SerialPort(msgspec.Struct, frozen=True, tag="serial"):
    """A serial line and the taps that its frames are recorded at; the addresses only label the packets of the capture.

    `device` may be a link that its box makes anew whenever it comes up.
    """

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


def _injector(port: SerialPort | EthernetPort, capture: Path, opened: contextlib.ExitStack) -> Injector:
    if isinstance(port, EthernetPort):
        return UdpInjector(open_udp((port.send_from, 0), (port.to, pcapng.ASTERIX_PORT), transmit_stamps=True))
    taps = LineTaps(pcapng.open_for_append(capture), port.tap_out, port.tap_in, port.label_from, port.label_to)

    def connect() -> Line:
        return open_line(Path(port.device), port.baud)

    injector = SerialInjector(connect(), port.baud, taps, connect)

    def hang_up() -> None:
        injector.line.close()  # the latest that was opened

    opened.callback(hang_up)
    return injector


def execute(config: ExecutorConfig) -> None:
    """Work through the plan. Raises LinkError when the port cannot be opened or breaks."""
    plan = np.load(config.plan)
    departures: Table = np.lib.format.open_memmap(
        config.departures, mode="w+", dtype=DEPARTURES, shape=plan["plot_id"].shape
    )
    departures["plot_id"] = plan["plot_id"]
    rows = Rows(
        octets=plan["octets"],
        start=plan["start"],
        stop=plan["stop"],
        at_ns=plan["scheduled_ns"],
        payload=plan["payload"],
        payload_start=plan["payload_start"],
        payload_stop=plan["payload_stop"],
    )
    with contextlib.ExitStack() as opened:
        injector = _injector(config.port, Path(config.capture), opened)
        print(f"ready {pacing.claim_precision()}", flush=True)
        injector.carry_out(rows, departures)


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
