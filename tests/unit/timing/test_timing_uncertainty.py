"""Uncertainty of a delay: stamps, clocks and floor."""

import math

import numpy as np
import pytest

from hil.columns import StampSource
from hil.errors import BenchError
from hil.timing.clock_sync import chrony_standard_s, ptp_standard_s
from hil.timing.uncertainty import STAMP_STANDARD_S, Uncertainty, bench_floor_s, floor_too_high, stamps_uncertainty

CHRONY = (
    "A9FEA97B,ntp.example,3,1700000000.123,0.000012,-0.000001,0.000020,-21.1,0.001,0.03,0.000400,0.000100,64.2,{leap}\n"
)
PMC = """sending: GET CURRENT_DATA_SET
\t000000.fffe.000000-0 seq 0 RESPONSE MANAGEMENT CURRENT_DATA_SET
\t\tstepsRemoved     1
\t\toffsetFromMaster -30.0
\t\tmeanPathDelay    400.0
"""


def test_standard_uncertainties_add_as_squares_and_expand_by_two() -> None:
    assert Uncertainty(3e-6, 4e-6).expanded_s == pytest.approx(10e-6)


def test_a_floor_counts_as_a_rectangle() -> None:
    assert Uncertainty(0.0, 0.0, floor_s=3e-3).combined_s == pytest.approx(3e-3 / math.sqrt(3))


def test_kernel_stamps_on_one_idle_host_stay_within_50_us() -> None:
    assert stamps_uncertainty(StampSource.KERNEL_RX, StampSource.KERNEL_TX).expanded_s <= 50e-6


def test_every_stamp_source_has_an_uncertainty() -> None:
    assert set(STAMP_STANDARD_S) == set(StampSource)


def test_virtual_time_is_exact() -> None:
    assert stamps_uncertainty(StampSource.VIRTUAL, StampSource.VIRTUAL).expanded_s == 0.0


def test_the_floor_of_a_loopback_is_its_percentiles_upper_bound() -> None:
    assert bench_floor_s(np.arange(1.0, 300.0), 99, 95) == 299.0
    assert bench_floor_s(np.arange(10.0), 99, 95) == math.inf


def test_a_budget_without_slack_can_prove_nothing_on_a_bench_with_a_floor() -> None:
    assert floor_too_high(1e-6, 0.0)
    assert not floor_too_high(0.0, 0.0)


def test_chrony_error_bound_is_offset_dispersion_and_half_the_delay() -> None:
    assert chrony_standard_s(CHRONY.format(leap="Normal")) == pytest.approx((12e-6 + 100e-6 + 200e-6) / math.sqrt(3))


def test_an_unsynchronised_clock_blocks() -> None:
    with pytest.raises(BenchError, match="not synchronised"):
        chrony_standard_s(CHRONY.format(leap="Not synchronised"))


def test_ptp_counts_offset_and_path_asymmetry() -> None:
    assert ptp_standard_s(PMC) == pytest.approx(math.hypot(30e-9, 400e-9) / math.sqrt(3))


@pytest.mark.parametrize("text", ["", "506 Cannot talk to daemon", "a,b,c"])
def test_an_answer_that_is_none_blocks(text: str) -> None:
    with pytest.raises(BenchError):
        chrony_standard_s(text)
    with pytest.raises(BenchError):
        ptp_standard_s(text)
