"""What a link file may say, and how it is refused."""

from pathlib import Path

import pytest

from hil.errors import ConfigError
from hil.timing.link_file import read_links

SHIPPED = Path(__file__).parents[3] / "lab_config" / "links" / "trilateral.toml"


@pytest.fixture(scope="module")
def text() -> str:
    return SHIPPED.read_text()


def line_with(text: str, words: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("octets = 64 ", "octest = 64 ", "unknown key `octest`"),
        ("limit_ms = 8.0", 'limit_ms = "8"', "Expected `float`, got `str`"),
        ("route_factor = 1.45 ", "route_factor = 0.2 ", "no cable is shorter"),
        ('kind = "jitter"', 'kind = "jiter"', "Invalid value 'jiter'"),
        ("percentile = 99.0", "percentile = 100.0", "percentile = 100"),
        ("jitter_ms = 0.2", "delay_ms = 0.2", "unknown key `delay_ms`"),
    ],
)
def test_a_wrong_key_or_value_is_refused_with_its_line(text: str, right: str, wrong: str, says: str) -> None:
    broken = text.replace(right, wrong, 1)
    with pytest.raises(ConfigError, match=says) as refusal:
        read_links(broken, "link.toml")
    told = int(str(refusal.value).split(":")[1])
    assert 0 <= line_with(broken, wrong) - told <= 6  # the key itself, or the head of its table


def test_a_chain_over_nodes_that_no_segment_joins_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="from hub to usfk_gw, which no segment joins"):
        read_links(text.replace('"hub", "usfk_gw"]  ', '"hub", "elsewhere"]  ', 1), "link.toml")


def test_a_node_on_the_way_without_a_budget_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="passes hub, which is not described"):
        read_links(text.replace('name = "hub"', 'name = "bub"', 1), "link.toml")


def test_the_same_segment_in_both_directions_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="described twice"):
        read_links(text.replace('["kr_box", "kr_c2"]', '["usfj_gw", "jp_box"]', 1), "link.toml")


def test_emulated_jitter_beyond_the_jitter_terms_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"emulates 3 ms of jitter, but its jitter terms allow 2 ms"):
        read_links(text.replace("jitter_ms = 1.0", "jitter_ms = 3.0", 1), "link.toml")


def test_the_emulator_adds_propagation_and_nothing_else(text: str) -> None:
    segment = read_links(text, "link.toml").segment_between("hub", "usfj_gw")
    assert segment is not None
    assert segment.emulated_delay_s == pytest.approx(6219 * 1.45 * 4.9e-6)
    assert segment.emulated_jitter_s == pytest.approx(1e-3)


def test_a_segment_without_emulation_adds_nothing(text: str) -> None:
    segment = read_links(text, "link.toml").segment_between("kr_box", "kr_c2")
    assert segment is not None
    assert (segment.emulated_delay_s, segment.emulated_jitter_s) == (0.0, 0.0)


def test_an_unknown_chain_is_refused_with_the_names_there_are(text: str) -> None:
    with pytest.raises(ConfigError, match="jp_to_kr, kr_to_jp"):
        read_links(text, "link.toml").chain_named("us_to_jp")
