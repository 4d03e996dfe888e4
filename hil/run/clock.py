"""How far the clocks behind a bench's stamps may be apart: asked of those who keep them in step, when a run begins."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from hil.bench.model import BenchFile
from hil.errors import BenchError
from hil.timing.clock_sync import chrony_standard_s, ptp_standard_s

TIMEOUT_S = 5.0
_ASKED: dict[str, tuple[list[str], Callable[[str], float], str]] = {
    "chrony": (["chronyc", "-c", "tracking"], chrony_standard_s, "apt-get install chrony"),
    "ptp": (["pmc", "-u", "-b", "0", "GET CURRENT_DATA_SET"], ptp_standard_s, "apt-get install linuxptp"),
}


def clock_sync_standard_s(bench: BenchFile) -> float:
    """Standard uncertainty of the offset between the clocks of the bench's stamps, s: 0 on one host.

    Raises BenchError (blocked) when the bench file names chrony or PTP and they are not there, or not in step.
    """
    if bench.clock == "one_host":
        return 0.0
    if bench.clock == "instrument":
        return bench.clock_standard_us * 1e-6
    command, read, remedy = _ASKED[bench.clock]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except FileNotFoundError:
        raise BenchError(f"the bench's clock is kept by {bench.clock}, but there is no {command[0]}", remedy) from None
    except subprocess.TimeoutExpired:
        raise BenchError(f"{command[0]} did not answer within {TIMEOUT_S:g} s", "is its daemon running?") from None
    return read(done.stdout)
