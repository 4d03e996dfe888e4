"""What the format cannot carry is refused, naming item, value and row; nothing is clipped, wrapped or left out in silence."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from hil.asterix import LiveCodec, categories, decode, editions, encode, plan
from hil.asterix.limits import limits, raw_limit
from hil.errors import ConfigError, EncodeError

FOOT = 0.3048


def track(**changes: Any) -> dict[str, Any]:
    """Columns of two CAT062 records, with some replaced ("_" for "/", items with a leading "i")."""
    columns: dict[str, Any] = {
        "010/SAC": [1, 1], "010/SIC": [2, 2], "070": [1.0, 2.0], "040": [7, 8], "080/MON": [0, 0],
    }  # fmt: skip
    return columns | {name.removeprefix("i").replace("_", "/"): value for name, value in changes.items()}


REFUSED = {
    "300 000 ft, which libasterix writes as -109 600 ft": (
        {"i130": [0.0, 300_000 * FOOT]},
        r"row 1: I062/130 = 91440.* m is out of range: give -457.2 … 45720 m",
    ),
    "NaN": ({"i136": [math.nan, 0.0]}, "row 0: I062/136 = nan m is not a number"),
    "infinity": ({"i136": [math.inf, 0.0]}, "row 0: I062/136 = inf m is out of range"),
    "a time of day of 25 h": ({"i070": [1.0, 90_000.0]}, "row 1: I062/070 = 90000.0 s is out of range"),
    "a number too wide": ({"i040": [1, 65_536]}, "row 1: I062/040 = 65536 is out of range: give 0 … 65535"),
    "a negative code": ({"i040": [-1, 1]}, "row 0: I062/040 = -1 is out of range"),
    "a number that no machine word holds": (
        {"i040": np.array([1, 2**63], np.uint64)},
        "row 1: I062/040 = .* is out of range",
    ),
    "latitude beyond the pole": ({"i105_LAT": [0.0, 1.6], "i105_LON": [0.0, 0.0]}, "row 1: I062/105/LAT = 1.6 rad"),
    "text for a number": ({"i040": ["a", "b"]}, "I062/040 is .*: give integers"),
    "fractions for a code": ({"i040": [1.5, 2.0]}, "I062/040 is float64: give integers"),
    "a number for a text": ({"i245_CHR": [1, 2]}, "I062/245/CHR is int64: give text"),
    "text too long": (
        {"i245_CHR": [b"ABCDEFGHI", b""]},
        r"row 0: I062/245/CHR = .*ABCDEFGHI.* is longer than 8 characters",
    ),
    "small letters in six bits": ({"i245_CHR": [b"", b"abc"]}, r"row 1: I062/245/CHR = .*abc.* has a character"),
    "text beyond ASCII": ({"i245_CHR": ["é", "x"]}, "I062/245/CHR has text beyond ASCII"),
    "one value too few": ({"i040": [1]}, r"I062/040 has shape \(1,\)"),
    "half a position": ({"i105_LAT": [0.1, 0.2]}, "I062/105/LON has no column, row 0 needs it"),
    "an item where a value is wanted": ({"i105": [1.0, 2.0]}, "I062/105 is not one value"),
    "offsets that fall": ({"i510": ([0, 2, 1], {"IDENT": [1, 2], "TRACK": [1, 2]})}, "do not rise"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_record_cannot_carry_is_refused_by_name(case: str) -> None:
    changes, message = REFUSED[case]
    with pytest.raises(EncodeError, match=message) as refusal:
        encode(62, track(**changes))
    assert "\n" not in str(refusal.value)


def test_a_missing_mandatory_item_is_refused_unless_partial_is_asked_for() -> None:
    columns = {path: values for path, values in track().items() if path != "070"}
    with pytest.raises(EncodeError, match="I062/070 is mandatory and missing in row 0"):
        encode(62, columns)
    with pytest.raises(EncodeError, match="I062/070 is mandatory and missing in row 1"):
        encode(62, track(), present={"070": [True, False]})
    assert decode(encode(62, columns, partial=True)[0])[62].items == ("010", "040", "080")
    record = {"010": {"SAC": 1, "SIC": 2}, "040": 7, "080": {"MON": 0}}
    with pytest.raises(EncodeError, match="record 0: I062/070 is mandatory and missing"):
        LiveCodec(62).encode([record])
    assert LiveCodec(62, partial=True).encode([record])


def test_an_unknown_item_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"CAT062 edition 1.21 has no item '131'"):
        encode(62, track(i131=[1, 2]))


def test_an_item_without_a_place_in_the_profile_is_refused() -> None:
    with pytest.raises(EncodeError, match="I001/161 has no place in a plot"):
        encode(1, {"020/TYP": [0], "161": [5]}, profile="plot")


def test_values_of_absent_items_are_not_looked_at() -> None:
    (block,) = encode(62, track(i136=[math.nan, 1000.0]), present={"136": [False, True]})
    assert decode(block)[62].has("136").tolist() == [False, True]


@pytest.mark.parametrize("repetitions", [0, 1, 255])
def test_a_count_octet_carries_up_to_255_elements(repetitions: int) -> None:
    offsets, zeros = [0, repetitions], np.zeros(repetitions, int)
    columns = {"250": (offsets, {"MBDATA": zeros, "BDS1": zeros, "BDS2": zeros})}
    table = decode(encode(48, columns, present={"250": [True]}, partial=True)[0])[48]
    assert np.diff(table.rep("250")[0]).tolist() == [repetitions]


def test_more_elements_than_the_count_can_say_are_refused() -> None:
    zeros = np.zeros(256, int)
    with pytest.raises(EncodeError, match="row 0: I048/250 has more elements or octets than its count can say"):
        encode(48, {"250": ([0, 256], {"MBDATA": zeros, "BDS1": zeros, "BDS2": zeros})}, partial=True)


def test_a_repetition_that_must_have_an_element_is_refused_without() -> None:
    with pytest.raises(EncodeError, match="row 0: I062/510 is present with no element"):
        encode(62, {"510": ([0, 0], {"IDENT": [], "TRACK": []})}, present={"510": [True]}, partial=True)


def test_an_explicit_item_carries_up_to_254_octets() -> None:
    assert decode(encode(62, {"SP": [b"x" * 254]}, partial=True)[0])[62].payloads("SP") == [b"x" * 254]
    with pytest.raises(EncodeError, match="I062/SP has more elements or octets"):
        encode(62, {"SP": [b"x" * 255]}, partial=True)


LIVE = {
    "I062/070 = 86400": {"070": 86_400.5},
    "I062/136 = nan": {"136": math.nan},
    "I062/040 = 'x'": {"040": "x"},
    "I062/245/CHR = 5": {"245": {"STI": 0, "CHR": 5}},
    "has no item '999'": {"999": 1},
    "has no value '105/ALT'": {"105": {"LAT": 0.1, "LON": 0.1, "ALT": 1.0}},
    "I062/105/LON is missing": {"105": {"LAT": 0.1}},
    "I062/510 is present with no element": {"510": []},
    "I062/510 = 5 is not a list": {"510": 5},
    "has no value '105/XX'": {"105": {"LAT": 0.1, "LON": 0.1, "XX": {}}},
    "I062/185/VX is missing": {"185": {}},
    "has no value '380'": {"380": 5},
    "I062/SP = 'text' has a wrong type: give bytes": {"SP": "text"},
    "I062/040 = 1.5 has a wrong type: give an integer": {"040": 1.5},
}


@pytest.mark.parametrize("message", LIVE)
def test_the_live_path_refuses_by_record_item_and_value(message: str) -> None:
    codec = LiveCodec(62)
    good = {"010": {"SAC": 1, "SIC": 2}, "070": 1.0, "040": 7, "080": {"MON": 0}}
    with pytest.raises(EncodeError, match=f"record 1: .*{message}"):
        codec.encode([good, good | LIVE[message]])


@pytest.mark.parametrize("degrees", [359.999, 360.0])
def test_a_full_circle_is_north_again(degrees: float) -> None:
    columns = {"040/RHO": [1e4], "040/THETA": [math.radians(degrees)]}
    assert decode(encode(48, columns, partial=True)[0])[48]["040/THETA"].tolist() == [0.0]


def test_the_last_moment_of_the_day_is_midnight() -> None:
    table = decode(encode(62, track(i070=[86_399.999, 86_399.99]))[0])[62]
    assert table["070"].tolist() == [0.0, 86_399.9921875]


def test_180_degrees_east_are_180_degrees_west() -> None:
    columns = {"105/LAT": [0.0], "105/LON": [math.pi]}
    assert decode(encode(62, columns, partial=True)[0])[62]["105/LON"].tolist() == [-math.pi]


def test_every_limit_names_a_field_of_its_category_and_narrows_it() -> None:
    for category in categories():
        stated = limits(category)
        known = {path for edition in editions(category) for path in plan(category, edition).field_of}
        assert set(stated.range) | set(stated.time_of_day) <= known, category
        for path in stated.range:
            plans = [plan(category, edition) for edition in editions(category)]
            one = next(p.field(path) for p in plans if path in p.field_of)
            limit = raw_limit(category, one)
            full = (-(1 << one.bits - 1), (1 << one.bits - 1) - 1) if one.is_signed else (0, (1 << one.bits) - 1)
            assert full[0] <= limit.low < limit.high <= full[1], (category, path)
            assert (limit.low, limit.high) != full or limit.wrap_at > limit.high, (category, path)
        for item in stated.mandatory:
            assert all(item in plan(category, edition).slot_of for edition in editions(category))


def test_blocks_keep_to_the_mtu_and_records_stay_whole() -> None:
    n = 1000
    columns = {"010/SAC": [1] * n, "010/SIC": [2] * n, "070": np.arange(n), "040": np.arange(n), "080/MON": [0] * n}
    for mtu in (64, 100, 1400, 65_507):
        blocks = encode(62, columns, mtu=mtu)
        assert max(map(len, blocks)) <= mtu
        assert min(map(len, blocks[:-1]), default=mtu) > mtu - 12 or len(blocks) == 1
        table = decode(b"".join(blocks), strict=True)[62]
        assert (table["040"] == np.arange(n)).all()
    with pytest.raises(EncodeError, match="mtu of 10 octets"):
        encode(62, columns, mtu=10)
