"""What faults of a serial line make of the octets that a radar sends on it: pure, the same from the same seed.

What the line carries is taken apart again by the harness's own deframer, so the plan knows of every plot whether it still gets
through, and of every piece by which counter a box has to refuse it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hil.errors import ConfigError
from hil.framing import Cause, Deframed, deframe, frame
from hil.run.injection import Injection
from hil.scenario.faults import Abort, BitErrors, DroppedOctets, InsertedOctets, LineFault, LongFrames
from hil.scenario.seeds import fork

REFUSED = (Cause.BAD_FCS, Cause.ABORTED, Cause.TOO_LONG, Cause.RUNT)  # those that a box counts
HELD_UP_S = 1e-3  # a frame that leaves this much later than it would have is late by the line, not by the box
DRAWS_MAX = 100

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Spoilt:
    """An injection with what its line did to it. Row by row: does the frame get through whole, does the line hold it up.

    `refused` are the pieces that a box has to refuse: the row in which each ends, and why.
    """

    injection: Injection
    whole: Bools
    held_up: Bools
    refused: tuple[tuple[int, Cause], ...]


def unspoilt(injection: Injection) -> Spoilt:
    """A line, or an Ethernet, without faults."""
    rows = len(injection.plot_id)
    return Spoilt(injection, np.ones(rows, bool), np.zeros(rows, bool), ())


def spoil(
    injection: Injection, faults: Sequence[LineFault], epoch_ns: int, seed: int, *, fcs_bits: int, octet_ns: float
) -> Spoilt:
    """Do `faults` (their instants count from `epoch_ns`) to an injection whose octets are frames of `fcs_bits`.

    A draw in which a spoilt frame would still pass its check sequence (FCS-16 misses one in 65,536) is drawn again: what such a
    frame does is the check sequence's fault, not the box's.
    """
    if not faults or not len(injection.plot_id):
        return unspoilt(injection)
    for draw in range(DRAWS_MAX):
        octets = list(injection.octets)
        for number, fault in enumerate(faults):
            rng = fork(seed, "line", injection.radar, str(number), str(draw))
            for row in _rows(fault, injection, epoch_ns):
                octets[row] = _spoil(fault, octets[row], injection.payloads[row], fcs_bits, rng)
        taken_apart = deframe(b"".join(octets), fcs_bits)
        whole, undetected = _got_through(octets, injection.payloads, taken_apart)
        if not undetected:
            held_up = _leaves_s(injection, octets, octet_ns) - _leaves_s(injection, injection.octets, octet_ns)
            return Spoilt(replace(injection, octets=octets), whole, held_up > HELD_UP_S, _refused(octets, taken_apart))
    raise ConfigError(
        f"no draw of the line faults of {injection.radar} is detected whole", "use FCS-32, or fewer errors"
    )


def _rows(fault: LineFault, injection: Injection, epoch_ns: int) -> list[int]:
    """The rows whose frames a fault spoils: those of its time, or the next so many."""
    begin_ns = epoch_ns + round(fault.at_s * 1e9)
    first, end = np.searchsorted(injection.scheduled_ns, [begin_ns, begin_ns + round(fault.span_s * 1e9)])
    if isinstance(fault, Abort | LongFrames):
        end = first + fault.frames
    return list(range(int(first), min(int(end), len(injection.octets))))


def _spoil(fault: LineFault, octets: bytes, payload: bytes, fcs_bits: int, rng: np.random.Generator) -> bytes:
    wire = np.frombuffer(octets, np.uint8)
    match fault:
        case BitErrors():
            flips = rng.random((len(wire), 8)) < fault.bit_error_ratio
            return (wire ^ np.packbits(flips, axis=1)[:, 0]).tobytes()
        case DroppedOctets():
            return wire[rng.random(len(wire)) >= fault.drop_ratio].tobytes()
        case InsertedOctets():
            places = np.flatnonzero(rng.random(len(wire)) < fault.insert_ratio) + 1
            return np.insert(wire, places, rng.integers(0, 256, len(places), np.uint8)).tobytes()
        case Abort():
            kept = octets[: int(rng.integers(2, len(octets) - 2, endpoint=True))].rstrip(b"\x7d")
            return kept + b"\x7d\x7e"
        case LongFrames():
            return frame(payload + bytes(max(0, fault.octets - len(payload))), fcs_bits)


def _got_through(octets: Sequence[bytes], payloads: Sequence[bytes], taken_apart: Deframed) -> tuple[Bools, bool]:
    """Which rows' frames are whole, and whether any frame passed its check that is none of them."""
    starts = np.array([0, *itertools.accumulate(map(len, octets))])[:-1]
    whole = np.zeros(len(octets), bool)
    for piece in taken_apart.frames:
        row = int(np.searchsorted(starts, piece.start, "right")) - 1
        if piece.payload != payloads[row]:
            return whole, True
        whole[row] = True
    return whole, False


def _refused(octets: Sequence[bytes], taken_apart: Deframed) -> tuple[tuple[int, Cause], ...]:
    stops = np.array([*itertools.accumulate(map(len, octets))])
    pieces = [piece for piece in taken_apart.bad if piece.cause in REFUSED]
    return tuple((int(np.searchsorted(stops, piece.end - 1, "right")), piece.cause) for piece in pieces)


def _leaves_s(injection: Injection, octets: Sequence[bytes], octet_ns: float) -> npt.NDArray[np.float64]:
    """When the last octet of each row leaves an otherwise idle line, s after the first row's schedule."""
    lengths_ns = np.array([len(frame_octets) for frame_octets in octets]) * octet_ns
    begun_ns = (injection.scheduled_ns - injection.scheduled_ns[0]).astype(np.float64)
    done_ns, free_ns = np.empty(len(begun_ns)), 0.0
    for row, (at_ns, length_ns) in enumerate(zip(begun_ns.tolist(), lengths_ns.tolist(), strict=True)):
        free_ns = max(at_ns, free_ns) + length_ns
        done_ns[row] = free_ns
    return done_ns * 1e-9
