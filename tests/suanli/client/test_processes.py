"""One account in several processes at once: no nonce twice, no deposit counted twice, and whoever
is killed in the middle holds nobody up."""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from suanli.chain import Sender, Token, connect
from suanli.chain.sent import journal_of, place_of
from suanli.client.records import DealStage
from tests.harness.local_chain import ALICE, BOB, CHEAP
from tests.suanli.client.conftest import World, finish

SPAWN = multiprocessing.get_context("spawn")
SENT_EACH = 8


def sender(url: str, folder: Path) -> Sender:
    node = connect(url)
    journal = journal_of(node, ALICE.address, folder)
    return Sender(node, ALICE, journal, fees=CHEAP, poll_every=0.02)


def send_some(url: str, token: str, folder: Path) -> None:
    ours = sender(url, folder)
    for _ in range(SENT_EACH):
        ours.execute(Token(ours.node, token).faucet(1))


def test_processes_that_send_at_once_take_a_nonce_each(world: World) -> None:
    token = Token(world.node, world.market.token())
    before, nonce = token.balance_of(ALICE.address), world.node.nonce(ALICE.address)
    folder = world.folder / "sent"
    processes = [
        SPAWN.Process(target=send_some, args=(world.url, token.address, folder)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert token.balance_of(ALICE.address) - before == 3 * SENT_EACH
    assert world.node.nonce(ALICE.address) - nonce == 3 * SENT_EACH, "none was replaced or filled"


def hold(url: str, token: str, folder: Path, told: Connection) -> None:
    """Take a nonce, write it down, and never hand it over."""
    ours = sender(url, folder)

    def stop(*_: Any) -> Any:
        told.send("written down")
        signal.pause()

    ours._hand_over = stop  # type: ignore[method-assign]
    ours.send(Token(ours.node, token).faucet(5))


def test_who_is_killed_with_the_lock_holds_nobody_up(world: World) -> None:
    """And what it had written down is sent by whoever comes next."""
    token = Token(world.node, world.market.token())
    before, folder = token.balance_of(ALICE.address), world.folder / "sent"
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=hold, args=(world.url, token.address, folder, there))
    process.start()
    there.close()  # a process that ended can't be waited for
    assert here.recv() == "written down"
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    clock = iter(range(10**9))
    journal = journal_of(world.node, ALICE.address, folder)
    ours = Sender(
        world.node, ALICE, journal, fees=CHEAP, poll_every=0.02, clock=lambda: 60.0 * next(clock)
    )
    ours.execute(token.faucet(1), timeout=10**6)
    assert token.balance_of(ALICE.address) - before == 6


def test_two_jobs_do_not_count_one_deposit_twice(world: World) -> None:
    """From different state folders, too."""
    miner = world.miner(BOB, takes=False).join()
    runs = [
        world.client(state=world.folder / name, sleep=interrupt).submit(world.job(2), budget="500")
        for name in ("one", "two")
    ]
    locks = []
    for run in runs:
        with pytest.raises(InterruptedError):
            list(run.events())
        (part,) = run.ledger.deals()
        assert part.stage is DealStage.OPEN
        locks.append(part.lock)
    assert world.market.account_of(ALICE.address).available == sum(locks)
    assert runs[0].session.funds.free() == 0
    miner.takes = True
    for run in runs:
        run.session.sleep = world.wait
        finish(run)
    assert world.market.account_of(ALICE.address).locked == 0


def interrupt(_seconds: float) -> None:
    raise InterruptedError


def test_what_was_promised_is_not_withdrawn(world: World) -> None:
    client = world.client()
    client.funds.deposit(100)
    later = world.node.head().time + 3_600
    client.funds.promise("job", {b"\x01" * 32: (30, later), b"\x02" * 32: (20, later - 3_700)})
    assert client.funds.free() == 70, "the second can't be confirmed any more"
    assert client.funds.require("job", 100) == 0
    assert client.funds.require("another", 100) == 30
    assert client.withdraw() == 70
    assert client.withdraw(30) == 30


def test_a_promise_for_long_does_not_end_shorter_ones(world: World) -> None:
    """One job may let its miners take a day to confirm, while another's have minutes."""
    client = world.client()
    client.funds.deposit(100)
    now = world.node.head().time
    client.funds.promise("short", {b"\x01" * 32: (30, now + 300)})
    client.funds.promise("long", {b"\x02" * 32: (20, now + 86_400)})
    assert client.funds.free() == 50
    assert client.funds.require("another", 60) == 10
    assert client.withdraw() == 50


def test_jobs_are_their_owner_s_alone(world: World) -> None:
    """They hold inputs, results, and the secret that decides which tasks are run again."""
    mode = world.client(state=world.folder / "new" / "state").jobs_folder.stat().st_mode
    assert oct(mode & 0o777) == "0o700"


def test_local_chains_are_told_apart(world: World, tmp_path: Path) -> None:
    place = place_of(world.node, ALICE.address, tmp_path)
    first = world.node.block(0)
    assert first is not None
    assert place.name == f"31337-{first.hash.hex()[:8]}-{ALICE.address}"
