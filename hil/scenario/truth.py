"""What flies: every object of a scenario with its identity and its trajectory, and the Truth table of them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hil.columns import TRUTH, Table
from hil.scenario.model import Aircraft, Ballistic, Scenario, Stage, Traffic, address_number, mode_3a_number
from hil.scenario.motion import Trajectory, fall, fly_level, launch_state, time_grid
from hil.scenario.seeds import fork


@dataclass(frozen=True, slots=True)
class Flight:
    """One object: `object_id` counts the scenario's flights from 0, `label` is its place in the scenario file."""

    object_id: int
    label: str
    address: int
    mode_3a: int
    trajectory: Trajectory


def fly(scenario: Scenario, seed: int) -> tuple[Flight, ...]:
    """Return every object of the scenario: vehicles, each followed by its stages, then aircraft, then traffic.

    A stage that was to part after its vehicle had hit the ground does not exist.
    """
    return tuple(
        Flight(object_id, label, address_number(who.address), mode_3a_number(who.mode_3a), trajectory)
        for object_id, (label, who, trajectory) in enumerate(_flights(scenario, seed))
    )


def truth_table(flights: Sequence[Flight]) -> Table:
    """Return the states of all flights as hil.columns.TRUTH, object by object, times rising."""
    lengths = [len(flight.trajectory.time_s) for flight in flights]
    table = np.zeros(sum(lengths), dtype=TRUTH)
    if flights:
        table["object_id"] = np.repeat([flight.object_id for flight in flights], lengths)
        for column in ("time_s", "position_m", "velocity_mps"):
            table[column] = np.concatenate([getattr(flight.trajectory, column) for flight in flights])
    return table


_Identified = Aircraft | Ballistic | Stage


def _flights(scenario: Scenario, seed: int) -> Iterator[tuple[str, _Identified, Trajectory]]:
    for i, vehicle in enumerate(scenario.ballistic):
        yield from _vehicle_and_stages(f"ballistic[{i}]", vehicle, scenario.duration_s)
    for i, aircraft in enumerate(scenario.aircraft):
        yield f"aircraft[{i}]", aircraft, fly_level(aircraft, scenario.duration_s)
    for i, box in enumerate(scenario.traffic):
        for k, aircraft in enumerate(_draw(box, fork(seed, "traffic", i))):
            yield f"traffic[{i}][{k}]", aircraft, fly_level(aircraft, scenario.duration_s)


def _vehicle_and_stages(
    label: str, vehicle: Ballistic, duration_s: float
) -> Iterator[tuple[str, _Identified, Trajectory]]:
    """The vehicle goes on undisturbed (it is the heavy part); the stage has its state at that instant, less the Δv."""
    latitude, longitude, azimuth, pitch = np.radians(
        [vehicle.latitude_deg, vehicle.longitude_deg, vehicle.azimuth_deg, vehicle.pitch_deg]
    )
    position, velocity = launch_state(latitude, longitude, vehicle.altitude_m, azimuth, pitch, vehicle.speed_mps)
    breaks = [piece.until_s for piece in vehicle.boost] + [stage.time_s for stage in vehicle.stage]
    times = time_grid(0.0, duration_s, breaks)
    whole = fall(position, velocity, times, azimuth, vehicle.boost, vehicle.ballistic_coefficient_kgpm2)
    yield label, vehicle, whole
    for k, stage in enumerate(vehicle.stage):
        if stage.time_s > whole.time_s[-1]:
            continue
        (position,), (velocity,) = whole.at(np.array([stage.time_s]))
        speed = float(np.linalg.norm(velocity))
        slower = velocity * max(0.0, 1 - stage.delta_v_mps / speed) if speed > 0 else velocity
        trajectory = fall(
            position,
            slower,
            time_grid(stage.time_s, duration_s),
            ballistic_coefficient_kgpm2=stage.ballistic_coefficient_kgpm2,
        )
        yield f"{label}.stage[{k}]", stage, trajectory


def _draw(box: Traffic, rng: np.random.Generator) -> Iterator[Aircraft]:
    low = [box.latitude_min_deg, box.longitude_min_deg, box.altitude_min_m, box.speed_min_mps, 0.0]
    high = [box.latitude_max_deg, box.longitude_max_deg, box.altitude_max_m, box.speed_max_mps, 360.0]
    for k, drawn in enumerate(rng.uniform(low, high, (box.count, 5)).tolist()):
        latitude, longitude, altitude, speed, track = drawn
        yield Aircraft(
            address=address_number(box.first_address) + k,
            mode_3a=f"{mode_3a_number(box.first_mode_3a) + k:04o}",
            latitude_deg=latitude,
            longitude_deg=longitude,
            altitude_m=altitude,
            speed_mps=speed,
            track_deg=track,
        )
