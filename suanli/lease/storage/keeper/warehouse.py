"""A miner's storage as a whole, in one event loop: its door, its deals, their proofs in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from suanli.base.errors import SuanliError
from suanli.daemon import OUTAGES
from suanli.lease.running import AGAIN, Errand, repeat
from suanli.lease.storage.deal import Space, file_of
from suanli.lease.storage.keeper.core import Duty, duty
from suanli.lease.storage.keeper.door import Door, DoorServices
from suanli.lease.storage.keeper.journal import MARK, KeeperJournal
from suanli.lease.storage.keeper.ports import REORGANIZED, DealsPort
from suanli.lease.storage.keeper.unpaid import Unpaid
from suanli.lease.storage.shelf import Shelf
from suanli.lease.wire import STORAGE, Certificate, accepting, listen, relay_proof
from suanli.protocol import (
    Domain,
    LeafProof,
    SessionProof,
    Signed,
    Signer,
    StorageDeal,
    holds_leaf,
)

log = logging.getLogger("suanli.storage")
SWEEP_EVERY, PATIENCE = 300.0, 3_600.0
"""Seconds; so long are bytes kept for which there is no deal, or no more."""
LOOK_AGAIN = 60
"""Seconds, at a deal that is over and may be live again."""
MOST_THREADS = 16


@dataclass(frozen=True)
class WarehouseServices:
    domain: Domain
    signer: Signer
    miner: int
    deals_at: str
    space: Space
    shelf: Shelf
    journal: KeeperJournal
    chain: DealsPort
    certificate: Certificate
    host: str = "127.0.0.1"
    port: int | None = 0
    """None: callers come through `relays` alone."""
    relays: tuple[str, ...] = ()
    poll: float = 1.0
    draining: Callable[[], bool] = lambda: False
    """Whether nothing new is taken."""
    errands: tuple[Errand, ...] = ()
    ahead: Callable[[str], float] = lambda relay: 0.0
    """Seconds by which a relay's clock is ahead of this machine's."""


class Warehouse:
    """`run` it in an event loop of its own."""

    def __init__(self, services: WarehouseServices) -> None:
        self._services = services
        self._threads = ThreadPoolExecutor(MOST_THREADS, "storage")
        self.deals: dict[bytes, StorageDeal] = services.journal.deals()
        self._looks: dict[bytes, int] = {}
        """When a deal is to be looked at next, by the chain's time."""
        self._over: dict[bytes, int] = {}
        """At which block a deal was first seen to be none."""
        self._newest = 0
        self._unpaid = Unpaid(services.journal, services.space.most)
        self._busy: set[bytes] = set()
        self._told: set[bytes] = set()
        self._looking = asyncio.Lock()
        self._door = Door(
            DoorServices(
                services.domain,
                services.signer,
                services.miner,
                services.deals_at,
                services.space,
                services.shelf,
                self._unpaid,
                services.chain,
                services.certificate,
                self._live,
                services.draining,
            )
        )
        self.port = 0
        """Where it listens, once it does."""
        self.ready = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Raises what ends it."""
        if self._services.journal.fact(MARK) is None:
            # Whatever is opened from here on is found, also if this is down by then.
            self._services.journal.note(**{MARK: self._services.chain.mark()})
        try:
            async with asyncio.TaskGroup() as tasks:
                works = [self._follow(tasks), self._sweep(), *self._listening()]
                works += [repeat(one, self._threads, log.warning) for one in self._services.errands]
                running = [tasks.create_task(work) for work in works]
                await stop.wait()
                for task in running:
                    task.cancel()
        finally:
            self._threads.shutdown(wait=False)

    def _listening(self) -> list[Coroutine[Any, Any, None]]:
        services = self._services
        way = self._door.take_relayed, log.warning, STORAGE
        works: list[Coroutine[Any, Any, None]] = [
            listen(one, partial(self._prove, one), *way) for one in services.relays
        ]
        if services.port is None:
            self.ready.set()
        else:
            works.append(self._listen(services.port))
        return works

    def _prove(self, relay: str) -> Signed[SessionProof]:
        services, ahead = self._services, self._services.ahead(relay)
        return relay_proof(services.domain, services.signer, services.miner, ahead=ahead)

    async def _listen(self, port: int) -> None:
        async with accepting(self._door.take, self._services.host, port) as self.port:
            self.ready.set()
            await asyncio.Future()

    async def _live(self) -> list[StorageDeal]:
        with suppress(*OUTAGES):  # what was known before holds
            await self.look()
        return list(self.deals.values())

    async def _sweep(self) -> None:
        while True:
            with suppress(*OUTAGES):
                await self.sweep()
            await asyncio.sleep(SWEEP_EVERY)

    async def sweep(self) -> None:
        """Only by what the chain says now: a deal may have been opened while this was down."""
        await self.look()
        loop, shelf = asyncio.get_running_loop(), self._services.shelf
        wanted = {file_of(deal.quote) for deal in self.deals.values()}
        rules = wanted, PATIENCE, self._unpaid.late(shelf.have)
        for file in await loop.run_in_executor(self._threads, shelf.sweep, *rules):
            log.info("dropped %d bytes that nobody pays for", file.size)
        self._unpaid.keep(shelf.files)

    # The chain

    async def _follow(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            try:
                await self.look()
            except OUTAGES as error:
                log.warning("the chain is away: %s", error)
                await asyncio.sleep(AGAIN)
            now = self._services.chain.now()
            for id_ in list(self.deals):
                if id_ not in self._busy and self._looks.get(id_, 0) <= now:
                    self._busy.add(id_)
                    tasks.create_task(self._tend(id_))
            await asyncio.sleep(self._services.poll)

    async def look(self) -> None:
        """What is new on chain."""
        async with self._looking:
            chain, journal = self._services.chain, self._services.journal
            loop = asyncio.get_running_loop()
            news = await loop.run_in_executor(self._threads, chain.news)
            for one in news:
                if one == REORGANIZED:
                    self._looks.clear()
                elif one.record is not None:
                    self._keep(one.id, one.record)
                else:
                    self._looks.pop(one.id, None)
            if news:
                journal.note(**{MARK: chain.mark()})

    def _keep(self, id_: bytes, deal: StorageDeal) -> None:
        self._services.journal.save(id_, deal)
        self._unpaid.settle([file_of(deal.quote)])
        self.deals[id_] = deal
        self._looks.pop(id_, None)
        self._over.pop(id_, None)
        log.info("keeps %d bytes, deal 0x%s", deal.quote.size, id_.hex()[:8])

    async def _tend(self, id_: bytes) -> None:
        """See to one deal; nothing that goes wrong with it touches others."""
        loop = asyncio.get_running_loop()
        try:
            deal = self.deals[id_]
            if await loop.run_in_executor(self._threads, self._done, id_, deal):
                self._forget(id_)
        except SuanliError as error:
            log.warning("deal 0x%s: %s", id_.hex()[:8], error)
            self._looks[id_] = self._services.chain.now() + int(AGAIN)
        finally:
            self._busy.discard(id_)

    def _done(self, id_: bytes, deal: StorageDeal) -> bool:
        """Do what is owed; whether the deal is over for good. Raises SuanliError."""
        chain = self._services.chain
        # First the block: what is seen after is of this one or a later one, if the node is one.
        block = chain.block()
        view, self._newest = chain.view(deal), max(block, self._newest)
        owed = duty(view, block)
        if owed is not Duty.OVER and self._over.pop(id_, None) is not None:
            log.warning("deal 0x%s: its end was undone", id_.hex()[:8])
        match owed:
            case Duty.OVER:
                return self._is_final(id_, block)
            case Duty.NAME if self._has(id_, deal):
                chain.name(deal, view.proved)
            case Duty.PROVE:
                chain.prove(deal, view.proved, self._proofs(deal, chain.leaves(deal)))
                log.info("deal 0x%s: period %d is proved", id_.hex()[:8], view.proved)
            case Duty.SETTLE:
                chain.settle(deal)
                log.warning("deal 0x%s: a period was not proved", id_.hex()[:8])
            case Duty.LAPSED:
                self._tell_once(id_, Duty.LAPSED.value)
            case Duty.WAIT if view.named:
                chain.nudge()
            case Duty.WAIT:
                self._looks[id_] = min(view.over, chain.now() + 3_600)
        return False

    def _is_final(self, id_: bytes, block: int) -> bool:
        """Whether a deal that is none won't be one again: a node may lag, and an end be undone."""
        if id_ not in self._over:
            self._over[id_] = self._newest
            log.info("deal 0x%s is over", id_.hex()[:8])
        if block >= self._over[id_] + self._services.chain.final:
            return True
        self._looks[id_] = self._services.chain.now() + LOOK_AGAIN
        return False

    def _has(self, id_: bytes, deal: StorageDeal) -> bool:
        if self._services.shelf.whole(file_of(deal.quote)):
            return True
        self._tell_once(id_, "its bytes are not there: its collateral is lost unless they are back")
        return False

    def _tell_once(self, id_: bytes, what: str) -> None:
        if id_ not in self._told:
            self._told.add(id_)
            log.error("deal 0x%s: %s", id_.hex()[:8], what)

    def _proofs(self, deal: StorageDeal, leaves: Sequence[int]) -> list[LeafProof]:
        quote, shelf, found = deal.quote, self._services.shelf, []
        for leaf in leaves:
            proof = shelf.proof(file_of(quote), leaf)
            if not holds_leaf(quote.root, quote.size, leaf, proof.data, proof.path):
                raise SuanliError(f"leaf {leaf} is damaged on this disk")
            found.append(proof)
        return found

    def _forget(self, id_: bytes) -> None:
        """It is over; its bytes are kept a while, for another deal."""
        deal = self.deals.pop(id_, None)
        self._looks.pop(id_, None)
        self._over.pop(id_, None)
        if deal is not None:
            self._services.shelf.touch(file_of(deal.quote))
            self._services.journal.forget(id_)
