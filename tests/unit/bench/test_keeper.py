"""Whatever happens to the runner, nothing of the bench stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hil.bench.processes import Processes
from hil.errors import BenchError

RUNNER = """
import signal, sys, time
from pathlib import Path
from hil.bench.processes import Processes
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background has been told to ignore it
with Processes(Path(sys.argv[1])) as processes:
    processes.isolate("loopback", {})
    processes.lock("KEEPER-TEST-2")
    child = processes.spawn("sleeper", ["sleep", "600"], "node")
    print(child, processes.scratch, flush=True)
    time.sleep(600)
"""


def alive(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_for(condition: object, what: str) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.01)
    pytest.fail(f"after 10 s: {what}")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_runner_leaves_no_process_no_scratch_and_no_lock(tmp_path: Path, how: signal.Signals) -> None:
    runner = subprocess.Popen([sys.executable, "-c", RUNNER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert runner.stdout is not None
    child, scratch = runner.stdout.readline().split()
    assert alive(int(child))
    runner.send_signal(how)
    runner.wait()
    wait_for(lambda: not alive(int(child)), "the child of a killed runner still runs")
    wait_for(lambda: not Path(scratch).exists(), "the scratch folder is still there")
    with Processes(tmp_path) as processes:
        wait_for(lambda: _lockable(processes), "the lock is still held")


def _lockable(processes: Processes) -> bool:
    try:
        processes.lock("KEEPER-TEST-2")
    except BenchError:
        return False
    return True


def test_a_killed_keeper_takes_its_children_along(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        child = processes.spawn("sleeper", ["sleep", "600"], "node")
        os.kill(processes._keeper.pid, signal.SIGKILL)  # the very thing that must not matter
        wait_for(lambda: not alive(child), "a child outlived the keeper")
        with pytest.raises(BenchError, match="keeper"):
            processes.check()


def test_a_device_in_use_blocks_and_names_its_holder(tmp_path: Path) -> None:
    with Processes(tmp_path) as first, Processes(tmp_path) as second:
        first.lock("KEEPER-TEST-1")
        with pytest.raises(BenchError, match=f"KEEPER-TEST-1 is in use by process {os.getpid()}"):
            second.lock("KEEPER-TEST-1")


def test_a_process_that_dies_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.spawn("speaker", ["sh", "-c", "echo no such line >&2; exit 4"], "node")
        wait_for(lambda: processes.exit_code("speaker") is not None, "the process has not ended")
        with pytest.raises(BenchError, match=r"speaker has ended \(exit code 4\): no such line"):
            processes.check()


def test_a_program_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.spawn("ghost", ["/no/such/program"], "node")
        with pytest.raises(BenchError, match="ghost did not start: cannot start /no/such/program"):
            processes.wait_ready("ghost")
