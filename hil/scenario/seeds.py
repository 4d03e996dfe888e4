"""One random stream per purpose, forked from a run's seed by label: a new subsystem never shifts another's numbers."""

from __future__ import annotations

import hashlib

import numpy as np


def fork(seed: int, *labels: str | int) -> np.random.Generator:
    """Return the generator (PCG64) that belongs to `labels` under `seed`, the same one in every process and on every host."""
    name = "\0".join(str(label) for label in labels)
    key = np.frombuffer(hashlib.sha256(name.encode()).digest(), dtype="<u4")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=tuple(key.tolist()))))
