"""The firmware's core as a shared library in virtual time (firmware_stubs/ports/sim/rib.h), through ctypes.

A `Rib` is one box in memory of ours. It is given octets and instants and gives back octets and instants; it starts nothing, waits
for nothing and looks at no clock.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

from hil.errors import BenchError

EVENTS = 4096
OCTETS = 4 << 20  # the library's own queue


class Input(IntEnum):
    """`enum rib_input`."""

    RADAR_SERIAL = 0
    RADAR_ETH = 1
    LINK_IN = 2
    CONSOLE = 3


class Output(IntEnum):
    """`enum rib_output`."""

    LINK_OUT = 0
    C2_OUT = 1
    CONSOLE = 2


class Cause(IntEnum):
    """`enum rib_cause`: why a box starts."""

    POWER = 0
    SOFTWARE = 1
    WATCHDOG = 2
    PIN = 3


class _Event(ctypes.Structure):
    _fields_ = [
        ("at_ns", ctypes.c_uint64),
        ("port", ctypes.c_uint32),
        ("n", ctypes.c_uint32),
        ("offset", ctypes.c_uint64),
    ]


@cache
def _load(path: Path) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise BenchError(
            f"{path} cannot be loaded ({error})", "build it: make -C firmware_stubs sim, on this machine"
        ) from None
    u32, u64, size, pointer = ctypes.c_uint32, ctypes.c_uint64, ctypes.c_size_t, ctypes.c_void_p
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "rib_size": (size, []),
        "rib_start": (ctypes.c_bool, [pointer, ctypes.POINTER(ctypes.c_char_p), size, u64, ctypes.POINTER(size)]),
        "rib_receive": (None, [pointer, u64, u32, ctypes.c_char_p, size]),
        "rib_run_until": (None, [pointer, u64]),
        "rib_stall": (None, [pointer, u64]),
        "rib_deadline_ns": (u64, [pointer]),
        "rib_take": (size, [pointer, ctypes.POINTER(_Event), size, pointer, size]),
        "rib_reset": (None, [pointer, u32, u64]),
        "rib_build_id": (ctypes.c_bool, [ctypes.c_char_p]),
    }
    for name, (result, arguments) in signatures.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise BenchError(f"{path} is no box ({name} is missing)", "build one: make -C firmware_stubs sim") from None
        function.restype, function.argtypes = result, arguments
    return library


Deliver = Callable[[int, Output, bytes], None]


class Rib:
    """One box. Instants are ns on one virtual clock and never go back; `deliver(at_ns, output, octets)` gets all that it sends."""

    def __init__(self, library: Path, options: Sequence[str], now_ns: int, deliver: Deliver) -> None:
        """Power the box up. Raises BenchError when the library cannot be had, or refuses one of the options (docs/icd.md §5)."""
        self._rib = _load(library)
        self._memory = ctypes.create_string_buffer(self._rib.rib_size())
        self._events = (_Event * EVENTS)()
        self._octets = ctypes.create_string_buffer(OCTETS)
        self._deliver = deliver
        texts = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        bad = ctypes.c_size_t()
        if not self._rib.rib_start(self._memory, texts, len(options), now_ns, ctypes.byref(bad)):
            raise BenchError(f"the box refuses {' '.join(options[bad.value : bad.value + 2])}", "see docs/icd.md §5")

    def deadline_ns(self) -> int:
        """When it has something to do next."""
        return int(self._rib.rib_deadline_ns(self._memory))

    def run_until(self, now_ns: int) -> None:
        """Let it work until `now_ns`."""
        self._rib.rib_run_until(self._memory, now_ns)
        self._take()

    def stall(self, now_ns: int) -> None:
        """Its processor stood still until `now_ns`; what was due is done late."""
        self._rib.rib_stall(self._memory, now_ns)

    def receive(self, now_ns: int, port: Input, octets: bytes) -> None:
        """Hand it octets."""
        self._rib.rib_receive(self._memory, now_ns, port, octets, len(octets))
        self._take()

    def reset(self, now_ns: int, cause: Cause) -> None:
        """Start it anew, for `cause`."""
        self._rib.rib_reset(self._memory, cause, now_ns)
        self._take()

    def build_id(self) -> str:
        """GNU build id of the library, 40 hexadecimal digits; empty if it has none."""
        text = ctypes.create_string_buffer(41)
        return text.value.decode() if self._rib.rib_build_id(text) else ""

    def _take(self) -> None:
        while count := self._rib.rib_take(self._memory, self._events, EVENTS, self._octets, OCTETS):
            base = ctypes.addressof(self._octets)
            for event in self._events[:count]:
                octets = ctypes.string_at(base + event.offset, event.n)
                self._deliver(event.at_ns, Output(event.port), octets)
