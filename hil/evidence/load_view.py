"""`hil load` as a person sees it: progress while a box is loaded, then one screen, and the evidence in a run folder."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table as Screen
from rich.text import Text

from hil.bench.fidelity import stand_up
from hil.bench.stand import Stand
from hil.errors import BenchError, ConfigError, HilError
from hil.evidence import folder as run_folder
from hil.evidence.summary import STYLES
from hil.run.clock import clock_sync_standard_s
from hil.run.load import BoxLoad, search
from hil.run.setup import Setup, read_setup
from hil.run.soak import Soaked, instants_of, soak
from hil.timing.load_search import Trial
from hil.timing.verdict import Outcome, overall

EXIT_CODES = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.INCONCLUSIVE: 3, Outcome.BLOCKED: 3}
SHOWN = (50.0, 90.0, 99.0, 99.9, 100.0)


@dataclass
class Loading:
    """A bench that stands for a load test of the box behind `radar`; what is put into `facts` ends up in run.json."""

    setup: Setup
    stand: Stand
    radar: str
    folder: Path
    progress: Progress
    facts: dict[str, Any] = field(default_factory=dict)


@contextmanager
def _loading(bench: Path, radar: str, out: Path, isolation: str, console: Console) -> Iterator[Loading]:
    setup = read_setup(bench)
    starts = [chain.path[0] for chain in setup.links.chain]
    radar = radar or next((r.name for r in setup.bench.file.radar if r.port == "radar_eth" and r.name in starts), "")
    if radar not in starts:
        raise ConfigError(f"no chain of the link file starts at radar `{radar}`", f"give --radar {' or '.join(starts)}")
    folder = run_folder.create(out, setup.bench.file.name, "load")
    facts: dict[str, Any] = {"status": "running", "bench": setup.bench.file.name, "radar": radar}
    facts |= {"host": run_folder.host(), "pressure_before": run_folder.pressure()}
    run_folder.write_run(folder, facts)
    try:
        with (
            stand_up(setup.bench, setup.hops(), folder, isolation_mode=isolation) as stand,
            Progress(console=console, transient=True) as progress,
        ):
            facts["boxes"] = {name: asdict(identity) for name, identity in stand.identities.items()}
            yield Loading(setup, stand, radar, folder, progress, facts)
        facts["status"] = "finished"
    except HilError as error:
        facts |= {"status": "broken off", "error": str(error)}
        raise
    finally:
        facts |= {"ended_ns": time.time_ns(), "pressure_after": run_folder.pressure()}
        run_folder.write_run(folder, facts)


def delay(
    bench: Path,
    radar: str,
    out: Path,
    isolation: str,
    *,
    shape: str,
    rate_hz: float,
    messages: int,
    percentile: float,
    confidence: float,
    seed: int,
) -> int:
    """Load a box until the verdict on its delay is sure, or `messages` are through; returns the exit code. Raises HilError."""
    console = Console()
    instants = instants_of(shape, rate_hz, seed)
    with _loading(bench, radar, out, isolation, console) as loading:
        task = loading.progress.add_task(f"{shape}, {rate_hz:g}/s", total=messages)

        def watch(before: int, share: float) -> None:
            piece = min(messages - before, rate_hz * 60.0)
            loading.progress.update(task, completed=before + share * piece)

        found = soak(
            loading.setup,
            loading.stand,
            loading.radar,
            instants,
            rate_hz=rate_hz,
            messages=messages,
            percentile=percentile,
            confidence=confidence,
            watch=watch,
            clock_sync_s=clock_sync_standard_s(loading.setup.bench.file),
        )
        _keep_delays(loading.folder, found)
        outcome = overall(verdict.outcome for verdict in found.verdicts)
        loading.facts |= {"schedule": shape, "rate_hz": rate_hz, "sent": found.sent, "lost": found.lost, "seed": seed}
        loading.facts |= {"verdicts": [asdict(verdict) for verdict in found.verdicts], "outcome": outcome.value}
    _show_delay(console, found, messages)
    _last_line(console, outcome, loading.folder)
    return EXIT_CODES[outcome]


def throughput(
    bench: Path, radar: str, out: Path, isolation: str, *, lowest: float, highest: float, duration_s: float, tries: int
) -> int:
    """Search the highest rate without loss (RFC 2544 §26.1); returns the exit code. Raises HilError."""
    with _loading(bench, radar, out, isolation, Console()) as loading:
        load = BoxLoad(loading.setup, loading.stand, loading.radar)
        return _search(loading, load, load.rate(duration_s), (lowest, highest, 0.02 * highest), "messages/s", tries)


def burst(bench: Path, radar: str, out: Path, isolation: str, *, longest: int, tries: int) -> int:
    """Search the longest back-to-back burst without loss (RFC 9004); returns the exit code. Raises HilError."""
    with _loading(bench, radar, out, isolation, Console()) as loading:
        load = BoxLoad(loading.setup, loading.stand, loading.radar)
        return _search(loading, load, load.burst(), (1.0, float(longest), max(1.0, 0.01 * longest)), "messages", tries)


def _search(
    loading: Loading, load: BoxLoad, offer: Any, span: tuple[float, float, float], unit: str, tries: int
) -> int:
    lowest, highest, resolution = span
    steps = math.ceil(math.log2(max(2.0, (highest - lowest) / resolution))) + 2
    task = loading.progress.add_task("searching", total=steps)

    def watched(asked: float) -> Trial:
        trial: Trial = offer(asked)
        loading.progress.update(task, advance=1.0 / tries, description=f"{asked:,.0f} {unit}")
        return trial

    best, trials = search(watched, lowest, highest, resolution, tries=tries)
    loading.progress.stop()
    loading.facts |= {"carried": best, "unit": unit, "trials": [asdict(trial) for trial in trials]}
    _show_trials(Console(), trials, unit)
    if load.drops:
        raise BenchError(
            f"the bench itself lost {load.drops} messages, so nothing is known of the box", "stop other work"
        )
    print(f"carried without loss: {best:,.0f} {unit} (to within {resolution:g}; searched {lowest:g} … {highest:g})")
    print(f"run folder: {loading.folder}")
    return 1 if math.isnan(best) else 0


def _show_trials(console: Console, trials: Sequence[Trial], unit: str) -> None:
    screen = Screen(box=None, pad_edge=False, header_style="bold")
    for heading in (f"offered, {unit}", "sent", "lost"):
        screen.add_column(heading, justify="right")
    for trial in trials:
        screen.add_row(f"{trial.load:,.0f}", f"{trial.sent:,}", f"{trial.lost:,}")
    console.print(screen)


def _show_delay(console: Console, found: Soaked, messages: int) -> None:
    line = found.line
    console.print(
        f"[bold]{found.budget.subject(line)}[/]: {found.sent:,} of {messages:,} messages sent, {found.lost} lost"
    )
    screen = Screen(box=None, pad_edge=False, header_style="bold")
    for percentile in SHOWN:
        screen.add_column("max" if percentile == 100.0 else f"p{percentile:g}", justify="right")
    screen.add_column("budget", justify="right")
    cells = [f"{found.delays.percentile(p) * 1e3:.3f}" if found.delays.n else "–" for p in SHOWN]
    screen.add_row(*cells, f"{line.limit_s * 1e3:g} ms")
    console.print(screen)
    for verdict in found.verdicts:
        text = f"{verdict.outcome.value}: {verdict.requirement} {verdict.subject}: {verdict.reason}"
        console.print(Text(text, style=STYLES[verdict.outcome]), soft_wrap=True)
    if found.sent < messages:
        console.print(f"sure after {found.sent:,} messages: the rest was not needed")


def _keep_delays(folder: Path, found: Soaked) -> None:
    """The histogram: counts of the steps and what says where each begins (hil.timing.histogram)."""
    delays = found.delays
    with (folder / "delays.npz").open("wb") as file:
        np.savez_compressed(
            file, counts=delays.counts, smallest_s=delays.smallest, largest_s=delays.largest, bits=delays.bits
        )


def _last_line(console: Console, outcome: Outcome, folder: Path) -> None:
    text = Text.assemble("verdict: ", (outcome.value, STYLES[outcome]), f"   run folder: {folder}")
    console.print(text, soft_wrap=True)
