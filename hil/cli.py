"""The command `hil`: verbs and their arguments, nothing else. Every error of ours is one line and an exit code.

Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 blocked (the bench is at fault) or inconclusive.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import fields

from hil import __version__
from hil.cli_load import add_load_verbs
from hil.errors import ConfigError, HilError

TOP = """examples:
  hil run lab_config/benches/native.toml --scenario staging
  hil replay recording.pcap --bench lab_config/benches/native.toml --speed 10
  hil fault kr_box freeze --lasts-s 0.5                      while a run flies in another shell
  hil asterix stats recording.pcap

exit codes: 0 pass, 1 fail, 2 usage or configuration error, 3 blocked or inconclusive
"""

RUN = """Stand a bench up, fly a scenario over it and run the bench's suite on what came out; then its drills, one thing each.

examples:
  hil run lab_config/benches/native.toml                    everything: before a release
  hil run lab_config/benches/native.toml --scenario staging the flight only: about a minute
  hil run lab_config/benches/native.toml --scenario quiet --out evidence --isolation loopback
  hil run lab_config/benches/native.toml -k timing          only the tests that match
  hil run lab_config/benches/native.toml --image firmware_stubs/build/posix-delay_80ms/rib            in every box
  hil run lab_config/benches/native.toml --image kr_box=firmware_stubs/build/posix-delay_80ms/rib     in one
"""

REPLAY = """Inject a recording into a box, with the recording's own timing, and account for every record of it.

examples:
  hil replay recording.pcap --bench lab_config/benches/native.toml
  hil replay recording.pcap --bench lab_config/benches/native.toml --via serial --speed 10
  hil replay recording.pcap --bench lab_config/benches/native.toml --rate 500/s
"""

FAULT = """Do something to a box of a bench that stands, while `hil run` flies plots over it in another shell.

examples:
  hil fault kr_box freeze --lasts-s 0.5
  hil fault kr_box power_cycle --lasts-s 1
  hil fault jp_box reset --by software
  hil fault jp_box clock_step --step-s 0.3 --run runs/20260101T120000-native-staging
  hil fault kr_box freeze --help                             what else a kind can be told

The run excuses the plots that the fault may have met, judges how the box recovers, and notes it in its run.json. Faults of a serial
line and overloads are planned with the plots: put them into the scenario as [[fault]] (docs/scenarios.md).

exit codes: 0 it is done, 2 usage error or no such box, 3 no bench is standing, or it cannot do this
"""

ASTERIX = """Look into recordings (pcap, pcapng) of any size.

examples:
  hil asterix stats recording.pcap
  hil asterix decode recording.pcap                          the first records of each category
  hil asterix decode recording.pcap --to json > records.jsonl
  hil asterix decode recording.pcap --to parquet --out folder --category 62
  hil asterix diff before.pcap after.pcap

exit codes: 0, 1 when something does not decode (decode, stats) or differs (diff), 2 usage error
"""


BUDGET = """Show what a link may take, and why.

examples:
  hil budget show lab_config/links/trilateral.toml
  hil budget show lab_config/links/trilateral.toml --chain jp_to_kr --plot budget.svg
"""

PLAN = """Say how many messages it takes to claim that a percentile is within its limit, and how long that is.

examples:
  hil plan --percentile 99.9 --confidence 95
  hil plan --percentile 99.9 --rate 500 --burst 20
"""

QUALIFY = """Measure what the bench itself adds to every delay (about 30 s), and keep it for the verdicts of later runs.

examples:
  hil bench qualify lab_config/benches/native.toml
