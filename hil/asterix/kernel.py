"""The compiled kernel, loaded: structures as kernel.c lays them out, and its functions with their argument types.

Nothing is computed here. A kernel that is not built is a `ConfigError` with the command that builds it.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_int32, c_int64, c_void_p, py_object
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from hil.errors import ConfigError

_Library = TypeVar("_Library", bound=ctypes.CDLL)

LANES = 64  # rows that the kernel works on together

FAULT = np.dtype(
    [
        ("block", "i8"),
        ("record", "i8"),
        ("offset", "i8"),
        ("length", "i8"),
        ("at", "i8"),
        ("node", "i4"),
        ("cause", "i4"),
    ],
    align=True,
)

FIELD = np.dtype(
    [
        ("slot", "i4"),
        ("bit", "i4"),
        ("bits", "i4"),
        ("kind", "i4"),
        ("width", "i4"),
        ("lead", "i4"),
        ("step", "i4"),
        ("scale", "f8"),
        ("fill", "i8"),
        ("low", "i8"),
        ("high", "i8"),
        ("wrap_at", "i8"),
        ("wrap_to", "i8"),
        ("column", "i8"),  # address
    ],
    align=True,
)

PRESENCE = np.dtype([("mask", "u8"), ("mask_stride", "i8"), ("offsets", "u8"), ("payload", "u8")], align=True)

GROUP = np.dtype([("key", "u8"), ("made", "u8"), ("parent", "i8")], align=True)

TARGET = np.dtype([("key", "u8"), ("case_scales", "u8"), ("case_field", "i4"), ("group", "i4")], align=True)

DICT_SLOT = np.dtype(
    [("key", "u8")]
    + [(name, "i4") for name in ("form", "group", "node", "first_field", "n_fields", "first_group", "end_group")],
    align=True,
)

FORM = np.dtype(
    [("octets", "u8"), ("length", "i8"), ("fields", "u8"), ("n_fields", "i8"), ("tape_length", "i8")], align=True
)

CAUSES = (
    "",
    "item runs past the end of its block",
    "field specification longer than the category allows",
    "field specification names an undefined item",
    "FX bit set in the last extent",
    "explicit length of 0",
    "random field sequencing names an undefined item",
    "octets left over behind the expansion's last field",
    "data block shorter than its own header",
    "data block longer than its datagram",
    "octets too few for a data block header",
    "category without a table",
    "datagram outside the data",
)
"""Text of each enum cause in kernel.c."""


class Refusal(IntEnum):
    """Mirror of enum refusal in kernel.h."""

    FITS = 0
    NO_ROOM = 1
    RECORD_TOO_LONG = 2
    TOO_MANY = 3
    NONE_TO_REPEAT = 4
    TEXT_TOO_LONG = 5
    BAD_CHARACTER = 6
    OUT_OF_RANGE = 7
    NO_VALUE = 8


class WalkJob(ctypes.Structure):
    """Mirror of rh_walk_job; addresses are plain integers."""

    _fields_ = (
        ("data", c_void_p),
        ("nodes", c_void_p),
        ("block_offset", c_void_p),
        ("block_length", c_void_p),
        ("n_blocks", c_int64),
        ("roots", c_void_p),
        ("n_roots", c_int32),
        ("forced", c_int32),
        ("selector_slot", c_int32),
        ("selector_bit", c_int32),
        ("selector_bits", c_int32),
        ("n_slots", c_int32),
        ("block_profile", c_void_p),
        ("choices", c_void_p),
        ("block", c_int64),
        ("at", c_int64),
        ("record", c_int64),
        ("profile", c_int64),
        ("capacity", c_int64),
        ("fault_capacity", c_int64),
        ("n_rows", c_int64),
        ("n_faults", c_int64),
        ("row_offset", c_void_p),
        ("row_length", c_void_p),
        ("row_block", c_void_p),
        ("row_profile", c_void_p),
        ("position", c_void_p),
        ("lanes", c_int64),
        ("slot_used", c_void_p),
        ("faults", c_void_p),
    )


class DictJob(ctypes.Structure):
    """Mirror of rh_dict_job; addresses are plain integers."""

    _fields_ = (
        ("walk", c_void_p),
        ("size", c_int64),
        ("slots", c_void_p),
        ("fields", c_void_p),
        ("targets", c_void_p),
        ("groups", c_void_p),
        ("n_groups", c_int64),
    )


class EncodeJob(ctypes.Structure):
    """Mirror of rh_encode_job; addresses are plain integers."""

    _fields_ = (
        ("nodes", c_void_p),
        ("n_nodes", c_int64),
        ("n_slots", c_int64),
        ("presence", c_void_p),
        ("fields", c_void_p),
        ("n_fields", c_int64),
        ("repeated", c_void_p),
        ("n_repeated", c_int64),
        ("n_rows", c_int64),
        ("root", c_int64),
        ("category", c_int64),
        ("mtu", c_int64),
        ("out", c_void_p),
        ("size", c_int64),
        ("at", c_int64),
        ("block", c_int64),
        ("n_blocks", c_int64),
        ("block_offset", c_void_p),
        ("row_offset", c_void_p),
        ("position", c_void_p),
        ("children", c_void_p),
        ("bad_row", c_int64),
        ("bad_element", c_int64),
        ("bad_node", c_int64),
        ("bad_field", c_int64),
    )


_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "rh_blocks": (
        c_int64,
        (*[c_void_p] * 3, c_int64, c_int64, c_void_p, c_int64, *[c_void_p] * 5, POINTER(c_int64)),
    ),
    "rh_walk": (c_int32, (POINTER(WalkJob),)),
    "rh_extract": (None, (c_void_p, c_int64, c_int64, c_void_p, c_void_p, c_int64, c_void_p, c_int64, c_int64)),
    "rh_count": (None, (c_void_p, c_int64, c_void_p, c_void_p, c_void_p, c_void_p)),
    "rh_abi": (c_int64, ()),
    "rh_encode": (c_int32, (POINTER(EncodeJob),)),
    "rh_pack": (c_int32, (c_void_p, c_int64, c_void_p, c_void_p, c_int64, POINTER(c_int64), POINTER(c_int64))),
    "rh_place": (None, (c_int64, c_void_p, c_void_p, c_void_p, c_int64, c_int64, c_void_p)),
}

_WITH_LOCK: dict[str, tuple[Any, tuple[Any, ...]]] = {"rh_dicts": (c_int32, (POINTER(DictJob), py_object))}

_ABI = 5  # KERNEL_ABI of c/kernel.h
_BUILD = "`pip install -e .` with a C compiler installed"


@cache
def library() -> ctypes.CDLL:
    """The kernel as a ctypes library; ConfigError when it is not built. Its functions let other threads run."""
    loaded = _load(ctypes.CDLL, _SIGNATURES)
    if loaded.rh_abi() != _ABI:
        raise ConfigError(
            f"{built().name} was built from another version of hil/asterix/c", f"build it again: {_BUILD}"
        )
    return loaded


@cache
def object_library() -> ctypes.PyDLL:
    """Those functions of the kernel that make Python objects, and keep the interpreter's lock for it."""
    library()
    return _load(ctypes.PyDLL, _WITH_LOCK)


