"""A qualification holds for the host, program and bench that it was made on, for a while, and says why when it does not."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from hil.errors import ConfigError
from hil.run import qualification
from hil.run.qualification import VALID_DAYS, Qualification, figures, find, fingerprint, keep, place


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def made(**changes: object) -> Qualification:
    some = figures("some", np.linspace(1e-6, 1e-4, 5_000))
    facts = {
        "bench": "native",
        "isolation": "namespace",
        "precision": "SCHED_FIFO",
        "taken": datetime.now(UTC).isoformat(timespec="seconds"),
        "fingerprint": fingerprint(),
        "kinds": {"wire": some},
        "pairs": [some],
        "stamps": some,
        "waits": some,
        "stolen": 0.1,
        "steal": 0.0,
    }
    return Qualification(**(facts | changes))  # type: ignore[arg-type]  # facts by name


def test_what_was_kept_is_found_again() -> None:
    keep(made(), place("native"))
    assert find("native") == (made(taken=find("native")[0].taken), "")


def test_a_bench_that_was_never_qualified_says_so() -> None:
    assert find("native") == (None, "the bench has not been qualified on this host")


def test_another_kernel_makes_it_invalid() -> None:
    keep(made(fingerprint=fingerprint() | {"kernel": "2.4.18"}), place("native"))
    assert find("native") == (None, "the qualification is of another host or program (kernel changed)")


def test_it_grows_old() -> None:
    old = datetime.now(UTC) - timedelta(days=VALID_DAYS, hours=1)
    keep(made(taken=old.isoformat(timespec="seconds")), place("native"))
    assert find("native") == (None, f"the qualification is older than {VALID_DAYS} days")


def test_a_file_of_another_version_is_not_believed(state: Path) -> None:
    keep(made(), place("native"))
    facts = msgspec.json.decode(place("native").read_bytes())
    del facts["waits"]
    place("native").write_bytes(msgspec.json.encode(facts))
    assert find("native")[1].endswith("is of another version of the program")
    assert state in place("native").parents


def test_bounds_cover_the_percentile_they_are_asked_for() -> None:
    values = np.random.default_rng(1).exponential(1e-5, 20_000)
    found = figures("exponential", values)
    for percentile in (50.0, 90.0, 98.0, 99.0, 99.9):
        true = -math.log(1 - percentile / 100) * 1e-5
        assert true < found.bound_s(percentile, 95.0) < 3 * true


def test_nobody_knows_what_lies_beyond_the_sample() -> None:
    assert figures("few", np.zeros(100)).bound_s(99.9, 95.0) == math.inf
    assert figures("many", np.zeros(100_000)).bound_s(99.99, 95.0) == math.inf
    assert figures("many", np.zeros(100_000)).bound_s(99.0, 99.9) == math.inf


def test_nothing_measured_is_no_qualification() -> None:
    with pytest.raises(ConfigError, match="nothing was measured of the serial line"):
        figures("the serial line", np.zeros(0))


def test_the_fingerprint_is_the_same_twice() -> None:
    assert qualification.fingerprint() == fingerprint()
