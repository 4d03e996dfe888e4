"""The Verilated formatter as a shared library: built here, driven through ctypes. No cocotb, no Python between two clocks.

`python -m fpga_tb.sim.model FORMATTER.toml TO.so` makes the library that a box with RTL in its data path is linked with.
"""

from __future__ import annotations

import ctypes
import fcntl
import filecmp
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fpga_tb.tb import simulators
from fpga_tb.tb.formatter_file import SHIPPED, Formatter, load
from fpga_tb.tb.wrapper import TOP, wrapper
from hil.errors import BenchError, ConfigError, HilError

HERE = Path(__file__).resolve().parent
DRIVERS = (HERE / "formatter_model.cpp", HERE / "formatter_box.cpp")
OKAY, SLVERR, HUNG = 0, 2, -1
_FLAGS = ("-O3", "--x-assign", "fast", "--x-initial", "fast", "--noassert", "-Wno-fatal", "-Wno-lint")


class _Batch(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("words", "controls")),
        ("beats", ctypes.c_uint64),
        *((name, ctypes.c_uint32) for name in ("pause_in", "pause_out", "seed")),
        *((name, ctypes.c_uint64) for name in ("drain_clocks", "most_clocks")),
        ("octets", ctypes.c_void_p),
        ("octets_room", ctypes.c_uint64),
        *((name, ctypes.c_void_p) for name in ("ends", "end_clocks")),
        ("blocks_room", ctypes.c_uint64),
        *((name, ctypes.c_uint64) for name in ("beats_taken", "octets_used", "blocks")),
        *((name, ctypes.c_uint64) for name in ("first_in", "last_in", "first_out", "clocks", "rules_broken")),
        ("offered", ctypes.c_uint64),
    ]


@dataclass(frozen=True)
class Result:
    """What came out of one call; clocks count from it."""

    octets: npt.NDArray[np.uint8]
    ends: npt.NDArray[np.uint64]  # of each block in `octets`
    end_clocks: npt.NDArray[np.uint64]
    beats_taken: int
    first_in: int
    last_in: int
    first_out: int
    clocks: int
    rules_broken: int  # AXI4-Stream: valid or payload changed before ready
    offered: bool  # at the end a beat waits for ready


class Device:
    """One formatter. `mutant` selects a mutant in a library built with them, 0 = none."""

    def __init__(self, library: Path, mutant: int = 0) -> None:
        self._library = ctypes.CDLL(str(library))
        self._library.formatter_new.restype = ctypes.c_void_p
        self._library.formatter_clocks.restype = ctypes.c_uint64
        self._handle = ctypes.c_void_p(self._library.formatter_new(ctypes.c_uint32(mutant)))

    def close(self) -> None:
        self._library.formatter_free(self._handle)

    def reset(self, clocks: int = 4) -> None:
        self._library.formatter_reset(self._handle, ctypes.c_uint32(clocks))

    def write(self, address: int, value: int, strobe: int = 15, lag: int = 0, delay: int = 0) -> int:
        """AXI4-Lite response, taken `delay` clocks late; `lag` > 0: the address comes so long after the data, < 0: before."""
        return int(self._library.formatter_write(self._handle, address, ctypes.c_uint32(value), strobe, lag, delay))

    def read(self, address: int, delay: int = 0) -> tuple[int, int]:
        """(response, value)."""
        value = ctypes.c_uint32(0)
        response = int(self._library.formatter_read(self._handle, address, ctypes.byref(value), delay))
        return response, value.value

    def stream(self, writes: Sequence[tuple[int, int]], slow: bool) -> tuple[list[int], list[int]] | None:
        """All writes, then a read of each address, offered without a pause: (responses, values read), None when answers lack."""
        n = len(writes)
        addresses, values = (np.array(column, np.uint32) for column in zip(*writes, strict=True))
        responses, back = np.zeros(2 * n, np.uint8), np.zeros(n, np.uint32)
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in (addresses, values, responses, back)]
        answers = self._library.formatter_stream(
            self._handle, pointers[0], pointers[1], n, int(slow), pointers[2], pointers[3]
        )
        return (responses.tolist(), back.tolist()) if answers == 2 * n else None

    def write_coverage(self, path: Path) -> None:
        """Code coverage so far, of a library built with it."""
        self._library.formatter_coverage(self._handle, str(path).encode())

    def run(
        self,
        words: npt.NDArray[np.uint64],
        controls: npt.NDArray[np.uint16],
        *,
        pauses: tuple[int, int] = (0, 0),
        seed: int = 1,
        drain_clocks: int = 3000,
        most_clocks: int = 1 << 40,
    ) -> Result:
        """Beats in (octet 0 lowest; control = last << 8 | keep), blocks out, until silence or `most_clocks`."""
        n = len(words)
        octets = np.zeros(9 * n + 65_536, np.uint8)
        ends, end_clocks = np.zeros(n + 1024, np.uint64), np.zeros(n + 1024, np.uint64)
        b = _Batch(
            words.ctypes.data, controls.ctypes.data, n, pauses[0], pauses[1], seed, drain_clocks, most_clocks,
            octets.ctypes.data, len(octets), ends.ctypes.data, end_clocks.ctypes.data, len(ends),
        )  # fmt: skip
        self._library.formatter_run(self._handle, ctypes.byref(b))
        return Result(
            octets[: b.octets_used], ends[: b.blocks], end_clocks[: b.blocks],
            b.beats_taken, b.first_in, b.last_in, b.first_out, b.clocks, b.rules_broken, bool(b.offered),
        )  # fmt: skip


