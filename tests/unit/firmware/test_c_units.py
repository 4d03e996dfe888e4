"""The firmware's own unit tests, run where its tools are installed: on this machine and on the emulated Cortex-M3."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from conftest import FIRMWARE, make


def needs(tool: str, package: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed: apt-get install {package}")


def test_modules_hold_under_address_and_undefined_behaviour_sanitizers() -> None:
    probe = "#include <setjmp.h>\n#include <stdarg.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <cmocka.h>\n"
    needs("gcc", "gcc")
    found = subprocess.run(["gcc", "-E", "-"], input=probe, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("cmocka is not installed: apt-get install libcmocka-dev")
    make("test")


def test_modules_hold_on_the_cortex_m3() -> None:
    needs("arm-none-eabi-gcc", "gcc-arm-none-eabi libnewlib-arm-none-eabi")
    needs("qemu-system-arm", "qemu-system-arm")
    make("test-qemu", "CFLAGS=-O2 -g")


def test_the_stack_of_the_emulated_box_is_bounded() -> None:
    needs("arm-none-eabi-gcc", "gcc-arm-none-eabi libnewlib-arm-none-eabi")
    said = subprocess.run(["make", "-s", "-C", str(FIRMWARE), "stack"], capture_output=True, text=True, check=True)
    assert int(said.stdout.split()[-2]) < 16_384
