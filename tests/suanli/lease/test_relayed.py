"""Sessions through a relay: for whoever has a channel, of bounded size, unread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from suanli.lease.errors import LinkLost
from suanli.lease.wire import Carrier, call, listen
from suanli.protocol import Hosting, Quote, SessionProof, Signed, sign
from suanli.relay import RelayClient, RelayRefusal
from suanli.relay.server import Board, config_of, create_app, open_database
from suanli.store import DirectoryStore
from tests.harness.sessions import (
    CHANNELS,
    DOMAIN,
    MINER,
    NUMBER,
    REQUESTER,
    Market,
    Screen,
    wish,
)

QUOTE = Quote(CHANNELS, REQUESTER.address, REQUESTER.address, NUMBER, 4, 1, 600, 1, 2_000)
CHANNEL = DOMAIN.digest(QUOTE)


@dataclass
class Admitted:
    """What the chain would say."""

    lots: set[bytes] = field(default_factory=lambda: {CHANNEL})

    def require_miner(self, account: str, number: int = 0) -> None:
        if (account, number) not in ((MINER.address, NUMBER), (MINER.address, 0)):
            raise RelayRefusal(403, f"{account} is no miner")

    def require_lot(self, quote: Quote, channel: bytes) -> None:
        if channel not in self.lots:
            raise RelayRefusal(403, "the channel is not open")


class RelayServer:
    def __init__(self, folder: Path) -> None:
        self.admitted = Admitted()
        self.database = open_database(":memory:", DOMAIN)
        board = Board(self.database, DOMAIN)
        blobs = DirectoryStore(folder)
        app: Any = create_app(board, blobs, admission=self.admitted)  # type: ignore[arg-type]
        self.server = uvicorn.Server(config_of(app, max_blob=1 << 20, port=0))

    async def start(self) -> str:
        self.task = asyncio.create_task(self.server.serve())
        while not self.server.started:
            await asyncio.sleep(0.005)
        return f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self.server.should_exit = True
        await self.task


Test = Callable[[str, RelayServer], Awaitable[None]]


@pytest.fixture
def relayed(tmp_path: Path) -> Callable[[Test], None]:
    def run(test: Test) -> None:
        async def whole() -> None:
            server = RelayServer(tmp_path / "blobs")
            with closing(server.database):
                url = await server.start()
                try:
                    async with asyncio.timeout(30):
                        await test(url, server)
                finally:
                    await server.stop()

        asyncio.run(whole())

    return run


def proof(account: Any, channel: bytes = bytes(32), **more: Any) -> Signed[SessionProof]:
    made = SessionProof(account.address, NUMBER, channel, int(time.time()), bytes(32))
    return sign(DOMAIN, made._replace(**more), account)


async def echo(carrier: Carrier) -> None:
    with suppress(LinkLost):
        while True:
            await carrier.send(await carrier.receive())


async def listening(url: str, take: Callable[[Carrier], Awaitable[None]]) -> asyncio.Task[None]:
    told: list[str] = []
    task = asyncio.create_task(listen(url, lambda: proof(MINER), take, told.append))
    for _ in range(500):
        with suppress(LinkLost):
            carrier = await call(url, proof(REQUESTER), None)
            await carrier.close()
            break
        await asyncio.sleep(0.02)
    assert told == []
    return task


def test_a_channels_bytes_go_through_both_ways(relayed: Callable[[Test], None]) -> None:
    async def test(url: str, _: RelayServer) -> None:
        miner = await listening(url, echo)
        carrier = await call(url, proof(REQUESTER, CHANNEL), QUOTE)
        for number in range(40):
            await carrier.send(bytes([number]) * 20_000)
            assert await carrier.receive() == bytes([number]) * 20_000
        await carrier.close()
        miner.cancel()

    relayed(test)


@pytest.mark.parametrize(
    ("make", "quote", "why"),
    [
        (lambda: proof(MINER, CHANNEL), QUOTE, "the channel is another's"),
        (lambda: proof(REQUESTER, b"\1" * 32), QUOTE, "the channel is another's"),
        (lambda: proof(REQUESTER, CHANNEL, nonce=b"\1" * 32), QUOTE, "not of now"),
        (lambda: proof(REQUESTER, CHANNEL, issued=5), QUOTE, "not of now"),
        (lambda: proof(REQUESTER), QUOTE, "go together"),
        (lambda: proof(REQUESTER, CHANNEL), None, "go together"),
        (lambda: replace(proof(REQUESTER, CHANNEL), signature=bytes(65)), QUOTE, "not signed"),
        (lambda: proof(REQUESTER, miner=8), None, "miner 8 does not listen here"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_others_are_not_let_through(
    relayed: Callable[[Test], None],
    make: Callable[[], Signed[SessionProof]],
    quote: Quote | None,
    why: str,
) -> None:
    async def test(url: str, _: RelayServer) -> None:
        with pytest.raises(LinkLost, match=why):
            await call(url, make(), quote)

    relayed(test)


def test_a_channel_that_is_not_open_is_not_let_through(relayed: Callable[[Test], None]) -> None:
    async def test(url: str, server: RelayServer) -> None:
        server.admitted.lots.clear()
        with pytest.raises(LinkLost, match="not open"):
            await call(url, proof(REQUESTER, CHANNEL), QUOTE)

    relayed(test)


def test_without_a_channel_little_goes_through(relayed: Callable[[Test], None]) -> None:
    async def test(url: str, _: RelayServer) -> None:
        miner = await listening(url, echo)
        carrier = await call(url, proof(REQUESTER), None)

        async def talk() -> None:
            for _ in range(10):
                await carrier.send(bytes(20_000))
                await carrier.receive()

        with pytest.raises(LinkLost, match="without a channel no more"):
            await talk()
        miner.cancel()

    relayed(test)


def test_only_the_miner_listens_as_itself(relayed: Callable[[Test], None]) -> None:
    async def test(url: str, _: RelayServer) -> None:
        told = asyncio.Event()
        lines: list[str] = []

        def tell(line: str) -> None:
            lines.append(line)
            told.set()

        task = asyncio.create_task(listen(url, lambda: proof(REQUESTER), echo, tell))
        await told.wait()
        assert "is no miner" in lines[0]
        task.cancel()

    relayed(test)


def test_a_session_goes_through_a_relay_that_reads_nothing(
    relayed: Callable[[Test], None], tmp_path: Path
) -> None:
    async def test(url: str, server: RelayServer) -> None:
        market = Market(tmp_path)
        house = await market.start()
        miner = await listening(url, house.take)
        ledger = market.opened(wish("echo", "through the relay"))
        record = ledger.record
        assert record is not None
        id_ = DOMAIN.digest(record.quote)
        server.admitted.lots.add(id_)
        screen = Screen()
        run = market.run(ledger, screen)
        key = run._services.key

        async def dial(attempt: int) -> Carrier:
            assert record is not None
            return await call(url, proof(key, id_), record.quote)

        run._services.dial = dial
        assert await run.run() == 0
        assert screen.out == b"through the relay\n"
        miner.cancel()
        await market.stop()

    relayed(test)


def test_a_connections_place_is_given_back(relayed: Callable[[Test], None]) -> None:
    """Else a caller could connect no more after as many sessions as it may have at a time."""

    async def test(url: str, _: RelayServer) -> None:
        miner = await listening(url, echo)
        for _ in range(70):
            carrier = await call(url, proof(REQUESTER, CHANNEL), QUOTE)
            await carrier.close()
        miner.cancel()

    relayed(test)


def test_what_miners_say_of_sessions_is_on_the_board(relayed: Callable[[Test], None]) -> None:
    async def test(url: str, _: RelayServer) -> None:
        now = int(time.time())
        made = Hosting(MINER.address, now, 4, b"\5" * 32, "ws://a:1", 4_000, "{}", now + 60)

        def talk() -> None:
            with closing(RelayClient(url, DOMAIN)) as relay:
                relay.post(sign(DOMAIN, made, MINER))
                assert relay.hostings(4) == [made]
                assert relay.hostings(5) == []
                later = made._replace(issued=now + 1, addresses="")
                relay.post(sign(DOMAIN, later, MINER))
                assert relay.hostings(4) == [later]
                with pytest.raises(RelayRefusal, match="a newer one"):
                    relay.post(sign(DOMAIN, made, MINER))

        await asyncio.to_thread(talk)

    relayed(test)
