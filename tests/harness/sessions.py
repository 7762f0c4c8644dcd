"""A miner and requesters in one event loop, with rooms without walls and a chain made of lists."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from suanli.base.accounts import Account
from suanli.lease.channel import ChannelNews, channel_to_json
from suanli.lease.errors import LinkLost
from suanli.lease.host.house import House, HouseServices, LeasedClass
from suanli.lease.host.journal import HostJournal
from suanli.lease.rate import Rate
from suanli.lease.user.core import LeaseStage
from suanli.lease.user.ledger import LeaseLedger, SessionPlace, Wish, shown
from suanli.lease.user.run import LeaseRun, RunServices
from suanli.lease.wire import Carrier, Certificate, connect
from suanli.protocol import Channel, Domain, Quote
from tests.harness.rooms import LooseRooms

DOMAIN = Domain(1337, "0x" + "ab" * 20)
MINER = Account.from_key("0x" + "22" * 32)
REQUESTER = Account.from_key("0x" + "11" * 32)
CHANNELS = "0x" + "cc" * 20
NUMBER, RESOURCE, UNIT_SECONDS = 7, 4, 3_600
PRICE = 36 * 10**17
"""A thousandth of a token for a second."""
STEP = 600
RATE = Rate.of(PRICE, 1, UNIT_SECONDS, 6)


@dataclass
class ListedChain:
    """What the miner's side sees of the chain."""

    waiting: list[ChannelNews] = field(default_factory=list)
    all: dict[bytes, ChannelNews] = field(default_factory=dict)
    closings: list[tuple[bytes, int, bytes]] = field(default_factory=list)
    time: int = 1_000
    away: Exception | None = None

    def news(self) -> list[ChannelNews]:
        found, self.waiting = self.waiting, []
        return found

    def mark(self) -> str:
        return "mark"

    def now(self) -> int:
        return self.time

    def put(self, news: ChannelNews) -> None:
        self.all[news.id] = news
        self.waiting.append(news)

    def close(self, record: Channel, amount: int, signature: bytes) -> None:
        if self.away is not None:
            raise self.away
        id_ = DOMAIN.digest(record.quote)
        self.closings.append((id_, amount, signature))
        self.put(replace(self.all[id_], closed=True))

    def forget(self, record: Channel) -> None:
        self.all.pop(DOMAIN.digest(record.quote))


@dataclass
class Screen:
    """What a requester sees."""

    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)
    size: tuple[int, int] | None = None
    kind: str = ""

    def write(self, data: bytes, *, error: bool = False) -> None:
        (self.err if error else self.out).extend(data)


class Market:
    """One miner's house, and leases of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.chain = folder, ListedChain()
        self.rooms = LooseRooms(folder / "rooms")
        self.certificate = Certificate(folder / "session.pem")
        self.house: House | None = None
        self.told: list[str] = []
        self.carriers: list[Carrier] = []
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._journal: HostJournal | None = None

    async def start(self) -> House:
        self._journal = HostJournal.of_folder(self.folder / "host")
        self.house = House(
            HouseServices(
                DOMAIN,
                MINER,
                NUMBER,
                CHANNELS,
                6,
                self._journal,
                self.rooms,
                self.chain,
                self.certificate,
                (LeasedClass(RESOURCE, 2, 3_600, UNIT_SECONDS),),
                poll=0.05,
                port=0,
            )
        )
        self._stop = asyncio.Event()
        self._running = asyncio.create_task(self.house.run(self._stop))
        await self.house.ready.wait()
        return self.house

    async def stop(self) -> None:
        self._stop.set()
        if self._running is not None:
            await self._running
            self._running = None
        if self._journal is not None:
            self._journal.close()

    async def kill(self) -> None:
        """As by kill -9: what is in memory alone is lost, and the rooms with it."""
        assert self._running is not None
        assert self.house is not None
        # Nothing that is decided from now on is written or sent.
        for desk in self.house.desks.values():
            desk._save = lambda before: None  # type: ignore[method-assign]
            desk._post = lambda do, **fields: None  # type: ignore[method-assign]
        await self.stop()
        self.rooms.made.clear()

    def opened(self, wish: Wish, name: str = "lease") -> LeaseLedger:
        """A lease whose channel is open."""
        key = secrets.token_hex(32)
        signer = Account.from_key("0x" + key)
        quote = Quote(
            CHANNELS,
            REQUESTER.address,
            signer.address,
            NUMBER,
            RESOURCE,
            wish.units,
            wish.seconds,
            len(self.chain.all) + 1,
            2_000,
        )
        record = Channel(quote, PRICE, self.chain.time, wish.budget, 1)
        ledger = LeaseLedger(self.folder / "leases" / name)
        place = SessionPlace(NUMBER, MINER.address, (), self.certificate.digest.hex(), STEP)
        ledger.note(
            wish=shown(wish),
            place=shown(place),
            record=channel_to_json(record),
            key=key,
            stage="open",
        )
        assert ledger.stage is LeaseStage.OPEN
        id_ = DOMAIN.digest(quote)
        self.chain.put(ChannelNews(id_, record, wish.budget, self.chain.time + wish.seconds))
        return ledger

    async def dial(self, attempt: int) -> Carrier:
        if self.house is None or self._running is None:
            raise LinkLost("nobody is there")
        self.carriers.append(await connect(f"ws://127.0.0.1:{self.house.port}"))
        return self.carriers[-1]

    async def cut(self) -> None:
        """Break the connection there is."""
        await self.carriers[-1].close()

    def run(self, ledger: LeaseLedger, screen: Screen | None = None, **more: Any) -> LeaseRun:
        record = ledger.record
        assert record is not None
        services = RunServices(
            DOMAIN,
            Account.from_key("0x" + ledger.fact("key")),
            more.pop("dial", self.dial),
            screen or Screen(),
            self.told.append,
            pause=0.02,
        )
        return LeaseRun(ledger, RATE, DOMAIN.digest(record.quote), services)


def wish(*argv: str, **more: Any) -> Wish:
    usual = {"resource": RESOURCE, "units": 1, "seconds": 600, "budget": 60_000, "price": PRICE}
    return Wish(argv=argv, **(usual | more))


async def until(holds: Callable[[], bool]) -> None:
    """Looked at again and again; a test as a whole has its own time."""
    while not holds():
        await asyncio.sleep(0.01)


def reopened(ledger: LeaseLedger) -> LeaseLedger:
    """As another process finds it."""
    with closing(ledger):
        return LeaseLedger(ledger.folder)
