"""What a box can do, whatever it is made of: the seam between the bench and each kind of box."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable


@dataclass(frozen=True)
class Identity:
    """Who a box says it is (`*IDN?`, `SYST:BUILD?`)."""

    maker: str
    model: str
    serial_number: str
    firmware: str
    build_id: str


@dataclass(frozen=True)
class FormatterClocks:
    """How many messages the box's formatter has sent, and how many of its clocks each took (`STAT:FORM?`)."""

    messages: int  # 0: nothing yet, or a formatter without a clock
    clocks_min: int
    clocks_max: int
    period_ps: int

    @property
    def clock_mhz(self) -> float:
        """The clock that the formatter was synthesised for."""
        return 1e6 / self.period_ps

    def facts(self) -> dict[str, float]:
        """As run.json has it: messages, clocks, and the clocks in ns."""
        return {
            "messages": self.messages,
            "clocks_min": self.clocks_min,
            "clocks_max": self.clocks_max,
            "latency_min_ns": round(self.clocks_min * self.period_ps * 1e-3, 1),
            "latency_max_ns": round(self.clocks_max * self.period_ps * 1e-3, 1),
            "clock_mhz": self.clock_mhz,
        }

    def words(self) -> str:
        """For a reader."""
        facts = self.facts()
        ns = f"{facts['latency_min_ns']} … {facts['latency_max_ns']} ns at {self.clock_mhz:g} MHz"
        return f"{self.messages} messages, {self.clocks_min} … {self.clocks_max} clocks each = {ns}"


@dataclass(frozen=True)
class Sensor:
    """A radar as a box has to know it: SAC/SIC and site (degrees, metres above the ellipsoid)."""

    sac: int
    sic: int
    latitude_deg: float
    longitude_deg: float
    height_m: float


@dataclass(frozen=True)
class Ports:
    """Where a box listens and sends: dotted IPv4 on UDP 8600; None or empty = the box does without that port."""

    radar_eth: str = ""
    link_in: str = ""
    link_out: tuple[str, str] | None = None  # from own address, towards
    c2_out: tuple[str, str] | None = None
    serial_device: Literal["socket", "pty"] = "socket"  # what stands for radar_serial, where a box leaves the choice


Cable = Callable[[bool], object]  # True pulls it


class Box(Protocol):
    """A box under test. `start` brings it up and identifies it; everything else needs it started."""

    name: str

    def start(self) -> None:
        """Bring the box up and wait until it can be spoken to. Raises BenchError (blocked) when it does not come up."""
        ...

    def identify(self) -> Identity:
        """Ask the box who it is."""
        ...

    def counters(self) -> Mapping[str, int]:
        """Every counter of `STAT:COUN?` by name."""
        ...

    def add_sensor(self, sensor: Sensor) -> None:
        """Make a radar known to the box."""
        ...

    def ask(self, query: str) -> str:
        """The console's answer to any query. Raises LinkError when none comes."""
        ...

    def tell(self, command: str) -> None:
        """A command to the console that has no answer."""
        ...

    def reset(self) -> None:
        """Pull the reset pin: settings as at the start, tracks gone, ports stay open."""
        ...

    def power(self, on: bool) -> None:
        """Take the power away at once, or give it back and wait as `start` does."""
        ...

    def freeze(self, frozen: bool) -> None:
        """Halt the processor where it is, or let it go on; then it drains what came meanwhile, late."""
        ...

    def cut_link(self, cut: bool) -> None:
        """Pull the Ethernet cable, or plug it in again; serial lines stay. A reset or power cycle leaves it as it is."""
        ...

    def stop(self) -> None:
        """Stop the box; it can be started again."""
        ...


class WiredBox(Box, Protocol):
    """A box in real time: its serial line is something that a process can open."""

    def serial_line(self) -> Path:
        """What stands for the port `radar_serial`."""
        ...


@runtime_checkable
class StartsSlowly(Protocol):
    """A box that can be made to take its time."""

    def start_slowly(self, boot_s: float) -> None:
        """The next time it gets its power it takes that much longer to come up, s; only that once."""
        ...
