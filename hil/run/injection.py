"""From what a radar sees to what its port sends and when: the plan that an executor carries out.

Pure but for the epoch it is given. Plots become CAT048 records, antenna marks CAT034; on UDP they are built by the scapy layers,
on a serial line by the columnar encoder and framed (RFC 1662).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.asterix import encode_records
from hil.bench.model import Radar
from hil.columns import MISSING, TOD_LSB_S, TOD_TICKS_PER_DAY, Table
from hil.errors import ConfigError
from hil.framing import frame

LAYERS = "hil.asterix.scapy"
RANGE_MAX_M = 256 * 1852.0  # I048/040: 16 bit of 1/256 NM
MODE_S_ROLL_CALL = 5  # I048/020 TYP: single Mode S roll-call


@dataclass(frozen=True)
class Injection:
    """What one radar sends: row by row the plot (MISSING for a service message), the instant, the payload and its wire octets."""

    radar: str
    plot_id: npt.NDArray[np.int64]
    scheduled_ns: npt.NDArray[np.int64]
    tod_ticks: npt.NDArray[np.int64]
    address: npt.NDArray[np.int64]
    payloads: Sequence[bytes]
    octets: Sequence[bytes]

    def save(self, path: Path) -> None:
        """Write the plan where an executor finds it."""
        stop = np.cumsum([len(o) for o in self.octets], dtype=np.int64)
        payload_stop = np.cumsum([len(p) for p in self.payloads], dtype=np.int64)
        np.savez(
            path,
            plot_id=self.plot_id,
            scheduled_ns=self.scheduled_ns,
            start=np.concatenate([[0], stop[:-1]]) if len(stop) else stop,
            stop=stop,
            payload_start=np.concatenate([[0], payload_stop[:-1]]) if len(stop) else payload_stop,
            payload_stop=payload_stop,
            octets=np.frombuffer(b"".join(self.octets), np.uint8),
            payload=np.frombuffer(b"".join(self.payloads), np.uint8),
        )


def prepare(radars: Sequence[Radar]) -> None:
    """Load what building the messages of these radars takes, a second or more, before their first instant is fixed."""
    if any(radar.port == "radar_eth" for radar in radars):
        import_module(LAYERS).record_layer(48)


def ticks_of_day(instant_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Time of day in 1/128 s since midnight UTC of instants in ns since the epoch; leap seconds are as CLOCK_REALTIME has them."""
    return (instant_ns % (86_400 * 10**9)) * 128 // 10**9 % TOD_TICKS_PER_DAY


def plan_radar(radar: Radar, plots: Table, marks: Table, epoch_ns: int, *, fcs_bits: int = 16) -> Injection:
    """The injection of one radar: `plots` (hil.columns.PLOTS) and `marks` (hil.scenario.radar.MARKERS) shifted to `epoch_ns`.

    One data block a plot, one a mark, in order of time.
    """
    time_s = np.concatenate([plots["time_s"], marks["time_s"]])
    order = np.argsort(time_s, kind="stable")
    scheduled_ns = epoch_ns + np.rint(time_s * 1e9).astype(np.int64)
    ticks = ticks_of_day(scheduled_ns)
    count = len(plots)
    build = _by_scapy if radar.port == "radar_eth" else by_columns
    in_turn = build(48, plot_columns(radar, plots, ticks[:count])) + build(
        34, mark_columns(radar, marks, ticks[count:])
    )
    payloads = [in_turn[k] for k in order]
    service = np.full(len(marks), MISSING)
    return Injection(
        radar=radar.name,
        plot_id=np.concatenate([plots["plot_id"], service])[order],
        scheduled_ns=scheduled_ns[order],
        tod_ticks=ticks[order],
        address=np.concatenate([plots["address"], service])[order],
        payloads=payloads,
        octets=payloads if radar.port == "radar_eth" else [frame(payload, fcs_bits) for payload in payloads],
    )


def plot_columns(radar: Radar, plots: Table, ticks: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[Any]]:
    """CAT048 columns (SI values) of plots: source, time, position, identity, flight level and 3D height.

    Raises ConfigError for a plot beyond what I048/040 carries.
    """
    n = len(plots)
    if n and float(plots["range_m"].max()) >= RANGE_MAX_M:
        raise ConfigError(
            f"{radar.name}: a plot at {plots['range_m'].max() / 1e3:.1f} km",
            "CAT048 plots reach 474 km: lower range_km",
        )
    return {
        "010/SAC": np.full(n, radar.sac),
        "010/SIC": np.full(n, radar.sic),
        "140": ticks * TOD_LSB_S,
        "020/TYP": np.full(n, MODE_S_ROLL_CALL),
        "040/RHO": plots["range_m"],
        "040/THETA": plots["azimuth_rad"],
        "070/MODE3A": plots["mode_3a"],
        "090/FL": plots["height_m"],
        "220": plots["address"],
        "110/3DH": plots["height_m"],
    }


def mark_columns(radar: Radar, marks: Table, ticks: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[Any]]:
    """CAT034 columns (SI values) of antenna marks: source, message type, time, and the azimuth where a sector begins."""
    return {
        "010/SAC": np.full(len(marks), radar.sac),
        "010/SIC": np.full(len(marks), radar.sic),
        "000": marks["message_type"],
        "030": ticks * TOD_LSB_S,
        "020": marks["azimuth_rad"],
    }


def by_columns(category: int, columns: dict[str, npt.NDArray[Any]]) -> list[bytes]:
    """One data block a record, by the columnar encoder."""
    octets, block_starts, starts = encode_records(category, columns)
    edges = np.append(block_starts[1:], len(octets))
    ends = np.minimum(np.append(starts[1:], len(octets)), edges[np.searchsorted(block_starts, starts, "right") - 1])
    records = [octets[begin:end].tobytes() for begin, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return [bytes([category]) + (3 + len(record)).to_bytes(2, "big") + record for record in records]


def _by_scapy(category: int, columns: dict[str, npt.NDArray[Any]]) -> list[bytes]:
    """One data block a record, by the scapy layers: the path a user's hand-made or fuzzed messages take too."""
    layers = import_module(LAYERS)  # takes a second, and only Ethernet radars need it
    layer = layers.record_layer(category)
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [bytes(layers.AsterixBlock(category=category, records=[layer(**_items(columns, row))])) for row in rows]


def _items(columns: dict[str, npt.NDArray[Any]], row: tuple[Any, ...]) -> dict[str, Any]:
    """One row of columns as the nested items of a record layer: `{"I010": {"SAC": 1, "SIC": 2}, "I140": 1.0}`."""
    items: dict[str, Any] = {}
    for path, value in zip(columns, row, strict=True):
        item, slash, subfield = path.partition("/")
        if slash:
            items.setdefault(f"I{item}", {})[subfield] = value
        else:
            items[f"I{item}"] = value
    return items
