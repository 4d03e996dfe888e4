"""How fast the cocotbext-axi bench is: records in, blocks out and compared, as a test would do it (in the simulator)."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import cocotb
import numpy as np

from fpga_tb.tb import oracle, records
from fpga_tb.tb.device import FORMATTER, Device


@cocotb.test(timeout_time=1, timeout_unit="sec")
async def records_per_second(dut) -> None:
    n = int(os.environ["RECORDS"])
    settings = FORMATTER.settings
    table = records.draw(np.random.default_rng(int(cocotb.RANDOM_SEED)), n)
    wanted = list(
        oracle.blocks(oracle.all_octets(table, settings.sac, settings.sic, settings.service), settings.mtu_octets)
    )  # fmt: skip
    rows = records.octets(table, FORMATTER.record)
    device = await Device(dut).start()
    started = time.process_time()
    device.send(rows)
    await device.expect(wanted[:-1])
    seconds = time.process_time() - started
    Path(os.environ["FIGURES"]).write_text(json.dumps({"msgs_per_s": n / seconds}))