"""


def _parser(verb: str = "") -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="hil",
        description="Test radar interface boxes: plots in, tracks out, judged.",
        epilog=TOP,
        formatter_class=layout,
    )
    parser.add_argument("--version", action="version", version=f"radar-hil {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    run = verbs.add_parser("run", help="run a bench's suite on a scenario", description=RUN, formatter_class=layout)
    run.add_argument("bench", type=Path, help="bench file, lab_config/benches/*.toml")
    run.add_argument(
        "--scenario",
        default="",
        help="fly only this: a name in the bench's scenario folder, or a .toml path (staging, and the drills)",
    )
    _run_options(run)
    run.add_argument(
        "-k", dest="select", default="", metavar="EXPRESSION", help="run only the tests that match, as in pytest"
    )
    run.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="[BOX=]FILE",
        help="firmware image for every box, or one, instead of the bench file's",
    )
    run.set_defaults(act=_run)

    replay = verbs.add_parser(
        "replay", help="inject a recording into a box", description=REPLAY, formatter_class=layout
    )
    replay.add_argument("recording", type=Path, help="pcap or pcapng file with ASTERIX over UDP")
    replay.add_argument("--bench", type=Path, required=True, help="bench file, lab_config/benches/*.toml")
    replay.add_argument("--via", choices=("udp", "serial"), default="udp", help="by which port it goes in (udp)")
    replay.add_argument("--box", default="", help="box to inject into (the first that a radar feeds by that port)")
    replay.add_argument("--partial", action="store_true", help="replay what is whole of a recording that breaks off")
    pace = replay.add_mutually_exclusive_group()
    pace.add_argument("--speed", type=float, default=1.0, metavar="FACTOR", help="times the recording's own speed (1)")
    pace.add_argument("--rate", default="", metavar="N/s", help="datagrams at a constant rate instead, such as 500/s")
    _run_options(replay)
    replay.set_defaults(act=_replay)
    fault = verbs.add_parser(
        "fault", help="do something to a box while plots fly", description=FAULT, formatter_class=layout
    )
    if verb == "fault":
        _fault_kinds(fault)
    _asterix_verbs(
        verbs.add_parser("asterix", help="look into recordings of ASTERIX", description=ASTERIX, formatter_class=layout)
    )
    _timing_verbs(verbs)
    add_load_verbs(verbs)
    return parser


def _fault_kinds(parser: argparse.ArgumentParser) -> None:
    """One sub-command a kind, with the keys of a scenario file as options; what they may be is checked where the file's are."""
    from hil.scenario.faults import KINDS  # noqa: PLC0415  # takes a moment, and no other verb needs it

    parser.add_argument("box", help="box of the bench, such as kr_box")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    for name, kind in KINDS.items():
        words = (kind.__doc__ or "").splitlines()[0]
        options = kinds.add_parser(name, help=words, description=words)
        options.add_argument(
            "--run", type=Path, help="run folder of the bench that is meant (the one that came up last)"
        )
        for field in fields(kind):
            if field.name not in ("at_s", "box"):
                default = "required" if field.required else f"default {field.default}"
                option = f"--{field.name.replace('_', '-')}"
                unit = field.name.rpartition("_")[2].upper()
                options.add_argument(
                    option, dest=f"key_{field.name}", metavar=unit, required=field.required, help=default
                )
    parser.set_defaults(act=_fault)


def _timing_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    layout = argparse.RawDescriptionHelpFormatter
    budget = verbs.add_parser("budget", help="link budgets", description=BUDGET, formatter_class=layout)
    show = budget.add_subparsers(dest="budget_verb", required=True, metavar="VERB").add_parser(
        "show", help="term by term"
    )
    show.add_argument("links", type=Path, help="link file, lab_config/links/*.toml")
    show.add_argument("--chain", default="", help="only this chain")
    show.add_argument("--plot", type=Path, help="write the waterfall plot (SVG) to this file")
    show.set_defaults(act=_budget_show)
    plan = verbs.add_parser(
        "plan", help="how many messages a percentile claim takes", description=PLAN, formatter_class=layout
    )
    plan.add_argument("--percentile", type=float, default=99.0, help="of the delay, per cent (99)")
    plan.add_argument("--confidence", type=float, default=95.0, help="of the claim, per cent, one-sided (95)")
    plan.add_argument(
        "--rate", type=float, default=10.0, metavar="N", help="messages per second, for the run time (10)"
    )
    plan.add_argument("--burst", type=float, default=1.0, metavar="N", help="late messages that come together (1)")
    plan.set_defaults(act=_plan)
    bench = verbs.add_parser("bench", help="the bench itself", description=QUALIFY, formatter_class=layout)
    qualify = bench.add_subparsers(dest="bench_verb", required=True, metavar="VERB").add_parser(
        "qualify", help="measure its floor"
    )
    qualify.add_argument("bench", type=Path, help="bench file, lab_config/benches/*.toml")
    qualify.add_argument(
        "--isolation", choices=("auto", "namespace", "loopback"), default="", help="instead of the bench file's"
    )
    qualify.set_defaults(act=_bench_qualify)


