"""The process that carries every wire between the nodes and taps both ends of each.

`python -m hil.links.wan CONFIG.json` opens the sockets, says `ready` on standard output and hands over to `wan.c`; it ends when
its standard input closes. Its counters live in a file that others may map and read while it runs.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from hil.drivers import pacing, pcapng
from hil.drivers.ethernet import open_udp
from hil.errors import BenchError, HilError
from hil.links.cable import End
from hil.links.impairment import PLAN_LENGTH, Impairment, plan

LATE_STEPS = 256  # as in wan.c: below 8 ns, then eight steps to each power of two
LATE_EDGES_S = np.array([8.0] * 8 + [2.0 ** (3 + k // 8) * (1 + (k % 8 + 1) / 8) for k in range(LATE_STEPS - 8)]) * 1e-9


class Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One direction of one link: datagrams that reach `listen` leave from `send_from` towards `to` (dotted IPv4)."""

    name: str
    listen: str
    send_from: str
    to: str
    tap_in: int
    tap_out: int
    impairment: Impairment


class WanConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the process needs, as written to its JSON file."""

    seed: int
    capture: str
    counters: str
    wires: list[Wire]


class WireState(ctypes.Structure):
    """`struct wire` of wan.c; the counters may be read, and `cut_at` called, while the wires run."""

    _fields_ = [
        ("in_fd", ctypes.c_int32),
        ("out_fd", ctypes.c_int32),
        ("tap_in", ctypes.c_int32),
        ("tap_out", ctypes.c_int32),
        ("in_ip", ctypes.c_uint32),
        ("out_ip", ctypes.c_uint32),
        ("to_ip", ctypes.c_uint32),
        ("port", ctypes.c_uint16),
        ("unplugged", ctypes.c_uint16),
        ("plan_length", ctypes.c_uint64),
        ("delay_ns", ctypes.c_void_p),
        ("copies", ctypes.c_void_p),
        ("received", ctypes.c_uint64),
        ("sent", ctypes.c_uint64),
        ("lost", ctypes.c_uint64),
        ("duplicated", ctypes.c_uint64),
        ("cut", ctypes.c_uint64),
        ("send_errors", ctypes.c_uint64),
        ("overflowed", ctypes.c_uint64),
        ("kernel_drops", ctypes.c_uint64),
        ("unstamped", ctypes.c_uint64),
        ("latest_delay_ns", ctypes.c_int64),
        ("worst_lateness_ns", ctypes.c_int64),
        ("latest_due_ns", ctypes.c_int64),
        ("late", ctypes.c_uint32 * LATE_STEPS),
    ]

    unplugged: int
    received: int
    sent: int
    lost: int
    duplicated: int
    cut: int
    send_errors: int
    overflowed: int
    kernel_drops: int
    unstamped: int
    latest_delay_ns: int
    worst_lateness_ns: int
    late: ctypes.Array[ctypes.c_uint32]

    def cut_at(self, end: End, cut: bool) -> None:
        """Pull the cable at one end, or plug it in; what it would have carried is dropped and counted in `cut`."""
        self.unplugged = self.unplugged | end if cut else self.unplugged & ~end

    def lateness_s(self) -> npt.NDArray[np.float64]:
        """How late each datagram left against the wire's plan, s, rising: each the upper edge of its step (at most 12 % wide)."""
        return np.repeat(LATE_EDGES_S, np.array(self.late))


def map_counters(path: Path, wires: int) -> ctypes.Array[WireState]:
    """The live state of `wires` wires as the process keeps it in the file at `path` (shared, no copy)."""
    with path.open("r+b") as file:
        file.truncate(wires * ctypes.sizeof(WireState))
        area = mmap.mmap(file.fileno(), wires * ctypes.sizeof(WireState))
    return (WireState * wires).from_buffer(area)


def _library() -> ctypes.CDLL:
    built = sorted(Path(__file__).parent.glob("_wan*.so"))
    if not built:
        raise BenchError(
            "hil.links was installed without its compiled part (_wan)", "install gcc and run `pip install -e .`"
        )
    return ctypes.CDLL(str(built[0]), use_errno=True)


def run(config: WanConfig) -> None:
    """Carry the wires of `config` until standard input closes.

    Raises LinkError for an address that cannot be opened, BenchError when the loop breaks (disk full, interface gone).
    """
    library = _library()
    state = map_counters(Path(config.counters), len(config.wires))
    kept_alive = []
    for index, (wire, slot) in enumerate(zip(config.wires, state, strict=True)):
        receiver = open_udp((wire.listen, pcapng.ASTERIX_PORT), receive_stamps=True)
        sender = open_udp((wire.send_from, 0), (wire.to, pcapng.ASTERIX_PORT), transmit_stamps=True)
        delay_ns, copies = plan(wire.impairment, config.seed, index)
        kept_alive.append((receiver, sender, delay_ns, copies))
        slot.in_fd, slot.out_fd = receiver.fileno(), sender.fileno()
        slot.tap_in, slot.tap_out = wire.tap_in, wire.tap_out
        slot.in_ip, slot.out_ip, slot.to_ip = map(pcapng.network_order, (wire.listen, wire.send_from, wire.to))
        slot.port = pcapng.ASTERIX_PORT
        slot.plan_length = PLAN_LENGTH
        slot.delay_ns, slot.copies = delay_ns.ctypes.data, copies.ctypes.data
    capture_fd = pcapng.open_for_append(Path(config.capture))
    precision = pacing.claim_precision()
    print(f"ready {precision}", flush=True)
    result = library.wan_run(state, len(config.wires), capture_fd, sys.stdin.fileno(), ctypes.c_int64(pacing.SPIN_NS))
    if result != 0:
        raise BenchError(f"the wires broke: {os.strerror(-result)}", "check free disk space and the interfaces")


def main() -> int:
    """Entry point of the process; errors are one line on standard error."""
    try:
        run(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=WanConfig))
    except HilError as error:
        print(f"wan: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
