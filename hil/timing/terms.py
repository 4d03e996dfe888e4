"""The terms of a link budget: what takes time on a link or in a node, by which formula, from which source.

A term knows its worst case, draws itself for Monte Carlo and says which part of it a WAN emulator has to add (propagation
only: everything else happens for real on the bench). It knows nothing of segments, limits or measurements.
"""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LIGHT_MPS = 299_792_458.0
EARTH_RADIUS_KM = 6371.0
ETHERNET_HEADERS = 14 + 20 + 8 + 4  # octets around a UDP payload: MAC, IPv4, UDP, FCS
ETHERNET_MIN_FRAME = 64
ETHERNET_GAP = 20  # preamble 7, start of frame 1, inter-frame gap 12
MAX_UDP_OCTETS = 1472  # of payload in one unfragmented Ethernet frame


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    """One cause of delay. `note` is the author's own remark and is shown beside the formula."""

    source: ClassVar[str]
    note: str = ""

    def worst_s(self) -> float:
        """The longest this term can take, s."""
        raise NotImplementedError

    def sample_s(self, rng: np.random.Generator, n: int) -> Floats:
        """`n` draws of this term, (n,) f8, s; never above `worst_s()`."""
        raise NotImplementedError

    def formula(self) -> str:
        """The formula with its numbers put in, for a reader."""
        raise NotImplementedError

    def emulated_s(self) -> float:
        """What a WAN emulator must add for this term, s: 0 for all but propagation."""
        return 0.0


class Serialisation(Term, tag="serialisation", frozen=True, kw_only=True):
    """An HDLC-like frame on an asynchronous line: 10 bits a character on 8N1.

    Worst case: every octet of data and FCS escaped. Monte Carlo: each octet is escaped with chance `escape_ratio`
    (2/256 for evenly spread octets: only 0x7E and 0x7D are escaped).
    """

    source = "RFC 1662 §4.2 (octet stuffing), §3.1 (flags, FCS); 8N1: start + 8 + stop"

    baud: float
    octets: int
    fcs_octets: Literal[2, 4] = 2
    bits_per_character: float = 10.0
    escape_ratio: float = 2 / 256

    def __post_init__(self) -> None:
        _positive(self, baud=self.baud, octets=self.octets, bits_per_character=self.bits_per_character)
        _ratio(self, escape_ratio=self.escape_ratio)

    def worst_s(self) -> float:
        return self._seconds(2.0 * (self.octets + self.fcs_octets))

    def sample_s(self, rng: np.random.Generator, n: int) -> Floats:
        stuffable = self.octets + self.fcs_octets
        characters = stuffable + rng.binomial(stuffable, self.escape_ratio, n)
        return np.asarray((characters + 2) * (self.bits_per_character / self.baud), np.float64)

    def formula(self) -> str:
        stuffable = self.octets + self.fcs_octets
        return f"(2 × {stuffable} + 2 flags) × {self.bits_per_character:g} bit / {self.baud:g} Bd"

    def _seconds(self, stuffed_octets: float) -> float:
        return (stuffed_octets + 2) * self.bits_per_character / self.baud


class Ethernet(Term, tag="ethernet", frozen=True, kw_only=True):
    """A UDP datagram on Ethernet: headers, padding to 64 octets, 20 octets of preamble and gap."""

    source = "IEEE 802.3 §3.1.1, §4.4.2; RFC 768, RFC 791"

    rate_bps: float
    octets: int  # of UDP payload
    hops: int = 1  # store-and-forward switches + 1

    def __post_init__(self) -> None:
        _positive(self, rate_bps=self.rate_bps, octets=self.octets, hops=self.hops)
        if self.octets > MAX_UDP_OCTETS:
            raise ValueError(f"octets = {self.octets} does not fit one Ethernet frame (≤ {MAX_UDP_OCTETS})")

    def worst_s(self) -> float:
        frame = max(ETHERNET_MIN_FRAME, self.octets + ETHERNET_HEADERS) + ETHERNET_GAP
        return frame * 8 * self.hops / self.rate_bps

    def sample_s(self, rng: np.random.Generator, n: int) -> Floats:  # noqa: ARG002 (a constant needs no draw)
        return np.full(n, self.worst_s())

    def formula(self) -> str:
        frame = max(ETHERNET_MIN_FRAME, self.octets + ETHERNET_HEADERS)
        return f"({frame} + {ETHERNET_GAP}) octets × 8 × {self.hops} / {self.rate_bps:g} bit/s"


