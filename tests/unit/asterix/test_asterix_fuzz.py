"""Mutated datagrams of every category: no crash, no hang, every octet accounted for, bulk and live of one mind.

`HIL_ASTERIX_FUZZ=1000000 pytest tests/unit/asterix/test_asterix_fuzz.py` is the full run (minutes); a failing seed is named.
"""

from __future__ import annotations

import contextlib
import gc
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from octet_accounts import owners

import hil.asterix
from hil.asterix import LiveCodec, categories, decode
from hil.asterix.generate import Generator
from hil.asterix.mutate import mutations
from hil.errors import DecodeError

N_DATAGRAMS = int(os.environ.get("HIL_ASTERIX_FUZZ", "20000"))
PER_BATCH = 5000


def seeds() -> list[bytes]:
    """Datagrams of one to three blocks of each category."""
    found = []
    for category in categories():
        records = [r for r in Generator(category, seed=category, density=0.3).records(60) if len(r) < 1000]
        for first in range(0, len(records), 5):
            body = b"".join(records[first : first + 5])
            found.append(struct.pack(">BH", category, 3 + len(body)) + body)
    return found + [a + b for a, b in zip(found[::7], found[3::7], strict=False)]


@pytest.mark.timeout(3600)
def test_mutated_datagrams_are_decoded_to_the_last_octet() -> None:
    start = seeds()
    for batch in range(-(-N_DATAGRAMS // PER_BATCH)):
        datagrams = list(mutations(start, min(PER_BATCH, N_DATAGRAMS), seed=batch))
        length = np.array([len(datagram) for datagram in datagrams])
        offset = np.cumsum(length) - length
        data = b"".join(datagrams)
        decoded = decode(data, spans=(offset, length))
        assert (owners(decoded, len(data)) == 1).all(), f"seed {batch}"
        for table in decoded.tables.values():
            table.columns()
            for item in table.repeated:
                table.rep(item)
            for item in table.explicit:
                table.payload(item)


def test_live_and_bulk_agree_on_which_mutated_datagrams_are_bad() -> None:
    codecs = {category: LiveCodec(category, partial=True) for category in categories()}
    for number, datagram in enumerate(mutations(seeds(), min(N_DATAGRAMS, 5000), seed=99)):
        decoded = decode(datagram)
        if len(set(decoded.blocks["category"].tolist())) > 1 or not datagram or datagram[0] not in codecs:
            continue
        try:
            records = codecs[datagram[0]].decode(datagram)
        except DecodeError:
            assert len(decoded.errors), f"seed 99, datagram {number}: {datagram.hex()}"
        else:
            assert not len(decoded.errors), f"seed 99, datagram {number}: {datagram.hex()}"
            assert len(records) == decoded.n_records


def test_reading_leaves_no_object_behind() -> None:
    """Good and bad ones: the kernel makes the dictionaries, and nobody else would count its references."""
    start = seeds()
    datagrams = [*start, *mutations(start, 500, seed=5)]
    codecs = {category: LiveCodec(category, partial=True) for category in categories()}

    def blocks_in_use() -> int:
        for datagram in datagrams:
            with contextlib.suppress(DecodeError):
                codecs[datagram[0] if datagram and datagram[0] in codecs else 62].decode(datagram)
        gc.collect()
        return sys.getallocatedblocks()

    blocks_in_use()
    assert abs(blocks_in_use() - blocks_in_use()) < len(datagrams) / 10


def test_a_repetition_bomb_costs_no_more_memory_than_its_octets() -> None:
    bomb = b"\x3e\xff\xff" + b"\x01\x01\x01\x01\x02" + b"\xff" * (0xFFFF - 8)
    table = decode(b"\x3e\xff\xff" + b"\xff" * (0xFFFF - 3)).tables
    assert not table
    assert decode(bomb).errors["length"].sum() + sum(len(t) for t in decode(bomb).tables.values()) > 0


SANITIZED = """
import ctypes, sys
from pathlib import Path
import hil.asterix.kernel as kernel
kernel.built = lambda: Path(sys.argv[1])
sys.path.insert(0, sys.argv[2])
import test_asterix_fuzz as fuzz
import test_asterix_roundtrip as roundtrip
fuzz.N_DATAGRAMS = 4000
fuzz.test_mutated_datagrams_are_decoded_to_the_last_octet()
fuzz.test_live_and_bulk_agree_on_which_mutated_datagrams_are_bad()
for category, edition in ((1, "1.4"), (48, "1.32"), (62, "1.21"), (240, "1.3")):
    roundtrip.test_columns_of_canonical_records_encode_to_the_same_octets(category, edition)
    roundtrip.test_dictionaries_of_canonical_records_encode_to_the_same_octets(category, edition)
    roundtrip.test_encoded_columns_decode_within_half_a_step(category, edition)
print("clean")
"""


def test_the_kernel_is_clean_under_address_and_undefined_behaviour_sanitizers(tmp_path: Path) -> None:
    sources = sorted((Path(hil.asterix.__file__).parent / "c").glob("*.c"))
    library = tmp_path / "kernel_sanitized.so"
    flags = [
        "-std=c11",
        "-O1",
        "-g",
        "-fwrapv",
        "-shared",
        "-fPIC",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all",
    ]
    build = subprocess.run(["gcc", *flags, "-o", library, *sources], capture_output=True, text=True, check=False)
    if build.returncode:
        pytest.skip(f"gcc cannot build with sanitizers here: {build.stderr.strip()[:200]}")
    runtime = subprocess.run(
        ["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    environment = os.environ | {"LD_PRELOAD": runtime, "ASAN_OPTIONS": "detect_leaks=0", "PYTHONMALLOC": "malloc"}
    run = subprocess.run(
        [sys.executable, "-c", SANITIZED, library, Path(__file__).parent],
        capture_output=True, text=True, check=False, env=environment, timeout=280,
    )  # fmt: skip
    assert run.stdout.strip().endswith("clean"), run.stderr[-3000:]


@pytest.mark.parametrize("flags", [["-Wall", "-Wextra", "-Werror", "-Wconversion"], ["-fanalyzer", "-Werror"]])
def test_the_kernel_compiles_without_a_warning(flags: list[str], tmp_path: Path) -> None:
    sources = sorted((Path(hil.asterix.__file__).parent / "c").glob("*.c"))
    for source in sources:
        command = ["gcc", "-std=c11", "-O2", "-c", *flags, "-o", tmp_path / "out.o", source]
        assert subprocess.run(command, capture_output=True, check=False).stderr == b""
