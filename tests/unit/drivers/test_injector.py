"""Injectors send what the schedule says, in its order, never early, and say honestly where each departure's stamp was taken."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import numpy as np
import pytest

from hil.columns import DEPARTURES, MISSING, StampSource, Table
from hil.drivers.ethernet import open_udp
from hil.drivers.injector import Rows, UdpInjector

HERE, THERE = "127.78.3.1", ("127.78.3.2", 8600)


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        opened.bind(THERE)
        opened.settimeout(5)
        yield opened


def rows_of(messages: list[bytes], at_ns: np.ndarray) -> Rows:
    stop = np.cumsum([len(message) for message in messages], dtype=np.int64)
    return Rows(np.frombuffer(b"".join(messages), np.uint8), np.concatenate([[0], stop[:-1]]), stop, at_ns)


def carry_out(messages: list[bytes], at_ns: np.ndarray, *, bulk: bool = False, stamps: bool = True) -> Table:
    departures = np.zeros(len(messages), DEPARTURES)
    with open_udp((HERE, 0), THERE, transmit_stamps=stamps) as connected:
        UdpInjector(connected, bulk).carry_out(rows_of(messages, at_ns), departures)
    return departures


@pytest.mark.parametrize("bulk", [False, True])
def test_messages_that_are_due_together_arrive_whole_and_in_order(receiver: socket.socket, bulk: bool) -> None:
    lengths = [60, 60, 60, 60, 20, 9, 200, 200, 1400, 1400, 1, 1] * 20  # runs of equal length, rising and falling ones
    messages = [bytes([k % 256]) * length for k, length in enumerate(lengths)]
    carry_out(messages, np.full(len(messages), time.time_ns()), bulk=bulk)
    assert [receiver.recv(2048) for _ in messages] == messages


def test_nothing_leaves_before_it_is_due(receiver: socket.socket) -> None:
    at_ns = time.time_ns() + 5_000_000 + np.arange(50, dtype=np.int64) * 400_000
    departures = carry_out([b"plot"] * 50, at_ns)
    assert (departures["scheduled_ns"] == at_ns).all()
    assert (departures["departed_ns"] >= at_ns).all()
    assert len([receiver.recv(64) for _ in at_ns]) == 50


def test_every_message_of_a_paced_stream_has_a_kernel_stamp_that_never_falls(receiver: socket.socket) -> None:
    at_ns = time.time_ns() + 5_000_000 + np.arange(200, dtype=np.int64) * 200_000
    departures = carry_out([b"plot"] * 200, at_ns)
    if (departures["stamp_source"] == StampSource.USER).all():
        pytest.skip("this kernel gives no transmit stamps on the loopback interface")
    assert (departures["stamp_source"] == StampSource.KERNEL_TX).all()
    assert (np.diff(departures["departed_ns"]) >= 0).all()
    assert receiver.recv(64) == b"plot"


def test_without_kernel_stamps_departures_say_that_they_are_from_user_space(receiver: socket.socket) -> None:
    departures = carry_out([b"plot"] * 5, np.full(5, time.time_ns()), stamps=False)
    assert (departures["stamp_source"] == StampSource.USER).all()
    assert (departures["departed_ns"] != MISSING).all()
    assert receiver.recv(64) == b"plot"


def test_a_receiver_that_is_not_there_does_not_stop_the_schedule() -> None:
    departures = carry_out([b"plot"] * 20, np.full(20, time.time_ns()))
    assert (departures["departed_ns"] != MISSING).all()


def test_an_empty_schedule_sends_nothing() -> None:
    assert len(carry_out([], np.zeros(0, np.int64))) == 0
