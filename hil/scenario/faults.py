"""What a scenario file may do to a box (`[[fault]]`): one small structure a kind, chosen by its `kind`.

Nothing is done here: hil.run carries faults out, hil.checks.recovery says what a box owes after each. docs/scenarios.md explains
the keys one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta, Struct, ValidationError, convert

from hil.errors import ConfigError

Instant = Annotated[float, Meta(ge=0, le=86_400)]
Span = Annotated[float, Meta(ge=0.01, le=3_600)]
Ratio = Annotated[float, Meta(gt=0, le=0.5)]
Frames = Annotated[int, Meta(ge=1, le=1_000)]


class Fault(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    """What all kinds have: when it begins, since the start of the scenario, and to which box it is done."""

    at_s: Instant
    box: Annotated[str, Meta(min_length=1)]

    @property
    def kind(self) -> str:
        """The `kind` of the file."""
        return str(self.__struct_config__.tag)

    @property
    def span_s(self) -> float:
        """How long it is done to the box, s; 0 = an instant."""
        return float(getattr(self, "lasts_s", 0.0))


class Freeze(Fault, tag="freeze", frozen=True, kw_only=True):
    """The processor stands still, then goes on."""

    lasts_s: Span


class PowerCycle(Fault, tag="power_cycle", frozen=True, kw_only=True):
    """The power is away for a while."""

    lasts_s: Span


class SlowStart(Fault, tag="slow_start", frozen=True, kw_only=True):
    """A power cycle after which the box takes `boot_s` longer to come up."""

    lasts_s: Span = 0.2
    boot_s: Span


class Reset(Fault, tag="reset", frozen=True, kw_only=True):
    """The reset pin is pulled, or the software resets itself."""

    by: Literal["pin", "software"] = "pin"


class Watchdog(Fault, tag="watchdog", frozen=True, kw_only=True):
    """The main loop hangs until the watchdog resets the box."""


class CablePull(Fault, tag="cable_pull", frozen=True, kw_only=True):
    """The Ethernet cable is out for a while; serial lines stay."""

    lasts_s: Span


class BitErrors(Fault, tag="bit_errors", frozen=True, kw_only=True):
    """Each bit on the box's serial line is inverted with this probability."""

    lasts_s: Span
    bit_error_ratio: Ratio


class DroppedOctets(Fault, tag="dropped_octets", frozen=True, kw_only=True):
    """Each octet on the box's serial line is lost with this probability."""

    lasts_s: Span
    drop_ratio: Ratio


class InsertedOctets(Fault, tag="inserted_octets", frozen=True, kw_only=True):
    """Each octet on the box's serial line is followed by a random one with this probability."""

    lasts_s: Span
    insert_ratio: Ratio


class Abort(Fault, tag="abort", frozen=True, kw_only=True):
    """The sender gives up the next so many frames half way (RFC 1662: escape, flag)."""

    frames: Frames = 1


class LongFrames(Fault, tag="overlong", frozen=True, kw_only=True):
    """The next so many frames carry `octets`, more than a box takes (2 048), with a check sequence that is right."""

    frames: Frames = 1
    octets: Annotated[int, Meta(ge=2_049, le=65_536)] = 2_100


class ClockDrift(Fault, tag="clock_drift", frozen=True, kw_only=True):
    """The box's clock runs fast (slow, if negative) for a while, and stays where that has brought it."""

    lasts_s: Span
    drift_ppm: Annotated[float, Meta(ge=-10_000, le=10_000)]


class ClockStep(Fault, tag="clock_step", frozen=True, kw_only=True):
    """The box's clock jumps, and stays there."""

    step_s: Annotated[float, Meta(gt=-86_400, lt=86_400)]


class PpsLoss(Fault, tag="pps_loss", frozen=True, kw_only=True):
    """The pulse per second is lost for a while."""

    lasts_s: Span


class Overload(Fault, tag="overload", frozen=True, kw_only=True):
    """Plots without address and code on top of the scenario's, into a box that takes `capacity_per_s` meanwhile."""

    lasts_s: Span
    plots_per_s: Annotated[
        float, Meta(ge=1, le=120)
    ]  # below one per 1/128 s, so that each has a time of day of its own
    capacity_per_s: Annotated[float, Meta(ge=1, le=1_000_000)]

    @property
    def shed_after_s(self) -> float:
        """After how long at the latest a box that held a second's worth sheds the first of them (docs/icd.md §2), s."""
        return 0.75 * self.capacity_per_s / (self.plots_per_s - self.capacity_per_s)


class Memory(Fault, tag="memory", frozen=True, kw_only=True):
    """A bit of the box's memory is inverted: of its settings, of what it knows of a sensor, or of a track."""

    region: Literal["settings", "sensor", "track"] = "track"


REGIONS = ("settings", "sensor", "track")  # as DIAG:UPSet numbers them

LineFault = BitErrors | DroppedOctets | InsertedOctets | Abort | LongFrames
BoxFault = (
    Freeze
    | PowerCycle
    | SlowStart
    | Reset
    | Watchdog
    | CablePull
    | ClockDrift
    | ClockStep
    | PpsLoss
    | Overload
    | Memory
)
AnyFault = LineFault | BoxFault

KINDS: dict[str, type[Fault]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (*LineFault.__args__, *BoxFault.__args__)  # the same as in AnyFault, by the word of the file
}


def live_fault(box: str, kind: str, keys: Mapping[str, str]) -> AnyFault:
    """A fault at a box now, from the words of a command line. Raises ConfigError for a value that does not fit."""
    try:
        words = {"box": box, "kind": kind, "at_s": 0.0, **keys}
        fault: AnyFault = convert(words, AnyFault, strict=False)
    except ValidationError as error:
        cause, _, where = str(error).partition(" - at `$.")
        raise ConfigError(f"--{where.rstrip('`').replace('_', '-')}: {cause}", "correct the value") from None
    for keys_, problem in contradictions([fault], float("inf")):
        raise ConfigError(f"--{str(keys_[-1]).replace('_', '-')}: {problem}", "correct the value")
    return fault


def contradictions(faults: Sequence[AnyFault], duration_s: float) -> Iterator[tuple[list[str | int], str]]:
    """Yield (keys, what is wrong) for what no single fault shows: it outlasts the scenario, or two meet at one box."""
    for i, fault in enumerate(faults):
        if fault.at_s + fault.span_s >= duration_s:
            yield ["fault", i, "at_s"], f"the scenario ends before this fault does, at {duration_s:g} s"
        if isinstance(fault, ClockDrift) and fault.drift_ppm == 0.0:
            yield ["fault", i, "drift_ppm"], "a drift of 0 ppm is none"
        if isinstance(fault, ClockStep) and fault.step_s == 0.0:
            yield ["fault", i, "step_s"], "a step of 0 s is none"
        if isinstance(fault, Overload) and fault.capacity_per_s >= fault.plots_per_s:
            yield ["fault", i, "capacity_per_s"], f"{fault.plots_per_s:g} plots a second do not overload such a box"
    for box in {fault.box for fault in faults}:
        own = sorted((fault.at_s, i) for i, fault in enumerate(faults) if fault.box == box)
        for (_, first), (at_s, second) in pairwise(own):
            until_s = faults[first].at_s + faults[first].span_s
            if at_s <= until_s:
                yield (
                    ["fault", second, "at_s"],
                    f"{box} is under another fault ({faults[first].kind}) until {until_s:g} s",
                )
