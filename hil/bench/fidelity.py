"""Stands a bench up, whatever its boxes are made of."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from hil.bench import stand, virtual
from hil.bench.model import BenchConfig
from hil.bench.stand import Hop, Stand


def stand_up(
    config: BenchConfig, hops: Sequence[Hop], folder: Path, *, isolation_mode: str = "", seed: int = 0
) -> AbstractContextManager[Stand]:
    """Stand the bench up as its file says, with logs and capture in `folder`; the context takes it down.

    Raises BenchError (blocked) when a box, port, lock or node is not to be had; the message says which and what to do.
    """
    if config.file.fidelity == "sim":
        return virtual.stand_up_virtual(config, hops, folder, seed=seed)
    return stand.stand_up(config, hops, folder, isolation_mode=isolation_mode, seed=seed)
