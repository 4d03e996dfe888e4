"""A recording made by others, injected into a box with its own timing, and every record of it accounted for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hil.asterix import Decoded, decode
from hil.bench.fidelity import stand_up
from hil.bench.model import Radar
from hil.bench.stand import Stand, tap_name
from hil.boxes.box import Sensor
from hil.checks import accounting
from hil.checks.accounting import Account
from hil.columns import TOD_LSB_S
from hil.errors import ConfigError
from hil.evidence import folder as run_folder
from hil.evidence.recording import Piece, open_recording
from hil.framing import frame
from hil.run import schedule
from hil.run.capture import read_capture
from hil.run.injection import Injection
from hil.run.mission import carry_out, start_instant_ns
from hil.run.setup import Setup, fingerprint, read_setup
from hil.timing.verdict import Outcome, Verdict, overall

REQUIREMENT = "RIB-DEL-003"
PLOTS, SERVICE, TRACKS = 48, 34, 62
PORTS = {"udp": "radar_eth", "serial": "radar_serial"}


@dataclass(frozen=True)
class Replayed:
    """What a replay brought: by category how many records the recording has, the account of its plots, and the verdicts."""

    box: str
    datagrams: int
    left_out: Mapping[str, int]
    records: Mapping[int, int]
    account: Account
    counted: Mapping[str, int]
    verdicts: tuple[Verdict, ...]
    folder: Path

    @property
    def outcome(self) -> Outcome:
        """The worst of the verdicts."""
        return overall(verdict.outcome for verdict in self.verdicts)


def replay(
    recording_path: Path,
    bench_path: Path,
    *,
    via: str,
    box: str,
    speed: float,
    rate: str,
    partial: bool,
    out: Path,
    isolation: str,
    watch: Callable[[float], None],
) -> Replayed:
    """Stand the bench up and inject the recording into `box` (default: the first that a radar feeds by that port).

    Timing is the recording's own divided by `speed`, or a constant `rate` such as `500/s`. Raises ConfigError for a recording that
    is unreadable, cut (unless `partial`) or has no ASTERIX in it, BenchError when the bench does not hold.
    """
    setup = read_setup(bench_path)
    radar = _radar(setup, via, box)
    recording = open_recording(recording_path)
    piece = recording.whole()
    if recording.cut_at >= 0 and not partial:
        raise ConfigError(
            f"{recording_path} breaks off at octet {recording.cut_at} of {recording.size}, after {recording.packets} whole packets",
            "give the whole file, or replay what is whole with --partial",
        )
    decoded = decode(piece.octets, spans=(piece.offset, piece.length), source=str(recording_path))
    records = {category: len(table) for category, table in decoded.tables.items()}
    if not records:
        raise ConfigError(
            f"{recording_path} has no ASTERIX in it ({len(piece.offset)} UDP datagrams, none decodes)",
            "give a recording of ASTERIX over UDP",
        )
    schedule_ns = _schedule(piece.stamp_ns, speed, rate)
    folder = run_folder.create(out, setup.bench.file.name, recording_path.stem)
    facts = {
        "status": "running",
        "recording": {str(recording_path): fingerprint(recording_path)},
        "bench": setup.bench.file.name,
        "host": run_folder.host(),
        "pressure_before": run_folder.pressure(),
    }
    run_folder.write_run(folder, facts)
    with stand_up(setup.bench, setup.hops(), folder, isolation_mode=isolation) as stand:
        counted, plot_keys = _inject(stand, radar, piece, decoded, schedule_ns, setup, watch)
    found = accounting.account(plot_keys, _track_keys(setup, radar, folder), counted)
    verdicts = accounting.verdicts(
        radar.feeds, found, records.get(SERVICE, 0), counted.get("service_in", 0), REQUIREMENT
    )
    done = Replayed(
        radar.feeds, len(piece.offset), recording.left_out, records, found, counted, tuple(verdicts), folder
    )
    facts |= run_folder.outcome_facts(verdicts, None) | {
        "status": "finished",
        "outcome": done.outcome.value,
        "counters": counted,
    }
    run_folder.write_run(folder, facts)
    return done


def _radar(setup: Setup, via: str, box: str) -> Radar:
    """The radar of the bench whose place the recording takes."""
    for radar in setup.bench.file.radar:
        if radar.port == PORTS[via] and box in ("", radar.feeds):
            return radar
    raise ConfigError(f"no radar of the bench feeds {box or 'a box'} by {PORTS[via]}", "choose another --via or --box")


def _schedule(stamp_ns: npt.NDArray[np.int64], speed: float, rate: str) -> npt.NDArray[np.int64]:
    """Instants from the first datagram on, in ns."""
    if rate:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)/s", rate)
        if match is None or float(match.group(1)) <= 0:
            raise ConfigError(f"--rate {rate} is no rate", "give datagrams per second, for example 500/s")
        return schedule.constant(float(match.group(1)), len(stamp_ns))
    if not speed > 0:
        raise ConfigError(f"--speed {speed:g} is not above 0", "give a factor, for example 10")
    return schedule.recorded(stamp_ns, speed)


def _inject(
    stand: Stand,
    radar: Radar,
    piece: Piece,
    decoded: Decoded,
    schedule_ns: npt.NDArray[np.int64],
    setup: Setup,
    watch: Callable[[float], None],
) -> tuple[dict[str, int], npt.NDArray[np.int64]]:
    """Send everything; returns how far each counter went up, and the key of each plot that was sent."""
    box = stand.boxes[radar.feeds]
    tables = [decoded.tables[category] for category in (PLOTS, SERVICE) if category in decoded.tables]
    sources = {
        (int(sac), int(sic)) for table in tables for sac, sic in zip(table["010/SAC"], table["010/SIC"], strict=True)
    }
    for sac, sic in sorted(source for source in sources if min(source) >= 0):
        box.add_sensor(Sensor(sac, sic, radar.latitude_deg, radar.longitude_deg, radar.height_m))
    before = box.counters()
    payloads = [
        piece.octets[begin : begin + length]
        for begin, length in zip(piece.offset.tolist(), piece.length.tolist(), strict=True)
    ]
    rows = np.arange(len(payloads))
    framed = (
        payloads
        if radar.port == "radar_eth"
        else [frame(p, setup.bench.box(radar.feeds).serial_fcs_bits) for p in payloads]
    )
    epoch_ns = start_instant_ns(stand)
    injection = Injection(radar.name, rows, epoch_ns + schedule_ns, rows * 0, rows * 0, payloads, framed)
    drain_s = 1.0 + 2e-3 * setup.bench.box(radar.feeds).flush_ms
    carry_out(stand, [injection], epoch_ns, drain_s, watch)
    after = box.counters()
    plots = decoded.tables.get(PLOTS)
    keys = np.zeros(0, np.int64)
    if plots is not None:
        ticks = (
            np.where(plots.has("140"), np.nan_to_num(plots["140"]) / TOD_LSB_S, -1)
            if "140" in plots
            else np.full(len(plots), -1)
        )
        keys = accounting.record_key(np.rint(ticks).astype(np.int64), plots["010/SAC"], plots["010/SIC"])
    return {name: after[name] - before.get(name, 0) for name in after}, keys


def _track_keys(setup: Setup, radar: Radar, folder: Path) -> npt.NDArray[np.int64]:
    """Key of every own track record that left the box towards its gateway, but for ends of track."""
    path = next(chain.path for chain in setup.links.chain if chain.path[0] == radar.name)
    tap = tap_name(radar.feeds, "out", path[2])
    capture = read_capture(folder / "capture.pcapng")
    rows = capture.at(tap)
    rows = rows[(rows["category"] == TRACKS) & ~rows["ended"]]
    return accounting.record_key(rows["tod_ticks"], rows["sensor_sac"], rows["sensor_sic"])
