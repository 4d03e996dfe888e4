"""Finds the drivers' compiled part (`hil/drivers/c/`): what must be exact is done there, outside Python's interpreter lock."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path

from hil.errors import BenchError, LinkError


@cache
def library() -> ctypes.CDLL:
    """The compiled part. Raises BenchError when the installation has none."""
    built = sorted(Path(__file__).parent.glob("_timed*.so"))
    if not built:
        raise BenchError(
            "hil.drivers was installed without its compiled part (_timed)", "install gcc and run `pip install -e .`"
        )
    return ctypes.CDLL(str(built[0]))


def check(result: int, what: str, remedy: str) -> None:
    """Raise LinkError when a compiled function answered with −errno."""
    if result < 0:
        raise LinkError(f"{what} ({os.strerror(-result)})", remedy)
