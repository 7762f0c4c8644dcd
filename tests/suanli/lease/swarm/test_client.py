"""What one requester can make a miner of swarms keep: bounded for each, and for all together."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from suanli.base.database import DatabaseFailed
from suanli.lease.errors import BadPeer
from suanli.lease.swarm import client
from suanli.lease.swarm.client import SwarmClient, SwarmMemory, WaitingTask
from suanli.lease.swarm.money import Till, UnitPrice
from suanli.lease.swarm.tills import Tills
from suanli.protocol import Channel, Quote
from tests.harness.swarms import CHANNELS, DEPOSIT, PRICE, REQUESTER, SCALE, SIGNER


@pytest.fixture
def tills(tmp_path: Path) -> Tills:
    return Tills(tmp_path / "tills.sqlite", SCALE)


def made(tills: Tills, memory: SwarmMemory, number: int = 1) -> SwarmClient:
    quote = Quote(CHANNELS, REQUESTER.address, SIGNER.address, 1, 1, 0, 3_600, number, 2_000)
    record = Channel(quote, PRICE, 1_000, DEPOSIT, 0)
    till = Till(UnitPrice(SCALE, PRICE), DEPOSIT)
    return SwarmClient(hashlib.sha256(bytes([number])).digest(), record, till, tills, memory)


def waiting(key: str, size: int) -> WaitingTask:
    return WaitingTask(key, {}, [bytes(size)])


def test_code_and_tasks_in_memory_are_bounded(
    tills: Tills, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MOST_HELD", 100)
    monkeypatch.setattr(client, "MOST_HELD_BY_ALL", 150)
    memory = SwarmMemory()
    first, second = made(tills, memory), made(tills, memory, 2)
    first.add_module(bytes(60))
    first.add_module(bytes(60))  # the same again
    first.queue(waiting("a", 40))
    for more in (lambda: first.queue(waiting("b", 1)), lambda: first.add_module(bytes(1))):
        with pytest.raises(BadPeer, match="code and waiting tasks have more than 100 bytes"):
            more()
    second.queue(waiting("c", 50))
    with pytest.raises(BadPeer, match="others' code and tasks fill this miner"):
        second.queue(waiting("d", 1))
    assert first.next_task().key == "a"
    second.queue(waiting("d", 40))
    first.part()
    assert (memory.held, first.modules) == (90, {})
    second.drop_waiting()
    assert memory.held == 0


def test_a_queue_has_an_end(tills: Tills) -> None:
    one = made(tills, SwarmMemory())
    for number in range(client.MOST_QUEUED):
        one.queue(waiting(str(number), 0))
    with pytest.raises(BadPeer, match="more than 256 tasks wait"):
        one.queue(waiting("more", 0))


def test_results_on_the_disk_are_bounded_the_oldest_go_first(
    tills: Tills, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = SwarmMemory()
    one = made(tills, memory)
    one.bill("0", 3, ({}, [bytes(100)]))
    (size,) = one.done.values()
    monkeypatch.setattr(client, "MOST_KEPT", 3 * size)
    for number in range(1, 5):
        one.bill(str(number), 3, ({}, [bytes([number]) * 100]))
    assert list(one.done) == ["2", "3", "4"]
    assert one.till.units == 15
    found = tills.result(one.id, "4")
    assert found == ({}, [bytes([4]) * 100])
    assert tills.result(one.id, "1") is None
    monkeypatch.setattr(client, "MOST_KEPT_BY_ALL", 4 * size)
    other = made(tills, memory, 2)
    for number in range(3):
        other.bill(str(number), 3, ({}, [bytes(100)]))
    assert list(other.done) == ["2"]
    assert memory.kept == 4 * size
    again = made(tills, fresh := SwarmMemory())
    assert (again.done, fresh.kept) == (one.done, 3 * size)
    again.drop_results()
    assert (fresh.kept, list(tills.kept(one.id))) == (0, [])


def test_a_result_that_can_not_be_kept_is_not_billed(
    tills: Tills, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise DatabaseFailed("the disk is full")

    one = made(tills, SwarmMemory())
    with monkeypatch.context() as patched:
        patched.setattr(tills, "keep", full)
        with pytest.raises(DatabaseFailed):
            one.bill("0", 3, ({}, []))
    assert (one.till.units, one.done, one.memory.kept) == (0, {}, 0)
    one.bill("0", 3, ({}, []))
    assert one.till.units == 3
