"""What the logs say of miners is read once, through reorganizations and failures, and weighs where
tasks go."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suanli.chain import (
    CursorState,
    EventBatch,
    Market,
    Node,
    Position,
    RewardClaimed,
    RpcError,
    Sender,
    Token,
    events,
)
from suanli.client import Options, Placed
from suanli.client.run import short
from suanli.client.run.progress import describe
from suanli.engine import runtime_id
from suanli.protocol import Request
from suanli.reputation import NEWCOMER, History, Mark, MarkKind, MinerRecord
from suanli.reputation.history import LOOK_EVERY
from tests.harness.doubles import RUNTIME
from tests.harness.faults import Faulty, refuse
from tests.suanli.client.conftest import ALICE, BOB, CAROL, CHEAP, CPU, TOKEN, Miner, World, finish
from tests.suanli.client.test_commands import Shell
from tests.suanli.client.test_reorganizations import undo

FEE = 9 * TOKEN // 100
"""Of three tasks that use 3 units each."""


@pytest.fixture
def bob(world: World) -> Miner:
    return world.miner(BOB).join()


def work(world: World, **options: Any) -> None:
    finish(world.client().submit(world.job(3), budget="1000", **options))


def default(world: World, miner: Miner) -> None:
    """On a deal of 30 units at 1 token."""
    head, market = world.node.head(), world.market
    alice = Sender(world.node, ALICE, fees=CHEAP, poll_every=0.01)
    request = Request(
        requester=ALICE.address,
        miner=1,
        resource=CPU,
        runtime=0,
        units=30,
        max_price=TOKEN,
        confirm_by=head.time + 3_600,
        duration=60,
        tasks=3,
        job=b"\1" * 32,
        terms=1,
    )
    token = Token(world.node, market.token())
    for call in (
        token.approve(market.address, 30 * TOKEN),
        market.deposit(30 * TOKEN),
        market.post_request(request),
    ):
        alice.execute(call)
    miner.sender.execute(market.confirm_request(request))
    world.pass_time(120)
    alice.execute(market.claim_default(request))


def history(world: World, node: Node | None = None, **more: Any) -> History:
    market = Market(node or world.node, world.market.address)
    return History(market, world.folder / "records.sqlite", **more)


def marks(world: World, **more: Any) -> list[Mark]:
    with closing(history(world, **more)) as read:
        assert read.read()
        return list(read.marks())


def told(found: list[Mark]) -> list[tuple[MarkKind, int, float, bool]]:
    return [(mark.kind, mark.miner, mark.amount, mark.current) for mark in found]


def test_a_settled_deal_is_read_with_its_fee_requester_and_time(world: World, bob: Miner) -> None:
    work(world)
    (mark,) = marks(world)
    assert mark == replace(mark, kind=MarkKind.PAID, miner=1, amount=FEE, current=True)
    assert mark.requester == world.client().requester
    assert abs(mark.time - world.node.head().time) < 3_600
    with closing(history(world)) as read:
        record = (found := read.records(mark.time)) and found[1]
        assert record == MinerRecord(FEE / 2), "half, since Alice buys from nobody else"
        assert found
        assert found[2] == MinerRecord()


def test_each_log_is_read_once_by_several_commands(world: World, bob: Miner) -> None:
    work(world)
    faulty = Faulty(world.node.transport)
    with closing(history(world, Node(faulty))) as first, closing(history(world)) as second:
        assert first.read()
        assert second.read()
        work(world)
        faulty.asked.clear()
        assert second.read()
        assert first.read()
        assert told(list(first.marks())) == [(MarkKind.PAID, 1, FEE, True)] * 2
    assert faulty.asked.count("eth_getLogs") <= 1, "what another command read is not read again"
    assert told(marks(world)) == [(MarkKind.PAID, 1, FEE, True)] * 2


def test_what_a_reorganization_undid_is_forgotten(world: World, bob: Miner) -> None:
    start = world.node.head().number
    work(world)
    assert len(marks(world)) == 1
    undo(world, start)
    assert marks(world) == []


def test_a_default_and_a_tenure(world: World, bob: Miner) -> None:
    """With a new payout trust begins anew; blame stays."""
    work(world)
    default(world, bob)
    paid, failed = told(marks(world))
    assert paid == (MarkKind.PAID, 1, FEE, True)
    assert failed == (MarkKind.DEFAULTED, 1, 30 * TOKEN, True)
    bob.sender.execute(world.market.set_payout(BOB.address, CAROL.address))
    assert [mark.current for mark in marks(world)] == [False, False]
    work(world)
    assert [mark.current for mark in marks(world)] == [False, False, True]


def at(block: int, index: int) -> Position:
    return Position(block, index, b"\1" * 32, "0x1")


def test_what_each_log_says(world: World) -> None:
    """Tenures change between two logs of one block, too."""
    ids = [bytes([n]) * 32 for n in range(5)]
    confirmed = [
        events.RequestConfirmed(at(9, n), id_, 1, "0xa", CPU, 10, 2 * TOKEN, 0)
        for n, id_ in enumerate(ids)
    ]
    read = [
        *confirmed,
        events.RequestSettled(at(10, 0), ids[0], 1, 98, 2, 0),
        events.PayoutChanged(at(10, 1), 1, "0xb"),
        events.RequestSettled(at(10, 2), ids[1], 1, 97, 3, 0),
        events.RequestSettled(at(10, 3), ids[2], 1, 0, 0, 0),
        events.RequestReleased(at(10, 4), ids[3], 1, 0),
        events.RequestOverturned(at(11, 0), ids[4], 1, 3, 3, 0, 14),
        RewardClaimed(at(11, 1), 0, 1, "0xb", 7),
    ]
    state = CursorState(0, 12, ((11, b"\1" * 32),))
    with closing(History(world.market, None)) as kept:
        kept._keep("0xm", CursorState.from_block(kept._start), EventBatch((*read,), state, True))
        assert told(list(kept.marks())) == [
            (MarkKind.PAID, 1, 2, False),
            (MarkKind.PAID, 1, 3, True),
            (MarkKind.RELEASED, 1, 20 * TOKEN, True),
            (MarkKind.OVERTURNED, 1, 20 * TOKEN, True),
            (MarkKind.REWARDED, 1, 7, True),
        ]
        back = CursorState(0, 10, ())
        kept._keep("0xm", state, EventBatch((), back, False, rolled_back_to=10))
        assert len(list(kept.marks())) == 3


def test_a_damaged_file_is_read_anew(world: World, bob: Miner) -> None:
    work(world)
    found = marks(world)
    (world.folder / "records.sqlite").write_bytes(b"nonsense" * 1_000)
    assert marks(world) == found
    with closing(History(world.market, Path("/proc/none/records.sqlite"))) as read:
        assert read.read(), "where nothing can be written it is kept in memory"
        assert list(read.marks()) == found


@pytest.mark.parametrize(
    "change",
    ["PRAGMA user_version = 7", "DROP TABLE marks; PRAGMA user_version = 7"],
)
def test_a_file_of_another_version_is_read_anew(world: World, bob: Miner, change: str) -> None:
    work(world)
    found = marks(world)
    with closing(sqlite3.connect(world.folder / "records.sqlite")) as written:
        written.executescript(change)
    assert marks(world) == found


def test_a_damaged_cursor_is_said(
    world: World, bob: Miner, caplog: pytest.LogCaptureFixture
) -> None:
    marks(world)
    with closing(sqlite3.connect(world.folder / "records.sqlite")) as written:
        written.executescript("UPDATE cursors SET state = '{}'")
    with closing(history(world)) as read:
        assert read.records(0) is None
    assert f"{world.folder / 'records.sqlite'} is damaged, remove it" in caplog.text


def test_a_node_that_gives_no_logs_leaves_all_without_scores(
    world: World, bob: Miner, caplog: pytest.LogCaptureFixture
) -> None:
    faulty = Faulty(world.node.transport)
    faulty.always["eth_getLogs"] = refuse(RpcError("eth_getLogs", -32601, "not here"))
    clock = [0.0]
    with (
        caplog.at_level(logging.WARNING, "suanli.reputation"),
        closing(history(world, Node(faulty), clock=lambda: clock[0])) as read,
    ):
        assert read.records(0) is None
        assert read.records(0) is None
        (line,) = caplog.messages
        assert line.startswith("the market's past can't be read, so miners have no scores: ")
        del faulty.always["eth_getLogs"]
        clock[0] += LOOK_EVERY
        assert read.records(0) is not None


def test_a_long_past_is_read_in_parts(world: World, bob: Miner) -> None:
    work(world)
    with closing(history(world)) as read:
        read.read(0)
        for source in read._sources:
            source.cursor.span = source.cursor._most = 4
        looks = 1
        while not read.read(0):
            looks += 1
        assert len(list(read.marks())) == 1
    assert looks <= 2, "up to the head at first"
    world.chain.mine(40)
    clock = iter(range(1_000))
    with closing(history(world, clock=lambda: float(next(clock)))) as read:
        read._sources = list(read._looked_at())
        read._sources[0].cursor.span = read._sources[0].cursor._most = 10
        assert not read.read(0.5)
        assert not read.read(0.5)
        assert read.read(100)


def test_the_proven_one_comes_first_unless_scores_are_off(world: World) -> None:
    """Among equals the lower address decides, and that is the newcomer's."""
    assert BOB.address < CAROL.address
    world.miner(CAROL).join()
    work(world)
    world.miner(BOB).join()
    client, single = world.client(), world.job(1)

    def placed(**options: Any) -> tuple[str, Mapping[str, float]]:
        found = client.quote(single, Options(**options), seconds=0).plan
        (part,) = found.parts
        return part.miner, found.scores

    miner, scores = placed()
    assert miner == CAROL.address
    assert scores[CAROL.address] > scores[BOB.address] == pytest.approx(NEWCOMER)
    assert placed(reputation=0.0) == (BOB.address, {})


