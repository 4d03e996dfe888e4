"""Everything that a run reads from lab_config, read and checked before anything is started."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from hil.bench.config import load, read_text
from hil.bench.model import BenchConfig, load_bench
from hil.bench.stand import Hop
from hil.errors import ConfigError
from hil.links.impairment import Impairment
from hil.scenario import faults
from hil.scenario.faults import AnyFault
from hil.scenario.model import Scenario, parse_scenario
from hil.timing.budget import Budget, read_budgets
from hil.timing.link_file import LinkFile

Positive = Annotated[float, msgspec.Meta(gt=0)]


class Recovery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long a box may take to be itself again, s, from the end of each kind of fault; `until_s` puts them together."""

    after_power_s: Positive = 1.0
    after_reset_s: Positive = 1.0
    watchdog_s: Positive = 3.0
    after_thaw_s: Positive = 0.5
    after_link_s: Positive = 0.2
    status_s: Positive = 1.5
    step_flag_s: Positive = 12.0
    overload_flag_s: Positive = 3.5
    clock_s: Positive = 0.010

    def until_s(self, fault: AnyFault) -> float:
        """From the end of `fault` until every plot has to give its track again, in time."""
        if isinstance(fault, faults.SlowStart):
            return fault.boot_s + self.after_power_s
        after_s = {
            faults.Freeze: self.after_thaw_s,
            faults.CablePull: self.after_link_s,
            faults.PowerCycle: self.after_power_s,
            faults.Reset: self.after_reset_s,
            faults.Watchdog: self.watchdog_s + self.after_reset_s,
            faults.Memory: self.watchdog_s + self.after_reset_s,
        }
        return after_s.get(type(fault), 0.0)


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A limits file (`lab_config/limits/*.toml`): what is asked of a box beside the link budget."""

    title: str
    heartbeat_period_s: Positive
    heartbeat_tolerance_s: Positive
    track_position_m: Positive
    block_lateness_s: Positive = 0.040
    delay_growth_s: Positive = 0.010
    recovery: Recovery = Recovery()


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of `lab_config/requirements.toml`."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}-[A-Z]{3}-\d{3}$")]
    family: str
    text: str
    source: str


class RequirementsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All requirements."""

    requirement: tuple[Requirement, ...]


@dataclass(frozen=True)
class Setup:
    """One bench with the link file, budgets, limits and requirements that its bench file names."""

    bench: BenchConfig
    links: LinkFile
    budgets: Mapping[str, Budget]
    limits: Limits
    requirements: Mapping[str, Requirement]

    def scenario(self, name: str) -> Scenario:
        """The scenario called `name` in the bench's scenario folder, or at the path `name`. Raises ConfigError."""
        folder = self.bench.follow(self.bench.file.scenarios)
        path = Path(name) if name.endswith(".toml") else folder / f"{name}.toml"
        return parse_scenario(read_text(path), str(path))

    def hops(self) -> list[Hop]:
        """Every directed link that some chain uses, once, with what its segment does to a datagram."""
        hops: dict[tuple[str, str], Hop] = {}
        for chain in self.links.chain:
            for source, sink in zip(chain.path, chain.path[1:], strict=False):
                hops.setdefault((source, sink), self._hop(source, sink))
        return list(hops.values())

    def _hop(self, source: str, sink: str) -> Hop:
        segment = self.links.segment_between(source, sink)
        if segment is None:
            raise ConfigError(f"no segment joins {source} and {sink}", "add it to the link file")
        emulate = segment.emulate
        impairment = Impairment(
            delay_s=segment.emulated_delay_s,
            jitter_s=segment.emulated_jitter_s,
            loss=emulate.loss if emulate else 0.0,
            duplicate=emulate.duplicate if emulate else 0.0,
            reorder=emulate.reorder if emulate else 0.0,
        )
        return Hop(source, sink, segment.carrier == "serial", impairment)


def read_setup(bench_path: Path, images: Mapping[str, Path] | None = None) -> Setup:
    """Read a bench file and all it names; `images` are firmware images to use instead of its own, by box ("": every box).

    Raises ConfigError (file:line) for whatever does not fit.
    """
    bench = load_bench(bench_path)
    for box, image in (images or {}).items():
        bench = bench.with_image(box, image)
    links_path = bench.follow(bench.file.links)
    links, budgets = read_budgets(read_text(links_path), str(links_path))
    limits = load(bench.follow(bench.file.limits), Limits)
    requirements = load(bench.follow(bench.file.requirements), RequirementsFile)
    return Setup(
        bench, links, {b.chain: b for b in budgets}, limits, {entry.id: entry for entry in requirements.requirement}
    )


def fingerprint(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
