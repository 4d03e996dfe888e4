"""`[[fault]]` in a scenario file: typed by kind, refused with file and line, never at odds with itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.errors import ConfigError
from hil.scenario import parse_scenario
from hil.scenario.faults import KINDS, AnyFault, Freeze, LongFrames, live_fault

SCENARIOS = Path(__file__).parents[3] / "lab_config/scenarios"
QUIET = (SCENARIOS / "quiet.toml").read_text()
FIRST_LINE = len(QUIET.splitlines()) + 1


def read(*faults: str) -> tuple[AnyFault, ...]:
    return parse_scenario(QUIET + "".join(f"[[fault]]\n{fault}\n" for fault in faults), "q.toml").fault


def refusal(*faults: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(*faults)
    return str(caught.value)


def test_a_fault_is_read_by_its_kind() -> None:
    assert read('kind = "freeze"\nbox = "b"\nat_s = 1.0\nlasts_s = 0.5') == (Freeze(at_s=1.0, box="b", lasts_s=0.5),)


def test_the_shipped_scenario_has_every_kind() -> None:
    scenario = parse_scenario((SCENARIOS / "faults.toml").read_text(), "faults.toml")
    assert {fault.kind for fault in scenario.fault} == set(KINDS)
    assert scenario.duration_s < 90


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            'box = "b"\nat_s = 1.0\nkind = "frezze"',
            "q.toml:{2}: Invalid value 'frezze' at `fault[0].kind`: did you mean `freeze`?",
        ),
        ('box = "b"\nat_s = 1.0\nkind = "freeze"', "q.toml:{-1}: Object missing required field `lasts_s`"),
        (
            'box = "b"\nat_s = 1.0\nkind = "freeze"\nlasts_ms = 5',
            "q.toml:{3}: unknown key `lasts_ms`: wrong unit: this value is given in s, write `lasts_s`",
        ),
        (
            'box = "b"\nat_s = 1.0\nkind = "reset"\nby = "luck"',
            "q.toml:{3}: Invalid enum value 'luck' at `fault[0].by`",
        ),
        (
            'box = "b"\nat_s = 9.8\nkind = "freeze"\nlasts_s = 0.5',
            "q.toml:{1}: the scenario ends before this fault does",
        ),
        ('box = "b"\nat_s = 1.0\nkind = "clock_step"\nstep_s = 0.0', "q.toml:{3}: a step of 0 s is none"),
        (
            'box = "b"\nat_s = 1.0\nkind = "overload"\nlasts_s = 1.0\nplots_per_s = 50.0\ncapacity_per_s = 50.0',
            "q.toml:{5}: 50 plots a second do not overload such a box",
        ),
    ],
)
def test_what_does_not_fit_is_refused_at_its_line(fault: str, said: str) -> None:
    for offset in range(-1, 6):
        said = said.replace(f"{{{offset}}}", str(FIRST_LINE + 1 + offset))
    assert refusal(fault).startswith(said)


def test_two_faults_of_one_box_do_not_meet() -> None:
    freeze, reset = 'kind = "freeze"\nbox = "b"\nat_s = 1.0\nlasts_s = 0.5', 'kind = "reset"\nbox = "{}"\nat_s = 1.4'
    assert "b is under another fault (freeze) until 1.5 s at `fault[1].at_s`" in refusal(freeze, reset.format("b"))
    assert len(read(freeze, reset.format("another"))) == 2


def test_a_live_fault_is_made_of_words() -> None:
    assert live_fault("b", "overlong", {"frames": "3"}) == LongFrames(at_s=0.0, box="b", frames=3)
    with pytest.raises(ConfigError, match=r"--lasts-s: Expected `float`, got `str`"):
        live_fault("b", "freeze", {"lasts_s": "soon"})
    with pytest.raises(ConfigError, match=r"--step-s: a step of 0 s is none"):
        live_fault("b", "clock_step", {"step_s": "0"})
