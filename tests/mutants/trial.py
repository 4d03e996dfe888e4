"""Runs the shipped suites against one firmware library on the simulated bench, in a process of its own, and says what they found.

A library that crashes or hangs takes only that process with it; the test that was running then is the one that noticed.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

from hil.asterix import LiveCodec, decode
from hil_fixtures.plugin import SESSION
from hil_fixtures.session import BenchSession

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "lab_config/benches/sim.toml"
SUITES = (ROOT / "tests/stress", ROOT / "tests/system")
TIMEOUT_S = 600.0
CPU_S = 60  # of one trial; a box that works takes a fifth of it, and a busy machine does not make it more
_FORKING = threading.Lock()


@dataclass(frozen=True)
class Job:
    """One library to be tried with one seed; `first_only` stops at the first test that fails.

    `defect` is chosen in a library that has all of them (`make -C firmware_stubs sim DEFECT=any`).
    """

    name: str
    library: Path
    defect: str = ""
    seed: int | None = None
    first_only: bool = False


@dataclass(frozen=True)
class Finding:
    """What the suites said. `failed` are (requirement, test) that failed; `undecided` those that were blocked or inconclusive."""

    job: Job
    failed: tuple[tuple[str, str], ...]
    undecided: tuple[tuple[str, str], ...]
    passed: int
    ended: str  # "finished", "crashed: SIGILL", "hung"
    seconds: float

    @property
    def caught(self) -> bool:
        """Did any test fail, did the library not survive, or could nothing be tested because no box came up?"""
        return bool(self.failed) or self.ended != "finished" or not self.passed


def warm_up() -> None:
    """Load once what every trial would load again: the tables of ASTERIX and the layers made from them."""
    for category in (34, 48, 62, 63, 65):
        LiveCodec(category)
        decode(bytes([category, 0, 4, 0]))
    import_module("hil.asterix.scapy").record_layer(48)


def try_all(jobs: Sequence[Job], parallel: int) -> Iterator[Finding]:
    """Try every job, `parallel` at a time, in the order given."""
    with ThreadPoolExecutor(parallel) as pool:
        yield from pool.map(try_one, jobs)


def try_one(job: Job) -> Finding:
    """Try one job in a forked process."""
    began = time.monotonic()
    with _FORKING:  # or another child would hold this pipe open
        read_end, write_end = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            os.close(read_end)
            _run_suites(job, write_end)
        os.close(write_end)
    ended = _wait(child, began + TIMEOUT_S)
    with os.fdopen(read_end) as notes:
        lines = [json.loads(line) for line in notes]
    return _finding(job, lines, ended, time.monotonic() - began)


def _wait(child: int, until: float) -> str:
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            if code in (-signal.SIGXCPU, -signal.SIGKILL):
                return "hung"
            if code < 0:
                return f"crashed: {signal.Signals(-code).name}"
            if code:
                raise RuntimeError(f"a trial broke (exit code {code}); what it printed is above")
            return "finished"
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hung"


def _finding(job: Job, lines: Iterable[dict[str, str]], ended: str, seconds: float) -> Finding:
    begun: dict[str, str] = {}
    failed, undecided, passed = [], [], 0
    for line in lines:
        test = line["test"]
        if line["what"] == "begun":
            begun[test] = line["requirement"]
            continue
        requirement = begun.pop(test, line["requirement"])
        if line["what"] == "pass":
            passed += 1
        else:
            (failed if line["what"] == "fail" else undecided).append((requirement, test))
    if ended != "finished":
        failed += [(requirement, test) for test, requirement in begun.items()]
    return Finding(job, tuple(failed), tuple(undecided), passed, ended, seconds)


class _Notes:
    """Tells the parent, line by line, which test begins and how it ends; unbuffered, because the library may take us down."""

    def __init__(self, descriptor: int, session: BenchSession, first_only: bool) -> None:
        self._first_only = first_only
        self._tests: pytest.Session | None = None
        self._descriptor = descriptor
        self._session = session
        self._requirement: dict[str, str] = {}

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[SESSION] = self._session

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._tests = session

    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        mark = item.get_closest_marker("req")
        self._requirement[item.nodeid] = str(mark.args[0]) if mark else ""
        self._say("begun", item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self._say("pass", report.nodeid)
        elif report.failed:
            outcome = str(dict(report.user_properties).get("outcome", "fail"))
            self._say(outcome, report.nodeid)
            if self._first_only and outcome == "fail" and self._tests is not None:
                self._tests.shouldstop = "one is enough"

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            print(report.longreprtext, file=sys.stderr)
            self._say("collection", report.nodeid)

    def _say(self, what: str, node: str) -> None:
        line = {"what": what, "test": node.rsplit("::", maxsplit=1)[-1], "requirement": self._requirement.get(node, "")}
        try:
            os.write(self._descriptor, (json.dumps(line) + "\n").encode())
        except BrokenPipeError:
            os._exit(0)  # nobody listens any more


def _run_suites(job: Job, notes: int) -> None:
    code = 70
    try:
        with tempfile.TemporaryDirectory() as out, contextlib.chdir(ROOT):
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            if job.defect and not ctypes.CDLL(str(job.library)).rib_choose_defect(job.defect.encode()):
                raise ValueError(f"{job.library} has no defect {job.defect}")
            images = {name: job.library for name in ("jp_box", "kr_box")}
            session = BenchSession(BENCH, "staging", Path(out), job.seed, images=images)
            session.open_folder()
            arguments = [*map(str, SUITES), "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:faulthandler"]
            arguments += ["-o", "addopts="]
            pytest.main(arguments, plugins=[_Notes(notes, session, job.first_only)])
            code = 0
    finally:
        os._exit(code)
