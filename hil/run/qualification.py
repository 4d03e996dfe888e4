"""What a bench is known to add to a delay when nothing disturbs it: the figures of `hil bench qualify`, kept with the host's
fingerprint, and whether they hold for the host and the bench at hand. The measuring is in qualify.py.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from hil import __version__
from hil.errors import ConfigError
from hil.timing.percentiles import percentile_bounds

VALID_DAYS = 30
PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.5, 99.9)
CONFIDENCE = 99.0  # of the bounds that are kept; holds for every claim of at most this confidence

Floats = npt.NDArray[np.float64]


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that was measured, s. `upper` has the upper confidence bound of each percentile that the sample can bound."""

    name: str
    n: int
    p50_s: float
    p99_s: float
    max_s: float
    upper: dict[str, float]

    def bound_s(self, percentile: float, confidence: float) -> float:
        """Upper bound of the smallest percentile kept that is not below `percentile`; inf when none is, or none that sure."""
        kept = [float(p) for p in self.upper if float(p) >= percentile]
        return self.upper[f"{min(kept):g}"] if kept and confidence <= CONFIDENCE else float("inf")


class Qualification(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bench's qualification on one host.

    `kinds` are the floors of everything that a budget line is made of (pacing, into_wire, wire, out_of_wire, serial), `pairs` the
    loopback delay of each pair of taps, `stamps` how far a user-space stamp lies from the kernel's, `waits` how late an ordinary
    process is woken; `stolen` is the share of time in which somebody waited for a core, `steal` what a hypervisor took.
    """

    bench: str
    isolation: str
    precision: str
    taken: str  # UTC, ISO 8601
    fingerprint: dict[str, str]
    kinds: dict[str, Figures]
    pairs: list[Figures]
    stamps: Figures
    waits: Figures
    stolen: float
    steal: float

    def invalid(self, here: Mapping[str, str], now: datetime) -> str:
        """Why it does not hold on the host with fingerprint `here`, empty if it does."""
        changed = [key for key in here if self.fingerprint.get(key) != here[key]]
        if changed:
            return f"the qualification is of another host or program ({', '.join(changed)} changed)"
        if now - datetime.fromisoformat(self.taken) > timedelta(days=VALID_DAYS):
            return f"the qualification is older than {VALID_DAYS} days"
        return ""


def figures(name: str, values_s: Floats) -> Figures:
    """Sum up a measurement, (n,) f8, s. Raises ConfigError for an empty one."""
    if not len(values_s):
        raise ConfigError(f"nothing was measured of {name}", "qualify the bench again")
    bounds = {f"{p:g}": percentile_bounds(values_s, p, CONFIDENCE).upper for p in PERCENTILES}
    p50_s, p99_s, max_s = (float(value) for value in np.percentile(values_s, [50, 99, 100]))
    return Figures(name, len(values_s), p50_s, p99_s, max_s, {p: v for p, v in bounds.items() if np.isfinite(v)})


def fingerprint() -> dict[str, str]:
    """What makes this host what it is, as far as timing goes: processor, cores, kernel, clock, rights, and our own version."""
    info = Path("/proc/cpuinfo")
    models = [line.split(":")[1].strip() for line in _lines(info) if line.startswith("model name")]
    clock = _lines(Path("/sys/devices/system/clocksource/clocksource0/current_clocksource"))
    return {
        "node": platform.node(),
        "processor": models[0] if models else platform.machine(),
        "cores": str(os.cpu_count()),
        "kernel": platform.release(),
        "clock": clock[0] if clock else "",
        "user": "root" if os.geteuid() == 0 else "ordinary",
        "radar_hil": __version__,
    }


def place(bench: str) -> Path:
    """Where the qualification of a bench is kept: `$XDG_STATE_HOME/radar-hil` (~/.local/state/radar-hil)."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return state / "radar-hil" / f"{bench}.qualification.json"


def keep(qualification: Qualification, path: Path) -> None:
    """Write it, whole or not at all. Raises ConfigError where that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".fresh")
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(qualification), indent=1))
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror})", "set XDG_STATE_HOME") from None


def find(bench: str) -> tuple[Qualification | None, str]:
    """The valid qualification of a bench on this host, or None and why there is none."""
    path = place(bench)
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Qualification)
    except OSError:
        return None, "the bench has not been qualified on this host"
    except msgspec.DecodeError:
        return None, f"{path} is of another version of the program"
    reason = kept.invalid(fingerprint(), datetime.now(UTC))
    return (None, reason) if reason else (kept, "")


def _lines(path: Path) -> Sequence[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
