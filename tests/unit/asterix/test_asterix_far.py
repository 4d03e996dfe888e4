"""Far and high objects come back as they went in, by the items that the standards give them (docs/asterix.md)."""

from __future__ import annotations

import numpy as np
import pytest

from hil.asterix import LiveCodec, decode, encode
from hil.asterix.far import height_columns, height_m, range_columns, record_height_m, slant_range_m
from hil.errors import DecodeError, EncodeError

NAUTICAL_MILE, FOOT = 1852.0, 0.3048


def plots(range_m: np.ndarray) -> bytes:
    n = len(range_m)
    columns, present = range_columns(range_m)
    columns |= {"010/SAC": [1] * n, "010/SIC": [2] * n, "020/TYP": [5] * n, "040/THETA": [1.0] * n}
    return b"".join(encode(48, columns, present=present))


def tracks(height: np.ndarray) -> bytes:
    n = len(height)
    columns, present = height_columns(height)
    columns |= {"010/SAC": [1] * n, "010/SIC": [2] * n, "040": [7] * n, "070": [1.0] * n, "080/MON": [0] * n}
    return b"".join(encode(62, columns, present=present))


def test_cat048_carries_ranges_to_256_nm_in_040_and_beyond_in_the_expansion_field() -> None:
    range_m = np.array([1.0, 255.0, 256.0, 257.0, 1000.0, 65_535.0]) * NAUTICAL_MILE
    table = decode(plots(range_m), strict=True)[48]
    assert np.abs(slant_range_m(table) - range_m).max() <= NAUTICAL_MILE / 256 / 2
    assert table.has("RE/ERR").tolist() == [False, False, True, True, True, True]
    assert (table["040/RHO"][2:] == 65_535 / 256 * NAUTICAL_MILE).all()
    assert table["020/ERR"].tolist() == [-1, -1, 1, 1, 1, 1]


def test_a_range_beyond_the_expansion_field_is_refused() -> None:
    with pytest.raises(EncodeError, match="I048/RE/ERR"):
        plots(np.array([70_000 * NAUTICAL_MILE]))


def test_cat015_carries_range_azimuth_elevation_and_height_of_non_cooperative_objects() -> None:
    columns = {
        "010/SAC": [1], "010/SIC": [2], "000/MT": [1], "145": [43_200.0],
        "625/R": [838_000.0], "627/AZ": [2.0], "628/EL": [1.5], "601/GH": [83_000.0], "604/VV": [-7_800.0],
    }  # fmt: skip
    table = decode(b"".join(encode(15, columns)), strict=True)[15]
    for path, step in (("625/R", 0.1), ("627/AZ", 1e-4), ("628/EL", 5e-5), ("601/GH", 0.01), ("604/VV", 0.01)):
        assert abs(table[path][0] - columns[path][0]) <= step / 2, path
    with pytest.raises(EncodeError, match=r"I015/625/R = 900000.0 m"):
        encode(15, columns | {"625/R": [900_000.0]})


def test_cat062_carries_heights_in_130_then_340_then_the_special_field() -> None:
    height = np.array([0.0, 150_000 * FOOT, 150_100 * FOOT, 819_175 * FOOT, 819_300 * FOOT, 35_786e3 / 2, np.nan])
    table = decode(tracks(height), strict=True)[62]
    carried = [table.has(item).tolist() for item in ("130", "340/HEIGHT", "SP")]
    assert carried == [[1, 1, 0, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0, 0], [0, 0, 0, 0, 1, 1, 0]]
    step = np.array([6.25 * FOOT] * 2 + [25 * FOOT] * 2 + [0.01] * 2 + [np.nan])
    assert (np.abs(height_m(table) - height)[:-1] <= step[:-1] / 2).all()
    assert np.isnan(height_m(table)[-1])
    live = [record_height_m(record) for record in LiveCodec(62).decode(tracks(height))]
    assert live[:-1] == height_m(table)[:-1].tolist()
    assert live[-1] is None


def test_a_height_beyond_the_special_field_is_refused() -> None:
    with pytest.raises(EncodeError, match=r"I062/SP height = 3.*e"):
        tracks(np.array([3e30]))


def test_a_special_field_that_is_not_ours_is_left_alone_and_a_broken_one_refused() -> None:
    columns = {"130": [1000.0], "SP": [b"other"]}
    assert height_m(decode(encode(62, columns, partial=True)[0])[62]).round().tolist() == [1000.0]
    broken = decode(encode(62, columns | {"SP": [b"\x48\x01\x00\x00\x00\x00"]}, partial=True)[0])[62]
    with pytest.raises(DecodeError, match="I062/SP 480100000000 is no height field"):
        height_m(broken)
