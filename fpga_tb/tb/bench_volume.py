"""Volume through the batch transactor: random records, malformed ones among them, any pauses (runs in the simulator).

Environment: RECORDS (how many), BATCH (a batch), FIGURES (JSON out), SAMPLE (file for some blocks, to be read by other decoders).
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import cocotb
import numpy as np

from fpga_tb.tb import batch, formatter_file, records, verdict
from fpga_tb.tb.malformed import spoil

FORMATTER = formatter_file.load(Path(os.environ["FORMATTER"]))
PAUSES = (0, 0, 0, 64, 128, 240) if "UNPAUSED" not in os.environ else (0,)  # odds in 256
MTU_LEAST = max(FORMATTER.settings.mtu_min, 64)  # hil.asterix packs no smaller blocks
SAMPLE_BLOCKS = 40  # of each batch


@cocotb.test(timeout_time=10, timeout_unit="sec")
async def any_records_in_any_order_come_out_bit_for_bit(dut) -> None:
    total, size = int(os.environ["RECORDS"]), int(os.environ["BATCH"])
    rng = np.random.default_rng(int(cocotb.RANDOM_SEED))
    device = batch.BatchDevice(dut, FORMATTER)
    await device.reset()
    settings = FORMATTER.settings
    source, mtu = (settings.sac, settings.sic, settings.service), settings.mtu_octets
    done = blocks = wrong = malformed = clocks = least = 0
    carried_s = 0.0
    failures: list[str] = []
    sample = bytearray()
    while done < total:
        if FORMATTER.registers:
            source = tuple(int(octet) for octet in rng.integers(0, 256, 3))
            mtu = int(rng.choice([1400, 1472, MTU_LEAST, settings.mtu_max, rng.integers(MTU_LEAST, settings.mtu_max)]))
        pause_in, pause_out = (int(odds) for odds in rng.choice(PAUSES if FORMATTER.registers else PAUSES[:4], 2))
        flush = 5000 + mtu * 256 // (256 - max(pause_in, pause_out))  # no block takes that long to fill
        if FORMATTER.registers:
            await device.configure(source=source[0] << 8 | source[1], service=source[2], mtu=mtu, flush=flush)
        density = float(rng.choice([0.0, 0.3, 0.5, 0.8, 1.0]))
        table = records.draw(rng, min(size, total - done), density)
        spoilt = rng.random(len(table)) < rng.choice([0.0, 0.02, 0.3])
        beats = _beats(table, spoilt, rng)
        started = time.process_time()
        outcome = await device.run(beats, pause_in, pause_out, int(rng.integers(1, 2**32)), flush + 500)
        carried_s += time.process_time() - started
        good = table[~spoilt]
        found = verdict.mismatches(outcome.octets, outcome.ends, good, *source, mtu)
        if found:
            failures.append(f"batch at {done} (mtu {mtu}, pauses {pause_in}/{pause_out}): {found[0]}")
            wrong += len(table)
        if not pause_in and not pause_out:
            beats_out = int(np.sum(-(-np.diff(outcome.ends[:-1], prepend=0) // 8)))
            least += max(len(beats.words), beats_out)
            clocks += max(outcome.last_in - outcome.first_in, outcome.end_before - outcome.first_out) + 1
        done, blocks, malformed = done + len(table), blocks + len(outcome.ends), malformed + int(spoilt.sum())
        sample += (
            outcome.octets[: outcome.ends[min(SAMPLE_BLOCKS, len(outcome.ends)) - 1]].tobytes()
            if len(outcome.ends)
            else b""
        )
    figures = {
        "records_compared": done, "malformed": malformed, "blocks": blocks, "mismatches": wrong,
        "carried_s": carried_s, "msgs_per_s": done / carried_s,
        "clocks_per_record_ratio": clocks / least if least else None,
    }  # fmt: skip
    Path(os.environ["FIGURES"]).write_text(json.dumps(figures))
    Path(os.environ["SAMPLE"]).write_bytes(bytes(sample))
    assert not failures, f"{failures[0]} ({len(failures)} batches)"


def _beats(table: records.Table, spoilt: np.ndarray, rng: np.random.Generator) -> batch.Beats:
    rows = records.octets(table, FORMATTER.record)
    if not spoilt.any():
        return batch.whole(rows)
    packets = [row.tobytes() for row in rows]
    for i in np.flatnonzero(spoilt):
        packets[i] = spoil(packets[i], FORMATTER.record, rng, bool(FORMATTER.records.tkeep))[1]
    return batch.ragged(packets)
