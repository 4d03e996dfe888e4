"""What no rule names does not pass."""

from __future__ import annotations

import msgspec

from hil.links.policy import Policy, Release, released

RECORD = {"010": {"SAC": 1, "SIC": 2}, "070": 1.0, "380": {"ADR": 5, "ID": "SECRET"}, "SP": b"\x01"}


def test_items_and_subfields_pass_only_when_they_are_named() -> None:
    assert released(RECORD, frozenset({"010", "380/ADR"})) == {"010": {"SAC": 1, "SIC": 2}, "380": {"ADR": 5}}


def test_an_empty_rule_passes_nothing() -> None:
    assert released(RECORD, frozenset()) == {}


def test_a_direction_without_a_rule_passes_nothing() -> None:
    policy = Policy(title="", release=(Release(sender="jp", receiver="kr", category=62, items=("010",)),))
    assert policy.rules("jp", "kr") == {62: frozenset({"010"})}
    assert policy.rules("kr", "jp") == {}


def test_a_released_record_shares_nothing_with_the_original() -> None:
    before = msgspec.msgpack.encode(RECORD)
    released(RECORD, frozenset({"380/ADR"}))["380"]["ADR"] = 0
    assert msgspec.msgpack.encode(RECORD) == before
