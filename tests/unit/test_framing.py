"""Framing against RFC 1662: an octet-by-octet receiver and bitwise CRCs, written from the RFC text, are the oracle."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hil.errors import ConfigError, EncodeError
from hil.framing import BadPiece, Cause, Deframed, Deframer, Frame, deframe, frame, max_wire_octets

FCS = pytest.mark.parametrize("fcs", [16, 32])

stuffing_heavy = st.binary(min_size=1, max_size=80) | st.lists(
    st.sampled_from([0x7D, 0x7E, 0x5D, 0x5E, 0x00, 0x20]), min_size=1, max_size=80
).map(bytes)
line_noise = st.lists(stuffing_heavy | stuffing_heavy.map(frame), max_size=6).map(b"".join)


def bitwise_crc(octets: bytes, polynomial: int, bits: int) -> int:
    """The register of RFC 1662 §C.2/C.3, one bit at a time, least significant bit first."""
    register = (1 << bits) - 1
    for octet in octets:
        for bit in range(8):
            feedback = (register ^ (octet >> bit)) & 1
            register = (register >> 1) ^ (polynomial if feedback else 0)
    return register


def residue_is_good(octets: bytes, fcs: int) -> bool:
    """The receiver's check of RFC 1662: payload and FCS together leave the 'good final FCS' of §C.2/C.3."""
    if fcs == 16:
        return bitwise_crc(octets, 0x8408, 16) == 0xF0B8
    return bitwise_crc(octets, 0xEDB88320, 32) == 0xDEBB20E3


