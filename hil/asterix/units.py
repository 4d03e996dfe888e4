"""How the units printed in the ASTERIX standards turn into SI: the one place where it is said.

A unit that is a ratio or a logarithm (dBm, Mach, °C) stays as it is; its name is given back unchanged.
"""

from __future__ import annotations

import math

_NAUTICAL_MILE_M = 1852.0
_FOOT_M = 0.3048

SI: dict[str, tuple[float, str]] = {
    "": (1.0, ""),
    "s": (1.0, "s"),
    "ms": (1e-3, "s"),
    "ns": (1e-9, "s"),
    "fs": (1e-15, "s"),
    "°": (math.pi / 180.0, "rad"),
    "°/s": (math.pi / 180.0, "rad/s"),
    "m": (1.0, "m"),
    "NM": (_NAUTICAL_MILE_M, "m"),
    "ft": (_FOOT_M, "m"),
    "FL": (100.0 * _FOOT_M, "m"),
    "ALTFL": (100.0 * _FOOT_M, "m"),
    "m²": (1.0, "m²"),
    "m/s": (1.0, "m/s"),
    "kt": (_NAUTICAL_MILE_M / 3600.0, "m/s"),
    "NM/s": (_NAUTICAL_MILE_M, "m/s"),
    "ft/min": (_FOOT_M / 60.0, "m/s"),
    "m/s²": (1.0, "m/s²"),
    "MHz": (1e6, "Hz"),
    "mb": (100.0, "Pa"),
    "hPa": (100.0, "Pa"),
    "%": (0.01, ""),
    "Mach": (1.0, "Mach"),
    "°C": (1.0, "°C"),
    "dB": (1.0, "dB"),
    "dBm": (1.0, "dBm"),
    "dBm²": (1.0, "dBm²"),
    "dBµV": (1.0, "dBµV"),
}
"""Unit as printed → (factor that makes it SI, name of the SI unit)."""
