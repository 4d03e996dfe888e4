"""What every kind of box says on its console, whatever carries the lines (docs/icd.md §4).

`ask` puts one query and gives the answer without its line end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hil.boxes.box import FormatterClocks, Identity, Sensor
from hil.errors import BenchError

Ask = Callable[[str], str]


def identity(name: str, ask: Ask) -> Identity:
    """`*IDN?` and `SYST:BUILD?` of box `name`; fields that it leaves out are empty. BenchError when this is no identification."""
    said = ask("*IDN?")
    fields = said.split(",")
    if not 2 <= len(fields) <= 4:
        raise BenchError(f"{name} does not identify: *IDN? gave `{said}`", "is this console a box's?")
    maker, model, serial_number, firmware = [*fields, "", ""][:4]
    return Identity(maker, model, serial_number, firmware, ask("SYST:BUILD?"))


def expect_build(name: str, running: str, expected: str) -> None:
    """Raise BenchError, with both ids, when box `name` runs another build than the bench expects; empty expects nothing."""
    if expected and running != expected:
        raise BenchError(
            f"{name} runs build {running}, expected {expected}", "flash the right image, or correct `build_id`"
        )


def counters(name: str, ask: Ask) -> Mapping[str, int]:
    """Every counter of `STAT:COUN?` by name. Raises BenchError when the answer cannot be read."""
    return _numbers(name, ask, "STAT:COUN?")


def formatter_clocks(name: str, ask: Ask) -> FormatterClocks:
    """`STAT:FORM?` of box `name`. Raises BenchError when the answer cannot be read."""
    try:
        return FormatterClocks(**_numbers(name, ask, "STAT:FORM?"))
    except TypeError:
        raise BenchError(f"{name}: STAT:FORM? names other things", "flash the right image") from None


def add_sensor(name: str, ask: Ask, sensor: Sensor) -> None:
    """Tell box `name` of a radar; raises BenchError when it refuses."""
    site = f"{sensor.latitude_deg:.7f},{sensor.longitude_deg:.7f},{sensor.height_m:.1f}"
    error = ask(f"CONF:SENS {sensor.sac},{sensor.sic},{site};:SYST:ERR?")
    if not error.startswith("0,"):
        raise BenchError(f"{name} refused sensor {sensor.sac}/{sensor.sic}: {error}", "see docs/icd.md §4")


def _numbers(name: str, ask: Ask, query: str) -> dict[str, int]:
    answer = ask(query)
    try:
        return {key: int(value) for key, value in (pair.split("=") for pair in answer.split(","))}
    except ValueError:
        raise BenchError(f"{name}: {query} gave `{answer[:80]}`", "is this console a box's?") from None