def test_a_run_says_whom_it_trusts(world: World, bob: Miner) -> None:
    def placed(**options: Any) -> tuple[float | None, str]:
        client = world.client()
        events_ = finish(client.submit(world.job(3), budget="1000", **options))
        (event,) = [event for event in events_ if isinstance(event, Placed)]
        return event.score, describe(client, event)

    score, line = placed()
    assert score == pytest.approx(NEWCOMER)
    assert line == f"deal 0: 3 tasks offered to {short(BOB.address)}, at most 31.5 SLT, score 0.100"
    score, _ = placed()
    assert score == pytest.approx(MinerRecord(FEE / 2).score(15 * TOKEN), rel=0.02)
    score, line = placed(reputation=0.0)
    assert score is None
    assert line.endswith("at most 31.5 SLT")


def test_commands_show_scores(world: World, bob: Miner) -> None:
    work(world)
    shell = Shell(world)
    listed = shell("market", "offers", state=False)
    head, row = (line.split() for line in listed.stdout.splitlines())
    assert listed.exit_code == 0
    assert head.index("score") == 5
    assert row[4] == f"{MinerRecord(FEE / 2).score(100 * TOKEN):.3f}" == "0.104"
    (told_,) = json.loads(shell("market", "offers", "--worth", "1", "--json", state=False).stdout)
    assert int(told_["merit"]) == pytest.approx(FEE // 2, rel=1e-3)
    assert told_["blame"] == "0"
    assert told_["score"] == pytest.approx(0.1 + 0.9 * 0.045 / 0.145, abs=1e-3)
    bob.tell(runtimes=(RUNTIME, runtime_id()), issued=world.node.head().time + 1)
    dry = shell("job", "run", world.job(3), "--dry-run", "--reputation", "10")
    assert ", score 0.1" in dry.stdout, dry.output
    off = shell("job", "run", world.job(3), "--dry-run", "--reputation", "0", "--json")
    assert json.loads(off.stdout)["parts"][0]["score"] is None


@pytest.mark.parametrize("weight", ["-1", "101", "nan", "inf"])
def test_weights_without_meaning(world: World, weight: str) -> None:
    said = Shell(world)("job", "run", world.job(3), "--dry-run", "--reputation", weight)
    assert said.exit_code == 1
    assert "reputation" in said.stderr
    assert "Traceback" not in said.output