@contextmanager
def device(library: Path, mutant: int = 0) -> Iterator[Device]:
    """A Device that is closed at the end."""
    made = Device(library, mutant)
    try:
        yield made
    finally:
        made.close()


def library(formatter: Formatter, coverage: bool = False) -> Path:
    """The formatter's shared library, built once per set of sources; with `coverage`, code coverage is counted."""
    digest = hashlib.sha256(
        wrapper(formatter).encode()
        + b"".join(path.read_bytes() for path in sorted(HERE.glob("formatter_*")))
        + repr((coverage, _facts(formatter))).encode()
    )
    for source in formatter.sources:
        digest.update(Path(source).read_bytes())
    folder = simulators.BUILD / "model" / f"{formatter.name}-{digest.hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    text = folder / "wrapper.sv"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder / "libformatter.so"
        if not made.exists():
            text.write_text(wrapper(formatter))
            verilate(formatter, [*map(Path, formatter.sources), text], folder, made, coverage=coverage)
    return made


def verilate(
    formatter: Formatter,
    sources: Sequence[Path],
    folder: Path,
    made: Path,
    *,
    defines: Sequence[str] = (),
    coverage: bool = False,
) -> None:
    """Verilate `formatter_under_test` and link it with the C interface; raises BenchError."""
    simulators.require(simulators.VERILATOR)
    parts = folder / "parts"
    include = _run(["verilator", "--getenv", "VERILATOR_ROOT"]).strip() + "/include"
    _run(
        ["verilator", "--cc", "--build", "-j", "2", *_FLAGS, *(["--coverage"] if coverage else []), "--top-module", TOP,
         "-CFLAGS", "-O3 -fPIC", "--Mdir", str(parts), *map(str, sources)]
    )  # fmt: skip
    objects = [str(path) for path in (parts / f"V{TOP}__ALL.a", parts / "libverilated.a") if path.exists()]
    if not (parts / "libverilated.a").exists():
        objects += [f"{include}/verilated.cpp", f"{include}/verilated_threads.cpp"]
        objects += [f"{include}/verilated_cov.cpp"] if coverage else []
    unfinished = made.with_suffix(".part")
    defines = [*defines, *_facts(formatter), *(["VM_COVERAGE=1"] if coverage else [])]
    _run(
        ["g++", "-std=c++17", "-O3", "-fPIC", "-shared", *(f"-D{name}" for name in defines),
         *(f"-I{path}" for path in (parts, HERE, include, f"{include}/vltstd")),
         "-o", str(unfinished), *map(str, DRIVERS), *objects, "-pthread"]
    )  # fmt: skip
    unfinished.rename(made)


def library_for_box(formatter: Formatter) -> Path:
    """The library for a box whose firmware writes the shipped track record. Raises ConfigError when this formatter reads another
    one, or has no registers."""
    if formatter.record != load(SHIPPED).record:
        raise ConfigError(
            f"formatter {formatter.name} reads another track record than the box writes", "see docs/icd.md section 3"
        )
    if formatter.registers is None:
        raise ConfigError(f"formatter {formatter.name} has no registers", "the box sets SAC, SIC, MTU and flush time")
    return library(formatter)


def install(library: Path, to: Path) -> None:
    """Copy `library` unless `to` is the same already: running boxes keep theirs, and nothing needs to be linked again."""
    if to.exists() and filecmp.cmp(library, to, shallow=False):
        return
    unfinished = to.with_suffix(".part")
    shutil.copyfile(library, unfinished)
    unfinished.rename(to)


def _facts(formatter: Formatter) -> list[str]:
    """What formatter_box.cpp has to know of the formatter; without registers it refuses to start."""
    addresses = formatter.registers.address if formatter.registers else {}
    names = ("source", "service", "mtu", "flush", "records")
    facts = [f"REGISTER_{name.upper()}={addresses.get(name, 0)}" for name in names]
    return [*facts, f"FORMATTER_PERIOD_PS={round(formatter.clock.period_ns * 1e3)}"]


def _run(command: list[str]) -> str:
    environment = simulators.environment()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env=environment)
    except FileNotFoundError:
        raise BenchError(f"{command[0]} is not installed", "apt-get install -y g++ make") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "rror" in line] or [done.stderr[-200:]]
        raise BenchError(f"{os.path.basename(command[0])}: {said[0]}", "mend the source")  # noqa: PTH119
    return done.stdout


if __name__ == "__main__":
    try:
        install(library_for_box(load(Path(sys.argv[1]))), Path(sys.argv[2]))
    except HilError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
