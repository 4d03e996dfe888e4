"""cocotb's own runner behind a command line, so that `simulators` can put a watchdog around it."""

from __future__ import annotations

import json
import os
import sys

from cocotb_tools.runner import get_runner


def main() -> None:
    """`build|test SIMULATOR JSON`: the JSON holds the runner's keyword arguments."""
    step, simulator, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    os.environ.pop("PYTEST_CURRENT_TEST", None)  # or the runner would name its files after the pytest test
    options["timescale"] = tuple(options["timescale"])
    runner = get_runner(simulator)
    (runner.build if step == "build" else runner.test)(**options)


if __name__ == "__main__":
    main()
