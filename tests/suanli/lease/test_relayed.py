"""Sessions through a relay: for whoever has a channel, of bounded size, unread."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn

from suanli.lease.errors import LinkLost
from suanli.lease.user.ledger import SessionPlace
from suanli.lease.user.opening import MinerDial
from suanli.lease.wire import STORAGE, Carrier, allow, call, listen
from suanli.protocol import Hosting, Quote, SessionProof, Signed, StorageQuote, sign
from suanli.relay import RelayClient, RelayRefusal
from suanli.relay.server import Board, RelayTally, config_of, create_app, open_database
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

    def require_lot(self, operator: str, miner: int, key: bytes) -> None:
        if key not in self.lots:
            raise RelayRefusal(403, "the channel is not open")


class RelayServer:
    def __init__(self, folder: Path, admitted: Admitted | None = None) -> None:
        self.admitted = admitted or Admitted()
        self.database = open_database(":memory:", DOMAIN)
        board = Board(self.database, DOMAIN)
        blobs = DirectoryStore(folder)
        self.tally = RelayTally()
        admission: Any = self.admitted
        app: Any = create_app(board, blobs, admission=admission, tally=self.tally)
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


async def listening(
    url: str, take: Callable[[Carrier], Awaitable[None]], kind: str = "session"
) -> asyncio.Task[None]:
    told: list[str] = []
    task = asyncio.create_task(listen(url, lambda: proof(MINER), take, told.append, kind))
    for _ in range(500):
        with suppress(LinkLost):
            carrier = await call(url, proof(REQUESTER), None, kind)
            await carrier.close()
            break
        await asyncio.sleep(0.02)
    assert told == []
    return task


def test_a_channels_bytes_go_through_both_ways(relayed: Callable[[Test], None]) -> None:
    async def test(url: str, server: RelayServer) -> None:
        miner, broker = await listening(url, echo), server.tally.broker
        assert broker is not None
        carrier = await call(url, proof(REQUESTER, CHANNEL), QUOTE)
        for number in range(40):
            await carrier.send(bytes([number]) * 20_000)
            assert await carrier.receive() == bytes([number]) * 20_000
        assert broker.listening() == ["session"]
        assert broker.joined == {"session": 1, "storage": 0}
        assert broker.forwarded == 2 * 40 * 20_000
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


async def passed(carrier: Carrier, size: int) -> None:
    """So many bytes both ways."""
    for _ in range(size // 20_000):
        await carrier.send(bytes(20_000))
        assert await carrier.receive() == bytes(20_000)


def test_a_miner_is_reached_for_what_it_listens_for(relayed: Callable[[Test], None]) -> None:
    """The same miner, for two things: neither takes the other's callers."""

    async def test(url: str, server: RelayServer) -> None:
        sent = CHANNELS, REQUESTER.address, NUMBER, 5, 1, b"\1" * 32, 9, 60, 2, 2, 1, 1, 1, 2_000
        quote = StorageQuote(*sent)
        deal = DOMAIN.digest(quote)
        miner = await listening(url, echo, STORAGE)
        with pytest.raises(LinkLost, match="does not listen here"):
            await call(url, proof(REQUESTER, CHANNEL), QUOTE)
        with pytest.raises(LinkLost, match="not open"):
            await call(url, proof(REQUESTER, deal), quote, STORAGE)
        with pytest.raises(LinkLost, match="the channel is another's"):
            await call(url, proof(MINER, deal), quote, STORAGE)
        with pytest.raises(LinkLost, match="this is no proof"):
            await call(url, proof(REQUESTER, CHANNEL), QUOTE, STORAGE)
        with pytest.raises(LinkLost, match="this is no proof"):
            await call(url, proof(REQUESTER, CHANNEL), QUOTE, "anything")
        server.admitted.lots.add(deal)
        carrier = await call(url, proof(REQUESTER, deal), quote, STORAGE)
        await passed(carrier, 200_000)
        other = await listening(url, echo)
        await passed(await call(url, proof(REQUESTER, CHANNEL), QUOTE), 200_000)
        await passed(carrier, 20_000)
        miner.cancel()
        other.cancel()

    relayed(test)


def test_a_miner_has_so_many_bytes_let_through_as_it_takes(
    relayed: Callable[[Test], None],
) -> None:
    async def taking(carrier: Carrier) -> None:
        await allow(carrier, 200_000)
        await echo(carrier)

    async def test(url: str, _: RelayServer) -> None:
        miner = await listening(url, taking, STORAGE)
        carrier = await call(url, proof(REQUESTER), None, STORAGE)
        await passed(carrier, 260_000)
        with pytest.raises(LinkLost, match="without a channel no more"):
            await passed(carrier, 20_000)
        held = [await call(url, proof(REQUESTER), None, STORAGE) for _ in range(4)]
        for one in held:
            await passed(one, 20_000)
        with pytest.raises(LinkLost, match="there are 4 unpaid transfers from 7 already"):
            await passed(await call(url, proof(REQUESTER), None, STORAGE), 20_000)
        miner.cancel()

    relayed(test)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ('{"allow": 8589934592}', "8,589,934,592 bytes are brought through here at most"),
        ('{"allow": -1}', "a miner says no more than what it allows"),
        ("[]", "a miner says no more than what it allows"),
    ],
)
def test_a_relay_bounds_what_miners_allow(
    relayed: Callable[[Test], None], said: str, why: str
) -> None:
    async def taking(carrier: Any) -> None:
        await carrier.say(said)
        await echo(carrier)

    async def test(url: str, _: RelayServer) -> None:
        miner = asyncio.create_task(listen(url, lambda: proof(MINER), taking, print, STORAGE))
        with pytest.raises(LinkLost, match=why):
            await passed(await called(url), 20_000)
        miner.cancel()

    relayed(test)