def by_the_book(stream: bytes, fcs: int, max_payload: int) -> list[tuple[str, int, int, bytes]]:
    """RFC 1662 §4.2 and §4.3 as a state machine that looks at one octet at a time."""
    pieces, octets, start, escaped, hunting = [], bytearray(), 0, False, True
    for position, octet in enumerate(stream):
        if octet == 0x7E:
            if position > start:
                payload = bytes(octets[: -fcs // 8])
                if hunting:
                    verdict = "garbage"
                elif len(octets) > max_payload + fcs // 8:
                    verdict = "too_long"
                elif escaped:
                    verdict = "aborted"
                elif not payload:
                    verdict = "runt"
                else:
                    verdict = "good" if residue_is_good(bytes(octets), fcs) else "bad_fcs"
                pieces.append((verdict, start, position + 1, payload if verdict == "good" else b""))
            octets, start, escaped, hunting = bytearray(), position + 1, False, False
        elif escaped:
            octets.append(octet ^ 0x20)
            escaped = False
        elif octet == 0x7D:
            escaped = True
        else:
            octets.append(octet)
    if start < len(stream):
        pieces.append(("garbage" if hunting else "unfinished", start, len(stream), b""))
    return pieces


def as_pieces(found: Deframed) -> list[tuple[str, int, int, bytes]]:
    frames = [("good", f.start, f.end, f.payload) for f in found.frames]
    bad = [(b.cause.value, b.start, b.end, b"") for b in found.bad]
    return sorted(frames + bad, key=lambda piece: piece[1])


def pushed_in_chunks(stream: bytes, cuts: list[int], fcs: int, max_payload: int) -> Deframed:
    deframer = Deframer(fcs, max_payload)
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    parts = [deframer.push(stream[a:b]) for a, b in pairwise(edges)] + [deframer.finish()]
    return Deframed(tuple(f for p in parts for f in p.frames), tuple(b for p in parts for b in p.bad))


def flip_bits(wire: bytes, data: st.DataObject, at_most: int) -> bytes:
    flipped = bytearray(wire)
    for bit in data.draw(st.sets(st.integers(0, 8 * len(wire) - 1), min_size=1, max_size=at_most)):
        flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


def test_fcs_16_is_crc_16_x25_sent_low_octet_first() -> None:
    assert frame(b"123456789")[-3:-1] == (0x906E).to_bytes(2, "little")


def test_fcs_32_is_the_ieee_802_3_crc_sent_low_octet_first() -> None:
    assert frame(b"123456789", 32)[-5:-1] == (0xCBF43926).to_bytes(4, "little")


@FCS
@given(payload=stuffing_heavy)
def test_frame_ends_in_the_good_residue_and_holds_no_flag(payload: bytes, fcs: int) -> None:
    wire = frame(payload, fcs)
    ((verdict, start, end, found),) = by_the_book(wire, fcs, 2048)
    assert (verdict, start, end, found) == ("good", 1, len(wire), payload)
    assert wire.count(0x7E) == 2


@FCS
@given(payloads=st.lists(stuffing_heavy, min_size=1, max_size=5), cuts=st.lists(st.integers(0, 10_000)))
def test_payloads_survive_any_chunking(payloads: list[bytes], cuts: list[int], fcs: int) -> None:
    stream = b"".join(frame(payload, fcs) for payload in payloads)
    found = pushed_in_chunks(stream, cuts, fcs, 2048)
    assert [f.payload for f in found.frames] == payloads
    assert found.bad == ()


@FCS
def test_frames_may_share_a_flag(fcs: int) -> None:
    stream = frame(b"first", fcs)[:-1] + frame(b"second", fcs)
    assert [f.payload for f in deframe(stream, fcs).frames] == [b"first", b"second"]


@FCS
@given(stream=line_noise, cuts=st.lists(st.integers(0, 10_000)), max_payload=st.integers(1, 60))
def test_any_stream_falls_into_the_rfcs_pieces(stream: bytes, cuts: list[int], max_payload: int, fcs: int) -> None:
    expected = by_the_book(stream, fcs, max_payload)
    assert as_pieces(deframe(stream, fcs, max_payload)) == expected
    assert as_pieces(pushed_in_chunks(stream, cuts, fcs, max_payload)) == expected


@FCS
@given(stream=line_noise)
def test_no_octet_is_skipped_in_silence(stream: bytes, fcs: int) -> None:
    found = deframe(stream, fcs)
    accounted = bytearray(len(stream))
    for piece in (*found.frames, *found.bad):
        for offset in range(piece.start, piece.end):
            accounted[offset] += 1
    assert max(accounted, default=0) <= 1
    assert all(stream[offset] == 0x7E for offset, times in enumerate(accounted) if times == 0)


@FCS
@given(data=st.data(), payload=stuffing_heavy)
def test_flipped_bits_pass_only_where_the_crc_itself_collides(data: st.DataObject, payload: bytes, fcs: int) -> None:
    wire = flip_bits(frame(payload, fcs), data, at_most=12)
    collisions = [found for verdict, _, _, found in by_the_book(wire, fcs, 2048) if verdict == "good"]
    assert [f.payload for f in deframe(wire, fcs).frames] == collisions


@FCS
@given(data=st.data(), payload=stuffing_heavy)
def test_up_to_three_flipped_bits_are_always_caught(data: st.DataObject, payload: bytes, fcs: int) -> None:
    """Both CRCs have Hamming distance 4 or more here; flips that make or unmake a flag or an escape are not theirs."""
    wire = frame(payload, fcs)
    flipped = flip_bits(wire, data, at_most=3)
    assume([octet in b"\x7d\x7e" for octet in wire] == [octet in b"\x7d\x7e" for octet in flipped])
    assume(flipped[0] == flipped[-1] == 0x7E and flipped.count(0x7E) == 2)
    assert deframe(flipped, fcs) == Deframed((), (BadPiece(Cause.BAD_FCS, 1, len(wire)),))


@FCS
@given(payload=stuffing_heavy)
def test_wire_length_never_passes_the_closed_form(payload: bytes, fcs: int) -> None:
    assert len(frame(payload, fcs)) <= max_wire_octets(len(payload), fcs)


@FCS
def test_longest_wire_length_is_reached_but_for_the_fcs(fcs: int) -> None:
    wire = frame(b"\x7e" * 100, fcs)
    assert max_wire_octets(100, fcs) - fcs // 8 <= len(wire) <= max_wire_octets(100, fcs)


@pytest.mark.parametrize(
    ("stream", "bad"),
    [
        (b"\x01\x02\x7e", BadPiece(Cause.GARBAGE, 0, 3)),
        (b"\x01\x02", BadPiece(Cause.GARBAGE, 0, 2)),
        (b"\x7e\x01\x02", BadPiece(Cause.UNFINISHED, 1, 3)),
        (b"\x7e\x01\x02\x7e", BadPiece(Cause.RUNT, 1, 4)),
        (b"\x7e\x01\x02\x03\x04\x7d\x7e", BadPiece(Cause.ABORTED, 1, 7)),
        (b"\x7e\x01\x02\x03\x04\x7e", BadPiece(Cause.BAD_FCS, 1, 6)),
        (b"\x7e\x01\x02\x03\x7d\x7d\x7e", BadPiece(Cause.BAD_FCS, 1, 7)),  # an escaped escape, then a flag: no abort
        (b"\x7e" + bytes(99) + b"\x7e", BadPiece(Cause.TOO_LONG, 1, 101)),
        (b"\x7e" + b"\x7d\x5e" * 93 + b"\x7e", BadPiece(Cause.TOO_LONG, 1, 188)),  # 90 and the FCS, and one more
        (b"\x7e" + b"\x7d\x5e" * 92 + b"\x7d\x7e", BadPiece(Cause.ABORTED, 1, 187)),
    ],
)
def test_bad_piece_is_named_by_its_cause_and_the_next_frame_is_unharmed(stream: bytes, bad: BadPiece) -> None:
    alone = deframe(stream, max_payload_octets=90)
    assert alone == Deframed((), (bad,))
    closing = b"" if stream.endswith(b"\x7e") else b"\x7e"
    followed = deframe(stream + closing + frame(b"next"), max_payload_octets=90)
    assert [f.payload for f in followed.frames] == [b"next"]
    assert len(followed.bad) == 1


def test_endless_rubbish_is_not_hoarded() -> None:
    deframer = Deframer(max_payload_octets=100)
    deframer.push(b"\x7e")
    for _ in range(100):
        deframer.push(b"\x7d" * 10_000)
    assert len(deframer._held) <= 2 * (100 + 2) + 2
    assert deframer.push(b"\x7e" + frame(b"ok")).frames == (Frame(b"ok", 1_000_003, 1_000_008),)


def test_fill_between_frames_is_no_error() -> None:
    assert deframe(b"\x7e" * 50 + frame(b"x") + b"\x7e" * 50).bad == ()


def test_empty_payload_is_refused() -> None:
    with pytest.raises(EncodeError, match="empty payload"):
        frame(b"")


def test_unknown_fcs_is_refused() -> None:
    for use in (lambda: frame(b"x", 24), lambda: Deframer(24), lambda: deframe(b"", 8), lambda: max_wire_octets(1, 64)):
        with pytest.raises(ConfigError, match="use 16 or 32"):
            use()
