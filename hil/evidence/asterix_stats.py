"""`hil asterix stats`: what a recording holds, counted: per category, source and item, rates, faults by cause, gaps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table as Screen

from hil.asterix import Decoded
from hil.evidence.decoding import pieces
from hil.evidence.recording import Piece, open_recording

GAPS_SHOWN = 5


@dataclass
class CategoryCount:
    """One category: records, records by source and by item, and when its first and last were seen (ns)."""

    records: int = 0
    octets: int = 0
    sources: Counter[tuple[int, int]] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    first_ns: int = 2**63 - 1
    last_ns: int = -(2**63)

    @property
    def rate_hz(self) -> float:
        """Records per second over the time that the category was seen."""
        return self.records / ((self.last_ns - self.first_ns) * 1e-9) if self.last_ns > self.first_ns else float("nan")


@dataclass
class Statistics:
    """Everything that was counted; `gaps` are the longest silences as (length in s, stamp of its end in ns)."""

    datagrams: int = 0
    categories: dict[int, CategoryCount] = field(default_factory=dict)
    faults: Counter[tuple[int, str]] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    cut_at: int = -1
    gaps: list[tuple[float, int]] = field(default_factory=list)
    latest_ns: int = -1


def count(path: Path) -> Statistics:
    """Go through the recording once. Raises ConfigError when it cannot be read."""
    found, recording = Statistics(), open_recording(path)
    for piece, decoded in pieces(recording, f"counting {path.name}"):
        _add(found, piece, decoded)
    found.left_out, found.cut_at = recording.left_out, recording.cut_at
    if recording.is_raw:
        found.gaps = []  # nothing in such a file says when
    return found


def _add(found: Statistics, piece: Piece, decoded: Decoded) -> None:
    found.datagrams += len(piece.offset)
    for number, table in decoded.tables.items():
        one = found.categories.setdefault(number, CategoryCount())
        stamps = piece.stamp_ns[table.datagram]
        one.records += len(table)
        one.octets += int(table.length.sum())
        one.first_ns, one.last_ns = min(one.first_ns, int(stamps.min())), max(one.last_ns, int(stamps.max()))
        for item in table.items:
            if "/" not in item:
                one.items[item] += int(table.has(item).sum())
        if "010/SAC" in table and "010/SIC" in table:
            pairs, counts = np.unique(
                np.stack([table["010/SAC"], table["010/SIC"]], axis=1), axis=0, return_counts=True
            )
            for (sac, sic), times in zip(pairs.tolist(), counts.tolist(), strict=True):
                one.sources[sac, sic] += times
    for category, cause in zip(decoded.errors["category"].tolist(), decoded.errors["cause"].tolist(), strict=True):
        found.faults[category, str(cause)] += 1
    stamps = piece.stamp_ns if found.latest_ns < 0 else np.concatenate([[found.latest_ns], piece.stamp_ns])
    silences = np.diff(stamps) * 1e-9
    longest = np.argsort(silences)[-GAPS_SHOWN:]
    found.gaps = sorted([*found.gaps, *((float(silences[k]), int(stamps[k + 1])) for k in longest)], reverse=True)[
        :GAPS_SHOWN
    ]
    found.latest_ns = int(stamps[-1]) if len(stamps) else found.latest_ns


def show(path: Path, found: Statistics) -> int:
    """Print the statistics; returns the exit code: 0, or 1 when something did not decode."""
    console = Console()
    records = sum(one.records for one in found.categories.values())
    console.print(f"[bold]{path}[/]: {found.datagrams} datagrams, {records} records")
    screen = Screen(box=None, pad_edge=False, header_style="bold")
    for heading in ("category", "records", "octets", "records/s", "sources SAC/SIC", "items: records that have them"):
        screen.add_column(heading, justify="right" if heading in ("records", "octets", "records/s") else "left")
    for number, one in sorted(found.categories.items()):
        sources = "\n".join(f"{sac}/{sic}: {n}" for (sac, sic), n in sorted(one.sources.items()))
        items = ", ".join(f"{item}: {n}" for item, n in sorted(one.items.items()))
        rate = "–" if np.isnan(one.rate_hz) else f"{one.rate_hz:.1f}"
        screen.add_row(f"CAT{number:03d}", str(one.records), str(one.octets), rate, sources, items)
    console.print(screen)
    if found.gaps:
        console.print("longest silences: " + ", ".join(f"{length:.3f} s" for length, _ in found.gaps))
    for (category, cause), times in found.faults.most_common():
        where = f"CAT{category:03d}" if category >= 0 else "data block"
        console.print(f"[red]{times} × {where}: {cause}[/]")
    for cause, times in found.left_out.items():
        console.print(f"[yellow]{times} packets left out: {cause}[/]")
    if found.cut_at >= 0:
        console.print(f"[red]the file breaks off at octet {found.cut_at}[/]")
    return int(bool(found.faults) or found.cut_at >= 0)
