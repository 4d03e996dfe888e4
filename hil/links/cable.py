"""The two ends of a wire, at each of which its cable can be pulled."""

from __future__ import annotations

from enum import IntFlag


class End(IntFlag):
    """As in wan.c. Without its cable a source sends into nothing; a sink does not get what was still on its way either."""

    SOURCE = 1
    SINK = 2
