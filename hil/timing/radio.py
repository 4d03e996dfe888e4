"""The radio part of a link budget: from transmitter power to the share of frames that are lost, hence the loss a segment may have.

C/N0 = EIRP + G/T − free-space path − rain − other losses − k, all in dB; Eb/N0 = C/N0 − bit rate; bit errors of coherent
BPSK/QPSK after the code's gain; frame loss = 1 − (1 − BER)^bits. Rain comes from ITU-R P.618 by the optional package `itur`.
"""

from __future__ import annotations

import importlib
import math

import msgspec

from hil.errors import ConfigError

BOLTZMANN_DBW_PER_K_HZ = -228.599


class Rain(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the ground station is and how much of an average year the link may be down."""

    latitude_deg: float
    longitude_deg: float
    elevation_deg: float
    unavailability_percent: float
    antenna_m: float = 1.0


class Radio(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One radio hop as a link file gives it (`[segment.radio]`)."""

    frequency_ghz: float
    eirp_dbw: float
    g_over_t_dbk: float  # of the receiving station, dB/K
    path_km: float
    bit_rate_bps: float
    frame_octets: int  # a frame with any bit wrong is lost
    coding_gain_db: float = 0.0
    other_loss_db: float = 0.0  # pointing, polarisation, implementation
    rain_loss_db: float = 0.0
    rain: Rain | None = None  # instead of rain_loss_db: computed by `itur`

    def __post_init__(self) -> None:
        for name in ("frequency_ghz", "path_km", "bit_rate_bps", "frame_octets"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} = {getattr(self, name):g} must be greater than 0")
        if self.rain is not None and self.rain_loss_db:
            raise ValueError("rain_loss_db and rain are both given: keep one of them")

    @property
    def path_loss_db(self) -> float:
        """Free-space loss, ITU-R P.525: 92.45 + 20 log f/GHz + 20 log d/km."""
        return 92.45 + 20 * math.log10(self.frequency_ghz) + 20 * math.log10(self.path_km)

    def c_over_n0_dbhz(self) -> float:
        """Carrier power to noise density. Raises ConfigError when rain is to be computed and `itur` is not installed."""
        fade_db = self.rain_loss_db if self.rain is None else rain_loss_db(self.rain, self.frequency_ghz)
        losses_db = self.path_loss_db + fade_db + self.other_loss_db
        return self.eirp_dbw + self.g_over_t_dbk - losses_db - BOLTZMANN_DBW_PER_K_HZ

    def eb_over_n0_db(self) -> float:
        """Energy per bit to noise density, before decoding."""
        return self.c_over_n0_dbhz() - 10 * math.log10(self.bit_rate_bps)

    def frame_loss(self) -> float:
        """Share of frames with at least one wrong bit, 0 … 1."""
        ber = bit_error_ratio(self.eb_over_n0_db() + self.coding_gain_db)
        return -math.expm1(8 * self.frame_octets * math.log1p(-ber))


def bit_error_ratio(eb_over_n0_db: float) -> float:
    """Coherent BPSK, or QPSK with Gray coding: ½ erfc √(Eb/N0) (Proakis, Digital Communications, §4.3)."""
    return 0.5 * math.erfc(math.sqrt(10 ** (eb_over_n0_db / 10)))


def rain_loss_db(rain: Rain, frequency_ghz: float) -> float:
    """Loss to gases, clouds, rain and scintillation exceeded in `unavailability_percent` of a year, ITU-R P.618 by `itur`."""
    try:
        itur = importlib.import_module("itur")
    except ImportError:
        raise ConfigError(
            "a link file asks for rain loss, which the package `itur` computes",
            "pip install 'radar-hil[radio]', or give rain_loss_db",
        ) from None
    loss = itur.atmospheric_attenuation_slant_path(
        rain.latitude_deg,
        rain.longitude_deg,
        frequency_ghz,
        rain.elevation_deg,
        rain.unavailability_percent,
        rain.antenna_m,
    )
    return float(loss.value)
