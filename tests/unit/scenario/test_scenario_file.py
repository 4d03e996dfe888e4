"""Scenario files: what is accepted, and that each mistake is refused with file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.errors import ConfigError
from hil.scenario import parse_scenario
from hil.scenario.model import address_number, mode_3a_number

SCENARIOS = Path(__file__).parents[3] / "lab_config" / "scenarios"

GOOD = '''\
name = "two"
doc = """
address = "not a key"
"""
seed = 5
duration_s = 30.0

[[aircraft]]
address = "0xF10001"
mode_3a = "2001"
latitude_deg = 37.5
longitude_deg = 133.5
altitude_m = 10_000
speed_mps = 230
track_deg = 90

[[ballistic]]
address = 0xF00001
mode_3a = "6001"
latitude_deg = 37.5
longitude_deg = 133.5
altitude_m = 0
azimuth_deg = 60

  [[ballistic.boost]]
  until_s = 10
  acceleration_mps2 = 30
  pitch_deg = 85

  [[ballistic.boost]]
  until_s = 12
  acceleration_mps2 = 0
  pitch_deg = 85

  [[ballistic.stage]]
  time_s = 11
  address = "0xF00002"
  mode_3a = "6002"
  delta_v_mps = 8

[[traffic]]
count = 3
first_address = 0xF20001
first_mode_3a = "3001"
latitude_min_deg = 36
latitude_max_deg = 38
longitude_min_deg = 132
longitude_max_deg = 134
altitude_min_m = 9000
altitude_max_m = 12000
speed_min_mps = 180
speed_max_mps = 260
'''


def test_addresses_and_codes_become_numbers() -> None:
    scenario = parse_scenario(GOOD, "two.toml")
    assert address_number(scenario.aircraft[0].address) == 0xF10001
    assert address_number(scenario.ballistic[0].address) == 0xF00001
    assert mode_3a_number(scenario.aircraft[0].mode_3a) == 0o2001


@pytest.mark.parametrize(
    ("line", "instead", "complaint"),
    [
        (5, "seed = -1", "two.toml:5: Expected `int` >= 0 at `seed`"),
        (5, "seed = = 1", "two.toml:5: not TOML"),
        (5, "sead = 5", "two.toml:5: unknown key `sead`: did you mean `seed`?"),
        (5, "", "two.toml:1: Object missing required field `seed`"),
        (6, 'duration_s = "30"', "two.toml:6: Expected `float`, got `str` at `duration_s`"),
        (6, "duration_ms = 30000", "two.toml:6: unknown key `duration_ms`: wrong unit: this value is given in s"),
        (6, "duration_s = 11", "two.toml:36: the scenario ends before, at 11 s at `ballistic[0].stage[0].time_s`"),
        (9, 'address = "F10001"', "two.toml:9: Expected `str` matching regex"),
        (9, 'address = "0x0"', "two.toml:9: 0x000000 is no 24-bit address"),
        (9, "address = 0x1000000", "two.toml:9: 0x1000000 is no 24-bit address (1 to FFFFFE) at `aircraft[0].address`"),
        (9, "address = true", "two.toml:9: Expected `int | str`, got `bool`"),
        (9, "address = 0xF20002", "two.toml:9: address 0xF20002 belongs to more than one object"),
        (10, "mode_3a = 2001", "two.toml:10: Expected `str`, got `int` at `aircraft[0].mode_3a`"),
        (10, 'mode_3a = "2008"', "two.toml:10: Expected `str` matching regex '^[0-7]{4}$' at `aircraft[0].mode_3a`"),
        (11, "latitude_deg = 375", "two.toml:11: Expected `float` <= 90"),
        (13, "altitude_m = nan", "two.toml:13: Expected `float`"),
        (15, "track_deg = inf", "two.toml:15: Expected `float` <= 360"),
        (14, "speed_kt = 450", "two.toml:14: unknown key `speed_kt`: wrong unit: this value is given in mps"),
        (14, "", "two.toml:8: Object missing required field `speed_mps` at `aircraft[0]`"),
        (
            31,
            "until_s = 9",
            "two.toml:31: boost pieces must end one after the other at `ballistic[0].boost[1].until_s`",
        ),
        (43, "first_address = 0xFFFFFD", "two.toml:43: 0xFFFFFF is no 24-bit address"),
        (44, 'first_mode_3a = "7777"', "two.toml:44: 3 codes from here run past 7777 at `traffic[0].first_mode_3a`"),
        (45, "latitude_min_deg = 39", "two.toml:45: latitude_min_deg is above latitude_max_deg"),
    ],
)
def test_a_mistake_is_refused_with_file_line_and_key(line: int, instead: str, complaint: str) -> None:
    lines = GOOD.split("\n")
    lines[line - 1] = instead
    with pytest.raises(ConfigError) as refused:
        parse_scenario("\n".join(lines), "two.toml")
    assert str(refused.value).startswith(complaint)
    assert "\n" not in str(refused.value)


@given(st.text(max_size=200) | st.integers(0, len(GOOD)).map(lambda end: GOOD[:end]))
def test_any_text_is_a_scenario_or_a_config_error(text: str) -> None:
    try:
        parse_scenario(text, "any.toml")
    except ConfigError as refused:
        assert str(refused).startswith("any.toml:")


@given(st.data())
def test_any_line_may_be_lost_and_the_complaint_names_one_that_exists(data: st.DataObject) -> None:
    lines = GOOD.split("\n")
    del lines[data.draw(st.integers(4, len(lines) - 1))]  # after the multi-line string: an end of text has no line
    try:
        parse_scenario("\n".join(lines), "any.toml")
    except ConfigError as refused:
        assert 1 <= int(str(refused).split(":")[1]) <= len(lines)


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_scenario_is_valid_and_named_after_its_file(path: Path) -> None:
    assert parse_scenario(path.read_text(encoding="utf-8"), path.name).name == path.stem
