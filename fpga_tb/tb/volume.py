"""Run the volume bench from outside the simulator, and ask other decoders about a sample of what came out."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from fpga_tb.tb import simulators
from fpga_tb.tb.formatter_file import Formatter
from hil.asterix import decode

HERE = Path(__file__).resolve().parent
BATCH = 25_000
TOP = "batch_bench"
VERILATOR_BATCH = ("--timing", "-LDFLAGS", "-rdynamic", "-CFLAGS", "-O3", str(HERE / "batch_queue.cpp"))


def model(formatter: Formatter, simulator: str, arguments: tuple[str, ...] = ()) -> simulators.Model:
    """The formatter inside the batch bench."""
    extra = VERILATOR_BATCH if simulator == simulators.VERILATOR else ()
    parameters = {
        "PERIOD_PS": round(formatter.clock.period_ns * 1000),
        "AXIL_W": formatter.registers.address_bits if formatter.registers else 8,
    }
    return simulators.build(
        formatter, simulator, extra_sources=(HERE / "batch_bench.sv",), toplevel=TOP, parameters=parameters,
        arguments=(*extra, *arguments),
    )  # fmt: skip


def run(formatter: Formatter, formatter_path: Path, simulator: str, seed: int, n: int, folder: Path) -> dict[str, Any]:
    """`n` random records through the batch bench; the figures it wrote. Raises FormatterError when a block is wrong."""
    return carry(model(formatter, simulator), formatter_path, seed, n, folder)


def carry(
    built: simulators.Model, formatter_path: Path, seed: int, n: int, folder: Path, *, unpaused: bool = False
) -> dict[str, Any]:
    """The same with a model that is built already; `unpaused` = every clock may move a beat in and out."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        "FORMATTER": str(formatter_path),
        "SIMULATOR": built.simulator,
        "RECORDS": str(n),
        "BATCH": str(min(BATCH, max(n // 4, 1000))),
        "FIGURES": str(folder / "volume.json"),
        "SAMPLE": str(folder / "sample.bin"),
        "BATCH_IN": str(folder / "in.bin"),
        "BATCH_OUT": str(folder / "out.bin"),
    }
    if unpaused:
        environment["UNPAUSED"] = "1"
    plusargs = (f"+batch_in={environment['BATCH_IN']}", f"+batch_out={environment['BATCH_OUT']}")
    bench = simulators.Run(
        "fpga_tb.tb.bench_volume",
        seed,
        environment,
        plusargs=plusargs,
        limit_s=60 + n / (2000 if built.simulator == simulators.VERILATOR else 20),
    )
    simulators.simulate(built, bench, folder)
    figures: dict[str, Any] = json.loads((folder / "volume.json").read_text())
    return figures


def libasterix_disagreements(sample: bytes) -> list[str]:
    """Blocks that libasterix does not read as hil.asterix does (record count, time, number, address, octets again)."""
    from asterix import base, generated  # noqa: PLC0415 - 1.6 s

    found, at = [], 0
    for raw in base.RawDatablock.parse(base.Bits.from_bytes(sample)):
        block = raw.unparse().to_bytes()
        result = generated.Cat_062_1_20.cv_uap.parse(raw.get_raw_records())
        if isinstance(result, ValueError):
            found.append(f"block at {at}: {result}")
            continue
        table = decode(block, raw=True)[62]
        columns = table.columns(["070", "040"])
        values = [(int(r.get_item("070").as_uint()), int(r.get_item("040").as_uint())) for r in result]
        if values != list(zip(columns["070"].tolist(), columns["040"].tolist(), strict=True)):
            found.append(f"block at {at}: other times or numbers")
        if b"".join(r.unparse().to_bytes() for r in result) != block[3:]:
            found.append(f"block at {at}: other octets")
        at += len(block)
    if at != len(sample):
        found.append(f"{len(sample) - at} octets are in no block")
    return found


def tshark() -> str | None:
    return shutil.which("tshark")


def tshark_disagreements(sample: bytes, folder: Path) -> list[str]:
    """Blocks that tshark does not read as hil.asterix does (track numbers, times, malformed packets)."""
    from scapy.all import IP, UDP, Ether, wrpcap  # noqa: PLC0415 - slow import

    blocks = decode(sample).blocks
    packets = [
        Ether() / IP(dst="127.0.0.1") / UDP(sport=8600, dport=8600) / sample[b["offset"] : b["offset"] + b["length"]]
        for b in blocks
    ]
    wrpcap(str(folder / "sample.pcap"), packets)
    shown = subprocess.run(
        ["tshark", "-r", str(folder / "sample.pcap"), "-T", "json", "-d", "udp.port==8600,asterix"],
        capture_output=True, text=True, check=True, timeout=120,
    ).stdout  # fmt: skip
    layers = [packet["_source"]["layers"] for packet in json.loads(shown)]
    return [f"block {i}: tshark finds no ASTERIX" for i, layer in enumerate(layers) if "asterix" not in layer]
