"""HDLC-like framing of blocks of octets on an asynchronous serial line (RFC 1662), both ways.

Octet stuffing, FCS-16 or FCS-32, and a deframer that accounts for every octet of the stream: it is in a good frame, in
a bad piece with its cause, or it is a flag between frames. Control characters are not escaped (the line's ACCM is 0),
there are no address, control and protocol fields. Not here: what the payload means (ASTERIX), how the line is paced.
"""

from __future__ import annotations

import binascii
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from hil.errors import ConfigError, EncodeError

FLAG = 0x7E
ESCAPE = 0x7D
FLIP = 0x20  # an escaped octet goes out with this bit inverted
MAX_PAYLOAD_OCTETS = 2048


class Cause(Enum):
    """Why a piece of the stream is no frame; the values are the names of the box's counters where it has one."""

    BAD_FCS = "bad_fcs"
    ABORTED = "aborted"  # escape directly before the closing flag
    TOO_LONG = "too_long"  # more octets than the receiver takes
    RUNT = "runt"  # no room for a payload octet before the FCS
    GARBAGE = "garbage"  # before the stream's first flag
    UNFINISHED = "unfinished"  # after the stream's last flag


@dataclass(frozen=True, slots=True)
class Frame:
    """A good frame. `stream[start:end]` are its octets as sent: after the opening flag, closing flag included."""

    payload: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class BadPiece:
    """Octets that are no frame. `stream[start:end]` as for `Frame`; UNFINISHED has no closing flag to end with."""

    cause: Cause
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Deframed:
    """What a stretch of stream held, each in stream order. Octets in neither tuple are flags that separate frames."""

    frames: tuple[Frame, ...]
    bad: tuple[BadPiece, ...]


def frame(payload: bytes, fcs: int = 16) -> bytes:
    """Return `payload` as one frame: flag, stuffed payload and FCS (low octet first), flag (RFC 1662 §3, §4).

    Raises EncodeError for an empty payload (a receiver takes it for a runt), ConfigError for an `fcs` not 16 or 32.
    """
    _check_fcs(fcs)
    if not payload:
        raise EncodeError("an empty payload cannot be framed", "send at least one octet")
    body = bytes(payload) + _fcs_octets(payload, fcs)
    stuffed = body.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e")  # escape first, or it is escaped twice
    return b"\x7e" + stuffed + b"\x7e"


def max_wire_octets(payload_octets: int, fcs: int = 16) -> int:
    """Return the most octets that `frame` makes of such a payload: two flags, everything between them escaped."""
    _check_fcs(fcs)
    return 2 + 2 * (payload_octets + fcs // 8)


def deframe(stream: bytes, fcs: int = 16, max_payload_octets: int = MAX_PAYLOAD_OCTETS) -> Deframed:
    """Take a whole recorded stream apart; see `Deframer` for one that is still coming in. Raises as `Deframer`."""
    deframer = Deframer(fcs, max_payload_octets)
    body, tail = deframer.push(stream), deframer.finish()
    return Deframed(body.frames, body.bad + tail.bad)


class Deframer:
    """Takes a stream apart as it arrives; how it is cut into chunks makes no difference to what comes out.

    Holds at most about twice `max_payload_octets`, whatever the line delivers. Raises ConfigError for an `fcs` that is
    not 16 or 32.
    """

    def __init__(self, fcs: int = 16, max_payload_octets: int = MAX_PAYLOAD_OCTETS) -> None:
        _check_fcs(fcs)
        self._fcs = fcs
        self._max_octets = max_payload_octets + fcs // 8  # between the flags, escapes undone
        self._synchronised = False  # a flag has been seen
        self._start = 0  # of the piece that is being received
        self._position = 0  # of the next octet in the stream
        self._held = bytearray()  # the piece so far, as far as it can still be a frame

    def push(self, octets: bytes) -> Deframed:
        """Return the frames and bad pieces that `octets` completed; offsets count from the first octet ever pushed."""
        pieces = list(self._cut(octets))
        return Deframed(
            tuple(piece for piece in pieces if isinstance(piece, Frame)),
            tuple(piece for piece in pieces if isinstance(piece, BadPiece)),
        )

    def finish(self) -> Deframed:
        """Return what is left when the line goes quiet: nothing, or one piece, UNFINISHED or (no flag yet) GARBAGE."""
        if self._start == self._position:
            return Deframed((), ())
        cause = Cause.UNFINISHED if self._synchronised else Cause.GARBAGE
        tail = BadPiece(cause, self._start, self._position)
        self._held.clear()
        self._start = self._position
        return Deframed((), (tail,))

    def _cut(self, octets: bytes) -> Iterator[Frame | BadPiece]:
        *closed, rest = bytes(octets).split(b"\x7e")
        for part in closed:
            self._hold(part)
            self._position += 1  # the flag
            if self._position - self._start > 1:  # else flag after flag: fill
                yield self._judge()
            self._held.clear()
            self._start = self._position
            self._synchronised = True
        self._hold(rest)

    def _hold(self, part: bytes) -> None:
        self._position += len(part)
        room = 2 * self._max_octets + 2 - len(self._held)  # as many octets are surely too long, whatever is escaped
        self._held += part[:room]

    def _judge(self) -> Frame | BadPiece:
        start, end = self._start, self._position
        if not self._synchronised:
            return BadPiece(Cause.GARBAGE, start, end)
        octets, ends_in_escape = _unstuff(bytes(self._held))
        payload_octets = len(octets) - self._fcs // 8
        if len(octets) > self._max_octets:
            return BadPiece(Cause.TOO_LONG, start, end)
        if ends_in_escape:
            return BadPiece(Cause.ABORTED, start, end)
        if payload_octets < 1:
            return BadPiece(Cause.RUNT, start, end)
        payload = octets[:payload_octets]
        if octets[payload_octets:] != _fcs_octets(payload, self._fcs):
            return BadPiece(Cause.BAD_FCS, start, end)
        return Frame(payload, start, end)


_ESCAPED = re.compile(rb"\x7d(.)", re.DOTALL)
_REVERSED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


def _check_fcs(fcs: int) -> None:
    if fcs not in (16, 32):
        raise ConfigError(f"a frame check sequence of {fcs} bits does not exist", "use 16 or 32")


def _unstuff(stuffed: bytes) -> tuple[bytes, bool]:
    """Undo the escapes; the flag says that the last octet is an escape with nothing to follow (it is left out)."""
    trailing_escapes = len(stuffed) - len(stuffed.rstrip(b"\x7d"))
    ends_in_escape = trailing_escapes % 2 == 1  # in pairs, an escape escapes the next
    whole = stuffed[:-1] if ends_in_escape else stuffed
    return _ESCAPED.sub(lambda pair: bytes((pair[1][0] ^ FLIP,)), whole), ends_in_escape


def _fcs_octets(payload: bytes, fcs: int) -> bytes:
    if fcs == 32:
        return zlib.crc32(payload).to_bytes(4, "little")  # RFC 1662 C.3 is the CRC-32 of IEEE 802.3
    return _fcs16(payload).to_bytes(2, "little")


def _fcs16(payload: bytes) -> int:
    """RFC 1662 C.2 (CRC-16/X-25), by the standard library's CRC of the same polynomial in the other bit order."""
    high, low = binascii.crc_hqx(bytes(payload).translate(_REVERSED), 0xFFFF).to_bytes(2, "big")
    return ((_REVERSED[low] << 8) | _REVERSED[high]) ^ 0xFFFF
