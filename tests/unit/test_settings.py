"""Configuration files: what does not fit is refused with file, line and remedy."""

from __future__ import annotations

import msgspec
import pytest

from hil.errors import ConfigError
from hil.settings import line_of, parse


class Part(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    delay_ms: float = 0.0


class Whole(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    part: tuple[Part, ...] = ()


GOOD = 'title = "t"\n\n[[part]]\nname = "a"\n\n[[part]]\nname = "b"\ndelay_ms = 2.5\n'


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, "x.toml", Whole)
    return str(caught.value)


def test_a_good_file_is_read() -> None:
    assert parse(GOOD, "x.toml", Whole) == Whole("t", (Part("a"), Part("b", 2.5)))


def test_an_unknown_key_is_refused_with_its_line_and_a_suggestion() -> None:
    assert refusal(GOOD.replace("delay_ms", "dealy_ms")) == "x.toml:8: unknown key `dealy_ms`: did you mean `delay_ms`?"


def test_a_wrong_unit_is_told_from_an_unknown_key() -> None:
    said = refusal(GOOD.replace("delay_ms", "delay_s"))
    assert said == "x.toml:8: unknown key `delay_s`: wrong unit: this value is given in ms, write `delay_ms`"


def test_a_value_of_the_wrong_type_is_refused_at_its_line() -> None:
    assert refusal(GOOD.replace("2.5", '"2.5 ms"')).startswith(
        "x.toml:8: Expected `float`, got `str` at `part[1].delay_ms`"
    )


def test_a_missing_key_is_refused_at_its_table() -> None:
    assert refusal(GOOD.replace('name = "b"\n', "")).startswith("x.toml:6: Object missing required field `name`")


def test_what_is_no_toml_is_refused_at_its_line() -> None:
    assert refusal("title = \n").startswith("x.toml:1: not TOML")


def test_the_second_of_two_tables_is_found() -> None:
    assert line_of(GOOD, ["part", 1, "name"]) == 7
    assert line_of(GOOD, ["part", 0, "name"]) == 4
