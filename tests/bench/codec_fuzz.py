"""A great many mutated datagrams through the decoder, in processes that may die: crashes, hangs and lost octets are counted.

    python tests/bench/codec_fuzz.py [--datagrams 1000000] [--seed 0]

Each batch of 20 000 runs in a process of its own with a limit of memory and time; a batch that does not come back clean is a
crash, and the command that replays it is printed. Prints {"fuzzed": …, "fuzz_crashes": …} as JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import struct
import subprocess
import sys

import numpy as np

from hil.asterix import categories, decode
from hil.asterix.generate import Generator
from hil.asterix.mutate import mutations

BATCH = 20_000
MEMORY = 2 << 30  # octets of address space
TIME_LIMIT_S = 300  # a batch takes a few seconds: this is a hang


def start_datagrams() -> list[bytes]:
    """A few datagrams of each category, with every item among them."""
    found = []
    for category in categories():
        records = [r for r in Generator(category, seed=category, density=0.3).records(60) if len(r) < 1000]
        for first in range(0, len(records), 5):
            body = b"".join(records[first : first + 5])
            found.append(struct.pack(">BH", category, 3 + len(body)) + body)
    return found


def batch(n: int, seed: int) -> None:
    """Decode one batch to the last value and check that each octet is in exactly one record, block header or error."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    datagrams = list(mutations(start_datagrams(), n, seed))
    length = np.array([len(datagram) for datagram in datagrams])
    data = b"".join(datagrams)
    decoded = decode(data, spans=(np.cumsum(length) - length, length))
    owners = np.zeros(len(data) + 1, np.int64)
    claims = [(decoded.blocks["offset"], 3), (decoded.errors["offset"], decoded.errors["length"])]
    for table in decoded.tables.values():
        table.columns()
        for item in table.repeated:
            table.rep(item)
        for item in table.explicit:
            table.payload(item)
        claims.append((table.offset, table.length))
    for offset, octets in claims:
        np.add.at(owners, offset, 1)
        np.add.at(owners, offset + octets, -1)
    if not (np.cumsum(owners)[:-1] == 1).all():
        raise SystemExit(f"seed {seed}: octets unaccounted for")


def fuzz(datagrams: int, seed: int) -> tuple[int, int]:
    """(datagrams decoded, batches that did not come back clean)."""
    crashes = 0
    for number in range(-(-datagrams // BATCH)):
        command = [sys.executable, __file__, "--batch", str(seed + number), "--datagrams", str(min(BATCH, datagrams))]
        try:
            clean = subprocess.run(command, check=False, timeout=TIME_LIMIT_S).returncode == 0
        except subprocess.TimeoutExpired:
            clean = False
        if not clean:
            crashes += 1
            print("replay: " + " ".join(command), file=sys.stderr)
    return -(-datagrams // BATCH) * min(BATCH, datagrams), crashes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datagrams", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=None, help="carry out one batch with this seed")
    given = parser.parse_args()
    if given.batch is not None:
        batch(given.datagrams, given.batch)
    else:
        fuzzed, failed = fuzz(given.datagrams, given.seed)
        print(json.dumps({"fuzzed": fuzzed, "fuzz_crashes": failed}))
