"""The console beyond its plain commands: forms of headers and numbers, status registers, time, uptime, sensors, the event log."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from test_stress_box import is_so

from hil.bench.model import Radar
from hil.checks import items
from hil.run.drill import Drilled, Message, Order, one_block, plot_blocks, service_block
from hil_fixtures import req

GAP_S = 0.01
UNDEFINED, TYPE_ERROR, TOO_MANY, MISSING, OUT_OF_RANGE = "-113", "-104", "-108", "-109", "-222"
DAY_S = 86_400
SLACK_S = 0.5  # between an order's instant and its execution, on a shared machine

FORMS = [  # what is told, then how the answer begins
    ("syst:err:next?", '0,"No error"'),
    ("SYSTem:ERRor:NEXT?", '0,"No error"'),
    (":system:version?", "1999.0"),
    ("  SYST:VERS?  ; *OPC?", "1999.0;1"),
    ("\tSYST:VERS?", "1999.0"),
    (";;*OPC?;;*OPC?", "1;1"),
    ("SYST:VERS?;*OPC?;VERS?", "1999.0;1;1999.0"),
    ("SYST:VERS?;:DIAG:PPS?;PPS?", "1999.0;1;1"),
    ("DIAG:PPS?;SYST:VERS?", "1;1999.0"),
    ("CONF:MTU 600;MTU?;FLUS 7;FLUS?", "600;7.000"),
    ("SYST:RES:CAUS?;:SYST:VERS?", "PIN;1999.0"),
    ("SYSTE:VERS?;:SYST:ERR?", UNDEFINED),
    ("SYSTEMS:VERS?;:SYST:ERR?", UNDEFINED),
    ("SYS:VERS?;:SYST:ERR?", UNDEFINED),
    ("SYST:VERSIO?;:SYST:ERR?", UNDEFINED),
    ("SYST:VERS;:SYST:ERR?", UNDEFINED),
    ("SYST?;:SYST:ERR?", UNDEFINED),
    ("SYST:VERS:?;:SYST:ERR?", UNDEFINED),
    ("VERS?;:SYST:ERR?", UNDEFINED),
    ("*OPC?X;:SYST:ERR?", UNDEFINED),
    ("*IDN;:SYST:ERR?", UNDEFINED),
    ("CONF:MTU 5e2;:CONF:MTU?", "500"),
    ("CONF:MTU 7.0E+2;:CONF:MTU?", "700"),
    ("CONF:MTU +80000e-2;:CONF:MTU?", "800"),
    ("CONF:MTU\t\t900 ;:CONF:MTU?", "900"),
    ("CONF:MTU .1e4;:CONF:MTU?", "1000"),
    ("CONF:FLUS 12.5;:CONF:FLUS?", "12.500"),
    ("CONF:FLUS 0.001;:CONF:FLUS?", "0.001"),
    ("CONF:FLUS 1000;:CONF:FLUS?", "1000.000"),
    ("CONF:FLUS 0;:CONF:FLUS?", "0.000"),
    ("CONF:FLUS 5;:CONF:FLUS?", "5.000"),
    ("CONF:COAS 1;:CONF:COAS?", "1.000"),
    ("CONF:COAS 3600;:CONF:COAS?", "3600.000"),
    ("CONF:CAP 1;:CONF:CAP?", "1"),
    ("CONF:CAP 1000000;:CONF:CAP?", "1000000"),
    ("CONF:CAP 1000001;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:CAP 4e3;:CONF:CAP?", "4000"),
    ("CONF:FILT 0.5 , 0.25 ,0.125;:CONF:FILT?", "0.500000,0.250000,0.125000"),
    ("CONF:FILT 1,2,1;:CONF:FILT?", "1.000000,2.000000,1.000000"),
    ("CONF:FILT 0.8,0,0;:CONF:FILT?", "0.800000,0.000000,0.000000"),
    ("CONF:FILT 1,2;:SYST:ERR?", MISSING),
    ("CONF:FILT 1,,0;:SYST:ERR?", TYPE_ERROR),
    ("CONF:FILT 1,2,0,;:SYST:ERR?", TOO_MANY),
    ("CONF:FILT 1 2 0;:SYST:ERR?", TYPE_ERROR),
    ("CONF:MTU 5x;:SYST:ERR?", TYPE_ERROR),
    ("CONF:MTU 500e;:SYST:ERR?", TYPE_ERROR),
    ("CONF:MTU 500e+;:SYST:ERR?", TYPE_ERROR),
    ("CONF:MTU -;:SYST:ERR?", TYPE_ERROR),
    ("CONF:MTU .;:SYST:ERR?", TYPE_ERROR),
    ("CONF:MTU e5;:SYST:ERR?", TYPE_ERROR),
    ("CONF:MTU -500;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:MTU 1e99;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:FLUS -1;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:FLUS 1e30;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:COAS -5;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:COAS 1e30;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:COAS;:SYST:ERR?", MISSING),
    ("CONF:FLUS;:SYST:ERR?", MISSING),
    ("CONF:CAP;:SYST:ERR?", MISSING),
    ("CONF:SENS 1,2,3;:SYST:ERR?", MISSING),
    ("CONF:SENS 256,0,0,0,0;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:SENS -1,0,0,0,0;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:SENS 0,256,0,0,0;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:SENS 0,-1,0,0,0;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:SENS 0,0,-90.5,0,0;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:SENS 0,0,0,180.5,0;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:SENS 0,0,0,-180.5,0;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:SENS 0,0,0,0,20000.5;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:SENS 0,0,0,0,-20000.5;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:SENS 0,0,90,180,20000;:SYST:ERR?", "0,"),
    ("CONF:SENS 255,255,-90,-180,-20000;:SYST:ERR?", "0,"),
    ("NOPE", None),
    ("CONF:MTU 1", None),
    ("SYST:ERR?", UNDEFINED),
    ("CONF:MTU", None),
    ("SYST:ERR?", OUT_OF_RANGE),
    ("SYST:ERR?", MISSING),
    ("SYST:ERR?", "0,"),
    ("*ESE 255;*ESE?;*SRE 255;*SRE?", "255;255"),
    ("*ESE 0;*ESE?;*SRE 0;*SRE?", "0;0"),
    ("CONF:MTU?;FLUS?;COAS?;CAP?;FILT?", "1000;5.000;3600.000;4000;0.800000,0.000000,0.000000"),
    ("*ESE 3;*SRE 5", None),
    ("*ESE 256;:SYST:ERR?", OUT_OF_RANGE),
    ("*ESE -1;:SYST:ERR?", OUT_OF_RANGE),
    ("*SRE 256;:SYST:ERR?", OUT_OF_RANGE),
    ("*ESE;:SYST:ERR?", MISSING),
    ("*SRE x;:SYST:ERR?", TYPE_ERROR),
    ("*ESE?;*SRE?", "3;5"),
    ("SYST:TIME 12,0,0", None),
    ("SYST:TIME -1,0,0;:SYST:ERR?", OUT_OF_RANGE),
    ("SYST:TIME 24,0,0;:SYST:ERR?", OUT_OF_RANGE),
    ("SYST:TIME 0,60,0;:SYST:ERR?", OUT_OF_RANGE),
    ("SYST:TIME 0,-1,0;:SYST:ERR?", OUT_OF_RANGE),
    ("SYST:TIME 0,0,60;:SYST:ERR?", OUT_OF_RANGE),
    ("SYST:TIME 0,0,-1;:SYST:ERR?", OUT_OF_RANGE),
    ("SYST:TIME 0.5,0,0;:SYST:ERR?", OUT_OF_RANGE),
    ("SYST:TIME 0,0.5,0;:SYST:ERR?", OUT_OF_RANGE),
    ("SYST:TIME 0,0;:SYST:ERR?", MISSING),
    ("SYST:TIME?", "12:00:0"),
    ("DIAG:CLOC 86400;:SYST:ERR?", OUT_OF_RANGE),
    ("DIAG:CLOC -86400;:SYST:ERR?", OUT_OF_RANGE),
    ("DIAG:CLOC now;:SYST:ERR?", TYPE_ERROR),
    ("DIAG:PPS;:SYST:ERR?", MISSING),
    ("DIAG:UPS;:SYST:ERR?", MISSING),
    ("DIAG:UPS x;*TST?;:SYST:ERR?", "0;" + TYPE_ERROR),
    ("DIAG:PPS 0;:DIAG:PPS?", "0"),
    ("DIAG:PPS 1;:DIAG:PPS?", "1"),
    ("*CLS;:SYST:ERR?", '0,"No error"'),
    ("*TST?", "0"),
]


def ordered(box: str, lines: list[str]) -> list[Order]:
    return [Order(box, GAP_S * k, line) for k, line in enumerate(lines)]


@req("RIB-CON-007")
def test_headers_and_numbers_are_taken_in_every_form_of_scpi(drill: Callable, radar: Radar, judge: Callable) -> None:
    drilled = drill([], ordered(radar.feeds, [line for line, _ in FORMS]))
    said = {
        f"{k} {line!r}": begin is None or (answer or "").startswith(begin)
        for k, ((line, begin), answer) in enumerate(zip(FORMS, drilled.answers, strict=True))
    }
    judge(is_so(radar.feeds, said, "RIB-CON-007"))


REGISTERS = [  # IEEE 488.2: ESR bit 7 power on, 5 command, 4 execution, 3 device error, 0 operation complete; STB bits 2, 5, 6
    ("*ESR?", "128"),
    ("*ESR?", "0"),
    ("*OPC;*ESR?", "1"),
    ("NO:SUCH;*ESR?", "32"),
    ("CONF:MTU 1;*ESR?", "16"),
    ("NO:SUCH;CONF:MTU 1;*OPC;*ESR?", "49"),
    ("*CLS;*ESE 16;*SRE 0;NO:SUCH;*STB?", "4"),
    ("CONF:MTU 1;*STB?", "36"),
    ("*SRE 32;*STB?", "100"),
    ("*SRE 4;*STB?", "100"),
    ("*SRE 16;*STB?", "36"),
    ("*ESE 1;*SRE 4;*STB?", "68"),
    ("*OPC;*STB?", "100"),
    ("*CLS;*STB?", "0"),
    ("*OPC;*STB?", "32"),
    ("*ESE 0;*STB?", "0"),
    (" " * 250 + "*OPC?", "1"),
    ("*CLS;*ESR?", "0"),
    ("X" * 300 + "?", None),
    ("SYST:ERR?", "-363"),
    ("*ESR?", "8"),
    *[(f"CONF:SENS 100,{k},0,0,0;:SYST:ERR?", "0") for k in range(15)],
    ("CONF:SENS 100,15,0,0,0;*ESR?;:SYST:ERR?", '16;-200,"Execution error"'),
    ("*OPC?" + " " * 251 + "?", None),
    ("SYST:ERR?", "-363"),
    ("SYST:ERR?", "0"),
]


@req("RIB-CON-007")
def test_status_registers_and_long_lines_are_those_of_ieee_488(drill: Callable, radar: Radar, judge: Callable) -> None:
    """A line of 255 characters is taken, a longer one is an error, whatever it says, and no answer."""
    orders = [
        Order(radar.feeds, 0.02 * k, line if begin else lambda box, text=line: box.tell(text))
        for k, (line, begin) in enumerate(REGISTERS)
    ]
    drilled = drill([], orders)
    said = {
        f"{k} {line.strip()[:40]!r}": begin is None or (answer or "").startswith(begin)
        for k, ((line, begin), answer) in enumerate(zip(REGISTERS, drilled.answers, strict=True))
    }
    judge(is_so(radar.feeds, said, "RIB-CON-007"))


def seconds(text: str) -> float:
    hours, minutes, rest = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def near_on_the_clock(said_s: float, known_s: float) -> bool:
    return abs((said_s - known_s + DAY_S / 2) % DAY_S - DAY_S / 2) < SLACK_S


@req("RIB-CON-007")
def test_the_box_tells_its_time_and_how_long_it_is_up(drill: Callable, radar: Radar, judge: Callable) -> None:
    asked = [
        "SYST:TIME?",
        "SYST:UPT?",
        "SYST:TIME 23,59,59.5;:SYST:TIME?",
        "SYST:TIME?",
        "SYST:UPT?",
        "SYST:TIME 1,2,3.25;TIME?",
    ]
    at_s = [0.0, 0.01, 0.02, 1.02, 2.01, 2.5]
    drilled = drill([], [Order(radar.feeds, at, line) for at, line in zip(at_s, asked, strict=True)])
    start, up, set_to, after, later, again = map(str, drilled.answers)
    utc_s = drilled.epoch_ns * 1e-9 % DAY_S
    well_formed = all(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}", text) for text in (start, set_to, after, again))
    well_formed &= all(re.fullmatch(r"(0|[1-9]\d*)\.\d{3}", text) for text in (up, later))
    facts = {"forms": well_formed}
    if well_formed:
        facts |= {
            "the time of day": near_on_the_clock(seconds(start), utc_s),
            "the time that was set": near_on_the_clock(seconds(set_to), 23 * 3600 + 59 * 60 + 59.5),
            "goes on over midnight": near_on_the_clock(seconds(after), 0.5),
            "uptime goes on": abs(float(later) - float(up) - 2.0) < SLACK_S,
            "minutes and hours": near_on_the_clock(seconds(again), 3600 + 2 * 60 + 3.25),
            "counts from the reset": float(up) < 60,
        }
    judge(is_so(radar.feeds, facts, "RIB-CON-007"))


@req("RIB-CON-007")
def test_sensors_are_listed_as_they_were_given(drill: Callable, radar: Radar, judge: Callable) -> None:
    given = [
        (9, 8, -33.5, 151.25, 50.0),
        (255, 0, 89.125, -179.5, -12.5),
        (0, 255, 0.0, 0.0, 4000.0),
        (9, 8, 10.0, 20.0, 30.0),
    ]
    lines = [f"CONF:SENS {','.join(map(str, one))}" for one in given]
    own = f"CONF:SENS {radar.sac},{radar.sic},{radar.latitude_deg},{radar.longitude_deg},{radar.height_m}"
    lines[2] = f"{own};:{lines[2]}"  # the radar of the bench again: moved to where it is, not added
    drilled = drill(
        [], ordered(radar.feeds, ["CONF:SENS?", *lines[:3], "CONF:SENS?", lines[3], "CONF:SENS?", "SYST:ERR?"])
    )
    before, added, moved = (listed(drilled, k) for k in (0, 4, 6))
    facts = {
        "the radar of the bench": len(before) == 1 and before[0][:2] == (radar.sac, radar.sic),
        "added": [row[:2] for row in added[1:]] == [one[:2] for one in given[:3]],
        "moved, not added": moved[:1] + moved[2:] == added[:1] + added[2:] and len(moved) == 4,
        "no error": str(drilled.answers[7]).startswith("0"),
    }
    verdicts = is_so(radar.feeds, facts, "RIB-CON-007")
    if all(facts.values()):
        said = np.array(before[:1] + added[1:] + moved[1:2])
        known = np.array([(radar.sac, radar.sic, radar.latitude_deg, radar.longitude_deg, radar.height_m), *given])
        verdicts.append(items.within("CONF:SENS?", said.ravel(), known.ravel(), 1e-6, "", "RIB-CON-007"))
        shown = str(drilled.answers[6]).split(";")[1]
        decimals = [len(part.partition(".")[2]) for part in shown.split(",")[2:]]
        truths = {
            "eight decimals, and two of the height": decimals == [8, 8, 2],
            "whole numbers as they are": shown.startswith("9,8,"),
        }
        verdicts += is_so(radar.feeds, truths, "RIB-CON-007")
    judge(verdicts)


def listed(drilled: Drilled, answer: int) -> list[tuple[float, ...]]:
    return [tuple(map(float, one.split(","))) for one in str(drilled.answers[answer]).split(";")]


@req("RIB-CON-007")
def test_the_event_log_tells_what_happened_oldest_first(drill: Callable, radar: Radar, judge: Callable) -> None:
    """A change of state is one event; a ring full of them keeps the newest."""
    lines = [
        "DIAG:LOG?",
        "DIAG:PPS 0",
        "DIAG:PPS 1",
        "DIAG:LOG?",
        *["DIAG:PPS 0", "DIAG:PPS 1"] * 70,
        "DIAG:PPS 0",
        "DIAG:LOG?",
    ]
    drilled = drill([], ordered(radar.feeds, lines))
    start, two_more, full = (str(drilled.answers[k]).split(";") for k in (0, 3, len(lines) - 1))
    events = [re.fullmatch(r"(\d+\.\d{3}) (\S.*)", text) for text in (*start, *two_more, *full)]
    facts = {"forms": all(events), "two more": two_more[: len(start)] == start and len(two_more) == len(start) + 2}
    if facts["forms"]:
        what = [text.split(" ", 1)[1] for text in full]
        at_s = [float(text.split(" ", 1)[0]) for text in full]
        lost, back = (text.split(" ", 1)[1] for text in two_more[-2:])
        facts |= {
            "starts with why it started": "PIN" in start[0],
            "oldest first": at_s == sorted(at_s),
            "newest kept": what[-3:] == [lost, back, lost] and lost != back,
            "times of their own": at_s[-1] - at_s[0] > GAP_S * 30,
        }
    judge(is_so(radar.feeds, facts, "RIB-CON-007"))


@req("RIB-CON-007")
def test_the_clocks_of_the_formatter_are_told_by_name(drill: Callable, radar: Radar, judge: Callable) -> None:
    """All zero without an FPGA; with one the least is not above the most."""
    drilled = drill(
        [Message(radar.name, 0.1, plot_blocks(radar, 30_000, i220=1)[0])], [Order(radar.feeds, 0.3, "STAT:FORM?")]
    )
    told = re.fullmatch(r"messages=(\d+),clocks_min=(\d+),clocks_max=(\d+),period_ps=(\d+)", str(drilled.answers[0]))
    facts = {"form": told is not None}
    if told is not None:
        messages, least, most, period_ps = map(int, told.groups())
        facts["least, most"] = 0 < least <= most and period_ps > 0 if messages else least == most == period_ps == 0
    judge(is_so(radar.feeds, facts, "RIB-CON-007"))


@req("RIB-CON-011")
def test_an_event_has_the_uptime_at_which_it_came(drill: Callable, radar: Radar, judge: Callable) -> None:
    """Asked for in the same line as what makes the event, seconds after the start."""
    lines = [f"DIAG:PPS {k % 2};:SYST:UPT?" for k in range(6)]
    orders = [Order(radar.feeds, 0.4 + 0.83 * k, line) for k, line in enumerate(lines)]
    drilled = drill([], [*orders, Order(radar.feeds, 6.0, "DIAG:LOG?")])
    events = [text for text in str(drilled.answers[-1]).split(";") if "pulse per second" in text]
    said_s = np.array([float(text.split(" ")[0]) for text in events])
    known_s = np.array([float(answer or "nan") for answer in drilled.answers[:-1]])
    truths = {"one event a change": len(said_s) == len(known_s)}
    verdicts = is_so(radar.feeds, truths, "RIB-CON-011")
    if all(truths.values()):
        verdicts.append(items.within("uptime of events", said_s, known_s, 0.0015, "s", "RIB-CON-011"))
    judge(verdicts)


@req("RIB-CON-011")
def test_every_change_is_one_event(drill: Callable, radar: Radar, judge: Callable) -> None:
    """A sensor comes and goes, the time is set, lost and steps, settings are restored, an overload begins and ends."""
    box, name = radar.feeds, f"sensor {radar.sac}/{radar.sic}"
    nameless = plot_blocks(radar, 30_000 + np.arange(240) / 128, i040__RHO=20e3 + 1500.0 * np.arange(240))
    messages = [Message(radar.name, 0.5 + 2.0 * k, service_block(radar, 30_000 + 2 * k, turn_s=2.0)) for k in range(3)]
    messages += [Message(radar.name, 12.0, one_block(nameless[k : k + 30])) for k in range(0, 240, 30)]
    told = ["SYST:TIME 12,0,0", "DIAG:PPS 0", "DIAG:PPS 1", "*RST", "CONF:CAP 200"]
    orders = [Order(box, 1.0 + 0.1 * k, line) for k, line in enumerate(told)]
    orders += [Order(box, 7.0, "DIAG:CLOC 5"), Order(box, 20.0, "DIAG:LOG?")]
    drilled = drill(messages, orders)
    events = [text.split(" ", 1)[1] for text in str(drilled.answers[-1]).split(";") if " " in text]
    ours = [event for event in events if not event.startswith("sensor")]
    expected = ["started by PIN", "time set", "pulse per second lost", "pulse per second back", "settings restored"]
    expected += ["clock stepped", "overload", "overload over"]
    states = [event.removeprefix(f"{name} ") for event in events if event.startswith(name)]
    facts = {
        "every change once, in their order": ours == expected,
        "the sensor came": "operational" in states,
        "as it began is no change": states[:1] != ["initialising"],
        "and went": states[-1:] == ["not connected"],
        "a state only when it changes": all(one != other for one, other in pairwise(states)),
        "of no other sensor": len(states) + len(ours) == len(events),
    }
    judge(is_so(box, facts, "RIB-CON-011"))
