"""Where the nodes live: each in a network namespace of its own, or all on distinct loopback addresses.

Namespaces are anonymous (held open by file descriptors, no name is left behind) and need root or unprivileged user namespaces.
Runs inside the keeper process only, because it moves that process.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from hil.errors import BenchError, HilTimeoutError

CLONE_NEWNET = 0x40000000
CLONE_NEWUSER = 0x10000000
CARRIER_TIMEOUT_S = 5.0
WAN = "wan"  # the namespace in which all wires end

_libc = ctypes.CDLL(None, use_errno=True)


def _call(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise BenchError(
            f"{what}: {os.strerror(number)}", "run as root, allow user namespaces, or use `--isolation loopback`"
        )


def enter(namespace_fd: int) -> None:
    """Move the calling (single-threaded) process into the network namespace behind `namespace_fd`."""
    _call(_libc.setns(namespace_fd, CLONE_NEWNET), "cannot enter a network namespace")


def _become_root_of_own_user_namespace() -> None:
    user, group = os.geteuid(), os.getegid()
    _call(_libc.unshare(CLONE_NEWUSER), "no user namespace may be made here")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")


def _new_namespace() -> int:
    _call(_libc.unshare(CLONE_NEWNET), "no network namespace may be made here")
    return os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _ip(commands: Sequence[str]) -> None:
    done = subprocess.run(
        ["ip", "-batch", "-"], input="\n".join(commands) + "\n", capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BenchError(f"network of the bench cannot be made ({done.stderr.strip()})", "use `--isolation loopback`")


def _wait_for_carrier() -> None:
    # the kernel brings a pair up a little after it was told to; what is sent before that is lost
    until = time.monotonic() + CARRIER_TIMEOUT_S
    while time.monotonic() < until:
        shown = subprocess.run(
            ["ip", "-brief", "link", "show", "dev", "eth0"], capture_output=True, text=True, check=False
        )
        if " UP " in shown.stdout:
            return
        time.sleep(0.005)
    raise HilTimeoutError("a veth pair of the bench did not come up", "try again, or use `--isolation loopback`")


def make_namespaces(addresses: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, int]:
    """Give every node a namespace with one veth pair into the WAN's, and all its addresses.

    `addresses` maps a node to pairs (node's end, WAN's end) of dotted IPv4; the answer maps every node and `WAN` to the descriptor
    of its namespace. The process ends up in the WAN's. Raises BenchError when the kernel or the user's rights do not allow it.
    """
    if shutil.which("ip") is None:
        raise BenchError("the command `ip` is missing", "apt-get install iproute2, or use `--isolation loopback`")
    if os.geteuid() != 0:
        _become_root_of_own_user_namespace()
    spaces = {}
    for node in addresses:
        spaces[node] = _new_namespace()
        _ip(["link set lo up"])
    spaces[WAN] = _new_namespace()
    wan_side = ["link set lo up"]
    for index, (node, pairs) in enumerate(addresses.items()):
        peer = f"/proc/{os.getpid()}/fd/{spaces[node]}"
        wan_side.append(f"link add wan{index} type veth peer name eth0 netns {peer}")
        wan_side += [f"addr add {theirs}/24 dev wan{index}" for _, theirs in pairs]
        wan_side.append(f"link set wan{index} up")
    _ip(wan_side)
    for node, pairs in addresses.items():
        enter(spaces[node])
        _ip([*(f"addr add {own}/24 dev eth0" for own, _ in pairs), "link set eth0 up"])
        _wait_for_carrier()
    enter(spaces[WAN])
    return spaces
