"""Swarms over real sockets: what is paid, and what each side loses when the other stops."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suanli.engine import HostError, Outcome, Result, Task
from suanli.engine.wire import task_message
from suanli.lease.errors import LinkLost, LinkRefused
from suanli.lease.swarm import host, link, wire
from suanli.lease.swarm.link import AHEAD, MOST_WORKERS, SwarmLink
from suanli.lease.swarm.money import SwarmPurse
from suanli.lease.swarm.user import Swarm
from suanli.lease.wire import Secure
from suanli.protocol import Channel, Voucher
from tests.harness.swarms import (
    DEPOSIT,
    DOMAIN,
    PRICE,
    UNITS,
    WORKERS,
    SwarmTown,
    done,
    swarm_of,
    task,
)

COST = UNITS * PRICE
"""Of a task, in base units."""


def test_tasks_are_run_and_paid_one_by_one(tmp_path: Path) -> None:
    with swarm_of(tmp_path, miners=2) as town:
        with town.swarm() as swarm:
            futures = [swarm.submit(task(str(number))) for number in range(60)]
            assert [future.result(30).stdout for future in futures] == [
                f"<{number}>".encode() for number in range(60)
            ]
            assert swarm.end() == []
        assert sum(link.tasks for link in swarm.links) == 60
        assert all(link.tasks for link in swarm.links)
        assert not town.chain.open


def failure(futures: list[Future[Result]]) -> str:
    """Why the first of them failed."""
    wait(futures, timeout=30)
    return next(str(error) for one in futures if (error := one.exception(0)) is not None)


def run(town: SwarmTown, count: int, audit: float = 0.0) -> Swarm:
    """So many tasks, each right; the channels are closed."""
    with town.swarm(audit) as swarm:
        futures = [swarm.submit(task(str(number))) for number in range(count)]
        for number, future in enumerate(futures):
            assert future.result(30).stdout == f"<{number}>".encode()
        assert swarm.end() == []
        return swarm


def test_what_is_paid_is_what_came_and_a_few_tasks_ahead(tmp_path: Path) -> None:
    with swarm_of(tmp_path) as town:
        run(town, 40)
        (paid,) = town.paid()
        assert 40 * COST <= paid <= (40 + AHEAD * WORKERS) * COST


def test_the_same_task_twice_is_run_once(tmp_path: Path) -> None:
    with swarm_of(tmp_path) as town, town.swarm() as swarm:
        first, second = (swarm.submit(task("7")) for _ in range(2))
        assert first.result(30) == second.result(30)
        assert swarm.submit(task("7")).result(30) == first.result()
        assert swarm.kept == 1
        assert town.miners[0].program.ran == 1


def test_a_requester_that_stops_signing_gets_no_more_than_was_on_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The miner loses what it runs at a time, at most."""
    with swarm_of(tmp_path) as town:
        with town.swarm() as swarm:
            swarm.submit(task("first")).result(30)
            monkeypatch.setattr(SwarmPurse, "next", lambda *_: None)
            futures = [swarm.submit(task(str(number))) for number in range(30)]
            assert len(wait(futures, timeout=1).done) <= AHEAD * WORKERS + WORKERS
            (client,) = town.miners[0].host._clients.values()  # type: ignore[union-attr]
            assert client.till.owed <= client.till.paid + WORKERS * COST
        town.chain.over |= town.chain.open.keys()


def test_a_miner_that_takes_vouchers_and_runs_nothing_gets_a_few_tasks(tmp_path: Path) -> None:
    asleep = threading.Event()

    def sleeps(asked: Task) -> Result:
        asleep.wait(30)
        return done(asked)

    with swarm_of(tmp_path) as town:
        town.miners[0].program.makes = sleeps
        with town.swarm() as swarm:
            futures = [swarm.submit(task(str(number))) for number in range(30)]
            assert not wait(futures, timeout=1).done
            assert swarm.links[0].held.purse.signed <= AHEAD * WORKERS * COST
            asleep.set()


