"""What a scenario file may say (TOML): typed, units in the key names, unknown keys refused.

`parse_scenario` takes the file's text, so nothing here opens a file. What the words do is in `motion` and `truth`; the keys are
explained one by one in docs/scenarios.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated

from msgspec import Meta, Struct

from hil.errors import ConfigError
from hil.scenario.faults import AnyFault, contradictions
from hil.settings import line_of, parse

Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Bearing = Annotated[float, Meta(ge=-360, le=360)]
Positive = Annotated[float, Meta(gt=0, le=1e9)]  # the bounds keep nan and inf out
NotNegative = Annotated[float, Meta(ge=0, le=1e9)]
Text = Annotated[str, Meta(min_length=1)]
Address = int | Annotated[str, Meta(pattern="^0[xX][0-9A-Fa-f]{1,6}$")]  # 24 bit, 0xF10001 or "0xF10001"
Mode3A = Annotated[str, Meta(pattern="^[0-7]{4}$")]  # in octal, as it is read out


class Aircraft(Struct, frozen=True, forbid_unknown_fields=True):
    """Flies at a constant height and ground speed, straight (a geodesic) or turning at a constant rate (right positive)."""

    address: Address
    mode_3a: Mode3A
    latitude_deg: Latitude
    longitude_deg: Longitude
    altitude_m: Annotated[float, Meta(ge=-500, le=25_000)]
    speed_mps: Annotated[float, Meta(ge=0, le=1_500)]
    track_deg: Bearing
    turn_rate_dps: Annotated[float, Meta(ge=-30, le=30)] = 0.0


class Boost(Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of the burn: constant specific force (thrust over mass) until a time, at a pitch above the local horizontal."""

    until_s: Positive
    acceleration_mps2: NotNegative
    pitch_deg: Annotated[float, Meta(ge=-90, le=90)]


class Stage(Struct, frozen=True, forbid_unknown_fields=True):
    """What the vehicle leaves behind at a time: slower by `delta_v_mps` along its path, with its own drag and identity."""

    time_s: NotNegative
    address: Address
    mode_3a: Mode3A
    delta_v_mps: NotNegative
    ballistic_coefficient_kgpm2: Positive | None = None


class Ballistic(Struct, frozen=True, forbid_unknown_fields=True):
    """A vehicle launched, or already in flight, at time 0: a point mass under gravity, thrust and drag.

    `speed_mps` and `pitch_deg` are its velocity at time 0 relative to the Earth. Without `ballistic_coefficient_kgpm2`
    (mass over drag coefficient times area) it flies in a vacuum.
    """

    address: Address
    mode_3a: Mode3A
    latitude_deg: Latitude
    longitude_deg: Longitude
    altitude_m: NotNegative
    azimuth_deg: Bearing
    speed_mps: NotNegative = 0.0
    pitch_deg: Annotated[float, Meta(ge=-90, le=90)] = 90.0
    ballistic_coefficient_kgpm2: Positive | None = None
    boost: tuple[Boost, ...] = ()
    stage: tuple[Stage, ...] = ()


class Traffic(Struct, frozen=True, forbid_unknown_fields=True):
    """Aircraft drawn evenly from a box; addresses and Mode 3/A codes count up from the first."""

    count: Annotated[int, Meta(ge=1, le=4_000)]
    first_address: Address
    first_mode_3a: Mode3A
    latitude_min_deg: Latitude
    latitude_max_deg: Latitude
    longitude_min_deg: Longitude
    longitude_max_deg: Longitude
    altitude_min_m: Annotated[float, Meta(ge=-500, le=25_000)]
    altitude_max_m: Annotated[float, Meta(ge=-500, le=25_000)]
    speed_min_mps: NotNegative
    speed_max_mps: Annotated[float, Meta(ge=0, le=1_500)]


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that flies, and what is done to the boxes meanwhile. The radars that look at it belong to the bench."""

    name: Text
    doc: Text
    seed: Annotated[int, Meta(ge=0)]
    duration_s: Annotated[float, Meta(gt=0, le=86_400)]
    aircraft: tuple[Aircraft, ...] = ()
    ballistic: tuple[Ballistic, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    fault: tuple[AnyFault, ...] = ()


def parse_scenario(text: str, source: str) -> Scenario:
    """Return the scenario that a TOML text describes.

    `source` (the file's name) opens every message. Raises ConfigError with file, line and key for bad syntax, an unknown or
    missing key, a value of the wrong type or out of range, and for values that contradict each other.
    """
    scenario = parse(text, source, Scenario)
    for keys, problem in _contradictions(scenario):
        dotted = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")
        raise ConfigError(f"{source}:{line_of(text, keys)}: {problem} at `{dotted}`", "correct the value")
    return scenario


def address_number(address: int | str) -> int:
    """Return the 24-bit address that a file gives as an integer or as "0x…"."""
    return int(address, 16) if isinstance(address, str) else address


def mode_3a_number(code: str) -> int:
    """Return the 12 bits of a Mode 3/A code that a file gives as four octal digits."""
    return int(code, 8)


Keys = list[str | int]  # the way to a value, as hil.settings takes it


def _contradictions(scenario: Scenario) -> Iterator[tuple[Keys, str]]:
    """Yield (keys, what is wrong) for what no single value shows."""
    for i, box in enumerate(scenario.traffic):
        for quantity in ("latitude_{}_deg", "longitude_{}_deg", "altitude_{}_m", "speed_{}_mps"):
            low, high = quantity.format("min"), quantity.format("max")
            if getattr(box, low) > getattr(box, high):
                yield ["traffic", i, low], f"{low} is above {high}"
        if mode_3a_number(box.first_mode_3a) + box.count > 0o10000:
            yield ["traffic", i, "first_mode_3a"], f"{box.count} codes from here run past 7777"
    for i, vehicle in enumerate(scenario.ballistic):
        for k, (before, after) in enumerate(pairwise(vehicle.boost), start=1):
            if after.until_s <= before.until_s:
                yield ["ballistic", i, "boost", k, "until_s"], "boost pieces must end one after the other"
        for k, stage in enumerate(vehicle.stage):
            if stage.time_s >= scenario.duration_s:
                yield ["ballistic", i, "stage", k, "time_s"], f"the scenario ends before, at {scenario.duration_s:g} s"
    yield from contradictions(scenario.fault, scenario.duration_s)
    addresses = list(_addresses(scenario))
    times_used = Counter(address for _, address in addresses)
    for keys, address in addresses:
        if not 0 < address < 0xFFFFFF:
            yield keys, f"0x{address:06X} is no 24-bit address (1 to FFFFFE)"
        if times_used[address] > 1:
            yield keys, f"address 0x{address:06X} belongs to more than one object"


def _addresses(scenario: Scenario) -> Iterator[tuple[Keys, int]]:
    for i, vehicle in enumerate(scenario.ballistic):
        yield ["ballistic", i, "address"], address_number(vehicle.address)
        for k, stage in enumerate(vehicle.stage):
            yield ["ballistic", i, "stage", k, "address"], address_number(stage.address)
    for i, aircraft in enumerate(scenario.aircraft):
        yield ["aircraft", i, "address"], address_number(aircraft.address)
    for i, box in enumerate(scenario.traffic):
        for offset in range(box.count):
            yield ["traffic", i, "first_address"], address_number(box.first_address) + offset