def _asterix_verbs(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="asterix_verb", required=True, metavar="VERB")
    decode = verbs.add_parser("decode", help="show or convert every record")
    decode.add_argument("file", type=Path, help="pcap or pcapng")
    decode.add_argument("--to", choices=("table", "json", "csv", "parquet"), default="table", help="form (table)")
    decode.add_argument("--out", type=Path, help="file for json (standard output), folder for csv and parquet")
    decode.add_argument("--category", type=int, help="only this category")
    decode.set_defaults(act=_asterix_decode)
    stats = verbs.add_parser("stats", help="count: per category, source, item; rates, faults, gaps")
    stats.add_argument("file", type=Path, help="pcap or pcapng")
    stats.set_defaults(act=_asterix_stats)
    diff = verbs.add_parser("diff", help="compare two recordings item by item")
    diff.add_argument("a", type=Path)
    diff.add_argument("b", type=Path)
    diff.set_defaults(act=_asterix_diff)


def _run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder in which the run folder is made (runs)")
    parser.add_argument("--seed", type=int, default=None, help="seed instead of the scenario's own")
    parser.add_argument(
        "--isolation", choices=("auto", "namespace", "loopback"), default="", help="instead of what the bench file says"
    )


def _run(given: argparse.Namespace) -> int:
    from hil_fixtures.suite import run_suite  # noqa: PLC0415  # `hil --help` must not wait for the plotting libraries

    code: int = run_suite(
        given.bench,
        scenario=given.scenario,
        out=given.out,
        seed=given.seed,
        isolation=given.isolation,
        images=dict(_image(text) for text in given.image),
        select=given.select,
    )
    return code


def _image(text: str) -> tuple[str, Path]:
    """Box (empty: every box) and file."""
    box, _, file = text.rpartition("=")
    if not Path(file).is_file():
        raise ConfigError(
            f"--image {text}: there is no file `{file}`",
            "give [BOX=]FILE, for example --image kr_box=firmware_stubs/build/posix/rib",
        )
    return box, Path(file)


def _fault(given: argparse.Namespace) -> int:
    from hil.run.control import ask  # noqa: PLC0415  # as above
    from hil.scenario.faults import live_fault  # noqa: PLC0415

    keys = {name.removeprefix("key_"): value for name, value in vars(given).items() if name.startswith("key_")}
    print(ask(live_fault(given.box, given.kind, {name: v for name, v in keys.items() if v is not None}), given.run))
    return 0


def _replay(given: argparse.Namespace) -> int:
    from hil.evidence.replaying import replay_and_show  # noqa: PLC0415  # as above

    return replay_and_show(
        given.recording,
        given.bench,
        via=given.via,
        box=given.box,
        speed=given.speed,
        rate=given.rate,
        partial=given.partial,
        out=given.out,
        isolation=given.isolation,
    )


def _asterix_decode(given: argparse.Namespace) -> int:
    from hil.evidence.asterix_export import export  # noqa: PLC0415  # as above

    return export(given.file, given.to, given.out, given.category)


def _asterix_stats(given: argparse.Namespace) -> int:
    from hil.evidence.asterix_stats import count, show  # noqa: PLC0415  # as above

    return show(given.file, count(given.file))


def _asterix_diff(given: argparse.Namespace) -> int:
    from hil.evidence.asterix_diff import show  # noqa: PLC0415  # as above

    return show(given.a, given.b)


def _budget_show(given: argparse.Namespace) -> int:
    from rich.console import Console  # noqa: PLC0415  # as above

    from hil.evidence.budget_view import show_budget  # noqa: PLC0415

    return show_budget(given.links, Console(), chain=given.chain, picture=given.plot)


def _plan(given: argparse.Namespace) -> int:
    from rich.console import Console  # noqa: PLC0415  # as above

    from hil.evidence.plan_view import show_plan  # noqa: PLC0415

    return show_plan(Console(), given.percentile, given.confidence, given.rate, given.burst)


def _bench_qualify(given: argparse.Namespace) -> int:
    from rich.console import Console  # noqa: PLC0415  # as above

    from hil.evidence.qualification_view import qualify_and_show  # noqa: PLC0415

    return qualify_and_show(given.bench, Console(), isolation=given.isolation)


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line; returns the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    given = _parser(next(iter(words), "")).parse_args(arguments)
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # a polite end is an interruption: the bench is taken down
    try:
        code: int = given.act(given)
    except HilError as error:
        print(f"hil: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read our output has had enough
        return 0
    except KeyboardInterrupt:
        print("hil: interrupted", file=sys.stderr)
        return 3
    return code


if __name__ == "__main__":
    sys.exit(main())
