"""What leaves a box is what the interface promises."""

from __future__ import annotations

from collections.abc import Callable

from hil.bench.stand import Stand
from hil.boxes.build_note import build_id_of
from hil.checks import conformance
from hil.run.result import RunResult
from hil.timing.verdict import unless_starved
from hil_fixtures import req
from hil_fixtures.session import BenchSession

TRACKS, SENSOR_STATUS, HEARTBEAT = 62, 63, 65


def _from_boxes(bench: Stand, flown: RunResult) -> list[str]:
    return [tap for tap in flown.capture.taps if ".out." in tap and tap.split(".")[0] in bench.boxes]


@req("RIB-CON-001")
def test_every_block_from_a_box_decodes_whole(bench: Stand, flown: RunResult, judge: Callable) -> None:
    capture, verdicts = flown.capture, []
    for tap in _from_boxes(bench, flown):
        causes = [cause for number, cause in capture.faults if capture.taps[number] == tap]
        verdicts.append(conformance.decodes(tap, len(capture.at(tap)), causes, "RIB-CON-001"))
    judge(verdicts)


@req("RIB-CON-001")
def test_every_block_is_the_standards_form_of_its_values(bench: Stand, flown: RunResult, judge: Callable) -> None:
    judge(
        conformance.canonical(tap, category, flown.capture.blocks(tap, category), "RIB-CON-001")
        for tap in _from_boxes(bench, flown)
        for category in (TRACKS, SENSOR_STATUS, HEARTBEAT)
    )


@req("RIB-CON-002")
def test_a_heartbeat_leaves_every_box_every_second(
    hil_session: BenchSession, bench: Stand, flown: RunResult, judge: Callable
) -> None:
    limits, beats = hil_session.setup.limits, flown.capture.heartbeats
    verdicts = [
        conformance.heartbeat(
            tap,
            beats["arrived_ns"][beats["tap"] == flown.capture.taps.index(tap)],
            flown.watched_ns,
            limits.heartbeat_period_s,
            limits.heartbeat_tolerance_s,
            "RIB-CON-002",
            pauses_ns=flown.pauses_ns(tap.split(".")[0]),
        )
        for tap in _from_boxes(bench, flown)
    ]
    judge(unless_starved(verdict, flown.floor.longest_wait_s) for verdict in verdicts)


@req("RIB-CON-003")
def test_every_box_says_who_it_is(hil_session: BenchSession, bench: Stand) -> None:
    for name, identity in bench.identities.items():
        assert identity.serial_number == hil_session.setup.bench.box(name).serial_number
        assert len(identity.build_id) == 40, f"{name} gives no GNU build id: {identity.build_id!r}"
        image = hil_session.setup.bench.follow(hil_session.setup.bench.box(name).image)
        assert identity.build_id == build_id_of(image), f"{name} does not run {image}"