class Fibre(Term, tag="fibre", frozen=True, kw_only=True):
    """Propagation in optical fibre along a route longer than the great circle."""

    source = "group index 1.468 of ITU-T G.652 fibre: 4.9 µs/km; route factor: great circle to cable route"

    distance_km: float  # great circle
    route_factor: float
    us_per_km: float = 4.9

    def __post_init__(self) -> None:
        _positive(self, distance_km=self.distance_km, us_per_km=self.us_per_km)
        if self.route_factor < 1.0:
            raise ValueError(f"route_factor = {self.route_factor:g}: no cable is shorter than the great circle (≥ 1)")

    def worst_s(self) -> float:
        return self.distance_km * self.route_factor * self.us_per_km * 1e-6

    def sample_s(self, rng: np.random.Generator, n: int) -> Floats:  # noqa: ARG002 (a constant needs no draw)
        return np.full(n, self.worst_s())

    def formula(self) -> str:
        return f"{self.distance_km:g} km × {self.route_factor:g} × {self.us_per_km:g} µs/km"

    def emulated_s(self) -> float:
        return self.worst_s()


class Satellite(Term, tag="satellite", frozen=True, kw_only=True):
    """One hop over a satellite, up and down, slant range / c. GEO: one elevation per end; LEO: a range of elevations.

    Worst case: both ends at their lowest elevation. Monte Carlo: both ends even over their elevation range.
    """

    source = "slant range over a spherical Earth (R = 6371 km) / c; ITU-R S.1257 geometry"

    altitude_km: float  # 35786 for GEO, about 550 for LEO
    up_elevation_deg: tuple[float, float]  # lowest, highest, seen from the sending ground station
    down_elevation_deg: tuple[float, float]

    def __post_init__(self) -> None:
        _positive(self, altitude_km=self.altitude_km)
        for name, (low, high) in (("up", self.up_elevation_deg), ("down", self.down_elevation_deg)):
            if not 0.0 <= low <= high <= 90.0:
                raise ValueError(f"{name}_elevation_deg = [{low:g}, {high:g}] is not 0 ≤ lowest ≤ highest ≤ 90")

    def worst_s(self) -> float:
        lowest = np.array([self.up_elevation_deg[0], self.down_elevation_deg[0]])
        return float(slant_range_km(self.altitude_km, lowest).sum() * 1e3 / LIGHT_MPS)

    def sample_s(self, rng: np.random.Generator, n: int) -> Floats:
        up = slant_range_km(self.altitude_km, rng.uniform(*self.up_elevation_deg, n))
        down = slant_range_km(self.altitude_km, rng.uniform(*self.down_elevation_deg, n))
        return np.asarray((up + down) * 1e3 / LIGHT_MPS, np.float64)

    def formula(self) -> str:
        lowest = np.array([self.up_elevation_deg[0], self.down_elevation_deg[0]])
        up, down = slant_range_km(self.altitude_km, lowest)
        return f"({up:.0f} km up + {down:.0f} km down) / c"

    def emulated_s(self) -> float:
        return self.worst_s()


class Processing(Term, tag="processing", frozen=True, kw_only=True):
    """An allowance for work or a timer: anything from `min_ms` to `max_ms`, evenly spread in Monte Carlo."""

    source = "allowance (agreed between the link's owners)"

    max_ms: float
    min_ms: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.min_ms <= self.max_ms < math.inf:
            raise ValueError(f"min_ms = {self.min_ms:g}, max_ms = {self.max_ms:g} is not 0 ≤ min ≤ max")

    def worst_s(self) -> float:
        return self.max_ms * 1e-3

    def sample_s(self, rng: np.random.Generator, n: int) -> Floats:
        return rng.uniform(self.min_ms * 1e-3, self.max_ms * 1e-3, n)

    def formula(self) -> str:
        return f"{self.min_ms:g} … {self.max_ms:g} ms"


