"""Two lanes for `make test`: what runs in real time, and beside it, on cores that nobody else wants, what only computes.

    python -m pytest -p tests.lanes --tx 2*popen --dist each

Every worker of pytest-xdist collects all tests and keeps its own lane. The computing one, its compilers and simulators run as
SCHED_IDLE: whatever is on a bench goes before them. Tests that judge times wait until it has ended.

Ends with 75 ("try again") when nothing failed but some tests were blocked or could not be decided: the machine was busy.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from pathlib import Path
from typing import TextIO

import hypothesis
import pytest

TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h
COMPUTING = (
    "fpga_tb/",
    "tests/mutants/test_known_bad_recovery.py",
    "tests/unit/asterix/",
    "tests/unit/bench/test_virtual.py",
    "tests/unit/checks/",
    "tests/unit/evidence/",
    "tests/unit/firmware/test_rib_defects.py",
    "tests/unit/firmware/test_rib_sim.py",
    "tests/unit/firmware/test_uap_tables.py",
    "tests/unit/run/test_line_faults.py",
    "tests/unit/scenario/",
    "tests/unit/test_framing.py",
    "tests/unit/timing/test_percentiles.py",
    "tests/unit/timing/test_radio.py",
)
JUDGES_TIMES = (
    "tests/mutants/test_known_bad_box.py",
    "tests/system/",
    "tests/unit/run/test_load.py",
    "tests/unit/run/test_qualify.py",
)
LOCK = Path(__file__).parents[1] / "build/computing.lock"  # held by the computing lane as long as it computes
_held: list[TextIO] = []


def lane() -> str:
    """Of this worker; without pytest-xdist there are no lanes."""
    return {"gw0": "real time", "gw1": "computing"}.get(os.environ.get("PYTEST_XDIST_WORKER", ""), "")


def _locked() -> TextIO:
    LOCK.parent.mkdir(exist_ok=True)
    lock = LOCK.open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def pytest_configure() -> None:
    hypothesis.settings.register_profile("unhurried", deadline=None)
    hypothesis.settings.load_profile("unhurried")
    if lane() == "computing":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        _held.append(_locked())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if lane():
        items[:] = [item for item in items if item.nodeid.startswith(COMPUTING) == (lane() == "computing")]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Waits before the test's own time begins to run (pytest-timeout)."""
    if lane() == "real time" and item.nodeid.startswith(JUDGES_TIMES):
        _locked().close()
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if lane() == "computing":
        _held.pop().close()  # the process itself lives as long as the other lane's
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or lane():
        return
    seen = {outcome for outcome in ("failed", "error", "blocked", "inconclusive") if reporter.stats.get(outcome)}
    if seen and seen <= {"blocked", "inconclusive"}:
        session.exitstatus = TRY_AGAIN
