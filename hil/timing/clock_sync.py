"""How far two hosts' clocks may be apart, from what chrony or linuxptp say about themselves. Text in, standard uncertainty out.

On one host all kernel stamps come from one clock and none of this applies.
"""

from __future__ import annotations

import math
import re

from hil.errors import BenchError


def chrony_standard_s(tracking: str) -> float:
    """Standard uncertainty of a clock, s, from `chronyc -c tracking`.

    chrony bounds its error by |offset| + root dispersion + root delay / 2 (chronyc(1)); that is a rectangular half-width, so / √3.
    Raises BenchError when the text is something else or chrony is not synchronised.
    """
    fields = tracking.strip().split(",")
    try:
        offset_s, delay_s, dispersion_s, leap = float(fields[4]), float(fields[10]), float(fields[11]), fields[13]
    except (IndexError, ValueError):
        raise BenchError("`chronyc -c tracking` gave no tracking line", "is chronyd running?") from None
    if leap == "Not synchronised":
        raise BenchError("chrony is not synchronised", "wait until `chronyc tracking` shows a reference")
    return (abs(offset_s) + dispersion_s + delay_s / 2) / math.sqrt(3)


def ptp_standard_s(current_data_set: str) -> float:
    """Standard uncertainty of a clock, s, from `pmc -u -b 0 'GET CURRENT_DATA_SET'`.

    Offset from the master, and an unknown asymmetry of the path that is at most the mean path delay (IEEE 1588-2019 §7.4.2):
    rectangular half-widths, so / √3 each. Raises BenchError when the text is something else.
    """
    offset = re.search(r"offsetFromMaster\s+(-?[\d.]+)", current_data_set)
    path = re.search(r"meanPathDelay\s+(-?[\d.]+)", current_data_set)
    if offset is None or path is None:
        raise BenchError("`pmc` gave no CURRENT_DATA_SET", "is ptp4l running, and may this user open its socket?")
    return math.hypot(float(offset[1]), float(path[1])) * 1e-9 / math.sqrt(3)
