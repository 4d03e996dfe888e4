"""Blocks in Ethernet frames: scapy reads each frame, computes its lengths and checksums anew, and libasterix says what is in it.

Runs inside the simulator, on a formatter whose file says `frames = true`.
"""

from __future__ import annotations

import cocotb
import numpy as np
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from fpga_tb.tb import oracle, records
from fpga_tb.tb.device import FORMATTER, Device, pauses, seeded

SETTINGS = {"source": 0x1234, "service": 5}


def payload(frame: bytes) -> bytes:
    """What the frame carries; its lengths and checksums must be those that scapy computes."""
    heard = Ether(frame)
    assert heard.type == 0x0800 and heard[IP].proto == 17 and heard[IP].ihl == 5, heard.summary()
    anew = Ether(frame)
    del anew[IP].len, anew[IP].chksum, anew[UDP].len, anew[UDP].chksum
    assert bytes(anew) == frame, f"scapy builds {bytes(anew)[:42].hex()}, the formatter sent {frame[:42].hex()}"
    return bytes(heard[UDP].payload)


async def carry(dut, outgoing: str, table: records.Table, mtu: int, rng: np.random.Generator) -> None:
    device = await Device(dut).start()
    await device.configure(**SETTINGS, mtu=mtu, flush=100_000)
    device.blocks.set_pause_generator(pauses(outgoing, rng))
    wanted = list(oracle.blocks(oracle.all_octets(table, 0x12, 0x34, 5), mtu))[:-1]
    device.send(records.octets(table, FORMATTER.record))
    for i, block in enumerate(wanted):
        got = payload((await device.receive(1))[0])
        assert got == block, f"block {i} of {len(wanted)}: got {got.hex()}, wanted {block.hex()}"


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(outgoing=("none", "random", "bursts", "alternate"))
async def frames_have_right_lengths_and_checksums(dut, outgoing: str) -> None:
    rng = seeded(outgoing)
    await carry(dut, outgoing, records.draw(rng, 300), 1472, rng)


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(mtu=tuple(range(61, 80)))
async def every_length_of_the_last_beat_is_right(dut, mtu: int) -> None:
    rng = seeded(str(mtu))
    await carry(dut, "random", records.draw(rng, 40, float(rng.random())), mtu, rng)


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(value=(0x00, 0xFF))
async def checksums_fold_at_their_extremes(dut, value: int) -> None:
    rng = seeded(str(value))
    table = records.draw(rng, 60, 1.0)
    for name in ("latitude", "longitude", "x", "y", "vx", "vy", "altitude", "climb", "height", "flight_level"):
        table[name] = -1 if value else 0
    table["address"], table["sensor"], table["identification"] = (0xFFFFFF if value else 0), value, value
    await carry(dut, "none", table, 1400, rng)
