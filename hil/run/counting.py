"""What boxes count, asked of all at once: when the bench has been up for a while, or right after a reset."""

from __future__ import annotations

from collections.abc import Mapping

from hil.bench.stand import Stand
from hil.errors import BoxError, HilTimeoutError, LinkError


def counters_of(stand: Stand) -> dict[str, Mapping[str, int]]:
    """Every counter of every box, by box, asked after something was done to it.

    Raises BoxError for a box that answers no more, though it answered when the bench was stood up.
    """
    counted = {}
    for name, box in stand.boxes.items():
        try:
            counted[name] = box.counters()
        except (LinkError, HilTimeoutError) as error:
            raise BoxError(f"{name} answers no more on its console ({error.cause})", "look at its log") from None
    return counted


def counters_after_reset(stand: Stand) -> dict[str, Mapping[str, int]]:
    """Every counter of every box, by box, right after each was reset: a query that comes while a box resets is lost, so a box that
    does not answer is asked once more. Raises BoxError for one that stays silent.
    """
    try:
        return counters_of(stand)
    except BoxError:
        return counters_of(stand)
