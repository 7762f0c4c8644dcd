"""What the index asks and keeps is bounded, however much it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from anyio.to_thread import current_default_thread_limiter
from sqlalchemy import Engine, select

from suanli.chain import Market, Node, TransportError
from suanli.protocol import signed_to_json
from suanli.relay.server.index.indexer import Indexer
from suanli.relay.server.index.queries.announced import AnnouncedByClass
from suanli.relay.server.index.queries.live import FAILED, MOMENT, Live
from suanli.relay.server.index.quotes import MINUTES_KEPT, keep_quotes
from suanli.relay.server.index.store import CONNECTIONS, open_engine
from suanli.relay.server.index.tables import QUOTES
from suanli.relay.server.node import NodeBusy
from tests.harness.logs import (
    BEGUN,
    MARKET,
    ROLES,
    Happenings,
    MadeUpChain,
    MadeUpConstants,
)
from tests.suanli.relay.conftest import MINER, announcement
from tests.suanli.relay.index.conftest import in_memory, indexed

ACCOUNTS = [f"0x{n:040x}" for n in range(200)]


class Away:
    """A node that gives no answer."""

    def __init__(self, error: TransportError) -> None:
        self.error, self.asked = error, 0

    def request(self, method: str, params: Any) -> Any:
        self.asked += 1
        raise self.error


def live(node: Away) -> tuple[Live, list[float]]:
    now = [100.0]
    return Live(Market(Node(node), MARKET), None, lambda: now[0]), now


def test_a_node_that_is_away_is_asked_once_whatever_is_to_be_known() -> None:
    node = Away(TransportError("away"))
    asked, now = live(node)
    assert [asked.balance(account) for account in ACCOUNTS] == [None] * len(ACCOUNTS)
    assert node.asked == 1
    now[0] += FAILED
    assert asked.balance(ACCOUNTS[0]) is None
    assert node.asked == 2


def test_one_that_is_busy_with_others_is_not_away() -> None:
    node = Away(NodeBusy("busy"))
    asked, _ = live(node)
    assert [asked.balance(account) for account in ACCOUNTS[:3]] == [None] * 3
    assert node.asked == 3


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_engine(tmp_path / "index.sqlite")
    yield made
    made.dispose()


def test_the_indexer_finds_a_connection_while_all_callers_have_one(engine: Engine) -> None:
    async def threads() -> float:
        return current_default_thread_limiter().total_tokens

    callers = int(asyncio.run(threads()))
    assert callers + 2 <= CONNECTIONS
    with ExitStack() as held:
        for _ in range(callers + 2):
            held.enter_context(engine.connect())


class Board:
    def __init__(self) -> None:
        self.asked = 0

    def announcements(self, resource: int, runtime: str | None = None) -> list[dict[str, Any]]:
        self.asked += 1
        return [signed_to_json(announcement(resource=resource)), {"damaged": True}]

    def request(self, request_id: str) -> dict[str, Any] | None:
        return None


def test_announcements_are_read_once_in_a_moment() -> None:
    board, now = Board(), [0.0]
    known = AnnouncedByClass(board, lambda: now[0])
    told = [known.of(1) for _ in range(50)]
    assert {said.units_per_second for found in told for said in found.values()} == {500}
    assert list(told[0]) == [MINER.address]
    assert board.asked == 1
    known.of(2)
    now[0] += MOMENT
    known.of(1)
    assert board.asked == 3


def test_prices_of_minutes_are_kept_for_a_month() -> None:
    found = indexed(MadeUpChain(), in_memory())
    begun = BEGUN - BEGUN % 86_400
    for time in (begun, begun + 60, begun + 60 + MINUTES_KEPT):
        keep_quotes(found.store, {1: 5, 2: 6}, 1, time)
    with found.store.reading() as connection:
        query = select(QUOTES.c.resource, QUOTES.c.step, QUOTES.c.start)
        kept = {tuple(row) for row in connection.execute(query)}
    for resource in (1, 2):
        starts = [start - begun for of, step, start in sorted(kept) if (of, step) == (resource, 60)]
        assert starts == [60, 60 + MINUTES_KEPT]
        assert (resource, 3_600, begun) in kept
        assert (resource, 86_400, begun) in kept


def test_the_time_is_known_while_catching_up() -> None:
    chain = MadeUpChain()
    Happenings(chain, 3).happen(60, most=1)
    found = indexed(chain, in_memory(), span=10)
    before = BEGUN
    while not found.indexer.step():
        now = found.indexer.progress.time
        if found.indexer.progress.block is None:
            continue
        assert now is not None
        assert before <= now <= chain.blocks[-1].time
        before = now
    anew = Indexer(Node(chain), found.store, MadeUpConstants(), ROLES)
    assert anew.progress.time is not None
    assert anew.progress.time > BEGUN
