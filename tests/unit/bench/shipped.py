"""The shipped benches, their firmware built, under serial numbers of their own so that they can stand beside another bench."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from hil.bench.model import BenchConfig
from hil.run.setup import Setup, read_setup

ROOT = Path(__file__).parents[3]
BUILT_BY = {
    "native": ("posix", {"gcc": "gcc"}),
    "sim": ("sim", {"gcc": "gcc"}),
    "qemu": (
        "qemu",
        {"arm-none-eabi-gcc": "gcc-arm-none-eabi libnewlib-arm-none-eabi", "qemu-system-arm": "qemu-system-arm"},
    ),
}


def built(fidelity: str) -> Setup:
    """The bench of that name; skips, with the apt-get line, where a tool that it takes is missing."""
    target, tools = BUILT_BY[fidelity]
    for tool, packages in {"make": "make", **tools}.items():
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: apt-get install {packages}")
    subprocess.run(["make", "-s", "-C", str(ROOT / "firmware_stubs"), target], check=True)
    setup = read_setup(ROOT / f"lab_config/benches/{fidelity}.toml")
    boxes = tuple(
        msgspec.structs.replace(box, serial_number=f"TEST-{os.getpid()}-{box.name}") for box in setup.bench.file.box
    )
    return replace(setup, bench=BenchConfig(setup.bench.path, msgspec.structs.replace(setup.bench.file, box=boxes)))