def _load(kind: type[_Library], signatures: dict[str, tuple[Any, tuple[Any, ...]]]) -> _Library:
    file = built()
    try:
        loaded = kind(str(file))
    except OSError as error:
        raise ConfigError(f"{file.name} cannot be loaded ({error})", f"build it again: {_BUILD}") from error
    for name, (result, arguments) in signatures.items():
        function = getattr(loaded, name, None)
        if function is None:
            raise ConfigError(f"{file.name} lacks {name}", f"build it again: {_BUILD}")
        function.restype = result
        function.argtypes = arguments
    return loaded


def built() -> Path:
    """Where the compiled kernel is; ConfigError when it is nowhere."""
    found = sorted(Path(__file__).parent.glob("_kernel*.so"))
    if not found:
        raise ConfigError("hil/asterix/_kernel*.so is not built", f"build it: {_BUILD}")
    return found[0]


def field_row(
    place: tuple[int, int, int],
    kind: int,
    width: int,
    scale: float,
    *,
    column: int,
    fill: int = 0,
    limit: tuple[int, int, int, int] = (0, 0, -1, 0),
    element: tuple[int, int] = (0, 0),
) -> tuple[float, ...]:
    """A row of `FIELD`. place: (slot, bit, bits); limit: (low, high, wrap_at, wrap_to); element: (lead, step)."""
    return (*place, kind, width, *element, scale, fill, *limit, column)


def address(array: npt.NDArray[Any]) -> int:
    """Where an array's first octet is; the caller keeps the array alive."""
    return int(array.ctypes.data)


__all__ = [
    "CAUSES",
    "DICT_SLOT",
    "FAULT",
    "FIELD",
    "FORM",
    "GROUP",
    "LANES",
    "PRESENCE",
    "TARGET",
    "DictJob",
    "EncodeJob",
    "Refusal",
    "WalkJob",
    "address",
    "built",
    "field_row",
    "library",
]
