"""Scapy layers of every category build, dissect, show and fuzz, and agree with the columnar codec."""

from __future__ import annotations

import random
import struct

import pytest
from scapy.layers.inet import IP, UDP
from scapy.packet import Raw, fuzz

from hil.asterix import LiveCodec, categories, decode, editions
from hil.asterix.generate import Generator
from hil.asterix.scapy import ABSENT, CAT034, CAT048, AsterixBlock, bind_port, record_layer
from hil.errors import DecodeError, EncodeError

PLOT = {"I010": {"SAC": 1, "SIC": 2}, "I140": 43_200.0, "I020": {"TYP": 5}, "I040": {"RHO": 18_520.0, "THETA": 1.0}}


@pytest.mark.parametrize("category", categories())
def test_layers_round_trip_with_the_codec(category: int) -> None:
    for edition in editions(category):
        layer, codec = record_layer(category, edition), LiveCodec(category, edition, partial=True)
        for octets in Generator(category, edition, seed=1, density=0.4).records(30):
            record = layer(octets)
            record.raw_packet_cache = None  # build from the values, not from the octets that came in
            assert bytes(record) == octets
            (values,) = codec.decode(struct.pack(">BH", category, 3 + len(octets)) + octets)
            shown = {field.path: record.getfieldval(field.name) for field in record.fields_desc[1:]}
            assert {path: value for path, value in shown.items() if value is not ABSENT} == values


@pytest.mark.parametrize("category", categories())
def test_fuzzed_records_are_valid_and_read_back_as_they_were_built(category: int) -> None:
    random.seed(category)
    layer = record_layer(category)
    built = bytes(AsterixBlock(records=[fuzz(layer()) for _ in range(10)]))
    assert len(decode(built, strict=True)[category]) == 10
    dissected = AsterixBlock(built)
    assert len(dissected.records) == 10
    assert bytes(dissected) == built


def test_a_datagram_of_several_blocks_is_dissected_on_the_bound_port() -> None:
    north = CAT034(I010={"SAC": 1, "SIC": 2}, I000=1, I030=43_200.0)
    packet = (
        IP() / UDP(dport=8600) / AsterixBlock(records=[north]) / AsterixBlock(records=[CAT048(**PLOT), CAT048(**PLOT)])
    )
    seen = IP(bytes(packet))
    first = seen[AsterixBlock]
    assert (first.category, first.records[0].I000) == (34, 1)
    assert (first.payload.category, len(first.payload.records)) == (48, 2)
    assert first.payload.records[1].I040["RHO"] == pytest.approx(18_520.0, abs=4)
    bind_port(8601)
    assert AsterixBlock in IP(bytes(IP() / UDP(dport=8601) / AsterixBlock(records=[north])))


def test_show_says_titles_units_and_meanings(capsys: pytest.CaptureFixture[str]) -> None:
    AsterixBlock(bytes(AsterixBlock(records=[CAT048(**PLOT)]))).show()
    shown = capsys.readouterr().out
    assert "ASTERIX CAT048 record, edition" in shown
    assert "TYP = 5 (Single ModeS Roll-Call)" in shown
    assert "RHO = 18520.0 m" in shown
    assert "240" not in shown


def test_records_that_no_standard_allows_can_be_built() -> None:
    lie = CAT048(**PLOT, fspec=b"\xff\x01\x80")
    assert bytes(lie).startswith(b"\xff\x01\x80\x01\x02")
    verbatim = CAT048(I010=b"\x01\x02", I140=b"\xff\xff\xff")
    assert bytes(verbatim) == b"\xc0\x01\x02\xff\xff\xff"
    block = AsterixBlock(length=9, records=[CAT048(**PLOT)])
    assert bytes(block)[:3] == b"\x30\x00\x09"


def test_a_changed_value_is_built_anew() -> None:
    record = AsterixBlock(bytes(AsterixBlock(records=[CAT048(**PLOT)]))).records[0]
    record.I010["SIC"] = 99
    record.I240 = "KAL123"
    values = decode(bytes(AsterixBlock(records=[record])), strict=True)[48]
    assert (values["010/SIC"][0], values["240"][0]) == (99, b"KAL123")


def test_what_is_no_record_stays_raw_and_a_value_out_of_range_is_refused() -> None:
    block = AsterixBlock(b"\x30\x00\x05\xf0\x01")
    assert isinstance(block.records[0], Raw)
    with pytest.raises(DecodeError):
        CAT048().do_dissect(b"\xf0\x01")
    with pytest.raises(EncodeError, match="I048/140"):
        bytes(CAT048(I140=90_000.0))