def test_a_miner_that_is_killed_and_back_is_paid_no_task_twice(tmp_path: Path) -> None:
    with swarm_of(tmp_path) as town:
        with town.swarm() as swarm:
            futures = [swarm.submit(task(str(number))) for number in range(200)]
            futures[20].result(30)
            town.miners[0].kill()
            town.miners[0].start()
            for number, future in enumerate(futures):
                assert future.result(30).stdout == f"<{number}>".encode()
            assert swarm.end() == []
        (paid,) = town.paid()
        assert 200 * COST <= paid <= (200 + AHEAD * WORKERS) * COST


def test_a_requester_that_is_killed_pays_no_task_twice(tmp_path: Path) -> None:
    with swarm_of(tmp_path) as town:
        with town.swarm() as swarm:
            futures = [swarm.submit(task(str(number))) for number in range(200)]
            futures[20].result(30)
        again = run(town, 200)
        assert 21 <= again.kept < 200
        (paid,) = town.paid()
        assert 200 * COST <= paid <= (200 + AHEAD * WORKERS) * COST
        assert town.miners[0].program.ran <= 200 + AHEAD * WORKERS


def test_results_that_are_lost_and_asked_for_last_starve_nobody(tmp_path: Path) -> None:
    """What was billed and never came is owed as the miner sees it: other tasks go on all the same,
    and when the lost ones are asked for they are told again and not paid twice."""
    with swarm_of(tmp_path) as town:
        with town.swarm() as swarm:
            swarm.submit(task("first")).result(30)
            lost = [swarm.submit(task(f"lost {number}")) for number in range(AHEAD * WORKERS)]
            ran = town.miners[0].program
            swarm.links[0]._came = never  # type: ignore[method-assign]
            while ran.ran < 1 + WORKERS:
                time.sleep(0.01)
            del lost
        with town.swarm() as swarm:
            for number in range(20):
                assert swarm.submit(task(str(number))).result(30).ok
            for number in range(AHEAD * WORKERS):
                assert swarm.submit(task(f"lost {number}")).result(30).ok
            assert swarm.end() == []
        (paid,) = town.paid()
        count = 1 + AHEAD * WORKERS + 20
        assert count * COST <= paid <= (count + AHEAD * WORKERS) * COST
        assert ran.ran == count


def test_a_restart_of_the_miner_gives_nobody_results_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not those either whose arrival the requester never confirms."""
    send = wire.send

    async def unconfirmed(*args: Any, **fields: Any) -> None:
        await send(*args, **fields | ({"units": 0} if args[1] == "voucher" else {}))

    monkeypatch.setattr(wire, "send", unconfirmed)
    with swarm_of(tmp_path) as town:
        with town.swarm() as swarm:
            for number in range(20):
                swarm.submit(task(str(number))).result(30)
            town.miners[0].kill()
            town.miners[0].start()
            (client,) = town.miners[0].host._clients.values()  # type: ignore[union-attr]
            assert client.till.units == 20 * UNITS
            assert client.till.owed <= client.till.paid
            assert len(client.done) == 20
            monkeypatch.setattr(wire, "send", send)
            assert swarm.submit(task("20")).result(30).ok
            assert swarm.end() == []
        (paid,) = town.paid()
        assert 21 * COST <= paid <= (21 + AHEAD * WORKERS) * COST


def test_a_voucher_that_is_lost_with_its_connection_is_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was signed, so no other one would be for the same tasks."""
    send, lost = wire.send, iter([True])

    async def loses(secure: Any, do: str, *args: Any, **fields: Any) -> None:
        if do == "voucher" and next(lost, False):
            await secure.close()
        else:
            await send(secure, do, *args, **fields)

    monkeypatch.setattr(wire, "send", loses)
    monkeypatch.setattr(link, "AHEAD", 1)
    with swarm_of(tmp_path) as town, town.swarm() as swarm:
        assert swarm.submit(task("first")).result(30).ok


