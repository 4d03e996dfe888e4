"""What cannot be read is said, by cause and place, and costs nothing but its own octets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from octet_accounts import owners

from hil.asterix import LiveCodec, decode, describe, encode
from hil.errors import ConfigError, DecodeError


def plots(n: int) -> bytes:
    """A data block of CAT048 records of 12 octets each (FSPEC, 010, 140, 020, 040)."""
    columns = {
        "010/SAC": [1] * n, "010/SIC": [2] * n, "140": np.arange(n) + 43_200.0, "020/TYP": [5] * n,
        "040/RHO": [10_000.0] * n, "040/THETA": [1.0] * n,
    }  # fmt: skip
    return b"".join(encode(48, columns, mtu=65_000))


RECORD = 11
FAULTS = {
    "category without a table": b"\x03\x00\x05\x00\x00",
    "data block shorter than its own header": b"\x30\x00\x02\x00",
    "data block longer than its datagram": b"\x30\x00\x09\xf0\x01",
    "octets too few for a data block header": b"\x30\x00",
    "item runs past the end of its block": b"\x30\x00\x06\xf0\x01\x02",
    "field specification longer than the category allows": b"\x30\x00\x0a\x01\x01\x01\x01\x01\x01\x01",
    "field specification names an undefined item": b"\x3e\x00\x05\x40\x00",
    "FX bit set in the last extent": b"\x30\x00\x10\x20" + b"\x01" * 12,
    "explicit length of 0": b"\x30\x00\x08\x01\x01\x01\x02\x00",
    "random field sequencing names an undefined item": b"\x02\x00\x07\x01\x02\x01\xff",
}


@pytest.mark.parametrize("cause", FAULTS)
def test_each_cause_is_named_with_its_place(cause: str) -> None:
    decoded = decode(FAULTS[cause])
    assert decoded.errors["cause"].tolist() == [cause]
    assert decoded.errors["offset"][0] + decoded.errors["length"][0] == len(FAULTS[cause])
    assert (owners(decoded, len(FAULTS[cause])) == 1).all()


@pytest.mark.parametrize("cause", FAULTS)
def test_a_bad_datagram_does_not_spoil_its_neighbours(cause: str) -> None:
    good, bad = plots(3), FAULTS[cause]
    offset = [0, len(good), len(good) + len(bad)]
    decoded = decode(good + bad + good, spans=(offset, [len(good), len(bad), len(good)]))
    assert decoded[48].datagram.tolist() == [0, 0, 0, 2, 2, 2]
    assert decoded.errors["datagram"].tolist() == [1]


def test_records_before_a_bad_one_in_its_block_are_kept() -> None:
    block = plots(5)
    cut = bytearray(block[: 3 + 4 * RECORD + 5])
    cut[1:3] = len(cut).to_bytes(2, "big")
    decoded = decode(bytes(cut))
    assert len(decoded[48]) == 4
    (error,) = decoded.errors
    assert (error["record"], error["offset"], error["length"]) == (4, 3 + 4 * RECORD, 5)


def test_strict_mode_names_file_datagram_block_record_item_and_octet() -> None:
    data = plots(1) + FAULTS["item runs past the end of its block"]
    with pytest.raises(
        DecodeError, match=r"feed\.pcap: datagram 0 block 1 record 0 item 140, octet 20: CAT048 item runs"
    ) as e:
        decode(data, strict=True, source="feed.pcap")
    assert "\n" not in str(e.value)


def test_the_live_path_refuses_what_the_bulk_path_reports() -> None:
    codec = LiveCodec(48)
    for cause, datagram in FAULTS.items():
        with pytest.raises(DecodeError):
            codec.decode(datagram)
        assert describe(decode(datagram).errors[0])["cause"].endswith(cause)
    assert len(codec.decode(plots(2))) == 2


def test_a_bad_expansion_is_reported_and_the_record_stands() -> None:
    columns = {"010/SAC": [1], "010/SIC": [2], "020/TYP": [5], "RE/ERR": [500e3]}
    bad = bytearray(encode(48, columns)[0])
    bad[-4] = 0xFF  # the field specification of the expansion, in front of the three octets of ERR
    decoded = decode(bytes(bad))
    assert len(decoded[48]) == 1
    assert decoded.errors["length"].tolist() == [0]
    assert decoded.errors["item"][0].startswith("RE")
    assert decoded[48].payloads("RE")[0] == bytes(bad[-4:])
    assert (owners(decoded, len(bad)) == 1).all()


def test_octets_outside_the_spans_are_not_looked_at() -> None:
    block = plots(2)
    decoded = decode(b"\xff" * 7 + block + b"\xff" * 9, spans=([7], [len(block)]))
    assert len(decoded[48]) == 2
    assert not len(decoded.errors)


def test_a_span_outside_the_data_is_an_error_of_its_own() -> None:
    decoded = decode(plots(1), spans=([0, 5, -1, 3], [len(plots(1)), 10**9, 4, -2]))
    assert decoded.errors["cause"].tolist() == ["datagram outside the data"] * 3
    assert len(decoded[48]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"editions": {48: "9.9"}}, "CAT048 has no edition 9.9: use one of 1.27"),
        ({"editions": {3: "1.0"}}, "category 3 has no published table"),
        ({"profiles": {48: "plot"}}, "CAT048 has no profile 'plot'"),
        ({"spans": ([0, 1], [1])}, "spans are"),
    ],
)
def test_wrong_arguments_are_one_line_with_a_remedy(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        decode(plots(1), **arguments)  # type: ignore[arg-type]  # wrong on purpose


def test_unknown_names_of_columns_are_refused_by_name() -> None:
    table = decode(plots(1))[48]
    with pytest.raises(ConfigError, match=r"CAT048 edition 1.32 has no item '040/RANGE'"):
        table["040/RANGE"]
    with pytest.raises(ConfigError, match="is not one value"):
        table["040"]
    with pytest.raises(ConfigError, match=r'use rep\("250"\)'):
        table["250/BDS1"]


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=6))
def test_every_octet_of_any_datagrams_is_accounted_for(data: bytes, cuts: list[int]) -> None:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    offset, length = np.array(edges[:-1]), np.diff(edges)
    assert (owners(decode(data, spans=(offset, length)), len(data)) == 1).all()
