"""Writes valid inputs for the fuzzers: without them a fuzzer spends its time at the first length field.

python gen/fuzz_seeds.py DIRECTORY    # DIRECTORY/{serial,datagram,link,console,net}/*
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import asterix.generated as tables

SOURCE = (("SAC", 10), ("SIC", 20))


def block(spec: Any, *records: dict[str, Any]) -> bytes:
    return bytes(spec.create([spec.cv_record.create(record) for record in records]).unparse().to_bytes())


def frame(payload: bytes) -> bytes:
    """RFC 1662 with an FCS of zeros: fuzz builds do not look at it."""
    body = payload + b"\0\0"
    return b"\x7e" + body.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e") + b"\x7e"


def ethernet(protocol: int, payload: bytes) -> bytes:
    """A frame for the box at 10.77.0.2, checksums left 0."""
    length = (20 + len(payload)).to_bytes(2, "big")
    ip = b"\x45\0" + length + bytes(4) + bytes([64, protocol]) + bytes(2) + bytes([10, 77, 0, 1, 10, 77, 0, 2])
    return bytes.fromhex("525400620001020000000001 0800") + ip + payload


def udp(port: int, payload: bytes) -> bytes:
    ports = (40000).to_bytes(2, "big") + port.to_bytes(2, "big")
    return ports + (8 + len(payload)).to_bytes(2, "big") + b"\0\0" + payload


PLOT = {
    "010": SOURCE,
    "140": 1000,
    "020": ((5, 0, 0, 0, 0, None), (0, 1, 0, 0, 0, 0, None)),
    "040": (("RHO", 25600), ("THETA", 8192)),
    "070": (0, 0, 0, 0, ("MODE3A", 0o1234)),
    "090": (0, 0, ("FL", 1400)),
    "130": {"SRL": 1, "SAM": 2},
    "220": 0x840001,
    "240": "HIL123  ",
    "250": [(1, 4, 0)],
    "161": (0, 7),
}
OBJECT = {
    "010": SOURCE,
    "000": (1, 0),
    "015": 1,
    "145": 1000,
    "625": {"R": 6_000_000},
    "627": {"AZ": 16384},
    "628": {"EL": 10922},
}
MARKER = {"010": SOURCE, "000": 1, "030": 1000, "041": 512}
REMOTE = {
    "010": SOURCE,
    "015": 1,
    "070": 5,
    "040": 9,
    "080": ((0, 0, 0, 0, 0, None),),
    "295": {"MFL": 1},
    "380": {"ADR": 1},
}
CONSOLE = [
    "*IDN?;*ESR?;*TST?",
    "SYST:ERR?;VERS?;BUIL?;UPT?;TIME?;RES:CAUS?",
    "SYST:TIME 23,59,59.5",
    "STAT:COUN?;:DIAG:LOG?;PPS 0;PPS?;CLOC -1",
    "CONF:SENS 1,2,-10.5,20.25,3e1;SENS?;FLUS 2.5;FLUS?;MTU 500;MTU?;COAS 5;COAS?;FILT 1,1,0;FILT?;CAP 9;CAP?",
]


def main(directory: Path) -> None:
    plots = block(tables.Cat_048_1_32, PLOT, PLOT)
    objects = block(tables.Cat_015_1_0, OBJECT)
    markers = block(tables.Cat_034_1_29, MARKER)
    remote = block(tables.Cat_062_1_21, REMOTE, REMOTE)
    extended_range = bytes.fromhex("30001a f1810102 0a14 0003e8 a140 ffff0000 000001 0508012c00")
    arp = bytes.fromhex(
        "ffffffffffff020000000001 0806 0001 0800 06 04 0001 020000000001 0a4d0001 000000000000 0a4d0002"
    )
    seeds = {
        "datagram": [plots, objects, markers, plots + objects + markers, extended_range],
        "serial": [frame(plots), frame(objects + markers), frame(plots) * 3],
        "link": [remote, remote * 2],
        "console": [line.encode() + b"\n" for line in CONSOLE],
        "net": [
            arp,
            ethernet(17, udp(8600, plots)),
            ethernet(1, b"\x08\0\0\0" + bytes(12)),
            ethernet(17, udp(7, b"x")),
        ],
    }
    seeds["net"] = [len(f).to_bytes(2, "big") + f for f in seeds["net"]]
    seeds["net"].append(b"".join(seeds["net"]))
    for target, inputs in seeds.items():
        (directory / target).mkdir(parents=True, exist_ok=True)
        for number, octets in enumerate(inputs):
            (directory / target / f"seed{number}").write_bytes(octets)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