def test_vouchers_that_come_at_once_are_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes the time of a signature and of a write on the disk."""
    monkeypatch.setattr(host, "CHECK_EVERY", 0.2)
    seen: list[int] = []
    check = host.verify

    def counts(domain: Any, signed: Any) -> bool:
        if isinstance(signed.message, Voucher):
            seen.append(signed.message.amount)
        return check(domain, signed)

    monkeypatch.setattr(host, "verify", counts)
    with swarm_of(tmp_path) as town:
        run(town, 60)
        (paid,) = town.paid()
        assert paid == seen[-1] >= 60 * COST
        assert seen == sorted(set(seen))
        assert len(seen) < 40


def test_results_that_the_requester_has_are_kept_no_longer(tmp_path: Path) -> None:
    with swarm_of(tmp_path) as town, town.swarm() as swarm:
        for number in range(5):
            swarm.submit(task(str(number))).result(30)
        (client,) = town.miners[0].host._clients.values()  # type: ignore[union-attr]
        assert len(client.done) == 1  # what came since the last voucher
        assert client.memory.kept == sum(client.done.values()) > 0
        assert dict(client.tills.kept(client.id)) == client.done


def test_tasks_of_many_bytes_go_out_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "MOST_AHEAD", 10)
    most = 0
    with swarm_of(tmp_path) as town, town.swarm() as swarm:

        def counts(asked: Task) -> Result:
            nonlocal most
            most = max(most, len(swarm.links[0]._jobs))
            return done(asked)

        town.miners[0].program.makes = counts
        futures = [
            swarm.submit(replace(task(str(number)), inputs={"in": bytes(8)}))
            for number in range(12)
        ]
        assert all(future.result(30).ok for future in futures)
    assert most == 1


def test_a_closing_that_was_undone_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "AGAIN", 0.02)
    monkeypatch.setattr(host, "CLOSED_AGAIN", 0.02)
    with swarm_of(tmp_path) as town:
        run(town, 5)
        (record,) = town.chain.paid
        (paid,) = town.paid()
        town.chain.paid.clear()
        town.miners[0].kill()
        town.chain.open[record] = DEPOSIT
        town.chain.over.add(record)
        town.miners[0].start()
        while town.chain.open:
            time.sleep(0.01)
        assert town.paid() == [paid]
        monkeypatch.setattr(host, "UNDONE_WITHIN", 0.0)
        while town.miners[0].host._clients:  # type: ignore[union-attr]
            time.sleep(0.01)


async def asks(secure: Secure, one: SwarmLink, asked: Task) -> None:
    """To run it, for all that was deposited."""
    header, blobs = task_message(asked)
    await one._vouch(secure, DEPOSIT)
    await wire.send(secure, "module", [asked.module.code])
    await wire.send(secure, "run", blobs, **header, key=asked.args[0])


async def hears(secure: Secure) -> list[str]:
    """What the miner says until it closes the connection."""
    said = []
    with suppress(LinkLost):
        async with asyncio.timeout(30):
            while True:
                said.append((await wire.receive(secure, 1 << 20))[0])
    return said


def test_after_the_end_nothing_is_run(tmp_path: Path) -> None:
    """For whatever is vouched for then: the channel is closed with what came before."""

    async def goes_on(one: SwarmLink) -> list[str]:
        secure, _ = await one._attach()
        await wire.send(secure, "end")
        with suppress(LinkLost):
            await asks(secure, one, task("more"))
        return await hears(secure)

    with swarm_of(tmp_path) as town:
        with town.swarm() as swarm:
            swarm.close()
            assert asyncio.run(goes_on(swarm.links[0])) == ["ended"]
        assert town.paid() == [0]
        assert town.miners[0].program.ran == 0


def test_while_a_channel_is_closed_nothing_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does another connection come to it."""
    monkeypatch.setattr(host, "AGAIN", 0.02)
    begun, mined = threading.Event(), threading.Event()

    async def goes_on(town: SwarmTown, one: SwarmLink) -> list[str]:
        secure, _ = await one._attach()
        town.chain.over |= town.chain.open.keys()
        await asyncio.to_thread(begun.wait, 30)
        await asks(secure, one, task("more"))
        town.chain.over.clear()
        with pytest.raises(LinkRefused, match="the channel is being closed"):
            await one._attach()
        mined.set()
        return await hears(secure)

    with swarm_of(tmp_path) as town:
        close = town.chain.close

        def slowly(record: Channel, amount: int, signature: bytes) -> None:
            begun.set()
            mined.wait(30)
            close(record, amount, signature)

        town.chain.close = slowly  # type: ignore[method-assign]
        with town.swarm() as swarm:
            swarm.close()
            assert asyncio.run(goes_on(town, swarm.links[0])) == ["ended"]
        assert town.paid() == [0]
        assert town.miners[0].program.ran == 0


