"""`hil budget show`: every line and term of a budget is on the screen and in the picture; one over its limit is refused."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from hil.errors import ConfigError
from hil.evidence.budget_view import show_budget, waterfall
from hil.timing.budget import read_budgets

LINKS = Path("lab_config/links/trilateral.toml")


def shown(width: int = 160, chain: str = "", picture: Path | None = None) -> str:
    out = io.StringIO()
    assert show_budget(LINKS, Console(file=out, width=width), chain=chain, picture=picture) == 0
    return out.getvalue()


def test_every_line_and_every_formula_is_shown() -> None:
    text = shown()
    for budget in read_budgets(LINKS.read_text(), str(LINKS))[1]:
        for line in budget.judged:
            assert line.name in text
            assert f"{line.limit_s * 1e3:.3f}" in text
            assert all(term.formula() in text for term in line.terms)


def test_one_chain_may_be_chosen() -> None:
    text = shown(chain="kr_to_jp")
    assert "kr_to_jp:" in text
    assert "jp_to_kr:" not in text


def test_the_picture_names_every_line(tmp_path: Path) -> None:
    shown(picture=tmp_path / "deep" / "waterfall.svg")
    picture = (tmp_path / "deep" / "waterfall.svg").read_text()
    budgets = read_budgets(LINKS.read_text(), str(LINKS))[1]
    assert all(f">{line.name}<" in picture for budget in budgets for line in budget.judged)
    assert picture == waterfall(budgets), "the same budget gives the same picture"


def test_a_narrow_terminal_gets_no_bars() -> None:
    assert "█" in shown(160)
    assert "█" not in shown(80)


def test_an_unknown_chain_lists_those_there_are() -> None:
    with pytest.raises(ConfigError, match="has no chain `north`: it has jp_to_kr, kr_to_jp"):
        shown(chain="north")


def test_a_budget_over_its_own_limit_is_refused_with_the_sum(tmp_path: Path) -> None:
    tight = tmp_path / "tight.toml"
    tight.write_text(LINKS.read_text().replace("limit_ms = 170.0", "limit_ms = 100.0"))
    with pytest.raises(ConfigError, match=r"the terms add up to 157\.\d+ ms, more than its limit of 100 ms"):
        show_budget(tight, Console(file=io.StringIO()))
