"""Seeded CAT048 plots and CAT062 tracks as a busy feed carries them: what the codec bench runs on. Not a test of correctness.

A *fixed* corpus has every record in one layout (38 and 152 octets, 40 and 111 values), a *mixed* one draws each record's items
from 16 field specifications with the skewed weights of a real feed, and varies subfields and repetitions besides.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hil.asterix import encode_records

_AIRLINES = np.array([b"DLH", b"JAL", b"KAL", b"HAL", b"UAL", b"AAR", b"ANA"])
_OPTIONAL = {
    48: ("070", "090", "130", "220", "240", "161", "200", "170"),
    62: ("105", "100", "210", "060", "245", "380", "290", "200", "295", "136", "130", "135", "220", "390", "270", "300",
         "110", "510", "500"),
}  # fmt: skip
_PROFILES = 16
_DROPPED = 0.35  # chance that a profile lacks an optional item
_FOOT_M, _NM_M, _RAD = 0.3048, 1852.0, np.pi / 180


def corpus(category: int, n: int, *, mixed: bool, seed: int) -> tuple[bytes, npt.NDArray[np.int64]]:
    """`n` records in data blocks of at most 1400 octets, and the offset of each block."""
    rng = np.random.default_rng([seed, category, mixed])
    columns, present = feed(category, n, mixed=mixed, rng=rng)
    octets, blocks, _ = encode_records(category, columns, present=present)
    return octets.tobytes(), blocks


def feed(
    category: int, n: int, *, mixed: bool, rng: np.random.Generator
) -> tuple[dict[str, Any], dict[str, npt.NDArray[np.bool_]]]:
    """The corpus as columns and presence masks, ready for `encode`."""
    columns = (_plots if category == 48 else _tracks)(n, mixed, rng)
    if not mixed:
        return columns, {}
    kept = np.ones((_PROFILES, len(_OPTIONAL[category])), bool)
    kept[1:] = rng.random((_PROFILES - 1, kept.shape[1])) >= _DROPPED
    weights = 1 / np.arange(1, _PROFILES + 1)
    profile = rng.choice(_PROFILES, n, p=weights / weights.sum())
    present = {item: kept[profile, k] for k, item in enumerate(_OPTIONAL[category])}
    if category == 62:
        thinned = rng.random(n) < 0.3
        for field in ("380/MHG", "380/SAL", "380/RAN", "380/IAR"):
            present[field] = present["380"] & ~thinned
        offsets, pairs = columns["510"]
        kept_pairs = np.repeat(present["510"], np.diff(offsets))
        counts = np.where(present["510"], np.diff(offsets), 0)
        columns["510"] = np.concatenate([[0], np.cumsum(counts)]), {k: v[kept_pairs] for k, v in pairs.items()}
    return columns, present


def _callsigns(n: int, rng: np.random.Generator) -> npt.NDArray[Any]:
    return np.char.add(rng.choice(_AIRLINES, n), rng.integers(1, 9999, n).astype("S4"))


def _plots(n: int, _mixed: bool, rng: np.random.Generator) -> dict[str, Any]:
    zero = np.zeros(n, np.int64)
    return {
        "010/SAC": zero + 0x19,
        "010/SIC": zero + 1,
        "140": (43_200.0 + 0.001 * np.arange(n)) % 86_400,
        "020/TYP": zero + 5,
        "020/TST": zero,  # brings the first extent
        "040/RHO": rng.uniform(_NM_M, 253 * _NM_M, n),
        "040/THETA": rng.uniform(0, 2 * np.pi, n),
        "070/MODE3A": rng.integers(0, 4096, n),
        "090/FL": rng.uniform(300, 13_700, n),
        "130/SRL": rng.uniform(1, 5, n) * _RAD,
        "130/SRR": rng.integers(1, 20, n),
        "130/SAM": rng.uniform(-90, -20, n),
        "220": rng.integers(1, 1 << 24, n),
        "240": _callsigns(n, rng),
        "161/TRN": rng.integers(0, 4096, n),
        "200/GSP": rng.uniform(56, 290, n),
        "200/HDG": rng.uniform(0, 2 * np.pi, n),
        "170/RAD": zero + 2,
        "170/CDM": rng.integers(0, 3, n),
        "170/TRE": zero,
    }


def _tracks(n: int, mixed: bool, rng: np.random.Generator) -> dict[str, Any]:
    zero = np.zeros(n, np.int64)
    height = rng.uniform(300, 13_000, n)
    pairs = np.where(rng.random(n) < 0.3, 1, 2) if mixed else zero + 2
    offsets = np.concatenate([[0], np.cumsum(pairs)])
    columns: dict[str, Any] = {
        "010/SAC": zero + 0x19, "010/SIC": zero + 2, "015": zero + 1,
        "070": (43_200.0 + 0.001 * np.arange(n)) % 86_400,
        "105/LAT": rng.uniform(20, 43, n) * _RAD, "105/LON": rng.uniform(125, 177, n) * _RAD,
        "100/X": rng.uniform(-4e5, 4e5, n), "100/Y": rng.uniform(-4e5, 4e5, n),
        "185/VX": rng.uniform(-300, 300, n), "185/VY": rng.uniform(-300, 300, n),
        "210/AX": rng.uniform(-5, 5, n), "210/AY": rng.uniform(-5, 5, n),
        "060/MODE3A": rng.integers(0, 4096, n),
        "245/CHR": _callsigns(n, rng),
        "380/ADR": rng.integers(1, 1 << 24, n), "380/ID": _callsigns(n, rng),
        "380/MHG": rng.uniform(0, 2 * np.pi, n), "380/SAL/ALT": height,
        "380/COM/COM": zero + 1, "380/BVR": rng.uniform(-12, 12, n), "380/RAN": rng.uniform(-0.4, 0.4, n),
        "380/TAN": rng.uniform(0, 2 * np.pi, n), "380/GS": rng.uniform(56, 290, n),
        "380/IAR": rng.uniform(60, 170, n), "380/MAC": rng.uniform(0.3, 0.9, n),
        "040": np.arange(n) & 0xFFFF,
        "080/SRC": zero + 3, "080/FPC": zero + 1, "080/CST": zero,
        "200/VERT": rng.integers(0, 3, n),
        "136": height, "130": height, "135/CTB": height, "220": rng.uniform(-12, 12, n),
        "390/TAG/SAC": zero + 0x19, "390/TAG/SIC": zero + 3, "390/CS": _callsigns(n, rng),
        "390/WTC": rng.choice(np.array([b"L", b"M", b"H", b"J"]), n), "390/DEP": np.full(n, b"RJTT"),
        "390/DST": rng.choice(np.array([b"PHNL", b"RKSI", b"RJAA", b"KLAX"]), n), "390/CFL": height,
        "270/LENGTH": rng.integers(20, 75, n).astype(float), "270/ORIENTATION": rng.uniform(0, 6, n),
        "270/WIDTH": rng.integers(20, 70, n).astype(float),
        "300": zero,
        "110/SUM/M5": zero + 1, "110/PMN/PIN": rng.integers(0, 1 << 14, n), "110/GA/GA": height,
        "110/TOS": rng.uniform(0, 0.7, n),
        "510": (offsets, {"IDENT": zero[:1].repeat(offsets[-1]) + 1, "TRACK": rng.integers(0, 1 << 15, offsets[-1])}),
        "500/APC/X": rng.uniform(5, 190, n), "500/APC/Y": rng.uniform(5, 190, n), "500/COV": rng.uniform(-49, 49, n),
        "500/AGA": rng.uniform(0, 480, n), "500/ABA": rng.uniform(0, 300, n),
        "500/ATV/X": rng.uniform(1, 14, n), "500/ATV/Y": rng.uniform(1, 14, n), "500/ARC": rng.uniform(0, 7, n),
    }  # fmt: skip
    columns |= {f"290/{age}": rng.uniform(0, 60, n) for age in ("TRK", "PSR", "SSR", "MDS", "ES")}
    columns |= {f"295/{age}": rng.uniform(0, 5, n) for age in ("MFL", "MDA", "MHG", "SAL", "BVR")}
    return columns
