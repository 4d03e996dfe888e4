"""The verbs of `hil load`: their arguments, nothing else."""

from __future__ import annotations

import argparse
from pathlib import Path

LOAD = """Load the box behind a radar, and see what it does.

examples:
  hil load delay lab_config/benches/native.toml --rate 200 --messages 20000
  hil load delay lab_config/benches/sim.toml --schedule burst:40 --percentile 99.9 --messages 40000
  hil load throughput lab_config/benches/native.toml --highest 4000
  hil load burst lab_config/benches/native.toml --longest 2000

`delay` ends as soon as the verdict is sure (docs/timing.md §3); `throughput` and `burst` search the highest load without loss.
exit codes: 0 pass or found, 1 fail or not even the lowest load is carried, 2 usage, 3 blocked or inconclusive
"""


def add_load_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `load` and what belongs to it."""
    layout = argparse.RawDescriptionHelpFormatter
    load = verbs.add_parser(
        "load", help="load a box: delay, throughput, bursts", description=LOAD, formatter_class=layout
    )
    kinds = load.add_subparsers(dest="load_verb", required=True, metavar="VERB")
    delay = kinds.add_parser("delay", help="a steady load, until the verdict on the delay is sure")
    delay.add_argument("--rate", type=float, default=100.0, metavar="N", help="messages per second (100)")
    delay.add_argument(
        "--schedule", default="constant", help="constant, poisson, or burst:N for N back to back (constant)"
    )
    delay.add_argument("--messages", type=int, default=10_000, metavar="N", help="at most (10000)")
    delay.add_argument("--percentile", type=float, default=99.0, help="of the delay, per cent (99)")
    delay.add_argument("--confidence", type=float, default=95.0, help="of the verdict, per cent, one-sided (95)")
    delay.add_argument("--seed", type=int, default=1, help="of a poisson schedule (1)")
    delay.set_defaults(act=_delay)
    throughput = kinds.add_parser("throughput", help="the highest rate without loss, as in RFC 2544")
    throughput.add_argument("--lowest", type=float, default=10.0, metavar="N", help="messages per second (10)")
    throughput.add_argument("--highest", type=float, default=2_000.0, metavar="N", help="messages per second (2000)")
    throughput.add_argument("--duration-s", type=float, default=2.0, help="of each trial (2)")
    throughput.set_defaults(act=_throughput)
    burst = kinds.add_parser("burst", help="the longest back-to-back burst without loss, as in RFC 9004")
    burst.add_argument("--longest", type=int, default=1_000, metavar="N", help="messages (1000)")
    burst.set_defaults(act=_burst)
    for search in (throughput, burst):
        search.add_argument(
            "--tries", type=int, default=2, help="a load counts as carried when one try of so many is (2)"
        )
    for kind in (delay, throughput, burst):
        kind.add_argument("bench", type=Path, help="bench file, lab_config/benches/*.toml")
        kind.add_argument("--radar", default="", help="radar whose box is loaded (the first on Ethernet)")
        kind.add_argument(
            "--out", type=Path, default=Path("runs"), help="folder in which the run folder is made (runs)"
        )
        kind.add_argument(
            "--isolation", choices=("auto", "namespace", "loopback"), default="", help="instead of the bench file's"
        )


def _delay(given: argparse.Namespace) -> int:
    from hil.evidence.load_view import delay  # noqa: PLC0415  # `hil --help` must not wait for it

    return delay(
        given.bench,
        given.radar,
        given.out,
        given.isolation,
        shape=given.schedule,
        rate_hz=given.rate,
        messages=given.messages,
        percentile=given.percentile,
        confidence=given.confidence,
        seed=given.seed,
    )


def _throughput(given: argparse.Namespace) -> int:
    from hil.evidence.load_view import throughput  # noqa: PLC0415  # as above

    return throughput(
        given.bench,
        given.radar,
        given.out,
        given.isolation,
        lowest=given.lowest,
        highest=given.highest,
        duration_s=given.duration_s,
        tries=given.tries,
    )


def _burst(given: argparse.Namespace) -> int:
    from hil.evidence.load_view import burst  # noqa: PLC0415  # as above

    return burst(given.bench, given.radar, given.out, given.isolation, longest=given.longest, tries=given.tries)
