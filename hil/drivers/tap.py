"""Taps as a process of their own: what arrives goes, with the kernel's receive stamp, into the run's capture.

`python -m hil.drivers.tap CONFIG.json` says `ready` and records until its standard input closes. UDP taps need no privilege; a
ring (TPACKET_V3) watches a whole interface, such as a mirror port, and needs CAP_NET_RAW. Counters live in a file that others may
map and read meanwhile; `kernel_drops` above 0 means that the capture is not complete, which blocks verdicts.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import mmap
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hil.drivers import pacing, pcapng
from hil.drivers.compiled import check, library
from hil.drivers.ethernet import open_udp
from hil.errors import HilError, LinkError

RING_BLOCK_OCTETS = 1 << 20
RING_BLOCKS = 32
RING_RETIRE_MS = 10  # a block that is not full is handed over after this
PACKET_VERSION, PACKET_RX_RING, PACKET_IGNORE_OUTGOING = 10, 5, 23  # linux/if_packet.h
TPACKET_V3 = 2
SOL_PACKET = 263
SO_ATTACH_FILTER = 26
ETH_P_IP = 0x0800


class UdpTap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A UDP address (port 8600) that datagrams are sent to and recorded at, as interface `number` of the capture."""

    address: str
    number: int
    port: int = pcapng.ASTERIX_PORT


class RingTap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An interface whose incoming UDP datagrams to `port` are recorded, whoever they are for."""

    interface: str
    number: int
    port: int = pcapng.ASTERIX_PORT


class TapConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the process needs: UDP taps, or one ring."""

    capture: str
    counters: str
    udp: list[UdpTap] = []
    ring: RingTap | None = None


class TapState(ctypes.Structure):
    """`struct tap` of tap.c; the counters may be read while the taps run."""

    _fields_ = [
        ("fd", ctypes.c_int32),
        ("number", ctypes.c_int32),
        ("own_ip", ctypes.c_uint32),
        ("port", ctypes.c_uint32),
        ("received", ctypes.c_uint64),
        ("octets", ctypes.c_uint64),
        ("kernel_drops", ctypes.c_uint64),
        ("left_out", ctypes.c_uint64),
        ("unstamped", ctypes.c_uint64),
        ("latest_ns", ctypes.c_int64),
    ]

    received: int
    octets: int
    kernel_drops: int
    left_out: int
    unstamped: int
    latest_ns: int


def map_counters(path: Path, taps: int) -> ctypes.Array[TapState]:
    """The live state of `taps` taps as the process keeps it in the file at `path` (shared, no copy); makes the file."""
    path.touch()
    with path.open("r+b") as file:
        file.truncate(taps * ctypes.sizeof(TapState))
        area = mmap.mmap(file.fileno(), taps * ctypes.sizeof(TapState))
    return (TapState * taps).from_buffer(area)


def record_udp(taps: list[UdpTap], state: ctypes.Array[TapState], capture_fd: int, control_fd: int) -> None:
    """Record at UDP sockets until `control_fd` has something to read or closes. Raises LinkError for an address that is taken."""
    with contextlib.ExitStack() as sockets:
        for tap, slot in zip(taps, state, strict=True):
            opened = sockets.enter_context(open_udp((tap.address, tap.port), receive_stamps=True))
            slot.fd, slot.number, slot.port = opened.fileno(), tap.number, tap.port
            slot.own_ip = pcapng.network_order(tap.address)
        print(f"ready {pacing.claim_precision()}", flush=True)
        result = library().tap_udp(state, len(taps), capture_fd, control_fd)
    check(result, "the taps broke", "check free disk space and the interfaces")


def record_ring(tap: RingTap, state: TapState, capture_fd: int, control_fd: int) -> None:
    """Record at an interface until told to end. Raises LinkError when it does not exist or the right to watch it is missing."""
    with _ring(tap) as (opened, area):
        state.fd, state.number, state.port = opened.fileno(), tap.number, tap.port
        print(f"ready {pacing.claim_precision()}", flush=True)
        ring = (ctypes.c_uint8 * len(area)).from_buffer(area)
        result = library().tap_ring(ctypes.byref(state), ring, RING_BLOCK_OCTETS, RING_BLOCKS, capture_fd, control_fd)
        del ring
    check(result, f"the tap on {tap.interface} broke", "check free disk space and the interface")


@contextlib.contextmanager
def _ring(tap: RingTap) -> Iterator[tuple[socket.socket, mmap.mmap]]:
    """A packet socket on the tap's interface with its ring mapped."""
    try:
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
    except PermissionError:
        raise LinkError(
            f"no permission to watch interface {tap.interface}", "give CAP_NET_RAW, or tap by UDP address"
        ) from None
    with opened:
        opened.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V3)
        _let_through(opened, tap.port)
        with contextlib.suppress(OSError):  # kernels before 4.20 show what leaves as well
            opened.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        frames = RING_BLOCK_OCTETS // 2048 * RING_BLOCKS
        request = struct.pack("7I", RING_BLOCK_OCTETS, RING_BLOCKS, 2048, frames, RING_RETIRE_MS, 0, 0)
        opened.setsockopt(SOL_PACKET, PACKET_RX_RING, request)
        area = mmap.mmap(opened.fileno(), RING_BLOCK_OCTETS * RING_BLOCKS)
        try:
            opened.bind((tap.interface, ETH_P_IP))
        except OSError as error:
            why = "no such interface" if error.errno == errno.ENODEV else error.strerror
            raise LinkError(f"interface {tap.interface} cannot be watched ({why})", "see `ip link`") from None
        yield opened, area


def _let_through(opened: socket.socket, port: int) -> None:
    """Let only unfragmented IPv4/UDP to `port` through, so that other traffic cannot fill the ring (linux/filter.h)."""
    load_half, load_octet, load_header_length, load_half_at = 0x28, 0x30, 0xB1, 0x48
    jump_equal, jump_set, give_back = 0x15, 0x45, 0x06
    program = [
        (load_half, 0, 0, 12),
        (jump_equal, 0, 8, ETH_P_IP),
        (load_octet, 0, 0, 23),
        (jump_equal, 0, 6, socket.IPPROTO_UDP),
        (load_half, 0, 0, 20),
        (jump_set, 4, 0, 0x1FFF),
        (load_header_length, 0, 0, 14),
        (load_half_at, 0, 0, 16),
        (jump_equal, 0, 1, port),
        (give_back, 0, 0, 0x40000),
        (give_back, 0, 0, 0),
    ]
    steps = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    listed = struct.pack("HxxxxxxP", len(program), ctypes.addressof(steps))
    opened.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, listed)


def main() -> int:
    """Entry point of the process; errors are one line on standard error."""
    try:
        config = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=TapConfig)
        capture_fd = pcapng.open_for_append(Path(config.capture))
        state = map_counters(Path(config.counters), max(1, len(config.udp)))
        if config.ring is not None:
            record_ring(config.ring, state[0], capture_fd, sys.stdin.fileno())
        else:
            record_udp(config.udp, state, capture_fd, sys.stdin.fileno())
    except HilError as error:
        print(f"tap: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
