"""A link file (`lab_config/links/*.toml`) as typed data: nodes, segments, chains; unknown keys and odd values refused.

It takes text, not a path: whoever reads the file passes its name for the messages. What the numbers add up to is `budget`'s.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import msgspec

from hil.errors import ConfigError
from hil.settings import parse
from hil.timing.radio import Radio
from hil.timing.terms import AnyTerm


class Emulate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the WAN emulator does to a segment besides the delay of its propagation terms."""

    jitter_ms: float = 0.0  # extra delay, even over 0 … jitter_ms; order is kept
    loss: float = 0.0  # share of datagrams dropped
    duplicate: float = 0.0  # share sent twice
    reorder: float = 0.0  # share overtaken by the next one

    def __post_init__(self) -> None:
        if self.jitter_ms < 0:
            raise ValueError(f"jitter_ms = {self.jitter_ms:g} must not be negative")
        for name in ("loss", "duplicate", "reorder"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} = {getattr(self, name):g} must lie in 0 … 1")


class Segment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The link between two nodes, the same in both directions."""

    between: tuple[str, str]
    carrier: Literal["serial", "udp"]
    limit_ms: float
    loss_allowance: float = 0.0  # share of messages that may be lost here
    term: tuple[AnyTerm, ...]
    emulate: Emulate | None = None  # none: the harness adds nothing
    radio: Radio | None = None  # its frame loss is allowed on top of loss_allowance

    def __post_init__(self) -> None:
        _check_limit(self.limit_ms, self.loss_allowance)

    @property
    def name(self) -> str:
        return "–".join(self.between)

    def allowed_loss(self) -> float:
        """Share of messages that may be lost here: the allowance, or lost to radio noise. ConfigError as `Radio.c_over_n0_dbhz`."""
        by_noise = 0.0 if self.radio is None else self.radio.frame_loss()
        return 1.0 - (1.0 - self.loss_allowance) * (1.0 - by_noise)

    @property
    def emulated_delay_s(self) -> float:
        """Constant one-way delay the WAN emulator adds: the sum of the propagation terms."""
        return 0.0 if self.emulate is None else sum(term.emulated_s() for term in self.term)

    @property
    def emulated_jitter_s(self) -> float:
        return 0.0 if self.emulate is None else self.emulate.jitter_ms * 1e-3


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A box, gateway or hub; its residence time is the delay from its `in` tap to its `out` tap."""

    name: str
    limit_ms: float
    loss_allowance: float = 0.0
    term: tuple[AnyTerm, ...]

    def __post_init__(self) -> None:
        _check_limit(self.limit_ms, self.loss_allowance)


class Chain(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One way through the system: radar first, C2 last. Every line of it is judged at the same percentile."""

    name: str
    path: tuple[str, ...]
    limit_ms: float  # end to end
    loss_allowance: float = 0.0  # end to end
    percentile: float
    confidence: float  # per cent
    burst: float = 1.0  # messages that late ones are taken to come in, at least

    def __post_init__(self) -> None:
        _check_limit(self.limit_ms, self.loss_allowance)
        if len(self.path) < 2 or len(set(self.path)) != len(self.path):
            raise ValueError(f"path of chain `{self.name}` must name two or more different nodes")
        for name in ("percentile", "confidence"):
            if not 0.0 < getattr(self, name) < 100.0:
                raise ValueError(f"{name} = {getattr(self, name):g} must lie between 0 and 100, both excluded")
        if not 1.0 <= self.burst < math.inf:
            raise ValueError(f"burst = {self.burst:g} must be 1 (no bursts) or more messages")


class LinkFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that one link file says; names are unique and every chain can be walked."""

    title: str
    node: tuple[Node, ...]
    segment: tuple[Segment, ...]
    chain: tuple[Chain, ...]

    def chain_named(self, name: str) -> Chain:
        """The chain of that name; ConfigError lists the names there are."""
        for chain in self.chain:
            if chain.name == name:
                return chain
        known = ", ".join(chain.name for chain in self.chain)
        raise ConfigError(f"the link file has no chain `{name}`", f"its chains are: {known}")

    def node_named(self, name: str) -> Node | None:
        return next((node for node in self.node if node.name == name), None)

    def segment_between(self, one: str, other: str) -> Segment | None:
        return next((segment for segment in self.segment if set(segment.between) == {one, other}), None)


def read_links(text: str, source: str) -> LinkFile:
    """Link file from TOML `text`; `source` names the file in messages.

    Raises ConfigError (file:line, cause, remedy) for bad TOML, an unknown key, a wrong type or value, a doubled name, a chain
    over a node or segment that is not described, emulated jitter that no jitter term covers. Budgets are not added up here.
    """
    links = parse(text, source, LinkFile)
    _refuse_doubles((node.name for node in links.node), "node", source)
    _refuse_doubles((" – ".join(sorted(segment.between)) for segment in links.segment), "segment", source)
    _refuse_doubles((chain.name for chain in links.chain), "chain", source)
    for chain in links.chain:
        _check_walkable(links, chain, source)
    for segment in links.segment:
        _check_jitter_covered(segment, source)
    return links


def _check_limit(limit_ms: float, loss_allowance: float) -> None:
    if not 0.0 < limit_ms < math.inf:
        raise ValueError(f"limit_ms = {limit_ms:g} must be greater than 0")
    if not 0.0 <= loss_allowance < 1.0:
        raise ValueError(f"loss_allowance = {loss_allowance:g} must lie in 0 … 1")


def _refuse_doubles(names: Iterable[str], what: str, source: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ConfigError(f"{source}: {what} `{name}` is described twice", "keep one of them")
        seen.add(name)


def _check_walkable(links: LinkFile, chain: Chain, source: str) -> None:
    for one, other in zip(chain.path, chain.path[1:], strict=False):
        if links.segment_between(one, other) is None:
            raise ConfigError(
                f"{source}: chain `{chain.name}` goes from {one} to {other}, which no segment joins",
                f'add [[segment]] between = ["{one}", "{other}"]',
            )
    for name in chain.path[1:-1]:
        if links.node_named(name) is None:
            raise ConfigError(
                f"{source}: chain `{chain.name}` passes {name}, which is not described",
                f'add [[node]] name = "{name}"',
            )


def _check_jitter_covered(segment: Segment, source: str) -> None:
    allowed_s = sum(term.worst_s() for term in segment.term if term.__struct_config__.tag == "jitter")
    if segment.emulated_jitter_s > allowed_s:
        raise ConfigError(
            f"{source}: segment {segment.name} emulates {segment.emulated_jitter_s * 1e3:g} ms of jitter, "
            f"but its jitter terms allow {allowed_s * 1e3:g} ms",
            "raise the jitter term or lower emulate.jitter_ms",
        )
