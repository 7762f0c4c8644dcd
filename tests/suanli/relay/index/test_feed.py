"""New events as they come, to several who listen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.sse import ServerSentEvent

from suanli.relay.server.index import feed as feed_module
from suanli.relay.server.index.api import add_index
from suanli.relay.server.index.feed import Feed
from suanli.relay.server.index.store import open_engine
from suanli.relay.server.problems import handle_errors
from tests.harness.logs import MARKET, Happenings, MadeUpChain
from tests.suanli.relay.conftest import Server
from tests.suanli.relay.index.conftest import Indexed, indexed


@dataclass
class Fed:
    chain: MadeUpChain
    world: Happenings
    found: Indexed
    feed: Feed

    async def more(self, blocks: int, most: int = 3) -> None:
        """Happens, and is read in the indexer's thread."""
        self.world.happen(blocks, most)
        await asyncio.to_thread(self.found.read)

    def ids(self) -> list[str]:
        """Of all entries, in order."""
        return [
            f"{block.number}-{place}-{block.hash[:4].hex()}"
            for block in self.chain.blocks
            for place in range(len(block.logs))
        ]


@pytest.fixture
def fed(tmp_path: Path) -> Iterator[Fed]:
    chain = MadeUpChain()
    world = Happenings(chain, 3)
    world.happen(10)
    engine = open_engine(tmp_path / "index.sqlite")
    feed = Feed(lambda: found.store, lambda: found.indexer.progress)
    found = indexed(chain, engine, feed.heard, span=1)
    found.read()
    yield Fed(chain, world, found, feed)
    engine.dispose()


async def take(events: AsyncIterator[ServerSentEvent], count: int) -> list[ServerSentEvent]:
    return [await asyncio.wait_for(anext(events), 60) for _ in range(count)]


async def until(
    events: AsyncIterator[ServerSentEvent], is_last: Callable[[ServerSentEvent], bool]
) -> list[ServerSentEvent]:
    found = []
    while not found or not is_last(found[-1]):
        found += await take(events, 1)
    return found


def at_block(number: int) -> Callable[[ServerSentEvent], bool]:
    return lambda event: event.event == "block" and event.data["block"] == number


def test_who_listens_is_told_each_entry_once_and_in_order(fed: Fed) -> None:
    before = fed.ids()

    async def listen() -> list[ServerSentEvent]:
        async with aclosing(fed.feed.follow(None, None)) as events:
            [first] = await take(events, 1)
            assert at_block(11)(first)
            await fed.more(6)
            return await until(events, at_block(17))

    told = [event.id for event in asyncio.run(listen()) if event.event == "entry"]
    assert told == fed.ids()[len(before) :] != []


def test_it_goes_on_after_the_last_entry(fed: Fed) -> None:
    ids = fed.ids()

    async def listen() -> list[ServerSentEvent]:
        async with aclosing(fed.feed.follow(ids[4], None)) as events:
            return await until(events, at_block(11))

    assert [event.id for event in asyncio.run(listen())][:-1] == ids[5:]


@pytest.mark.parametrize("last", ["3-0-00000000", "999-0-aa", "x", "1-2", "1-0-", "٣-0-aa", "--"])
def test_who_is_on_another_chain_begins_anew(fed: Fed, last: str) -> None:
    async def listen() -> list[ServerSentEvent]:
        async with aclosing(fed.feed.follow(last, None)) as events:
            return await take(events, 2)

    reset, block = asyncio.run(listen())
    assert reset.event == "reset"
    assert at_block(11)(block)


def test_too_much_is_not_told_one_by_one(fed: Fed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "MOST_TOLD", 5)

    async def listen() -> list[ServerSentEvent]:
        async with aclosing(fed.feed.follow(fed.ids()[0], None)) as events:
            return await take(events, 2)

    assert asyncio.run(listen())[0].event == "reset"


def test_a_slow_listener_is_told_to_begin_anew(fed: Fed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "MOST_WAITING", 8)

    async def listen() -> list[ServerSentEvent]:
        async with aclosing(fed.feed.follow(None, None)) as events:
            await take(events, 1)
            await fed.more(40)
            await asyncio.sleep(0)
            return await until(events, at_block(51))

    told = asyncio.run(listen())
    assert told[0].event == "reset"
    assert len(told) < 20


def test_a_reorganization_is_told_before_what_comes_anew(fed: Fed) -> None:
    async def listen() -> list[ServerSentEvent]:
        async with aclosing(fed.feed.follow(None, None)) as events:
            await take(events, 1)
            fed.world.undo(4, 9)
            await fed.more(6)
            return await until(events, at_block(13))

    told = asyncio.run(listen())
    assert (told[0].event, told[0].data["block"]) == ("reorganized", 7)
    kept = [entry for entry in fed.ids() if int(entry.split("-")[0]) > 7]
    assert [event.id for event in told if event.event == "entry"] == kept


@pytest.mark.parametrize("written", ["2", "002"])
def test_one_thing_alone(fed: Fed, written: str) -> None:
    async def listen() -> list[ServerSentEvent]:
        async with aclosing(fed.feed.follow(None, ("miner", written))) as events:
            await take(events, 1)
            await fed.more(30)
            return await until(events, at_block(41))

    told = [event.data for event in asyncio.run(listen()) if event.event == "entry"]
    assert told
    for entry in told:
        assert ("miner", "2") in [(about.kind, about.id) for about in entry.about]


def test_an_account_however_its_letters_are_written(fed: Fed) -> None:
    account = "0x" + "ab" * 20

    async def listen() -> list[ServerSentEvent]:
        async with aclosing(fed.feed.follow(None, ("account", "0x" + "Ab" * 20))) as events:
            await take(events, 1)
            fed.chain.mine()
            fed.chain.log(MARKET, "Deposited", account, 5)
            await asyncio.to_thread(fed.found.read)
            return await until(events, at_block(12))

    assert [event.data.arguments["account"] for event in asyncio.run(listen())[:-1]] == [account]


def test_over_http_listeners_are_few_and_the_server_ends_in_spite_of_them(
    fed: Fed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "LISTENERS_OF_ONE", 1)
    feed = Feed(lambda: fed.found.store, lambda: fed.found.indexer.progress)
    app = FastAPI()
    handle_errors(app)
    nobody: Any = None
    add_index(app, nobody, feed)
    with closing(Server()) as server:
        server.app = app
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            listening = client.send(client.build_request("GET", "/api/v1/events"), stream=True)
            assert listening.headers["content-type"].startswith("text/event-stream")
            lines = listening.iter_lines()
            assert next(lines) == "event: block"
            refused = client.get("/api/v1/events")
            assert refused.status_code == 429
            assert refused.json()["detail"].startswith("there are 1 streams of events from 127.")
            server.close()
            with pytest.raises(httpx.RemoteProtocolError):
                list(lines)