def test_money_that_was_added_is_not_relied_on(tmp_path: Path) -> None:
    """A voucher above the deposit that the channel was opened with can't be redeemed if a
    reorganization undoes the rest."""
    with swarm_of(tmp_path) as town:
        run_one(town)
        (record,) = town.chain.open
        town.chain.open[record] = 2 * DEPOSIT
        run_one(town)
        (client,) = town.miners[0].host._clients.values()  # type: ignore[union-attr]
        assert client.till.deposit == DEPOSIT
        assert not client.till.is_better(DEPOSIT + 1)


def test_a_program_that_can_not_be_run_is_tried_once_and_few_are(tmp_path: Path) -> None:
    """Nobody pays for what it took to see that."""

    def fails(_: Task) -> Result:
        raise HostError("the compiler takes too long")

    async def tries(one: SwarmLink) -> list[str]:
        secure, _ = await one._attach()
        said = []
        for number in range(3):
            await asks(secure, one, task(str(number)))
            said.append((await wire.receive(secure, 1 << 20))[1]["why"])
        assert await hears(secure) == []
        secure, _ = await one._attach()
        with suppress(LinkLost):
            await asks(secure, one, task("again"))
        assert await hears(secure) == []
        return said

    with swarm_of(tmp_path) as town, town.swarm() as swarm:
        town.miners[0].program.makes = fails
        swarm.close()
        assert asyncio.run(tries(swarm.links[0])) == [
            "the compiler takes too long",
            *2 * ["LeaseError('this program could not be run here before')"],
        ]
        assert town.miners[0].program.ran == 1


def test_a_miner_that_drains_takes_no_new_channel(tmp_path: Path) -> None:
    with swarm_of(tmp_path) as town:
        miner = town.miners[0]
        miner.draining = True
        with pytest.raises(LinkRefused, match="the miner takes nothing new: ask another"):
            asyncio.run(link.quote(miner.place, DOMAIN, {}))
        with town.swarm() as swarm:
            assert "the miner takes nothing new" in failure([swarm.submit(task("new"))])
        miner.draining = False
        run_one(town)
        miner.draining = True
        run(town, 2)  # by the channel that is there


async def never(*_: object) -> None:
    await asyncio.Event().wait()


def test_a_miner_that_bills_what_nobody_asked_for_is_left(tmp_path: Path) -> None:
    with swarm_of(tmp_path) as town:
        run_one(town)
        (client,) = town.miners[0].host._clients.values()  # type: ignore[union-attr]
        client.till.units += AHEAD * MOST_WORKERS * UNITS + 1
        with town.swarm() as swarm:
            assert "more than can have been lost" in failure([swarm.submit(task("second"))])


def run_one(town: SwarmTown) -> None:
    with town.swarm() as swarm:
        swarm.submit(task("first")).result(30)


def test_tasks_of_a_miner_that_is_gone_are_run_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "PAUSE", 0.01)
    with swarm_of(tmp_path, miners=2) as town:
        with town.swarm() as swarm:
            futures = [swarm.submit(task(str(number))) for number in range(100)]
            futures[10].result(30)
            town.miners[1].kill()
            for number, future in enumerate(futures):
                assert future.result(30).stdout == f"<{number}>".encode()
        assert town.told == ["miner 2 can't be reached any more"]


