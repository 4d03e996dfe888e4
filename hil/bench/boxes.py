"""From what a bench file says of a box to a box of that kind: its settings, its ports on the wires, its Ethernet cable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from hil.bench.addressing import WireEnds
from hil.bench.model import BenchConfig, BoxSpec
from hil.bench.processes import Processes
from hil.boxes.box import Cable, Ports, WiredBox
from hil.boxes.native import NativeBox
from hil.boxes.qemu import QemuBox
from hil.errors import BenchError
from hil.links.cable import End

KINDS: Mapping[str, Callable[..., WiredBox]] = {"native": NativeBox, "qemu": QemuBox}  # those in real time


class Cuttable(Protocol):
    """A wire whose cable can be pulled at either end."""

    def cut_at(self, end: End, cut: bool) -> None: ...


def make_box(
    config: BenchConfig, spec: BoxSpec, ends: Sequence[WireEnds], wires: Sequence[Cuttable], processes: Processes
) -> WiredBox:
    """The box of `spec`, not started yet, on the ends of the wires that it has. Raises BenchError for a kind without a clock."""
    if spec.kind not in KINDS:
        raise BenchError(
            f"box {spec.name} is {spec.kind}, but the bench runs in real time", f"it takes {', '.join(KINDS)}"
        )
    return KINDS[spec.kind](
        spec.name,
        config.follow(spec.image),
        ports_of(config, spec, ends),
        processes,
        cable_of(spec.name, ends, wires),
        settings=settings_of(config, spec),
        expected_build_id=spec.build_id,
    )


def ports_of(config: BenchConfig, spec: BoxSpec, ends: Sequence[WireEnds]) -> Ports:
    """Where a box listens and whereto it sends, by the role of who is at the other end of each wire."""
    into = {config.role_of(wire.source): wire for wire in ends if wire.sink == spec.name}
    out_of = {config.role_of(wire.sink): wire for wire in ends if wire.source == spec.name}
    towards = {role: (wire.out_of, wire.listen) for role, wire in out_of.items()}
    return Ports(
        radar_eth=into["radar"].into if "radar" in into else "",
        link_in=into["gateway"].into if "gateway" in into else "",
        link_out=towards.get("gateway"),
        c2_out=towards.get("c2"),
        serial_device=spec.serial_device or "socket",
    )


def cable_of(box: str, ends: Sequence[WireEnds], wires: Sequence[Cuttable]) -> Cable:
    """What pulls the Ethernet cable of a box: all its wires begin or end there; `wires` are those of `ends`."""

    def pull(cut: bool) -> None:
        for end, wire in zip(ends, wires, strict=True):
            if end.source == box:
                wire.cut_at(End.SOURCE, cut)
            if end.sink == box:
                wire.cut_at(End.SINK, cut)

    return pull


def settings_of(config: BenchConfig, spec: BoxSpec) -> list[str]:
    """What a box is told of itself and of its radars, whatever it is made of (docs/icd.md §5)."""
    settings = ["--sac", spec.sac, "--sic", spec.sic, "--service", spec.service, "--serial-number", spec.serial_number]
    settings += ["--flush-ms", spec.flush_ms, "--mtu", spec.mtu_octets, "--fcs", spec.serial_fcs_bits]
    for radar in config.file.radar:
        if radar.feeds == spec.name:
            site = f"{radar.latitude_deg}:{radar.longitude_deg}:{radar.height_m}"
            settings += ["--sensor", f"{radar.sac}/{radar.sic}:{site}"]
    return [*(str(word) for word in settings), *spec.arguments]