class Queueing(Term, tag="queueing", frozen=True, kw_only=True):
    """Up to `depth` messages that are served first, `service_ms` each; Monte Carlo: 0 … depth, equally likely."""

    source = "FIFO queue bounded by the schedule: messages ahead × service time"

    depth: int
    service_ms: float

    def __post_init__(self) -> None:
        _positive(self, depth=self.depth, service_ms=self.service_ms)

    def worst_s(self) -> float:
        return self.depth * self.service_ms * 1e-3

    def sample_s(self, rng: np.random.Generator, n: int) -> Floats:
        return np.asarray(rng.integers(0, self.depth, n, endpoint=True) * (self.service_ms * 1e-3), np.float64)

    def formula(self) -> str:
        return f"{self.depth} ahead × {self.service_ms:g} ms"


class Jitter(Term, tag="jitter", frozen=True, kw_only=True):
    """Variation on top of the rest, 0 … max_ms; exponential and (half-)normal are cut at `max_ms`."""

    source = "delay variation above the minimum (PDV, RFC 5481 §4.2)"

    max_ms: float
    distribution: Literal["uniform", "exponential", "normal"] = "uniform"
    scale_ms: float = 0.0  # mean of the exponential, σ of the half-normal; not used by uniform

    def __post_init__(self) -> None:
        _positive(self, max_ms=self.max_ms)
        if self.distribution != "uniform":
            _positive(self, scale_ms=self.scale_ms)

    def worst_s(self) -> float:
        return self.max_ms * 1e-3

    def sample_s(self, rng: np.random.Generator, n: int) -> Floats:
        match self.distribution:
            case "uniform":
                drawn = rng.uniform(0.0, self.max_ms, n)
            case "exponential":
                drawn = rng.exponential(self.scale_ms, n)
            case "normal":
                drawn = np.abs(rng.normal(0.0, self.scale_ms, n))
        return np.minimum(drawn, self.max_ms) * 1e-3

    def formula(self) -> str:
        scale = "" if self.distribution == "uniform" else f", scale {self.scale_ms:g} ms"
        return f"0 … {self.max_ms:g} ms, {self.distribution}{scale}"


class Clocks(Term, tag="clocks", frozen=True, kw_only=True):
    """Work of synchronous logic: `min_clocks` to `max_clocks` of its clock, evenly spread in Monte Carlo."""

    source = "clocks counted at the logic's ports (docs/icd.md §5) × period of the clock that it was synthesised for"

    max_clocks: int
    clock_mhz: float
    min_clocks: int = 0

    def __post_init__(self) -> None:
        _positive(self, clock_mhz=self.clock_mhz)
        if not 0 <= self.min_clocks <= self.max_clocks:
            raise ValueError(f"min_clocks = {self.min_clocks}, max_clocks = {self.max_clocks} is not 0 ≤ min ≤ max")

    def worst_s(self) -> float:
        return self.max_clocks / (self.clock_mhz * 1e6)

    def sample_s(self, rng: np.random.Generator, n: int) -> Floats:
        clocks = rng.integers(self.min_clocks, self.max_clocks, n, endpoint=True)
        return np.asarray(clocks / (self.clock_mhz * 1e6), np.float64)

    def formula(self) -> str:
        return f"{self.min_clocks} … {self.max_clocks} clocks / {self.clock_mhz:g} MHz"


AnyTerm = Serialisation | Ethernet | Fibre | Satellite | Processing | Queueing | Jitter | Clocks


def slant_range_km(altitude_km: float, elevation_deg: Floats) -> Floats:
    """Distance from the ground to a satellite seen at `elevation_deg`, (n,) f8 → (n,) f8, spherical Earth."""
    radius = EARTH_RADIUS_KM * np.sin(np.radians(elevation_deg))
    return np.asarray(np.sqrt(radius**2 + 2 * EARTH_RADIUS_KM * altitude_km + altitude_km**2) - radius, np.float64)


def kind_of(term: Term) -> str:
    """The term's name in a link file, as `fibre`."""
    return str(term.__struct_config__.tag)


def _positive(term: Term, **values: float) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} = {value:g} of a {kind_of(term)} term must be greater than 0")


def _ratio(term: Term, **values: float) -> None:
    for name, value in values.items():
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"{name} = {value:g} of a {kind_of(term)} term must lie in 0 … 1")
