"""Radio budget against worked figures, and its way into a segment's loss allowance."""

import math
from pathlib import Path

import msgspec
import pytest

from hil.timing.budget import read_budgets
from hil.timing.radio import Radio, Rain, bit_error_ratio, rain_loss_db

SHIPPED = Path(__file__).parents[3] / "lab_config" / "links" / "trilateral.toml"


def radio(**changes: float) -> Radio:
    given = {
        "frequency_ghz": 12.0,
        "eirp_dbw": 50.0,
        "g_over_t_dbk": 20.0,
        "path_km": 38_000.0,
        "bit_rate_bps": 2.048e6,
        "frame_octets": 1400,
    }
    return msgspec.convert(given | changes, Radio)


def test_free_space_loss_of_a_ku_band_hop_is_205_6_db() -> None:
    wavelength_m = 299_792_458 / 12e9
    assert radio().path_loss_db == pytest.approx(20 * math.log10(4 * math.pi * 38e6 / wavelength_m), abs=0.01)


def test_carrier_to_noise_density_adds_up() -> None:
    assert radio(other_loss_db=2.0, rain_loss_db=3.0).c_over_n0_dbhz() == pytest.approx(
        50 + 20 - 205.63 - 5 + 228.6, abs=0.02
    )


@pytest.mark.parametrize(("eb_over_n0_db", "ber"), [(4.32, 1e-2), (6.79, 1e-3), (9.59, 1e-5), (10.53, 1e-6)])
def test_bit_errors_of_psk_are_the_textbook_ones(eb_over_n0_db: float, ber: float) -> None:
    assert bit_error_ratio(eb_over_n0_db) == pytest.approx(ber, rel=0.03)


def test_frame_loss_is_that_of_independent_bits() -> None:
    marginal = radio(eirp_dbw=50 - (radio().eb_over_n0_db() - 9.59))
    assert marginal.frame_loss() == pytest.approx(1 - (1 - 1e-5) ** 11_200, rel=0.03)


def test_coding_gain_saves_as_many_decibels_of_power() -> None:
    weak = radio(eirp_dbw=34.0)
    assert radio(eirp_dbw=31.0, coding_gain_db=3.0).frame_loss() == pytest.approx(weak.frame_loss())


def test_a_segments_loss_allowance_includes_what_its_radio_loses() -> None:
    hop = radio(eirp_dbw=50 - (radio().eb_over_n0_db() - 9.59))
    table = "\n".join(f"{key} = {value!r}" for key, value in msgspec.to_builtins(hop).items() if value is not None)
    text = SHIPPED.read_text().replace(
        "[segment.emulate]\njitter_ms = 1.0", f"[segment.radio]\n{table}\n[segment.emulate]\njitter_ms = 1.0", 1
    )
    budget = read_budgets(text, "link.toml")[1][0]
    wan = next(line for line in budget.lines if line.name == "usfj_gw → hub")
    assert wan.loss_allowance == pytest.approx(hop.frame_loss())
    assert budget.end_to_end.loss_allowance == pytest.approx(hop.frame_loss())


def test_rain_costs_more_the_less_outage_is_allowed() -> None:
    pytest.importorskip("itur", reason="itur is not installed: pip install 'radar-hil[radio]'")
    loss = [
        rain_loss_db(
            Rain(latitude_deg=35.7, longitude_deg=139.7, elevation_deg=40.0, unavailability_percent=share), 12.0
        )
        for share in (1.0, 0.1, 0.01)
    ]
    assert 0 < loss[0] < loss[1] < loss[2] < 30
