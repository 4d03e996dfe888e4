"""Plots in, tracks out: every valid plot gives exactly one record, with its own time of day, where the plot was."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from conftest import DAY_TICKS, RADAR, SITE, Rib, encode, frame, plot, raw
from pyproj import Transformer

NM = 1852.0
FT = 0.3048
WGS84_LSB_DEG = 180 / 2**25
TO_ECEF = Transformer.from_pipeline("+proj=cart +ellps=WGS84")


def topocentric(latitude: float, longitude: float, height: float) -> Transformer:
    return Transformer.from_pipeline(
        f"+proj=topocentric +ellps=WGS84 +lat_0={latitude} +lon_0={longitude} +h_0={height}"
    )


def expected_position(rho: int, theta: int, height_m: float) -> tuple[float, float]:
    """Latitude and longitude of a slant range and azimuth at a height, by bisection over the elevation (pyproj only)."""
    local = topocentric(*SITE)
    slant, azimuth = rho / 256 * NM, theta / 65536 * 2 * math.pi

    def end(elevation: float) -> tuple[float, float, float]:
        ground = slant * math.cos(elevation)
        east, north, up = ground * math.sin(azimuth), ground * math.cos(azimuth), slant * math.sin(elevation)
        x, y, z = local.transform(east, north, up, direction="INVERSE")
        longitude, latitude, height = TO_ECEF.transform(x, y, z, direction="INVERSE")
        return latitude, longitude, height

    low, high = -math.pi / 2, math.pi / 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if end(middle)[2] < height_m else (low, middle)
    return end(low)[:2]


def signed(octets: bytes) -> int:
    return int.from_bytes(octets, "big", signed=True)


@pytest.mark.parametrize(
    ("rho", "theta", "level"),
    [(20, 0, 0), (2560, 8192, 350), (25600, 30000, 410), (60000, 60001, 1000), (65534, 16384, 0), (1500, 65535, 500)],
)
def test_position_is_that_of_the_plot_within_one_lsb(rib: Rib, rho: int, theta: int, level: int) -> None:
    rib.send(encode(48, plot(1000, i040=(("RHO", rho), ("THETA", theta)), i090=(0, 0, ("FL", level * 4)))))
    (record,) = rib.tracks(1)
    latitude, longitude = expected_position(rho, theta, level * 100 * FT)
    assert signed(raw(record, "105")[:4]) == pytest.approx(latitude / WGS84_LSB_DEG, abs=1)
    assert signed(raw(record, "105")[4:]) == pytest.approx(longitude / WGS84_LSB_DEG, abs=1)
    east, north, _ = topocentric(*SITE).transform(
        *TO_ECEF.transform(longitude, latitude, level * 100 * FT, radians=False)
    )
    assert signed(raw(record, "100")[:3]) * 0.5 == pytest.approx(east, abs=1)
    assert signed(raw(record, "100")[3:]) * 0.5 == pytest.approx(north, abs=1)


def test_a_measured_height_goes_before_the_flight_level(rib: Rib) -> None:
    rib.send(encode(48, plot(1000, i110=(0, ("3DH", 1600)))))  # 40,000 ft
    (record,) = rib.tracks(1)
    latitude, longitude = expected_position(100 * 256, 8192, 40_000 * FT)
    assert signed(raw(record, "105")[:4]) == pytest.approx(latitude / WGS84_LSB_DEG, abs=1)
    assert signed(raw(record, "105")[4:]) == pytest.approx(longitude / WGS84_LSB_DEG, abs=1)
    assert raw(record, "340") == bytes([0xA0, *RADAR]) + (1600).to_bytes(2, "big")
    assert signed(raw(record, "130")) * 6.25 == pytest.approx(40_000, abs=6.25)
    assert signed(raw(record, "136")) == 1400


def test_each_plot_yields_one_record_with_its_own_time_of_day(rib: Rib) -> None:
    blocks = [encode(48, *(plot(10_000 + 512 * scan, 0x840000 + target) for target in range(10))) for scan in range(20)]
    rib.send(*blocks)
    tracks = rib.tracks(200)
    assert [int.from_bytes(raw(t, "070"), "big") for t in tracks] == [
        10_000 + 512 * scan for scan in range(20) for _ in range(10)
    ]
    assert [raw(t, "380") for t in tracks] == [
        b"\x80" + (0x840000 + target).to_bytes(3, "big") for _ in range(20) for target in range(10)
    ]
    numbers = {raw(t, "380"): raw(t, "040") for t in tracks}
    assert len(set(numbers.values())) == 10
    assert all(raw(t, "040") == numbers[raw(t, "380")] for t in tracks)


def test_a_straight_flight_is_followed_and_its_velocity_found(rib: Rib) -> None:
    """250 m/s due east at 100 NM due north, FL350, seen every 4 s: the truth is made with pyproj in the plane there."""
    latitude0, longitude0 = expected_position(25600, 0, 35_000 * FT)
    there = topocentric(latitude0, longitude0, 35_000 * FT)
    here = topocentric(*SITE)
    truth = []
    for scan in range(30):
        x, y, z = there.transform(250.0 * 4 * scan, 0.0, 0.0, direction="INVERSE")
        longitude, latitude, _ = TO_ECEF.transform(x, y, z, direction="INVERSE")
        east, north, up = here.transform(*TO_ECEF.transform(longitude, latitude, 35_000 * FT, radians=False))
        rho = round(math.hypot(east, north, up) / NM * 256)
        theta = round(math.atan2(east, north) / (2 * math.pi) * 65536) % 65536
        truth.append((latitude, longitude))
        rib.send(encode(48, plot(20_000 + 512 * scan, i040=(("RHO", rho), ("THETA", theta)))))
    last = rib.tracks(30)[-1]
    assert signed(raw(last, "105")[:4]) * WGS84_LSB_DEG == pytest.approx(truth[-1][0], abs=3e-4)
    assert signed(raw(last, "105")[4:]) * WGS84_LSB_DEG == pytest.approx(truth[-1][1], abs=3e-4)
    assert signed(raw(last, "185")[:2]) * 0.25 == pytest.approx(250.0, abs=5.0)
    assert signed(raw(last, "185")[2:]) * 0.25 == pytest.approx(0.0, abs=5.0)


def test_the_filter_is_the_documented_alpha_beta(start: Callable[..., Rib]) -> None:
    """With alpha 1 every record lies on its plot; with 0.5 a jump across the line of flight is halved."""
    rhos = [25600, 25600, 25600, 25600 + 64]
    plots = [encode(48, plot(1000 + 512 * k, i040=(("RHO", rho), ("THETA", 0)))) for k, rho in enumerate(rhos)]
    jump = expected_position(25664, 0, 35_000 * FT)[0] - expected_position(25600, 0, 35_000 * FT)[0]
    for gains, share in (("1,1,0", 1.0), ("0.5,0,0", 0.5)):
        rib = start("--filter", gains)
        rib.send(*plots)
        latitudes = [signed(raw(t, "105")[:4]) * WGS84_LSB_DEG for t in rib.tracks(4)]
        assert latitudes[3] - latitudes[2] == pytest.approx(share * jump, abs=2 * WGS84_LSB_DEG)


def test_the_time_of_day_wraps_at_midnight(rib: Rib) -> None:
    times = [(DAY_TICKS - 1024 + 512 * scan) % DAY_TICKS for scan in range(5)]
    rib.send(*(encode(48, plot(t)) for t in times))
    tracks = rib.tracks(5)
    assert [int.from_bytes(raw(t, "070"), "big") for t in tracks] == times
    assert len({raw(t, "040") for t in tracks}) == 1
    assert signed(raw(tracks[-1], "185")[:2]) == pytest.approx(0, abs=4)  # it hovers


def test_serial_frames_give_the_same_records_as_datagrams(start: Callable[..., Rib]) -> None:
    payloads = [encode(48, *(plot(5000 + 512 * s, 0x7E7D00 + t) for t in range(5))) for s in range(4)]
    over_serial, over_serial_32, over_udp = start(), start("--fcs", "32"), start()
    over_serial.send_serial(*(frame(p) for p in payloads))
    over_serial_32.send_serial(*(frame(p, 4) for p in payloads))
    over_udp.send(*payloads)
    wanted = [bytes(r.unparse().to_bytes()) for r in over_udp.tracks(20)]
    assert [bytes(r.unparse().to_bytes()) for r in over_serial.tracks(20)] == wanted
    assert [bytes(r.unparse().to_bytes()) for r in over_serial_32.tracks(20)] == wanted
    assert over_serial.counters()["frames_ok"] == 4


def test_both_outputs_carry_the_own_tracks(rib: Rib) -> None:
    rib.send(encode(48, plot(1000), plot(1000, 0x840002)))
    ours = [bytes(r.unparse().to_bytes()) for r in rib.tracks(2, port="link_out")]
    assert [bytes(r.unparse().to_bytes()) for r in rib.tracks(2, port="c2_out")] == ours


def test_track_items_are_those_of_the_interface_document(rib: Rib) -> None:
    identity: dict[str, Any] = {"i070": (0, 0, 0, 0, ("MODE3A", 0o1234)), "i240": "HIL123  "}
    rib.send(encode(48, plot(1000, **identity)), encode(48, plot(1512, **identity)))
    first, second = rib.tracks(2)
    assert raw(first, "010") == bytes([1, 2])
    assert raw(first, "015") == bytes([3])
    assert raw(first, "060") == (0o1234).to_bytes(2, "big")
    assert raw(first, "245")[:1] == b"\0"
    assert first.get_item("245").variation.get_item("CHR").variation.content.as_string() == "HIL123  "
    assert raw(first, "080") == bytes([0x83, 0x20])  # one sensor, tentative; begins here
    assert raw(second, "080") == bytes([0x80])
    assert raw(first, "185") == b""
    assert len(raw(second, "185")) == 4


def test_a_code_change_is_flagged_and_keeps_the_number(rib: Rib) -> None:
    rib.send(*(encode(48, plot(1000 + 512 * k, i070=(0, 0, 0, 0, ("MODE3A", code)))) for k, code in enumerate((1, 2))))
    first, second = rib.tracks(2)
    assert raw(second, "060") == (0x2000 | 2).to_bytes(2, "big")
    assert raw(second, "040") == raw(first, "040")


def test_mode_3a_then_position_associate_where_there_is_no_address(rib: Rib) -> None:
    """Three objects 20 NM apart: two with codes, one without anything."""
    where = [(25600, 0), (25600, 4096), (30720, 0)]
    identity = [{"i070": (0, 0, 0, 0, ("MODE3A", 0o4321))}, {"i070": (0, 0, 0, 0, ("MODE3A", 0o4322))}, {}]
    for scan in range(6):
        rib.send(
            *(
                encode(48, plot(1000 + 512 * scan, None, i040=(("RHO", rho), ("THETA", theta)), **extra))
                for (rho, theta), extra in zip(where, identity, strict=True)
            )
        )
    numbers = [raw(t, "040") for t in rib.tracks(18)]
    assert len(set(numbers)) == 3
    assert numbers == numbers[:3] * 6


def test_two_plots_of_one_scan_are_two_objects(rib: Rib) -> None:
    close = [(25600, 0), (25601, 0)]
    for scan in range(3):
        rib.send(*(encode(48, plot(1000 + 512 * scan, None, i040=(("RHO", r), ("THETA", t)))) for r, t in close))
    assert len({raw(t, "040") for t in rib.tracks(6)}) == 2


def test_an_object_that_is_gone_ends_with_one_flagged_record(start: Callable[..., Rib]) -> None:
    rib = start("--coast-s", "1")
    rib.send(encode(48, plot(1000)), encode(48, plot(1512)))
    assert len(rib.tracks(2)) == 2
    (last,) = rib.tracks(1)
    assert raw(last, "080")[1] & 0x40  # TSE
    assert int.from_bytes(raw(last, "070"), "big") == 1512
    counters = rib.counters()
    assert (counters["tracks_out"], counters["tracks_ended"], counters["tracks_live"]) == (2, 1, 0)
    rib.send(encode(48, plot(2024)))
    (again,) = rib.tracks(1)
    assert raw(again, "040") != raw(last, "040")


def test_far_and_high_objects_come_through_cat015(rib: Rib) -> None:
    record = {
        "010": (("SAC", RADAR[0]), ("SIC", RADAR[1])),
        "000": (1, 0),
        "015": 1,
        "145": 1000,
        "625": {"R": 6_000_000},  # 600 km
        "627": {"AZ": 16384},
        "628": {"EL": 10922},  # 30 degrees
    }
    rib.send(encode(15, record))
    (track,) = rib.tracks(1)
    slant, elevation = 600_000.0, 10922 / 131072 * 2 * math.pi
    x, y, z = topocentric(*SITE).transform(
        slant * math.cos(elevation), 0.0, slant * math.sin(elevation), direction="INVERSE"
    )
    longitude, latitude, height = TO_ECEF.transform(x, y, z, direction="INVERSE")
    assert signed(raw(track, "105")[:4]) == pytest.approx(latitude / WGS84_LSB_DEG, abs=1)
    assert signed(raw(track, "105")[4:]) == pytest.approx(longitude / WGS84_LSB_DEG, abs=1)
    assert raw(track, "130") == b""  # beyond 150,000 ft
    assert height / FT > 819_175
    assert raw(track, "340") == bytes([0x80, *RADAR])


def test_range_beyond_256_nm_needs_the_extended_range_field(rib: Rib) -> None:
    err = bytes([5, 0x08]) + (300 * 256).to_bytes(3, "big")  # RE: ERR alone, 300 NM
    far = {"i020": ((5, 0, 0, 0, 0, None), (0, 1, 0, 0, 0, 0, None)), "i040": (("RHO", 0xFFFF), ("THETA", 0))}
    block = bytearray(encode(48, plot(1000, **far)))
    fspec = block[3:5]
    assert fspec[1] & 1 == 0
    with_err = bytes([fspec[0], fspec[1] | 1, 1, 0x02]) + bytes(block[5:]) + err
    rib.send(bytes([48]) + (3 + len(with_err)).to_bytes(2, "big") + with_err, bytes(block))
    (track,) = rib.tracks(1)
    latitude, _ = expected_position(300 * 256, 0, 35_000 * FT)
    assert signed(raw(track, "105")[:4]) == pytest.approx(latitude / WGS84_LSB_DEG, abs=1)
    assert rib.counters()["out_of_range"] == 1