def test_a_lie_is_found_by_the_first_result_of_each_miner(tmp_path: Path) -> None:
    with swarm_of(tmp_path, miners=2) as town:
        town.miners[1].program.makes = lambda asked: replace(done(asked), stdout=b"a lie")
        with town.swarm() as swarm:
            futures = [swarm.submit(task(str(number))) for number in range(30)]
            assert re.search("miner 2 gave a wrong result", failure(futures))
            assert swarm.links[1].held.purse.units == 0
        again = run(town, 30)
        assert [one.held.miner for one in again.links] == [1]


@pytest.mark.parametrize(
    "change", [{"fuel": (UNITS + 1) * 10**6}, {"exit_code": 1}, {"outcome": Outcome.TRAPPED}]
)
def test_a_lie_that_bills_more_or_fails_is_found_at_once(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    with swarm_of(tmp_path) as town:
        first = iter((None,))

        def lies(asked: Task) -> Result:
            return done(asked) if next(first, 0) is None else replace(done(asked), **change)

        town.miners[0].program.makes = lies
        with town.swarm() as swarm:
            swarm.submit(task("first")).result(30)
            assert "gave a wrong result" in failure([swarm.submit(task("second"))])
            assert swarm.links[0].held.purse.units == UNITS


def test_a_lie_later_on_is_found_by_chance_and_what_came_before_is_thrown_away(
    tmp_path: Path,
) -> None:
    with swarm_of(tmp_path) as town:
        honest = iter(range(20))
        program = town.miners[0].program

        def lies(asked: Task) -> Result:
            right = done(asked)
            return right if next(honest, None) is not None else replace(right, fuel=2 * 10**6)

        program.makes = lies
        with town.swarm(audit=0.5) as swarm:
            futures = [swarm.submit(task(str(number))) for number in range(200)]
            assert re.search(r"the [1-9]\d* that came from it before", failure(futures))
        with town.swarm() as swarm:
            assert "no miner" in failure([swarm.submit(task("0"))])
            assert swarm.kept == 0


def test_a_deposit_that_is_used_up_ends_it(tmp_path: Path) -> None:
    with swarm_of(tmp_path) as town, town.swarm() as swarm:
        swarm.links[0].held.purse.deposit = 10 * COST
        futures = [swarm.submit(task(str(number))) for number in range(30)]
        assert re.search("the deposit for miner 1 is used up", failure(futures))
        assert swarm.links[0].held.purse.signed == 10 * COST


def test_who_shows_no_proof_or_no_voucher_is_refused(tmp_path: Path) -> None:
    with swarm_of(tmp_path) as town, town.swarm() as swarm:
        held = swarm.links[0].held
        held.record = held.record._replace(price=1)
        assert "the chain knows of no such channel here" in failure([swarm.submit(task("1"))])


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"fuel": 1_001 * 10**6}, "a task has 1,000 units at most here, not 1,001"),
        ({"memory": 2 << 30}, "a task has 1,073,741,824 bytes of memory at most here"),
        ({"file_bytes": 256 << 20}, "a task has 268,435,456 bytes of outputs at most here"),
    ],
)
def test_a_task_above_what_the_class_allows_is_not_run(
    tmp_path: Path, limits: dict[str, int], why: str
) -> None:
    with swarm_of(tmp_path) as town, town.swarm() as swarm:
        asked = task("1")
        asked = replace(asked, limits=replace(asked.limits, **limits))
        assert why in failure([swarm.submit(asked)])
        assert town.miners[0].program.ran == 0


def test_after_the_channels_time_the_miner_takes_what_it_was_vouched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "AGAIN", 0.02)
    with swarm_of(tmp_path) as town:
        with town.swarm() as swarm:
            for number in range(5):
                swarm.submit(task(str(number))).result(30)
        town.chain.over |= town.chain.open.keys()
        while town.chain.open:
            time.sleep(0.01)
        (paid,) = town.paid()
        assert 5 * COST <= paid <= 6 * COST
