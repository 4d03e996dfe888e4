"""How long ordinary processes of this machine wait for a core while a run goes on: measured by one that does nothing else.

`python -m hil.run.witness CONFIG.json` says `ready`, sleeps a hundred times a second and notes how late it got to run again (see
`hil/drivers/c/witness.c`). Boxes that are processes of this machine wait just as long, which is not their fault.
"""

from __future__ import annotations

import ctypes
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from hil.columns import MISSING
from hil.drivers.compiled import library
from hil.errors import HilError

PERIOD_NS = 10_000_000
WITNESS_FILE = "witness.npy"  # in the run folder


class WitnessConfig(msgspec.Struct, frozen=True):
    """Everything the process needs: until when to look (CLOCK_REALTIME), and the .npy to fill."""

    until_ns: int
    lateness: str


def testify(config: WitnessConfig) -> None:
    """Fill the file, row by row, until the instant or until the process is stopped."""
    start_ns = time.time_ns() + PERIOD_NS
    rows = max(1, (config.until_ns - start_ns) // PERIOD_NS)
    late = np.lib.format.open_memmap(config.lateness, mode="w+", dtype=np.int64, shape=(rows,))
    late[:] = MISSING
    print("ready", flush=True)
    library().witness_run(
        ctypes.c_int64(start_ns), ctypes.c_int64(PERIOD_NS), ctypes.c_uint64(rows), ctypes.c_void_p(late.ctypes.data)
    )


def read_witness(path: Path) -> npt.NDArray[np.float64]:
    """What a witness noted, s; empty when it never ran."""
    late: npt.NDArray[np.int64] = np.load(path) if path.exists() else np.zeros(0, np.int64)
    return np.asarray(late[late != MISSING] * 1e-9, np.float64)


def main() -> int:
    """Entry point of the process; errors are one line on standard error."""
    try:
        testify(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=WitnessConfig))
    except HilError as error:
        print(f"witness: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