async def called(url: str) -> Carrier:
    """Once the miner listens."""
    while True:
        with suppress(LinkLost):
            return await call(url, proof(REQUESTER), None, STORAGE)
        await asyncio.sleep(0.02)


def test_an_error_of_one_caller_ends_no_other(
    relayed: Callable[[Test], None], caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks(carrier: Carrier) -> None:
        with suppress(LinkLost):
            while (data := await carrier.receive()) != b"break":
                await carrier.send(data)
            raise OSError(errno.EMFILE, "Too many open files")

    async def test(url: str, _: RelayServer) -> None:
        miner = await listening(url, breaks)
        other = await call(url, proof(REQUESTER), None)
        await passed(other, 20_000)
        broken = await call(url, proof(REQUESTER), None)
        await broken.send(b"break")
        with pytest.raises(LinkLost):
            await broken.receive()
        await passed(other, 20_000)
        miner.cancel()
        assert caplog.messages == [f"a caller through relay {url} is answered no more"]

    caplog.set_level("ERROR", "suanli.lease")
    relayed(test)


def test_a_relay_has_few_connections_opened_at_a_time_and_none_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tickets = [f"{number:064x}" for number in range(10)]
    texts = iter(["listening", f"../{'a' * 61}", "B" * 64, "c" * 63, *tickets])
    opened: list[str] = []

    class Relay:
        async def say(self, text: str) -> None: ...

        async def receive(self) -> bytes:
            if (text := next(texts, None)) is None:
                await asyncio.Event().wait()
            return str(text).encode()

    async def test() -> None:
        free = asyncio.Event()

        async def connect(url: str) -> Any:
            path = url.removeprefix("ws://relay/v1/sessions/")
            if path == "listen":
                return Relay()
            opened.append(path)
            await free.wait()
            raise LinkLost("nobody waits with this ticket")

        monkeypatch.setattr("suanli.lease.wire.relayed.connect", connect)
        monkeypatch.setattr("suanli.lease.wire.relayed.MOST_ANSWERS", 3)
        miner = asyncio.create_task(listen("http://relay", lambda: proof(MINER), echo, print))
        for _ in range(100):
            await asyncio.sleep(0)
        answers = [f"answer/{ticket}" for ticket in tickets]
        assert opened == answers[:3]
        free.set()
        while len(opened) < 10:
            await asyncio.sleep(0)
        assert opened == answers
        miner.cancel()

    asyncio.run(test())


def test_nobody_allows_itself_anything(relayed: Callable[[Test], None]) -> None:
    async def test(url: str, _: RelayServer) -> None:
        miner = await listening(url, echo, STORAGE)
        carrier = await call(url, proof(REQUESTER), None, STORAGE)
        await allow(carrier, 1 << 20)
        with pytest.raises(LinkLost, match="without a channel no more"):
            await passed(carrier, 100_000)
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


def test_both_sides_say_through_which_relay_and_a_silent_one_holds_nothing_up(
    relayed: Callable[[Test], None],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("suanli.lease.wire.ways.TO_WAIT", 0.05)
    caplog.set_level("INFO", "suanli.lease")

    async def test(url: str, server: RelayServer) -> None:
        writers: list[asyncio.StreamWriter] = []
        silent = await asyncio.start_server(lambda _, made: writers.append(made), "127.0.0.1", 0)
        first = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        market = Market(tmp_path)
        house = await market.start()
        miner = await listening(url, partial(house.take, relay=url))
        ledger = market.opened(wish("echo", "by the other"))
        record = ledger.record
        assert record is not None
        id_ = DOMAIN.digest(record.quote)
        server.admitted.lots.add(id_)
        screen, told = Screen(), []
        run = market.run(ledger, screen)
        key, place = run._services.key, ledger.place
        run._services.dial = MinerDial(
            DOMAIN, place, (first, url), key, record.quote, True, told.append
        )
        assert await run.run() == 0
        assert screen.out == b"by the other\n"
        assert told == [f"the session goes through relay {url}"]
        said = f"channel 0x{id_.hex()[:8]}: its session comes through relay {url}"
        assert said in caplog.messages
        miner.cancel()
        await market.stop()
        for writer in writers:
            writer.close()
            await writer.wait_closed()
        silent.close()

    relayed(test)


def test_both_sides_date_their_proofs_by_the_relays_clock(
    relayed: Callable[[Test], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes what is dated within a minute."""
    wrong = SimpleNamespace(time=lambda: time.time() - 3_600, monotonic=time.monotonic)

    async def test(url: str, server: RelayServer) -> None:
        def ahead(relay: str) -> float:
            return {url: 3_600.0}[relay]

        market = Market(tmp_path)
        house = await market.start()
        house._services = replace(house._services, ahead=ahead)
        monkeypatch.setattr("suanli.lease.host.house.time", wrong)
        assert abs(house._prove(url).message.issued - time.time()) < 30
        monkeypatch.undo()
        await market.stop()
        miner = await listening(url, echo)
        monkeypatch.setattr("suanli.lease.user.opening.time", wrong)
        place = SessionPlace(NUMBER, MINER.address, (), "", 1_000)
        carrier = await MinerDial(DOMAIN, place, (url,), REQUESTER, None, ahead=ahead)(0)
        await carrier.send(b"heard")
        assert await carrier.receive() == b"heard"
        await carrier.close()
        miner.cancel()

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
