"""What a bench file (`lab_config/benches/*.toml`) may say: which radars, boxes and nodes there are and how they are reached."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from hil.bench.config import load
from hil.errors import ConfigError

Octet = Annotated[int, msgspec.Meta(ge=0, le=255)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*$")]


class Radar(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A synthetic radar and the box port that it feeds; its beam and errors are the scenario's business."""

    name: Name
    feeds: Name
    port: Literal["radar_serial", "radar_eth"]
    sac: Octet
    sic: Octet
    latitude_deg: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude_deg: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    height_m: float
    scan_s: Annotated[float, msgspec.Meta(gt=0)]
    range_km: Annotated[float, msgspec.Meta(gt=0, le=474.0)]
    sigma_range_m: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    sigma_azimuth_deg: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    sigma_height_m: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    detection_probability: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0


class BoxSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A box under test."""

    name: Name
    kind: Literal["native", "qemu", "sim"]
    nation: Name
    image: str
    serial_number: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]+$")]
    build_id: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{40})?$")] = ""
    sac: Octet
    sic: Octet
    service: Octet = 1
    serial_baud: Annotated[int, msgspec.Meta(ge=9_600, le=921_600)] = 115_200
    serial_device: Literal["socket", "pty"] | None = None
    serial_fcs_bits: Literal[16, 32] = 16
    flush_ms: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 5
    mtu_octets: Annotated[int, msgspec.Meta(ge=64, le=1_472)] = 1_400
    arguments: tuple[str, ...] = ()


class NodeSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A node that is not under test: a nation's gateway, the hub between them, or a nation's C2."""

    name: Name
    role: Literal["gateway", "hub", "c2"]
    nation: Name


class BenchFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A bench file as it stands; paths are relative to it."""

    name: Name
    title: str
    fidelity: Literal["native", "qemu", "rtl", "sim"]
    isolation: Literal["auto", "namespace", "loopback"] = "auto"
    clock: Literal["one_host", "chrony", "ptp", "instrument"] = "one_host"
    clock_standard_us: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    suite: str
    drills: str = ""
    links: str
    policy: str
    limits: str
    requirements: str
    scenarios: str
    radar: tuple[Radar, ...]
    box: tuple[BoxSpec, ...]
    node: tuple[NodeSpec, ...]


class BenchConfig(msgspec.Struct, frozen=True):
    """A bench file and where it lies, so that the paths in it can be followed."""

    path: Path
    file: BenchFile

    def follow(self, relative: str) -> Path:
        """The path that the bench file gives as `relative`, resolved against the file's own folder."""
        return (self.path.parent / relative).resolve()

    def with_image(self, box: str, image: Path) -> BenchConfig:
        """The same bench with another firmware image in one box, or for "" in every one. ConfigError when there is no such box."""
        if box:
            self.box(box)
        boxes = tuple(
            msgspec.structs.replace(spec, image=str(image.resolve()), build_id="") if box in ("", spec.name) else spec
            for spec in self.file.box
        )
        return BenchConfig(self.path, msgspec.structs.replace(self.file, box=boxes))

    def box(self, name: str) -> BoxSpec:
        """The box of that name; ConfigError lists those there are."""
        return _named({box.name: box for box in self.file.box}, name, "box", self.path)

    def radar(self, name: str) -> Radar:
        """The radar of that name; ConfigError lists those there are."""
        return _named({radar.name: radar for radar in self.file.radar}, name, "radar", self.path)

    def role_of(self, name: str) -> str:
        """`radar`, `box`, `gateway`, `hub` or `c2`; ConfigError when the bench has no such node."""
        for spec in self.file.node:
            if spec.name == name:
                return spec.role
        if any(radar.name == name for radar in self.file.radar):
            return "radar"
        if any(box.name == name for box in self.file.box):
            return "box"
        raise ConfigError(
            f"{self.path}: the link file speaks of `{name}`, which this bench does not have",
            "add a [[node]], [[box]] or [[radar]]",
        )

    def nation_of(self, name: str) -> str:
        """Nation to which a box or node belongs."""
        nations = {box.name: box.nation for box in self.file.box} | {node.name: node.nation for node in self.file.node}
        return nations[name]


N = TypeVar("N")


def _named(rows: dict[str, N], name: str, what: str, path: Path) -> N:
    if name not in rows:
        raise ConfigError(f"{path}: this bench has no {what} `{name}`", f"it has {', '.join(rows)}")
    return rows[name]


def load_bench(path: Path) -> BenchConfig:
    """Read and check the bench file at `path`. Raises ConfigError naming file and line."""
    file = load(path, BenchFile)
    names = [r.name for r in file.radar] + [b.name for b in file.box] + [n.name for n in file.node]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{path}: the name `{name}` is given to two nodes", "give every node its own name")
    for radar in file.radar:
        if radar.feeds not in [box.name for box in file.box]:
            raise ConfigError(f"{path}: radar `{radar.name}` feeds `{radar.feeds}`, which is no box", "correct `feeds`")
    for box in file.box:
        if box.serial_device is not None and box.kind != "qemu":
            raise ConfigError(
                f"{path}: box `{box.name}` is {box.kind} and has no choice of `serial_device`", "leave it out"
            )
    return BenchConfig(path.resolve(), file)
