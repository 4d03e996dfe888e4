"""What a box does of its own accord, and under strain: blocks, heartbeat, sensor status, console, overload, resets, delay."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from compass import taps_out
from test_stress_input import good, only_good_ones

from hil.bench.model import Radar
from hil.boxes.box import Box
from hil.checks import conformance, items
from hil.columns import TOD_LSB_S
from hil.run.drill import Drilled, Message, Order, one_block, plot_blocks, service_block
from hil.timing.verdict import Verdict
from hil_fixtures import req
from hil_fixtures.session import BenchSession

OPERATIONAL, DEGRADED, INITIALISING, NOT_CONNECTED = 0, 1, 2, 3  # I063/060 CON
QUEUE = 16  # errors that the console keeps


def is_so(subject: str, truths: dict[str, bool], requirement: str) -> list[Verdict]:
    """One verdict a statement."""
    said = {name: np.array([truth]) for name, truth in truths.items()}
    return items.equal(subject, said, {name: np.array([True]) for name in truths}, requirement)


@req("RIB-CON-010")
def test_no_block_is_longer_than_the_mtu(drill: Callable, radar: Radar, judge: Callable) -> None:
    """Forty plots at once into a box whose blocks hold a few records each; all of them decode."""
    block = one_block(
        plot_blocks(radar, 30_000 + np.arange(40) / 16, i220=np.arange(1, 41), i040__RHO=20e3 + 8e3 * np.arange(40))
    )
    order = Order(radar.feeds, 0.0, "CONF:MTU 300;:CONF:MTU?")
    drilled = drill([Message(radar.name, 0.2, block)], [order])
    verdicts = only_good_ones(drilled, radar.feeds, list(range(1, 41)), "RIB-CON-001")
    for tap in taps_out(drilled, radar.feeds):
        datagrams = drilled.capture.datagrams(tap, 62)
        longest = max(len(datagram) for datagram in datagrams)
        verdicts += is_so(tap, {"every datagram within the MTU": longest <= 300}, "RIB-CON-010")
        verdicts += is_so(tap, {"datagrams filled before they leave": len(datagrams) <= 16}, "RIB-CON-010")
        verdicts.append(conformance.canonical(tap, 62, datagrams, "RIB-CON-001"))
    judge(verdicts)


@req("RIB-CON-002")
def test_the_heart_beats_when_the_sky_is_empty(
    hil_session: BenchSession, drill: Callable, radar: Radar, judge: Callable
) -> None:
    limits = hil_session.setup.limits
    drilled = drill([Message(radar.name, 0.0, service_block(radar, 30_000))], lasts_s=4.0)
    judge(
        conformance.heartbeat(
            tap,
            drilled.capture.heartbeats["arrived_ns"][
                drilled.capture.heartbeats["tap"] == drilled.capture.taps.index(tap)
            ],
            drilled.watched_ns,
            limits.heartbeat_period_s,
            limits.heartbeat_tolerance_s,
            "RIB-CON-002",
        )
        for tap in taps_out(drilled, radar.feeds)
    )


def sensor_states(drilled: Drilled, tap: str, begin_s: float, end_s: float) -> set[int]:
    table = drilled.capture.tables(tap)[63]
    at_s = (drilled.capture.stamps_ns(tap)[table.datagram] - drilled.epoch_ns) * 1e-9
    return set(table["060/CON"][(at_s > begin_s) & (at_s < end_s)].tolist())


@req("RIB-CON-008")
def test_the_loss_of_north_markers_shows(drill: Callable, radar: Radar, judge: Callable) -> None:
    """Markers 0.5 s apart for 3 s, plots for 4 s more, then nothing."""
    messages = [Message(radar.name, 0.5 * k, service_block(radar, 30_000 + 0.5 * k, turn_s=0.5)) for k in range(7)]
    messages += [Message(radar.name, 0.25 + 0.5 * k, good(radar, 1 + k)) for k in range(14)]
    drilled = drill(messages, lasts_s=3.5)
    verdicts = []
    for tap in taps_out(drilled, radar.feeds):
        states = {
            "initialising before anything came": sensor_states(drilled, tap, -5.0, -0.1) == {INITIALISING},
            "operational while markers come": sensor_states(drilled, tap, 0.6, 3.0) == {OPERATIONAL},
            "degraded when only plots come": sensor_states(drilled, tap, 5.4, 6.7) == {DEGRADED},
            "not connected when nothing comes": sensor_states(drilled, tap, 9.1, 10.2) == {NOT_CONNECTED},
        }
        verdicts += is_so(tap, states, "RIB-CON-008")
    judge(verdicts)


@req("RIB-CON-007")
def test_the_console_keeps_to_scpi(drill: Callable, radar: Radar, judge: Callable) -> None:
    box = radar.feeds
    told = [
        ("*CLS", ""),
        ("*IDN?", None),
        ("SYST:ERR?", '0,"No error"'),
        ("syst:err?", '0,"No error"'),
        ("SYSTEM:ERROR?", '0,"No error"'),
        (":SYST:VERS?;ERR?", '1999.0;0,"No error"'),
        ("*TST?", "0"),
        ("*OPC?", "1"),
        ("CONF:MTU 500;:CONF:MTU?", "500"),
        ("*RST;:CONF:MTU?", None),
        ("*CLS;*ESR?", "0"),
        ("NO:SUCH:HEADER", ""),
        ("*ESR?", "32"),
        ("SYST:ERR?", "-113"),
        ("CONF:MTU 1", ""),
        ("*ESR?", "16"),
        ("SYST:ERR?", "-222"),
        *[("BAD:HEADER", "")] * (QUEUE + 1),
        *[("SYST:ERR?", "-113")] * (QUEUE - 1),
        ("SYST:ERR?", "-350"),
        ("SYST:ERR?", "0,"),
    ]
    orders = [Order(box, 0.01 * k, command) for k, (command, _) in enumerate(told)]
    drilled = drill([], orders)
    mtu = str(drilled.answers[9]).isdecimal()
    said = {
        f"{k} {command}": answer is None or (drilled.answers[k] or "").startswith(answer)
        for k, (command, answer) in enumerate(told)
    }
    fields = drilled.answers[1].split(",")
    judge(
        is_so(
            box,
            said | {"*IDN? has four fields, none empty": len(fields) == 4 and all(fields), "*RST": mtu},
            "RIB-CON-007",
        )
    )


OUT_OF_RANGE, TYPE_ERROR, MISSING, TOO_MANY = "-222", "-104", "-109", "-108"
SETTINGS = [  # what is told, then how the answer begins
    ("CONF:COAS 12;:CONF:COAS?", "12.000"),
    ("CONF:COAS 0.5;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:COAS 3601;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:FILT 0.5,0.25,0.125;:CONF:FILT?", "0.5"),
    ("CONF:FILT 1.5,0,0;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:FILT 0,0,0;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:FILT 1,2.5,0;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:FILT 1,-1,0;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:FILT 1,1,1.5;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:FILT 1,1,-1;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:FILT?", "0.5"),
    ("CONF:FLUS 20;:CONF:FLUS?", "20.000"),
    ("CONF:FLUS 1001;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:CAP 1234;:CONF:CAP?", "1234"),
    ("CONF:CAP 0;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:MTU 64;:CONF:MTU?", "64"),
    ("CONF:MTU 1472;:CONF:MTU?", "1472"),
    ("CONF:MTU 63;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:MTU 1473;:SYST:ERR?", OUT_OF_RANGE),
    ("CONF:MTU abc;:SYST:ERR?", TYPE_ERROR),
    ("CONF:MTU;:SYST:ERR?", MISSING),
    ("CONF:MTU 1,2;:SYST:ERR?", TOO_MANY),
    ("CONF:MTU?", "1472"),
    ("CONF:SENS 9,8,91,20,30;:SYST:ERR?", OUT_OF_RANGE),
    ("DIAG:PPS?", "1"),
    ("SYST:TIME 24,0,0;:SYST:ERR?", OUT_OF_RANGE),
    ("SYST:TIME 12,34,50;:SYST:TIME?", "12:34:5"),
    ("SYST:TIME 23,0,0;:SYST:TIME?", "23:00:00.0"),
    ("SYST:TIME 0,59,0;:SYST:TIME?", "00:59:00.0"),
    ("SYST:TIME 0,0,59;:SYST:TIME?", "00:00:59.0"),
    ("*ESE 32;*ESE?", "32"),
    ("*SRE 32;*SRE?", "32"),
    ("*CLS;*STB?", "0"),
    ("BAD:HEADER", ""),
    ("*STB?", "100"),  # error queue, event status, and the summary of both
    ("*ESR?", "32"),
    ("*STB?", "4"),
    ("*CLS;*STB?", "0"),
    ("*WAI;*OPC?", "1"),
]


@req("RIB-CON-007")
def test_settings_are_read_back_and_refused_when_out_of_range(drill: Callable, radar: Radar, judge: Callable) -> None:
    box = radar.feeds
    drilled = drill([], [Order(box, 0.01 * k, command) for k, (command, _) in enumerate(SETTINGS)])
    answers = zip(SETTINGS, drilled.answers, strict=True)
    said = {f"{k} {told}": (answer or "").startswith(begin) for k, ((told, begin), answer) in enumerate(answers)}
    judge(is_so(box, said, "RIB-CON-007"))


def status_flags(drilled: Drilled, tap: str, flag: str, begin_s: float, end_s: float) -> set[int]:
    table = drilled.capture.tables(tap)[65]
    at_s = (drilled.capture.stamps_ns(tap)[table.datagram] - drilled.epoch_ns) * 1e-9
    return set(table[f"040/{flag}"][(at_s > begin_s) & (at_s < end_s)].tolist())


@req("RIB-TIM-003")
def test_lost_time_is_flagged_and_changes_no_time_of_track(drill: Callable, radar: Radar, judge: Callable) -> None:
    box = radar.feeds
    orders = [Order(box, 1.0, "DIAG:PPS 0"), Order(box, 3.0, "DIAG:PPS 1"), Order(box, 6.0, "DIAG:CLOC 3")]
    messages = [Message(radar.name, 0.5 * k, plot_blocks(radar, 30_000 + 4 * k, i220=9)[0]) for k in range(18)]
    drilled = drill(messages, orders, lasts_s=1.0)
    verdicts = []
    for tap in taps_out(drilled, box):
        flags = {
            "trusted at first": status_flags(drilled, tap, "TSV", -3, 1.0) == {0},
            "flagged without pulse per second": status_flags(drilled, tap, "TSV", 1.2, 3.0) == {1},
            "trusted when it is back": status_flags(drilled, tap, "TSV", 3.2, 6.0) == {0},
            "flagged after a step": status_flags(drilled, tap, "TSV", 7.2, 9.5) == {1},
        }
        verdicts += is_so(tap, flags, "RIB-TIM-003")
        ticks = np.rint(drilled.capture.tables(tap)[62]["070"] / TOD_LSB_S).astype(np.int64)
        verdicts += items.exactly(tap, ticks, (30_000 + 4 * np.arange(18)) * 128, "RIB-TIM-003")
    judge(verdicts)


@req("RIB-OVL-001")
def test_overload_sheds_the_nameless_first_and_counts_them(drill: Callable, radar: Radar, judge: Callable) -> None:
    """A box for 200 plots a second, full bucket: 180 nameless ones and then 90 with an address, as good as at once."""
    box = radar.feeds
    nameless = plot_blocks(radar, 30_000 + np.arange(180) / 128, i040__RHO=20e3 + 2e3 * np.arange(180))
    named = plot_blocks(
        radar, 30_002 + np.arange(40) / 128, i220=np.arange(1, 41), i040__RHO=20e3 + 5e3 * np.arange(40)
    )
    messages = [Message(radar.name, 0.3, one_block(nameless[k : k + 30])) for k in range(0, 180, 30)]
    messages += [Message(radar.name, 0.301, one_block(named)), Message(radar.name, 5.0, good(radar, 99))]
    orders = [Order(box, 0.0, "CONF:CAP 200"), Order(box, 5.5, "SYST:RES:CAUS?")]
    drilled = drill(messages, orders)
    grew, verdicts = drilled.grew(box), []
    refused = 180 + 41 - grew["tracks_out"]
    truths = {
        "some are shed": 20 <= grew["shed"] <= 32,
        "each that is shed is counted": grew["shed"] == refused,
        "every plot is counted": grew["plots_in"] == 221,
    }
    verdicts += is_so(box, truths, "RIB-OVL-001")
    verdicts += is_so(box, {"not reset meanwhile": drilled.answers[1] == "PIN"}, "RIB-OVL-002")
    for tap in taps_out(drilled, box):
        addresses = drilled.capture.tables(tap)[62]["380/ADR"]
        kept = set(addresses[addresses > 0].tolist())
        flags = {
            "shown while it lasts": status_flags(drilled, tap, "OVL", 0.4, 2.0) == {1},
            "over when it is over": status_flags(drilled, tap, "OVL", 3.6, 5.4) == {0},
            "nobody with an address is shed": kept == {*range(1, 41), 99},
        }
        verdicts += is_so(tap, flags, "RIB-OVL-001")
    judge(verdicts)


def first_records(drilled: Drilled, tap: str, begin_s: float) -> np.ndarray:
    table = drilled.capture.tables(tap)[62]
    at_s = (drilled.capture.stamps_ns(tap)[table.datagram] - drilled.epoch_ns) * 1e-9
    return np.asarray(table["380/ADR"][at_s > begin_s])


@req("RIB-REC-001")
def test_a_box_says_why_it_started_and_works_again(drill: Callable, radar: Radar, judge: Callable) -> None:
    box = radar.feeds
    ways: list[tuple[str, str | Callable[[Box], object], float]] = [
        ("SOFTWARE", "SYST:RES", 1.0),
        ("WATCHDOG", "DIAG:HANG", 1.6),
        ("PIN", lambda one: one.reset(), 1.0),
    ]
    verdicts: list[Verdict] = []
    for why, do, back_s in ways:
        messages = [Message(radar.name, 0.0, good(radar, 1)), Message(radar.name, 0.5 + back_s, good(radar, 2))]
        orders = [Order(box, 0.5, do), Order(box, 0.4 + back_s, "SYST:RES:CAUS?")]
        drilled = drill(messages, orders)
        verdicts += is_so(box, {f"cause is {why}": drilled.answers[1] == why}, "RIB-REC-001")
        for tap in taps_out(drilled, box):
            after = first_records(drilled, tap, 0.6)
            verdicts += items.exactly(f"{tap} after {why}", after, np.array([2]), "RIB-REC-001")
    judge(verdicts)


@req("RIB-REC-002")
def test_nothing_from_before_a_power_cycle_is_sent_after_it(drill: Callable, radar: Radar, judge: Callable) -> None:
    box = radar.feeds
    messages = [Message(radar.name, 0.1 * k, good(radar, 1 + k)) for k in range(10)]
    messages.append(Message(radar.name, 5.0, good(radar, 50)))
    orders = [
        Order(box, 0.9005, lambda one: one.power(False)),
        Order(box, 1.5, lambda one: one.power(True)),
        Order(box, 4.5, "SYST:RES:CAUS?"),
    ]
    drilled = drill(messages, orders)
    verdicts = is_so(box, {"cause is POWER": drilled.answers[2] == "POWER"}, "RIB-REC-001")
    for tap in taps_out(drilled, box):
        after = first_records(drilled, tap, 1.4)
        verdicts += items.exactly(f"{tap} after power", after, np.array([50]), "RIB-REC-002")
    judge(verdicts)


@req("RIB-REC-005")
def test_nothing_is_made_of_corrupt_memory(drill: Callable, radar: Radar, judge: Callable) -> None:
    """A bit changes in the settings, a sensor, a track: the self test sees it, the next plot gives nothing, the watchdog bites."""
    box, verdicts = radar.feeds, []
    for region in range(3):
        messages = [Message(radar.name, at_s, good(radar, who)) for at_s, who in ((0.0, 1), (0.52, 1), (4.5, 3))]
        orders = [Order(box, 0.5, f"DIAG:UPS {region};*TST?"), Order(box, 4.4, "SYST:RES:CAUS?")]
        drilled = drill(messages, orders)
        truths = {"the self test sees it": drilled.answers[0] == "16", "restarted": drilled.answers[1] == "WATCHDOG"}
        verdicts += is_so(f"{box} {region}", truths, "RIB-REC-005")
        for tap in taps_out(drilled, box):
            after = first_records(drilled, tap, 0.51)
            verdicts += items.exactly(f"{tap} {region}", after, np.array([3]), "RIB-REC-005")
    judge(verdicts)


@req("RIB-REC-005")
def test_a_corrupt_track_is_found_among_many_though_it_gets_no_plot(
    drill: Callable, radar: Radar, judge: Callable
) -> None:
    """The box looks through its whole memory by itself, not only at what a plot leads it to."""
    box = radar.feeds
    messages = [Message(radar.name, 0.005 * who, good(radar, 1 + who)) for who in range(60)]
    orders = [Order(box, 0.9, "DIAG:UPS 2"), Order(box, 4.0, "SYST:RES:CAUS?")]
    drilled = drill(messages, orders)
    judge(is_so(box, {"restarted": drilled.answers[1] == "WATCHDOG"}, "RIB-REC-005"))


def only_the_ninth_from(drilled: Drilled, box: str, upset_s: float) -> list[Verdict]:
    """Nothing but the object that came after the watchdog has a record from then on."""
    verdicts = is_so(box, {"restarted": drilled.answers[2] == "WATCHDOG"}, "RIB-REC-005")
    for tap in taps_out(drilled, box):
        verdicts += items.exactly(tap, first_records(drilled, tap, upset_s), np.array([9]), "RIB-REC-005")
    return verdicts


@req("RIB-REC-005")
def test_a_corrupt_track_is_found_wherever_in_the_table_it_is(drill: Callable, radar: Radar, judge: Callable) -> None:
    """The first object has ended, and another has its place in the table still behind it: it is found before its own end."""
    box = radar.feeds
    messages = [Message(radar.name, at_s, good(radar, who)) for who, at_s in ((1, 0.3), (2, 2.0), (3, 2.5), (9, 5.8))]
    orders = [Order(box, 0.1, "CONF:COAS 3"), Order(box, 3.9, "DIAG:UPS 2"), Order(box, 5.7, "SYST:RES:CAUS?")]
    drilled = drill(messages, orders)
    judge(only_the_ninth_from(drilled, box, 3.89))


@req("RIB-REC-005")
def test_a_corrupt_track_is_not_even_ended(drill: Callable, radar: Radar, judge: Callable) -> None:
    """One of so many that its end comes before the box has looked through all of them: it has no last record."""
    box, who = radar.feeds, np.arange(4000)
    where = {"i040__RHO": 20e3 + 100.0 * who, "i040__THETA": who % 60 / 10}
    blocks = plot_blocks(radar, 30_000 + who / 128, i220=1 + who, **where)
    at_s = 0.1 + np.where(who < 2000, 0.0, 1.2)
    messages = [Message(radar.name, float(at_s[k]), one_block(blocks[k : k + 20])) for k in range(0, 4000, 20)]
    messages.append(Message(radar.name, 6.1, good(radar, 9)))
    orders = [Order(box, 0.05, "CONF:COAS 3"), Order(box, 4.1, "DIAG:UPS 2"), Order(box, 6.0, "SYST:RES:CAUS?")]
    drilled = drill(messages, orders)
    judge(only_the_ninth_from(drilled, box, 4.09))


@req("RIB-DEL-004")
def test_remote_records_leave_towards_the_c2_only_octet_for_octet(
    hil_session: BenchSession, drill: Callable, serial_radar: Radar, judge: Callable
) -> None:
    """Blocks of several plots into the far box; what its records are when they reach this box, and when they leave it."""
    setup, messages = hil_session.setup, []
    for k in range(6):
        plots = plot_blocks(
            serial_radar, 30_000 + 4 * k + np.arange(6) / 16, i220=np.arange(1, 7), i040__RHO=50e3 + 20e3 * np.arange(6)
        )
        messages.append(Message(serial_radar.name, 0.3 * k, one_block(plots)))
    drilled = drill(messages)
    chain = next(chain for chain in setup.links.chain if chain.path[0] == serial_radar.name)
    gateway, box, c2 = chain.path[-3:]
    came, went = records_of(drilled, f"{box}.in.{gateway}"), records_of(drilled, f"{box}.out.{c2}")
    back = records_of(drilled, f"{box}.out.{gateway}")
    truths = {
        "records came": len(came) == 36,
        "each leaves once, as it came": went == came,
        "none goes back": not back,
    }
    counted = items.counted(
        box, drilled.grew(box), {"remote_in": 36, "remote_out": 36, "remote_refused": 0}, "RIB-CON-009"
    )
    judge([*is_so(box, truths, "RIB-DEL-004"), *counted])


def records_of(drilled: Drilled, tap: str) -> list[bytes]:
    """The octets of every track record at a tap."""
    table = drilled.capture.tables(tap).get(62)
    if table is None:
        return []
    return [bytes(table.data[a : a + n]) for a, n in zip(table.offset.tolist(), table.length.tolist(), strict=True)]
