"""The run folder: what was run, on what, and what came of it, kept so that it can be read without this program.

`run.json` is written when the run starts and again when it ends, each time whole (a killed run leaves the first); columns go to
.npz files. Capture, junit.xml and report.html are put beside it by those who make them.
"""

from __future__ import annotations

import json
import math
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from hil import __version__
from hil.columns import PLOTS
from hil.errors import ConfigError
from hil.run.result import ChainResult, RunResult
from hil.timing.verdict import Verdict

PACKAGES = ("numpy", "libasterix", "scapy", "pyserial", "pyvisa", "pytest")


def create(root: Path, bench: str, scenario: str) -> Path:
    """A new run folder below `root`, named after instant, bench and scenario. Raises ConfigError when it cannot be made."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{bench}-{scenario}"
    for suffix in ("", *(f"-{k}" for k in range(2, 100))):
        folder = root / (name + suffix)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise ConfigError(
                f"run folder {folder} cannot be made ({error.strerror})", "give another place with --out"
            ) from None
        return folder
    raise ConfigError(f"{root} has a hundred runs called {name}", "remove some, or give another place with --out")


def pressure() -> dict[str, float]:
    """How much processes waited for a core (`some`, per cent of 10, 60, 300 s); empty where the kernel does not say."""
    try:
        line = Path("/proc/pressure/cpu").read_text().splitlines()[0]
    except OSError:
        return {}
    return {key: float(value) for key, value in (pair.split("=") for pair in line.split()[1:])}


def host() -> dict[str, Any]:
    """The machine and the program's versions."""
    return {
        "node": platform.node(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "radar_hil": __version__,
        "packages": {name: version(name) for name in PACKAGES},
    }


def write_run(folder: Path, facts: Mapping[str, Any]) -> None:
    """Put `facts` into run.json, whole or not at all. NaN and infinity become null."""
    text = json.dumps(_plain(dict(facts)), indent=1, ensure_ascii=False, allow_nan=False)
    fresh = folder / ".run.json"
    fresh.write_text(text + "\n", encoding="utf-8")
    fresh.replace(folder / "run.json")


def read_run(folder: Path) -> dict[str, Any]:
    """The facts of a run. Raises ConfigError when the folder is no run folder."""
    try:
        facts: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{folder} is no run folder ({error})", "give a folder with a run.json") from None
    return facts


def write_journeys(folder: Path, chains: Mapping[str, ChainResult]) -> None:
    """Journeys of every chain as columns, `CHAIN.column` in journeys.npz: plot_id, key, taps, stamps_ns, copies, lost_at, …"""
    columns: dict[str, Any] = {}
    for name, chain in chains.items():
        journeys = chain.journeys
        columns[f"{name}.taps"] = np.array(journeys.taps)
        columns[f"{name}.stamp_sources"] = np.array([chain.sources[tap].name.lower() for tap in journeys.taps])
        for column in ("plot_id", "stamps_ns", "copies", "lost_at", "ambiguous"):
            columns[f"{name}.{column}"] = getattr(journeys, column)
        columns[f"{name}.key"] = chain.keys
        for column in PLOTS.names or ():
            columns[f"{name}.plot.{column}"] = chain.plots[column]
    with (folder / "journeys.npz").open("wb") as file:
        np.savez_compressed(file, **columns)


def outcome_facts(verdicts: Sequence[Verdict], result: RunResult | None) -> dict[str, Any]:
    """What goes into run.json when the run has ended."""
    facts: dict[str, Any] = {
        "ended": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        "ended_ns": time.time_ns(),
        "pressure_after": pressure(),
        "verdicts": [asdict(verdict) for verdict in verdicts],
    }
    if result is not None:
        facts["counters"] = {box: dict(counters) for box, counters in result.counters_after.items()}
        if result.formatter:
            facts["formatter"] = {box: clocks.facts() for box, clocks in result.formatter.items()}
        facts["bench_drops"] = dict(result.drops)
        facts["capture_torn"] = result.capture.torn
    return facts


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
