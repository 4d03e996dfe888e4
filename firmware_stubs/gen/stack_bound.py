"""The deepest stack that an image can need, from what GCC says of its call graph (`-fcallgraph-info=su`).

    python gen/stack_bound.py DIRECTORY_OF_CI_FILES

A call through a pointer is taken to reach the deepest function that could be meant (POINTER_CALLS names them);
recursion (an item inside a compound item) is as deep as the item tables, at most 3. Library functions count as
LIBRARY_OCTETS. Interrupts come on top: one frame of 32 octets and the deepest handler.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

LIBRARY_OCTETS = 400  # the deepest of newlib's double functions
RECURSION = 3
CONSOLE = ["counters_query", "log_query", "tst", "config_sensor", "time_set"]
POINTER_CALLS = {  # caller -> what its pointers may lead to
    "walk_blocks": ["take_cat048", "take_cat015", "take_cat034", "take_remote_track"],
    "net_receive": ["frame_out", "datagram_in"],
    "block_poll": ["deliver_block", "count_octets"],
    "block_add": ["deliver_block", "count_octets"],
    "block_close": ["deliver_block", "count_octets"],
    "send": ["deliver_block", "count_octets"],
    "run_found": CONSOLE,
    "run_command": CONSOLE,  # the compiler may put one of them into the other
    "run_line": CONSOLE,
    "scpi_input": ["write_reply"],
    "walk_records": ["take_cat048", "take_cat015", "take_cat034", "take_remote_track"],
    "box_option_take": ["take_sensor", "take_filter", "take_serial_number"],
    "matches": [],
    "on_udp": ["datagram_in"],
    "send_ipv4": ["frame_out"],
    "send_arp": ["frame_out"],
    "on_arp": ["frame_out"],
}

NODE = re.compile(r'node: { title: "([^"]+)" label: "([^"]*)"')
FRAME = re.compile(r"(\d+) bytes \((\w+)")
EDGE = re.compile(r'edge: { sourcename: "([^"]+)" targetname: "([^"]+)"')


def main(directory: Path) -> None:
    own, calls = read(directory)

    @cache
    def deepest(function: str, path: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
        if path.count(function) >= RECURSION:
            return 0, ()
        below = [deepest(callee, (*path, function)) for callee in sorted(calls.get(function, ()))]
        octets, chain = max(below, default=(0, ()))
        return own.get(function, LIBRARY_OCTETS) + octets, (function, *chain)

    octets, chain = deepest("main", ())
    print(f"main: {octets} octets by {' > '.join(name.split(':')[-1] for name in chain)}")
    handler = max(deepest(name, ())[0] for name in own if name.endswith(("_interrupt", "warning")))
    print(f"interrupts: {32 + handler} octets")
    print(f"stack bound: {octets + 32 + handler} octets")


def read(directory: Path) -> tuple[dict[str, int], dict[str, set[str]]]:
    """Octets of each function's own frame, and what it calls. Static functions go by their name alone."""
    own: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    for file in directory.rglob("*.ci"):
        text = file.read_text()
        for title, label in NODE.findall(text):
            frame = FRAME.search(label)
            if frame and frame[2] == "dynamic":
                raise SystemExit(f"{title}: its frame has no fixed size")
            if frame:
                own[short(title)] = int(frame[1])
        for caller, callee in EDGE.findall(text):
            if callee != "__indirect_call":
                calls.setdefault(short(caller), set()).add(short(callee))
            elif short(caller) in POINTER_CALLS:
                calls.setdefault(short(caller), set()).update(POINTER_CALLS[short(caller)])
            else:
                raise SystemExit(f"{caller}: say in POINTER_CALLS where its pointer leads")
    return own, calls


def short(title: str) -> str:
    """Without the file, and without what the optimiser made of it (`.constprop.0`)."""
    return title.rsplit(":", 1)[-1].split(".", maxsplit=1)[0]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
