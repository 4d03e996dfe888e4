"""Seeded mutations of datagrams: what lines, faulty senders and enemies make of ASTERIX. For fuzzing decoders, ours and others'.

Each mutation is of one kind, so that a finding can be named: flipped bits, truncation, lies about length, lies in the field
specification, repetition bombs, inserted, removed and repeated octets, foreign categories.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

_MENDED = 0.6  # share of the datagrams


def mutations(datagrams: Sequence[bytes], n: int, seed: int) -> Iterator[bytes]:
    """`n` mutated datagrams, each made of one of the given ones (not empty) by one to three mutations.

    Most get a length that is right for what they have become, so that the fault is met inside the records and not at the door.
    """
    rng = random.Random(seed)
    for _ in range(n):
        octets = bytearray(rng.choice(datagrams))
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            if octets:
                rng.choice(MUTATIONS)(rng, octets)
        if len(octets) >= 3 and rng.random() < _MENDED:
            octets[1:3] = (len(octets) & 0xFFFF).to_bytes(2, "big")
        yield bytes(octets)


def flip_bits(rng: random.Random, octets: bytearray) -> None:
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        octets[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)


def truncate(rng: random.Random, octets: bytearray) -> None:
    del octets[rng.randrange(len(octets)) :]


def lie_about_length(rng: random.Random, octets: bytearray) -> None:
    """Another length in the header of the first data block."""
    stated = rng.choice((0, 1, 2, 3, 4, len(octets) - 1, len(octets) + 1, 0xFFFF, rng.randrange(0x10000)))
    octets[1:3] = (stated & 0xFFFF).to_bytes(2, "big")


def lie_in_fspec(rng: random.Random, octets: bytearray) -> None:
    """Bits set or cleared among the first octets behind the header."""
    at = 3 + rng.randrange(7)
    if at < len(octets):
        octets[at] = rng.choice(
            (octets[at] | 1, octets[at] & 0xFE, 0xFF, 0x01, 0x00, octets[at] ^ (2 << rng.randrange(7)))
        )


def bomb(rng: random.Random, octets: bytearray) -> None:
    """A run of octets all ones: counts, lengths and extents as large as they go."""
    at = rng.randrange(len(octets))
    octets[at : at + rng.choice((1, 1, 2, 4, 16))] = b"\xff" * len(octets[at : at + rng.choice((1, 2, 4, 16))])


def insert(rng: random.Random, octets: bytearray) -> None:
    at = rng.randrange(len(octets) + 1)
    octets[at:at] = rng.randbytes(rng.choice((1, 2, 3, 8, 64)))


def remove(rng: random.Random, octets: bytearray) -> None:
    at = rng.randrange(len(octets))
    del octets[at : at + rng.choice((1, 1, 2, 3, 8))]


def repeat(rng: random.Random, octets: bytearray) -> None:
    """Some octets twice: blocks and records that begin again in the middle."""
    at = rng.randrange(len(octets))
    octets[at:at] = octets[at : at + rng.choice((1, 4, 16, 64))]


def change_category(rng: random.Random, octets: bytearray) -> None:
    octets[0] = rng.randrange(256)


MUTATIONS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    flip_bits,
    flip_bits,
    truncate,
    lie_about_length,
    lie_in_fspec,
    bomb,
    insert,
    remove,
    repeat,
    change_category,
)
