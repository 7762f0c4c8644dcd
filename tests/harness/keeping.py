"""Miners that keep bytes and a requester, in one event loop, over sockets; the chain is made of
lists, with the contract's rules for money left out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from eth_utils.crypto import keccak

from suanli.base.accounts import Account
from suanli.chain import TransportError
from suanli.lease.storage.deal import Space
from suanli.lease.storage.keeper.journal import KeeperJournal
from suanli.lease.storage.keeper.ports import DealNews
from suanli.lease.storage.keeper.warehouse import Warehouse, WarehouseServices
from suanli.lease.storage.owner.finding import SpaceOffer
from suanli.lease.storage.owner.ledger import KeepWish, StorageLedger
from suanli.lease.storage.owner.onchain import QuoteSpent
from suanli.lease.storage.owner.work import Owner, OwnerServices
from suanli.lease.storage.shelf import Shelf
from suanli.lease.user.ledger import SessionPlace
from suanli.lease.wire import Certificate
from suanli.protocol import (
    Domain,
    LeafProof,
    Signed,
    StorageDeal,
    StorageQuote,
    StorageStatus,
    StorageView,
    drawn_leaves,
    holds_leaf,
    verify,
)

DOMAIN = Domain(1337, "0x" + "ab" * 20)
REQUESTER = Account.from_key("0x" + "11" * 32)
DEALS = "0x" + "dd" * 20
RESOURCE, DAY, WINDOW = 5, 86_400, 3_600
PRICE = 10**17
SPACE = Space(RESOURCE, 10**9, DAY, WINDOW, 30 * DAY, PRICE, 6, 30_000, 1_000, 16 << 20)


class Killed(BaseException):
    """As kill -9: nothing catches it."""


@dataclass
class ListedDeals:
    """All deals, as both sides see the chain."""

    time: int = 1_000_000
    number: int = 100
    live: dict[bytes, StorageDeal] = field(default_factory=dict)
    proved: dict[bytes, int] = field(default_factory=dict)
    named: dict[bytes, int] = field(default_factory=dict)
    events: list[tuple[int, DealNews]] = field(default_factory=list)
    sent: dict[str, StorageDeal] = field(default_factory=dict)
    told: list[tuple[str, bytes, int]] = field(default_factory=list)
    nonce: int = 0
    funded: int = 0
    away: bool = False
    address: str = DEALS

    def pass_time(self, seconds: int, blocks: int = 1) -> None:
        self.time += seconds
        self.number += blocks

    # The requester's side

    def now(self) -> int:
        return self.time

    def next_nonce(self) -> int:
        return self.nonce + 1

    def fund(self, amount: int) -> None:
        self.funded = max(self.funded, amount)

    def open(self, signed: Signed[StorageQuote], key: str) -> StorageDeal:
        if key in self.sent:
            return self.sent[key]
        quote, id_ = signed.message, DOMAIN.digest(signed.message)
        if quote.nonce <= self.nonce or self.time > quote.valid_until:
            raise QuoteSpent("spent")
        assert verify(DOMAIN, signed)
        self.nonce = quote.nonce
        deal = StorageDeal(quote, SPACE.collateral(quote) // 2, self.time)
        self.live[id_], self.sent[key] = deal, deal
        self.proved[id_] = self.named[id_] = 0
        self.events.append((quote.miner, DealNews(id_, deal)))
        return deal

    def was_sent(self, key: str) -> bool:
        return key in self.sent

    def view(self, deal: StorageDeal) -> StorageView:
        id_ = DOMAIN.digest(deal.quote)
        if id_ not in self.live:
            return StorageView(StorageStatus.NONE, 0, 0, 0, 0)
        over = deal.end_of(self.proved[id_])
        status = StorageStatus.KEPT if self.time < over else StorageStatus.DUE
        if self.time > over + WINDOW:
            status = StorageStatus.MISSED
        return StorageView(status, self.proved[id_], self.named[id_], over, over + WINDOW)

    def end(self, deal: StorageDeal) -> None:
        self._end("ended", deal)

    def _end(self, how: str, deal: StorageDeal) -> None:
        id_ = DOMAIN.digest(deal.quote)
        if self.live.pop(id_, None) is not None:
            self.told.append((how, id_, self.proved[id_]))
            self.events.append((deal.quote.miner, DealNews(id_)))


class MinersView:
    """A `DealsPort` of one miner."""

    final = 0

    def __init__(self, chain: ListedDeals, miner: int, mark: str | None) -> None:
        self._chain, self._miner = chain, miner
        self._next = int(mark or 0)

    def news(self) -> list[DealNews]:
        if self._chain.away:
            raise TransportError("away")
        found, self._next = self._chain.events[self._next :], len(self._chain.events)
        return [news for miner, news in found if miner == self._miner]

    def mark(self) -> str:
        return str(self._next)

    def now(self) -> int:
        return self._chain.time

    def block(self) -> int:
        return self._chain.number

    def nudge(self) -> None:
        self._chain.number += 1

    def view(self, deal: StorageDeal) -> StorageView:
        return self._chain.view(deal)

    def leaves(self, deal: StorageDeal) -> list[int]:
        id_ = DOMAIN.digest(deal.quote)
        seed = keccak(self._chain.named[id_].to_bytes(32, "big"))
        return drawn_leaves(deal.quote, id_, seed)

    def name(self, deal: StorageDeal, period: int) -> None:
        id_ = DOMAIN.digest(deal.quote)
        assert (self._chain.proved[id_], self._chain.named[id_]) == (period, 0)
        self._chain.named[id_] = self._chain.number + 1
        self._chain.told.append(("named", id_, period))

    def prove(self, deal: StorageDeal, period: int, proofs: list[LeafProof]) -> None:
        id_, quote, chain = DOMAIN.digest(deal.quote), deal.quote, self._chain
        assert chain.view(deal).status is StorageStatus.DUE
        for leaf, proof in zip(self.leaves(deal), proofs, strict=True):
            assert holds_leaf(quote.root, quote.size, leaf, proof.data, proof.path)
        chain.proved[id_], chain.named[id_] = period + 1, 0
        chain.told.append(("proved", id_, period))
        if period + 1 == quote.periods:
            chain._end("over", deal)

    def settle(self, deal: StorageDeal) -> None:
        assert self._chain.view(deal).status is StorageStatus.MISSED
        self._chain._end("settled", deal)

    def price(self) -> int:
        return PRICE

    def free_collateral(self) -> int:
        return 10**18

    def money_of(self, requester: str) -> int:
        return 10**18


class Keeper:
    """A miner, started and killed as a test likes."""

    def __init__(self, folder: Path, chain: ListedDeals, number: int, most: int = 64 << 20) -> None:
        self.folder, self.chain, self.number, self.most = folder, chain, number, most
        self.relays: tuple[str, ...] = ()
        """Through which alone it is reached, if there are any."""
        self.account = Account.from_key("0x" + bytes([0x20 + number]).hex() * 32)
        self.keeping: Warehouse | None = None
        self.shelf: Shelf | None = None
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        journal = KeeperJournal.of_folder(self.folder)
        self.shelf = Shelf(self.folder / "bytes", self.most)
        self.keeping = Warehouse(
            WarehouseServices(
                DOMAIN,
                self.account,
                self.number,
                DEALS,
                SPACE,
                self.shelf,
                journal,
                MinersView(self.chain, self.number, journal.fact("mark")),
                Certificate(self.folder / "storage.pem"),
                port=None if self.relays else 0,
                relays=self.relays,
                poll=0.02,
            )
        )
        self._stop = asyncio.Event()

        async def run(keeping: Warehouse) -> None:
            with closing(journal):
                await keeping.run(self._stop)

        self._running = asyncio.create_task(run(self.keeping))
        await self.keeping.ready.wait()

    async def stop(self) -> None:
        self._stop.set()
        if self._running is not None:
            await self._running
            self._running = None

    @property
    def offer(self) -> SpaceOffer:
        assert self.keeping is not None
        certificate = Certificate(self.folder / "storage.pem")
        place = SessionPlace(
            self.number,
            self.account.address,
            () if self.relays else (f"ws://127.0.0.1:{self.keeping.port}",),
            certificate.digest.hex(),
            1_000,
        )
        return SpaceOffer(place, PRICE, 100, SPACE)


class StorageMarket:
    """Three miners, of which all start."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.chain = folder, ListedDeals()
        self.keepers = [Keeper(folder / f"miner-{n}", self.chain, n) for n in (1, 2, 3)]
        self.told: list[str] = []
        self.moved: list[int] = []
        self.on_moved: Callable[[int], None] = self.moved.append

    async def start(self) -> None:
        for keeper in self.keepers:
            await keeper.start()

    async def stop(self) -> None:
        for keeper in self.keepers:
            await keeper.stop()

    def put(self, data: bytes, name: str = "file", **changes: int) -> Owner:
        """Of a file that was begun."""
        path = self.folder / f"{name}.data"
        path.write_bytes(data)
        return self.put_file(path, **changes)

    def put_file(self, path: Path, **changes: int) -> Owner:
        ledger = StorageLedger(self.folder / "owner" / path.stem)
        wish = KeepWish(str(path), path.stat().st_size, 2, RESOURCE, 3 * DAY, DAY, 2, 0)
        ledger.begin(KeepWish(**{**vars(wish), **changes}), 1)  # type: ignore[arg-type]
        return self.owner(ledger)

    def again(self, name: str = "file") -> Owner:
        """What a new process has of a file."""
        return self.owner(StorageLedger(self.folder / "owner" / name))

    def owner(self, ledger: StorageLedger) -> Owner:
        services = OwnerServices(
            DOMAIN,
            REQUESTER,
            self.chain,
            lambda wish: [one.offer for one in self.keepers if one.keeping is not None],
            self.told.append,
            lambda have: self.on_moved(have),
            self.keepers[0].relays,
        )
        return Owner(ledger, services)
