"""`hil replay` as a person sees it: progress while the recording is injected, then the account of every record on one screen."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table as Screen
from rich.text import Text

from hil.evidence.summary import STYLES
from hil.run.replay import PLOTS, SERVICE, Replayed, replay
from hil.timing.verdict import Outcome

EXIT_CODES = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.INCONCLUSIVE: 3, Outcome.BLOCKED: 3}
PIECES = (
    "bad_length",
    "unknown_category",
    "bad_fspec",
    "truncated",
    "bad_item",
    "bad_fcs",
    "aborted",
    "too_long",
    "runt",
)


def replay_and_show(
    recording: Path,
    bench: Path,
    *,
    via: str,
    box: str,
    speed: float,
    rate: str,
    partial: bool,
    out: Path,
    isolation: str,
) -> int:
    """Replay, print the account, and return the exit code. Raises HilError as `hil.run.replay.replay` does."""
    console = Console()
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("replaying", total=1.0)
        done = replay(
            recording,
            bench,
            via=via,
            box=box,
            speed=speed,
            rate=rate,
            partial=partial,
            out=out,
            isolation=isolation,
            watch=lambda share: progress.update(task, completed=share),
        )
    show(console, done)
    return EXIT_CODES[done.outcome]


def show(console: Console, done: Replayed) -> None:
    """Print what became of every record."""
    screen = Screen(box=None, pad_edge=False, header_style="bold")
    for heading in ("category", "records", "what became of them"):
        screen.add_column(heading, justify="right" if heading == "records" else "left")
    for category, count in sorted(done.records.items()):
        screen.add_row(f"CAT{category:03d}", str(count), _fate(done, category))
    for cause in PIECES:
        if done.counted.get(cause):
            screen.add_row("", str(done.counted[cause]), f"refused by {done.box}: {cause}")
    for cause, count in done.left_out.items():
        screen.add_row("", str(count), f"packets not injected: {cause}")
    console.print(screen)
    for verdict in done.verdicts:
        if verdict.outcome is not Outcome.PASS:
            console.print(
                Text(f"{verdict.outcome.value}: {verdict.subject}: {verdict.reason}", style=STYLES[verdict.outcome])
            )
    text = Text.assemble("verdict: ", (done.outcome.value, STYLES[done.outcome]), f"   run folder: {done.folder}")
    console.print(text, soft_wrap=True)


def _fate(done: Replayed, category: int) -> str:
    if category == PLOTS:
        found = done.account
        refused = [f"{count} refused ({cause})" for cause, count in found.refused.items()]
        return ", ".join([f"{found.forwarded} forwarded", *refused, f"{found.unaccounted} unaccounted"])
    if category == SERVICE:
        return f"{done.counted.get('service_in', 0)} taken as radar service messages"
    return "refused: no category that this port takes"
