"""Track records from the file RECORDS through the formatter, its blocks to the file BLOCKS (runs inside the simulator)."""

from __future__ import annotations

import os
from pathlib import Path

import cocotb
import numpy as np

from fpga_tb.tb.device import FORMATTER, Device

FLUSH_CLOCKS = 2000  # longer than a block takes to come in, so that only the last block is closed by time


@cocotb.test(timeout_time=200, timeout_unit="ms")
async def records_from_a_file_become_blocks_in_a_file(dut) -> None:
    sac, sic, service, mtu = (int(word) for word in os.environ["SETTINGS"].split(","))
    device = await Device(dut).start()
    await device.configure(source=sac << 8 | sic, service=service, mtu=mtu, flush=FLUSH_CLOCKS)
    device.send(np.fromfile(os.environ["RECORDS"], np.uint8).reshape(-1, FORMATTER.record.octets))
    await device.records.wait()
    await device.clocks(2 * FLUSH_CLOCKS)
    blocks = b"".join(bytes(device.blocks.recv_nowait().tdata) for _ in range(device.blocks.count()))
    Path(os.environ["BLOCKS"]).write_bytes(blocks)
