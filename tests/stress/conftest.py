"""Drills: what a box does with particular things. `drill(messages, orders)` carries them out on the session's bench."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from hil.bench.model import Radar
from hil.bench.stand import Stand
from hil.run.drill import Drilled, Message, Order
from hil.run.drill import drill as carry_out_drill
from hil.timing.verdict import Verdict, unless_starved
from hil_fixtures.session import BenchSession


@pytest.fixture(scope="session")
def drills() -> list[Drilled]:
    """Every drill of this session, in order."""
    return []


@pytest.fixture(scope="session")
def drill(hil_session: BenchSession, bench: Stand, drills: list[Drilled]) -> Callable[..., Drilled]:
    """`drill(messages, orders, lasts_s=…)` starts from freshly reset boxes."""

    def carry_out(messages: list[Message], orders: list[Order] | None = None, *, lasts_s: float = 0.5) -> Drilled:
        drills.append(carry_out_drill(hil_session.setup, bench, messages, orders or [], lasts_s=lasts_s))
        return drills[-1]

    return carry_out


@pytest.fixture
def judge(
    request: pytest.FixtureRequest, judge: Callable[[Iterable[Verdict]], None], drills: list[Drilled]
) -> Callable[[Iterable[Verdict]], None]:
    """As everywhere, but a fail that the machine's being busy during a drill can explain is blocked."""
    before = len(drills)

    def judge_unless_starved(verdicts: Iterable[Verdict]) -> None:
        verdicts = list(verdicts)  # drills may still be to come
        shared = [made.drilled for made in request.node.funcargs.values() if hasattr(made, "drilled")]
        waited_s = max((drilled.waited_s for drilled in [*drills[before:], *shared]), default=0.0)
        judge(unless_starved(verdict, waited_s) for verdict in verdicts)

    return judge_unless_starved


def _radar(session: BenchSession, port: str) -> Radar:
    found = [radar for radar in session.setup.bench.file.radar if radar.port == port]
    if not found:
        pytest.skip(f"no radar of this bench feeds a {port}")
    return found[0]


@pytest.fixture(scope="session")
def radar(hil_session: BenchSession) -> Radar:
    """A radar that feeds a box by Ethernet."""
    return _radar(hil_session, "radar_eth")


@pytest.fixture(scope="session")
def serial_radar(hil_session: BenchSession) -> Radar:
    """A radar that feeds a box by a serial line."""
    return _radar(hil_session, "radar_serial")
