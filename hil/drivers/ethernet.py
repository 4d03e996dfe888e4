"""UDP sockets of the bench: opened with errors that name the address and who holds it, and with the kernel's time stamps.

It moves bytes and never decodes them.
"""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from hil.errors import LinkError

SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35  # asm-generic/socket.h; Python 3.11 does not name them
SO_TIMESTAMPING = 37
SO_RXQ_OVFL = 40
TX_STAMPS = 1 << 1 | 1 << 4 | 1 << 7 | 1 << 11  # SOF_TIMESTAMPING_TX_SOFTWARE, _SOFTWARE, _OPT_ID, _OPT_TSONLY
RECEIVE_BUFFER_OCTETS = 32 << 20

Address = tuple[str, int]


def _holder(address: Address) -> str:
    """Name the process that holds a UDP address, as far as /proc shows it."""
    wanted = f"{int.from_bytes(socket.inet_aton(address[0]), 'little'):08X}:{address[1]:04X}"
    rows = Path("/proc/net/udp").read_text().splitlines()[1:]
    inodes = {f"socket:[{row.split()[9]}]" for row in rows if row.split()[1] in (wanted, f"00000000:{address[1]:04X}")}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) in inodes:
                command = (link.parents[1] / "comm").read_text().strip()
                return f"held by process {link.parents[1].name} ({command})"
        except OSError:
            continue  # another user's process, or one that just ended
    return "held by another process"


def open_udp(
    local: Address, remote: Address | None = None, *, receive_stamps: bool = False, transmit_stamps: bool = False
) -> socket.socket:
    """A UDP socket bound to `local` and, if given, connected to `remote`.

    `receive_stamps` turns on SO_TIMESTAMPNS and the drop counter, `transmit_stamps` software stamps on the error queue.
    Raises LinkError naming the address and its holder when it cannot be bound.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    try:
        sock.bind(local)
        if remote is not None:
            sock.connect(remote)
    except OSError as error:
        sock.close()
        name = f"{local[0]}:{local[1]}"
        if error.errno == errno.EADDRINUSE:
            raise LinkError(
                f"UDP port {name} is in use, {_holder(local)}", "stop it, or change the bench's addresses"
            ) from None
        raise LinkError(f"UDP port {name} cannot be opened ({error.strerror})", "check the bench's addresses") from None
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_OCTETS)
    except PermissionError:
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_OCTETS
        )  # as much as net.core.rmem_max allows
    if receive_stamps:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
    if transmit_stamps:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, TX_STAMPS)
    return sock
