"""The box as a library in virtual time (`ports/sim/rib.h`), for tests that need exact times or many plots."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

S = 1_000_000_000
RADAR_SERIAL, RADAR_ETH, LINK_IN, CONSOLE = range(4)
LINK_OUT, C2_OUT, CONSOLE_OUT = range(3)


class Event(ctypes.Structure):
    _fields_ = [
        ("at_ns", ctypes.c_uint64),
        ("port", ctypes.c_uint32),
        ("n", ctypes.c_uint32),
        ("offset", ctypes.c_uint64),
    ]


@dataclass(frozen=True)
class Output:
    at_ns: int
    port: int
    octets: bytes


@cache
def load(library: Path) -> ctypes.CDLL:
    rib = ctypes.CDLL(str(library))
    u32, u64, size, pointer = ctypes.c_uint32, ctypes.c_uint64, ctypes.c_size_t, ctypes.c_void_p
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "rib_size": (size, []),
        "rib_start": (ctypes.c_bool, [pointer, ctypes.POINTER(ctypes.c_char_p), size, u64, ctypes.POINTER(size)]),
        "rib_receive": (None, [pointer, u64, u32, ctypes.c_char_p, size]),
        "rib_run_until": (None, [pointer, u64]),
        "rib_deadline_ns": (u64, [pointer]),
        "rib_take": (size, [pointer, ctypes.POINTER(Event), size, ctypes.c_char_p, size]),
        "rib_set_clock": (None, [pointer, u64, ctypes.c_bool]),
        "rib_reset": (None, [pointer, u32, u64]),
        "rib_build_id": (ctypes.c_bool, [ctypes.c_char_p]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(rib, name)
        function.restype, function.argtypes = result, arguments
    return rib


class SimBox:
    """One box. Times are nanoseconds of virtual time; nothing happens but in these calls."""

    def __init__(self, library: Path, *options: str, now_ns: int = S) -> None:
        self._rib = load(library)
        self._memory = ctypes.create_string_buffer(self._rib.rib_size())
        self._events = (Event * 4096)()
        self._octets = ctypes.create_string_buffer(4 << 20)
        texts = (ctypes.c_char_p * len(options))(*(o.encode() for o in options))
        bad = ctypes.c_size_t()
        if not self._rib.rib_start(self._memory, texts, len(options), now_ns, ctypes.byref(bad)):
            raise ValueError(f"bad option {options[bad.value]}")
        self.now_ns = now_ns

    def receive(self, at_ns: int, port: int, octets: bytes) -> None:
        self.now_ns = at_ns
        self._rib.rib_receive(self._memory, at_ns, port, octets, len(octets))

    def run_until(self, at_ns: int) -> list[Output]:
        self.now_ns = at_ns
        self._rib.rib_run_until(self._memory, at_ns)
        return self.take()

    def take(self) -> list[Output]:
        found: list[Output] = []
        while count := self._rib.rib_take(self._memory, self._events, 4096, self._octets, len(self._octets)):
            octets = self._octets.raw
            found += [Output(e.at_ns, e.port, octets[e.offset : e.offset + e.n]) for e in self._events[:count]]
        return found

    def ask(self, query: str) -> str:
        """The console's answer; other outputs stay for nobody, so take them before."""
        self.receive(self.now_ns, CONSOLE, query.encode() + b"\n")
        return b"".join(o.octets for o in self.take() if o.port == CONSOLE_OUT).decode().rstrip("\n")

    def counters(self) -> dict[str, int]:
        return {name: int(value) for name, value in (pair.split("=") for pair in self.ask("STAT:COUN?").split(","))}

    def reset(self, cause: int, at_ns: int) -> None:
        self.now_ns = at_ns
        self._rib.rib_reset(self._memory, cause, at_ns)

    def set_clock(self, offset_ns: int, valid: bool = True) -> None:
        self._rib.rib_set_clock(self._memory, offset_ns, valid)


def tracks_of(outputs: Sequence[Output], port: int = C2_OUT) -> list[Output]:
    """The CAT062 datagrams of a port."""
    return [o for o in outputs if o.port == port and o.octets[0] == 62]
