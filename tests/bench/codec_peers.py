"""One other ASTERIX decoder on one file, in this interpreter: what `codec.py` starts for each peer, some in a venv of their own.

    python tests/bench/codec_peers.py PEER FILE.raw [FILE.pcap]      prints {"records": …, "cpu_s": …} as JSON

CPU seconds are the best of three runs, which favours the peer. asterix-decoder must not be installed beside libasterix: both are
the package `asterix`.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def blocks(octets: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(octets):
        length = int.from_bytes(octets[at + 1 : at + 3], "big")
        found.append(octets[at : at + length])
        at += length
    return found


def best_of_three(work: Callable[[], int]) -> tuple[int, float]:
    """Records that `work` says it did, and its least CPU time."""
    times, records = [], 0
    for _ in range(3):
        gc.collect()
        start = time.process_time()
        records = work()
        times.append(time.process_time() - start)
    return records, min(times)


def asterix_decoder(raw: Path, _pcap: Path) -> tuple[int, float]:
    import asterix  # noqa: PLC0415  # each peer is imported where it is installed

    parts = blocks(raw.read_bytes())
    return best_of_three(lambda: sum(len(asterix.parse(part, verbose=False)) for part in parts))


def aviconv(raw: Path, _pcap: Path) -> tuple[int, float]:
    from aviconv_asterix import iter_records  # noqa: PLC0415

    octets = raw.read_bytes()
    return best_of_three(lambda: sum(1 for _ in iter_records(octets)))


def aviconv_encode(raw: Path, _pcap: Path) -> tuple[int, float]:
    from aviconv_asterix import encode_records, iter_records  # noqa: PLC0415

    records = list(iter_records(raw.read_bytes()))
    encode_records(records)  # the fastest it does: most items pass through as the octets that came in

    def work() -> int:
        encode_records(records)
        return len(records)

    return best_of_three(work)


def pyasteryx(raw: Path, _pcap: Path) -> tuple[int, float]:
    from pyasteryx import Decoder  # noqa: PLC0415

    decoder, parts = Decoder(on_error="skip"), blocks(raw.read_bytes())
    return best_of_three(lambda: sum(len(decoder.decode(part)) for part in parts))


def libasterix(raw: Path, _pcap: Path) -> tuple[int, float]:
    from asterix import base, generated  # noqa: PLC0415

    parts = blocks(raw.read_bytes())[:60]
    newest = max(generated.manifest["CATS"][parts[0][0]], key=lambda edition: edition.cv_edition)
    return best_of_three(lambda: sum(len(newest.cv_uap.parse(base.Bits.from_bytes(part[3:]))) for part in parts))


def tshark(_raw: Path, pcap: Path) -> tuple[int, float]:
    def seconds(count: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = ["tshark", "-r", pcap, "-d", "udp.port==8600,asterix", "-V", "-c", count]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return 0, min(seconds("100000000") for _ in range(2)) - seconds("1")  # without its start


PEERS = {
    "asterix-decoder": asterix_decoder,
    "aviconv": aviconv,
    "aviconv-encode": aviconv_encode,
    "pyasteryx": pyasteryx,
    "libasterix": libasterix,
    "tshark": tshark,
}

if __name__ == "__main__":
    done, cpu_s = PEERS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[-1]))
    print(json.dumps({"records": done, "cpu_s": cpu_s}))
