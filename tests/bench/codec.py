"""How fast the codec is, beside every other decoder that installs, in one run on the same files: `make bench`.

    python tests/bench/codec.py [--seed 1] [--out build/bench]

Records per CPU second, full decode of all items, CAT048 and CAT062, one layout and any mix; encode; one datagram; import.
asterix-decoder and pyasteryx run in a venv of their own (build/peers-venv), made here when it is missing.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from codec_corpus import corpus, feed

from hil.asterix import LiveCodec, decode, encode_records

RECORDS = {48: 400_000, 62: 200_000}
PEER_RECORDS = 20_000
PYTHON_PEERS = ("asterix-decoder", "aviconv", "pyasteryx", "libasterix")
OWN_VENV = ("asterix-decoder", "pyasteryx")
IMPORT = "import hil; from hil.asterix import LiveCodec, decode, encode, plan; plan(48); plan(62)"


@dataclass
class Results:
    """Everything that was measured, in records per CPU second where nothing else is said."""

    decode: dict[tuple[int, bool], float] = field(default_factory=dict)  # (category, mixed) → ours
    encode: dict[tuple[int, bool], float] = field(default_factory=dict)
    peers: dict[tuple[int, bool], dict[str, float]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)  # peer → why it did not run
    peer_encode: dict[int, float] = field(default_factory=dict)  # aviconv
    live_decode_us: dict[int, float] = field(default_factory=dict)  # one full datagram, median
    live_encode_us: dict[int, float] = field(default_factory=dict)
    one_record_us: dict[int, float] = field(default_factory=dict)
    import_s: float = 0.0

    def ratio(self, category: int, mixed: bool) -> float:
        """Ours over the fastest peer that Python can call."""
        rates = self.peers[category, mixed]
        return self.decode[category, mixed] / max(rates[name] for name in PYTHON_PEERS if name in rates)


def measure(seed: int, out: Path) -> Results:
    """Run everything; files go to `out`."""
    results = Results()
    out.mkdir(parents=True, exist_ok=True)
    pythons = peer_pythons(results)
    for category, n in RECORDS.items():
        for mixed in (False, True):
            octets, _ = corpus(category, n, mixed=mixed, seed=seed)
            results.decode[category, mixed] = n / median_cpu_s(lambda octets=octets, c=category: everything(octets, c))
            columns, present = feed(category, n, mixed=mixed, rng=np.random.default_rng(seed))
            work = lambda c=category, k=columns, p=present: encode_records(c, k, present=p)  # noqa: E731
            results.encode[category, mixed] = n / median_cpu_s(work)
            raw, pcap, datagrams = peer_files(category, mixed, seed, out)
            results.peers[category, mixed] = run_peers(raw, pcap, pythons, results)
            if mixed:
                live(category, datagrams, results)
                rate = run_peer("aviconv-encode", Path(sys.executable), raw, pcap)
                if isinstance(rate, float):
                    results.peer_encode[category] = rate
    results.import_s = import_time_s()
    return results


def everything(octets: bytes, category: int) -> int:
    """Decode to the last value: what is timed."""
    table = decode(octets)[category]
    return len(table.columns()) + sum(len(table.rep(item)) for item in table.repeated) + len(table.explicit)


def median_cpu_s(work: Callable[[], Any]) -> float:
    times = []
    for _ in range(5):
        gc.collect()
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def live(category: int, datagrams: list[bytes], results: Results) -> None:
    """Wall-clock time of one datagram of 1400 octets, and of one with a single record: the least of five medians."""
    codec = LiveCodec(category, partial=True)
    for datagram in datagrams:
        assert codec.encode(codec.decode(datagram)) == datagram  # compiles the layouts, too
    records = [codec.decode(datagram) for datagram in datagrams]
    lone = [codec.encode(part[:1]) for part in records]
    results.live_decode_us[category] = least_median_us(codec.decode, datagrams)
    results.live_encode_us[category] = least_median_us(codec.encode, records)
    results.one_record_us[category] = least_median_us(codec.decode, lone)


def least_median_us(work: Callable[[Any], Any], inputs: list[Any]) -> float:
    medians = []
    for _ in range(5):
        times = []
        for one in inputs:
            start = time.perf_counter()
            work(one)
            times.append(time.perf_counter() - start)
        medians.append(statistics.median(times))
    return min(medians) * 1e6


def import_time_s() -> float:
    """What importing the codec and its plans adds to a bare interpreter, tables cached."""

    def least(code: str) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            times.append(time.perf_counter() - start)
        return min(times)

    return least(IMPORT) - least("pass")


# ---- peers ----


def peer_pythons(results: Results) -> dict[str, Path]:
    """Which interpreter runs each peer; those that need a venv of their own get it."""
    own = Path("build/peers-venv/bin/python")
    if not own.exists():
        subprocess.run([sys.executable, "-m", "venv", own.parent.parent], check=True)
        install = [own, "-m", "pip", "install", "--quiet", *OWN_VENV]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            results.absent |= dict.fromkeys(OWN_VENV, "does not install: " + done.stderr.strip().splitlines()[-1])
    pythons = {name: own if name in OWN_VENV else Path(sys.executable) for name in (*PYTHON_PEERS, "tshark")}
    if shutil.which("tshark") is None:
        results.absent["tshark"] = "is not installed"
    return {name: python for name, python in pythons.items() if name not in results.absent}


def peer_files(category: int, mixed: bool, seed: int, out: Path) -> tuple[Path, Path, list[bytes]]:
    """The corpus that the peers get, as raw blocks and as a pcap, and its datagrams."""
    octets, blocks = corpus(category, PEER_RECORDS, mixed=mixed, seed=seed)
    ends = [*blocks[1:].tolist(), len(octets)]
    datagrams = [octets[a:b] for a, b in zip(blocks.tolist(), ends, strict=True)]
    raw = out / f"cat{category:03d}_{'mixed' if mixed else 'fixed'}.raw"
    raw.write_bytes(octets)
    with raw.with_suffix(".pcap").open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for datagram in datagrams:
            udp = struct.pack(">HHHH", 8600, 8600, 8 + len(datagram), 0) + datagram
            ip = (
                struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
                + udp
            )
            file.write(struct.pack("<IIII", 0, 0, len(ip), len(ip)) + ip)
    return raw, raw.with_suffix(".pcap"), datagrams


def run_peers(raw: Path, pcap: Path, pythons: dict[str, Path], results: Results) -> dict[str, float]:
    rates = {}
    for name, python in pythons.items():
        rate = run_peer(name, python, raw, pcap)
        if isinstance(rate, float):
            rates[name] = rate
        else:
            results.absent[name] = rate
    return rates


def run_peer(name: str, python: Path, raw: Path, pcap: Path) -> float | str:
    """Records per CPU second, or why not."""
    script = Path(__file__).with_name("codec_peers.py")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = [python, script, name, raw, pcap]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=600)
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    return float((answer["records"] or PEER_RECORDS) / answer["cpu_s"])


def show(results: Results) -> None:
    """The table that `make bench` prints."""
    print("records per CPU second, full decode of all items (CAT048: 40 values, CAT062: 116)")
    print(f"{'':18}{'CAT048 fixed':>14}{'CAT048 mixed':>14}{'CAT062 fixed':>14}{'CAT062 mixed':>14}")
    cases = [(48, False), (48, True), (62, False), (62, True)]
    print(f"{'hil.asterix':18}" + "".join(f"{results.decode[case]:14,.0f}" for case in cases))
    for name in (*PYTHON_PEERS, "tshark"):
        rates = [results.peers[case].get(name) for case in cases]
        print(f"{name:18}" + "".join(f"{rate:14,.0f}" if rate else f"{'–':>14}" for rate in rates))
    for name, why in results.absent.items():
        print(f"{name} did not run: {why}")
    print(
        f"{'÷ fastest':18}"
        + "".join(f"{results.ratio(*case):14.1f}" for case in cases)
        + "   (peers that Python can call)"
    )
    print(f"{'encode':18}" + "".join(f"{results.encode[case]:14,.0f}" for case in cases))
    for category, rate in results.peer_encode.items():
        print(f"encode CAT{category:03d} mixed ÷ aviconv ({rate:,.0f}): {results.encode[category, True] / rate:.1f}")
    for category in RECORDS:
        print(
            f"one datagram of 1400 octets, CAT{category:03d} mixed: decode {results.live_decode_us[category]:.1f} µs, "
            f"encode {results.live_encode_us[category]:.1f} µs; with one record {results.one_record_us[category]:.1f} µs"
        )
    print(f"import of hil with codec and plans: {results.import_s:.3f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    given = parser.parse_args()
    show(measure(given.seed, given.out))
