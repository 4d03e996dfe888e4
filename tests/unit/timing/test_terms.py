"""Terms of a link budget against hand-worked figures and, for their draws, against their own worst case."""

import math

import numpy as np
import pytest

from hil.timing.terms import (
    Clocks,
    Ethernet,
    Fibre,
    Jitter,
    Processing,
    Queueing,
    Satellite,
    Serialisation,
    Term,
    slant_range_km,
)

TERMS: list[Term] = [
    Serialisation(baud=115200.0, octets=64),
    Ethernet(rate_bps=1e9, octets=1400, hops=3),
    Fibre(distance_km=6219.0, route_factor=1.45),
    Satellite(altitude_km=550.0, up_elevation_deg=(25.0, 90.0), down_elevation_deg=(40.0, 60.0)),
    Processing(max_ms=5.0, min_ms=1.0),
    Queueing(depth=3, service_ms=2.0),
    Jitter(max_ms=2.0),
    Jitter(max_ms=2.0, distribution="exponential", scale_ms=0.5),
    Jitter(max_ms=2.0, distribution="normal", scale_ms=0.5),
    Clocks(min_clocks=24, max_clocks=142, clock_mhz=156.25),
]


def test_142_clocks_at_156_25_mhz_take_908_8_ns() -> None:
    term = Clocks(max_clocks=142, clock_mhz=156.25)
    assert term.worst_s() == pytest.approx(908.8e-9)
    assert term.formula() == "0 … 142 clocks / 156.25 MHz"


@pytest.mark.parametrize("wrong", [{"min_clocks": 3, "max_clocks": 2}, {"min_clocks": -1, "max_clocks": 2}])
def test_clocks_must_be_in_order(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="min ≤ max"):
        Clocks(clock_mhz=100.0, **wrong)


def test_serial_frame_worst_case_escapes_every_octet_of_data_and_fcs() -> None:
    assert Serialisation(baud=9600.0, octets=40).worst_s() == pytest.approx((2 * 42 + 2) * 10 / 9600)


def test_serial_frame_draws_average_the_expected_stuffing() -> None:
    drawn = Serialisation(baud=9600.0, octets=998).sample_s(np.random.default_rng(1), 20_000)
    assert drawn.mean() == pytest.approx((1000 * (1 + 2 / 256) + 2) * 10 / 9600, rel=1e-4)


def test_ethernet_counts_headers_preamble_and_gap() -> None:
    assert Ethernet(rate_bps=100e6, octets=1472).worst_s() == pytest.approx((1518 + 20) * 8 / 100e6)


def test_ethernet_pads_a_short_datagram_to_64_octets() -> None:
    assert Ethernet(rate_bps=10e6, octets=1).worst_s() == pytest.approx(67.2e-6)  # the 14 880 frames/s of 10BASE-T


def test_tokyo_honolulu_fibre_takes_44_ms() -> None:
    assert Fibre(distance_km=6219.0, route_factor=1.45).worst_s() == pytest.approx(44.186e-3, abs=1e-6)


@pytest.mark.parametrize(
    ("elevation_deg", "range_km"), [(90.0, 35786.0), (0.0, math.sqrt((6371 + 35786) ** 2 - 6371**2))]
)
def test_slant_range_at_zenith_is_the_altitude_and_at_the_horizon_the_tangent(
    elevation_deg: float, range_km: float
) -> None:
    assert slant_range_km(35786.0, np.array([elevation_deg]))[0] == pytest.approx(range_km)


def test_geostationary_hop_takes_239_to_278_ms() -> None:
    zenith = Satellite(altitude_km=35786.0, up_elevation_deg=(90.0, 90.0), down_elevation_deg=(90.0, 90.0))
    horizon = Satellite(altitude_km=35786.0, up_elevation_deg=(0.0, 0.0), down_elevation_deg=(0.0, 0.0))
    assert (zenith.worst_s(), horizon.worst_s()) == pytest.approx((0.2387, 0.2780), abs=1e-4)


@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
def test_no_draw_of_a_term_exceeds_its_worst_case(term: Term) -> None:
    drawn = term.sample_s(np.random.default_rng(7), 50_000)
    assert drawn.shape == (50_000,)
    assert drawn.min() >= 0
    assert drawn.max() <= term.worst_s() * (1 + 1e-12)


@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
def test_only_propagation_is_left_to_the_emulator(term: Term) -> None:
    assert term.emulated_s() == (term.worst_s() if isinstance(term, Fibre | Satellite) else 0.0)


@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
def test_every_term_names_its_formula_and_source(term: Term) -> None:
    assert term.formula()
    assert term.source
