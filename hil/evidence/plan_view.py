"""`hil plan`: the size of a test, before anybody runs it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table as Screen

from hil.timing.plan import plan


def show_plan(console: Console, percentile: float, confidence: float, rate_hz: float, burst: float) -> int:
    """Print sample sizes and run times, one row per number of late messages; returns exit code 0. Raises ConfigError."""
    rows = plan(percentile, confidence, rate_hz, burst=burst)
    console.print(f"to claim p{percentile:g} ≤ limit at {confidence:g} % confidence, at {rate_hz:g} messages/s:")
    screen = Screen(box=None, pad_edge=False, header_style="bold")
    for heading in ("late bursts" if burst > 1 else "late messages", "messages needed", "run time"):
        screen.add_column(heading, justify="right")
    for row in rows:
        screen.add_row(str(row.late_bursts), f"{row.messages:,}", _duration(row.duration_s))
    console.print(screen)
    return 0


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours:d} h {minutes:02d} min" if hours else f"{minutes:d} min {seconds:02d} s"
