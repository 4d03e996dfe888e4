"""Faults of a serial line: what the plan expects of a box is what the firmware's own deframer makes of the same octets."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from hil.boxes.rib_library import Input
from hil.boxes.sim import SimBox
from hil.framing import Cause, frame
from hil.run.injection import Injection
from hil.run.line_faults import REFUSED, Spoilt, spoil
from hil.scenario.faults import Abort, BitErrors, DroppedOctets, InsertedOctets, LineFault, LongFrames

FIRMWARE = Path(__file__).parents[3] / "firmware_stubs"
ROWS, GAP_S, FIRST_FAULT_S = 120, 0.05, 1.0
OCTET_NS = 86_805.6  # 115,200 Bd
FAULTS: list[LineFault] = [
    BitErrors(at_s=FIRST_FAULT_S, box="b", lasts_s=3.0, bit_error_ratio=0.004),
    BitErrors(at_s=FIRST_FAULT_S, box="b", lasts_s=3.0, bit_error_ratio=0.1),
    DroppedOctets(at_s=FIRST_FAULT_S, box="b", lasts_s=3.0, drop_ratio=0.05),
    InsertedOctets(at_s=FIRST_FAULT_S, box="b", lasts_s=3.0, insert_ratio=0.05),
    Abort(at_s=FIRST_FAULT_S, box="b", frames=7),
    LongFrames(at_s=FIRST_FAULT_S, box="b", frames=3),
]


def injection() -> Injection:
    rng = np.random.default_rng(3)
    payloads = [bytes([48, 0, 40]) + rng.bytes(37) for _ in range(ROWS)]
    rows = np.arange(ROWS)
    return Injection(
        "r", rows, np.rint(rows * GAP_S * 1e9).astype(np.int64), rows, rows, payloads, [frame(p) for p in payloads]
    )


def spoilt_by(fault: LineFault, seed: int = 1) -> Spoilt:
    return spoil(injection(), [fault], 0, seed, fcs_bits=16, octet_ns=OCTET_NS)


def counted_by_the_firmware(octets: bytes) -> dict[str, int]:
    subprocess.run(["make", "-s", "-C", str(FIRMWARE), "sim"], check=True)
    box = SimBox("b", FIRMWARE / "build/sim/librib.so", lambda: 10**9, lambda *_: None, lambda _cut: None)
    box.start()
    box.receive(Input.RADAR_SERIAL, octets)
    return dict(box.counters())


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind)
def test_a_box_counts_what_the_plan_says(fault: LineFault, seed: int) -> None:
    spoilt = spoilt_by(fault, seed)
    counted = counted_by_the_firmware(b"".join(spoilt.injection.octets))
    planned = Counter(cause for _, cause in spoilt.refused)
    assert {cause.value: counted[cause.value] for cause in REFUSED} == {c.value: planned[c] for c in REFUSED}
    assert counted["frames_ok"] == spoilt.whole.sum()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind)
def test_what_lies_outside_a_fault_is_untouched_and_something_inside_is_not(fault: LineFault) -> None:
    spoilt, before = spoilt_by(fault), injection()
    inside = (before.scheduled_ns >= FIRST_FAULT_S * 1e9) & (before.scheduled_ns < (FIRST_FAULT_S + 3.0) * 1e9)
    assert [o for o, k in zip(spoilt.injection.octets, inside, strict=True) if not k] == [
        o for o, k in zip(before.octets, inside, strict=True) if not k
    ]
    assert not spoilt.whole.all()
    assert spoilt.injection.payloads == before.payloads


@pytest.mark.parametrize(("fault", "cause"), [(FAULTS[4], Cause.ABORTED), (FAULTS[5], Cause.TOO_LONG)])
def test_frames_that_are_given_up_or_too_long_are_those_asked_for(fault: LineFault, cause: Cause) -> None:
    assert isinstance(fault, Abort | LongFrames)
    first = round(FIRST_FAULT_S / GAP_S)
    assert spoilt_by(fault).refused == tuple((first + k, cause) for k in range(fault.frames))
    assert np.flatnonzero(~spoilt_by(fault).whole).tolist() == list(range(first, first + fault.frames))


def test_frames_behind_a_long_one_are_held_up_until_the_line_is_free() -> None:
    held_up = np.flatnonzero(spoilt_by(LongFrames(at_s=1.0, box="b", frames=1)).held_up)
    busy_s = (2_100 + 4) * OCTET_NS * 1e-9
    assert held_up.tolist() == list(range(20, 20 + 1 + int(busy_s / GAP_S)))


def test_the_same_seed_spoils_the_same_octets() -> None:
    assert spoilt_by(FAULTS[0], 5).injection.octets == spoilt_by(FAULTS[0], 5).injection.octets
    assert spoilt_by(FAULTS[0], 5).injection.octets != spoilt_by(FAULTS[0], 6).injection.octets
