"""A miner's side of swarms: runs tasks as they come, as long as they are paid."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from typing import Any

from suanli.base.database import DatabaseFailed
from suanli.base.errors import SuanliError
from suanli.engine import MAX_MODULE_BYTES, EngineError, Result
from suanli.engine.wire import read_task, result_message
from suanli.lease.errors import BadPeer, LeaseError, LinkLost
from suanli.lease.swarm import terms, wire
from suanli.lease.swarm.client import (
    MOST_FAILED,
    MOST_QUEUED,
    SwarmClient,
    SwarmMemory,
    WaitingTask,
)
from suanli.lease.swarm.money import Till, UnitPrice
from suanli.lease.swarm.services import SwarmServices
from suanli.lease.wire import Carrier, Secure, Strangers, accepting, welcome
from suanli.protocol import (
    Channel,
    ChannelStatus,
    InvalidMessage,
    Scale,
    Signed,
    Voucher,
    sign,
    signed_to_json,
    verify,
)

log = logging.getLogger("suanli.lease")
TO_SPEAK = 10.0
"""Seconds in which a caller says what it wants."""
MOST_WAITING = 16
"""Messages that came and nobody has taken."""
MOST_MESSAGE = MAX_MODULE_BYTES + (1 << 20)
CHECK_EVERY = 0.02
"""Seconds between two vouchers of a channel that are checked and written down."""
AGAIN = 5.0
"""Seconds until the chain is tried again, and between looks for channels that are over."""
CLOSED_AGAIN, UNDONE_WITHIN = 60.0, 3_600.0
"""Seconds between looks at a channel that is closed, and after which it is forgotten: the chain may
have been reorganized."""


class SwarmHost:
    """`run` it in an event loop of its own."""

    def __init__(self, services: SwarmServices) -> None:
        self._services = services
        self._memory = SwarmMemory()
        self._clients = {
            id_: self._client(id_, record, till) for id_, record, till in services.tills.all()
        }
        self._strangers = Strangers()
        self._tasks: asyncio.TaskGroup | None = None
        self.port = 0
        """Where it listens, once it does."""
        self.ready = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Raises what ends it."""
        async with asyncio.TaskGroup() as self._tasks:
            running = [self._tasks.create_task(work) for work in (self._listen(), self._collect())]
            await stop.wait()
            for client in list(self._clients.values()):
                if client.secure is not None:
                    await client.secure.close()
            for task in running:
                task.cancel()

    def _client(self, id_: bytes, record: Channel, till: Till) -> SwarmClient:
        return SwarmClient(id_, record, till, self._services.tills, self._memory)

    # Callers

    async def _listen(self) -> None:
        host, port = self._services.host, self._services.port
        async with accepting(self._called, host, port, MOST_WAITING) as self.port:
            self.ready.set()
            await asyncio.Future()

    async def _called(self, carrier: Carrier) -> None:
        with suppress(LinkLost, TimeoutError):
            async with self._strangers.among(carrier):
                secure = await welcome(carrier, self._services.certificate)
                try:
                    client = await self._met(secure)
                except BaseException:
                    await secure.close()
                    raise
            try:
                if client is not None:
                    await self._serve(client, secure)
            except BadPeer as error:
                log.info("a caller breaks the protocol: %s", error)
            finally:
                await secure.close()

    async def _met(self, secure: Secure) -> SwarmClient | None:
        """Whose channel it is; None: it has its answer."""
        nonce = secrets.token_bytes(32)
        await wire.send(secure, "welcome", nonce=nonce.hex(), workers=self._services.workers)
        try:
            async with asyncio.timeout(TO_SPEAK):
                do, asked, _ = await wire.receive(secure, 1 << 16)
            if do != "quote":
                return await self._admit(asked, nonce)
            services = self._services
            signed = sign(services.domain, terms.quote_for(services, asked), services.signer)
            await wire.send(secure, "quoted", quote=signed_to_json(signed))
        except LinkLost:
            raise
        except (InvalidMessage, SuanliError, KeyError, TypeError, ValueError) as error:
            await wire.send(secure, "refused", why=str(error)[:2_000])
        return None

    async def _serve(self, client: SwarmClient, secure: Secure) -> None:
        if (former := client.secure) is not None:
            client.part()
            await former.close()
        client.secure = secure
        try:
            await self._tell(
                client, "attached", units=client.till.units, paid=str(client.till.paid)
            )
            while True:
                message = await wire.receive(secure, MOST_MESSAGE, self._memory)
                if client.secure is not secure:
                    return  # another one has taken its place
                await self._hear(client, *message)
        finally:
            if client.secure is secure:
                client.part()
                self._check(client)

    async def _admit(self, asked: dict[str, Any], nonce: bytes) -> SwarmClient:
        services = self._services
        id_, record = terms.shown(services, asked, nonce)
        view = await asyncio.to_thread(services.chain.view, record)
        if view.status is not ChannelStatus.OPEN:
            raise LeaseError("the chain knows of no such channel here, or its time is over")
        client = self._clients.get(id_)
        if client is not None and client.over:
            raise LeaseError("the channel is being closed")
        if client is None:
            terms.require_taking(services)
            price = UnitPrice(Scale(services.decimals), record.price)
            client = self._clients[id_] = self._client(id_, record, Till(price, record.deposit))
        client.runtime = terms.runtime_of(services, asked)
        services.tills.save(id_, record, client.till)
        return client

    # One channel

    async def _hear(
        self, client: SwarmClient, do: str, fields: dict[str, Any], blobs: list[bytes]
    ) -> None:
        if client.over:
            return
        try:
            match do:
                case "module":
                    client.add_module(blobs[0])
                case "voucher":
                    self._take(client, fields)
                case "run":
                    self._ask(client, WaitingTask(str(fields.pop("key")), fields, blobs))
                case "end":
                    await self._end(client)
                case _:
                    raise BadPeer(f"{do!r} is no message")
        except (InvalidMessage, KeyError, TypeError, ValueError, IndexError) as error:
            raise BadPeer(f"{do}: {error!r}") from None
        self._begin(client)

    def _ask(self, client: SwarmClient, asked: WaitingTask) -> None:
        if asked.key in client.done:
            self._deliver(client, asked.key, again=True)
        elif client.failed >= MOST_FAILED:
            raise BadPeer(f"{client.failed} of its tasks could not be run")
        elif asked.key not in client.running:
            client.queue(asked)

    def _take(self, client: SwarmClient, fields: dict[str, Any]) -> None:
        """On the disk before anything is run for it."""
        amount, signature = int(fields["amount"]), bytes.fromhex(fields["signature"])
        if int(fields["units"]) >= client.till.units:
            client.drop_results()
        if not client.till.is_better(amount):
            return
        client.offered = max(client.offered, (amount, signature))
        loop = asyncio.get_running_loop()
        wait = client.checked + CHECK_EVERY - loop.time()
        if wait <= 0:
            self._check(client)
        elif client.checking is None:
            client.checking = loop.call_later(wait, self._check_late, client)

    def _check(self, client: SwarmClient) -> None:
        """The best voucher that came: each takes time of all channels. Raises BadPeer."""
        client.checking, client.checked = None, asyncio.get_running_loop().time()
        (amount, signature), client.offered = client.offered, (0, b"")
        if not client.till.is_better(amount):
            return
        signed = Signed(Voucher(client.id, amount), client.record.quote.signer, signature)
        if not verify(self._services.domain, signed):
            raise BadPeer("a voucher that the channel's signer did not sign")
        client.till.paid, client.till.signature = amount, signature
        self._services.tills.save(client.id, client.record, client.till)

    def _check_late(self, client: SwarmClient) -> None:
        try:
            self._check(client)
        except SuanliError as error:
            log.info("a voucher is not taken: %s", error)
            if client.secure is not None:
                self._spawn(client.secure.close())
        else:
            self._begin(client)

    def _begin(self, client: SwarmClient) -> None:
        """As many tasks as are paid and there are workers for."""
        if client.over:
            return
        places = self._services.workers
        while client.waiting and len(client.running) < places and client.till.may_begin:
            asked = client.next_task()
            key = asked.key
            try:
                task = read_task(asked.header, asked.blobs)
                # What came is named by its digest; its code was sent once.
                task = replace(task, module=client.modules[task.module.digest.hex()])
                digest = task.module.digest
                if digest in client.unfit:
                    raise LeaseError("this program could not be run here before")
                terms.require_allowed(task, self._services.kind)
                future = self._services.executors.of(client.runtime).submit(task)
            except (EngineError, LeaseError, KeyError, TypeError, ValueError) as error:
                self._failed(client, key, repr(error))
                continue
            client.running.add(key)
            future.add_done_callback(self._told(client, key, digest, asyncio.get_running_loop()))

    def _told(
        self, client: SwarmClient, key: str, module: bytes, loop: asyncio.AbstractEventLoop
    ) -> Callable[[Future[Result]], None]:
        def done(future: Future[Result]) -> None:
            with suppress(RuntimeError):  # the loop is over
                loop.call_soon_threadsafe(self._done, client, key, module, future)

        return done

    def _done(self, client: SwarmClient, key: str, module: bytes, future: Future[Result]) -> None:
        client.running.discard(key)
        if future.cancelled():
            self._spawn(self._tell(client, "failed", key=key, why="cancelled"))
        elif (error := future.exception()) is not None:
            client.unfit.add(module)
            self._failed(client, key, str(error))
        elif not client.over:
            self._bill(client, key, future.result())
        self._begin(client)

    def _bill(self, client: SwarmClient, key: str, result: Result) -> None:
        try:
            client.bill(key, result.units, result_message(result))
        except DatabaseFailed as error:
            log.error("a result can't be kept, and is not billed: %s", error)
            self._spawn(self._tell(client, "failed", key=key, why="the miner's disk fails"))
        else:
            self._deliver(client, key)

    def _failed(self, client: SwarmClient, key: str, why: str) -> None:
        """It is not paid, whatever it took."""
        client.failed += 1
        if client.failed >= MOST_FAILED:
            client.drop_waiting()
        self._spawn(self._tell_failed(client, key, why[:500]))

    async def _tell_failed(self, client: SwarmClient, key: str, why: str) -> None:
        secure, last = client.secure, client.failed >= MOST_FAILED
        await self._tell(client, "failed", key=key, why=why)
        if last and secure is not None:
            await secure.close()

    def _deliver(self, client: SwarmClient, key: str, again: bool = False) -> None:
        if client.telling >= 2 * MOST_QUEUED:
            raise BadPeer("results are asked for and not taken")
        client.telling += 1
        self._spawn(self._tell_result(client, key, again))

    async def _tell_result(self, client: SwarmClient, key: str, again: bool) -> None:
        """Read when its turn has come: whoever takes nothing makes nothing be kept in memory."""
        with suppress(LinkLost):
            async with client.sending:
                client.telling -= 1
                found = self._services.tills.result(client.id, key)
                if client.secure is not None and found is not None:
                    header, blobs = found
                    fields = {**header, "key": key, "again": again}
                    await wire.send(client.secure, "done", blobs, **fields)

    async def _tell(
        self, client: SwarmClient, do: str, blobs: list[bytes] | None = None, **fields: Any
    ) -> None:
        with suppress(LinkLost):
            async with client.sending:
                if client.secure is not None:
                    await wire.send(client.secure, do, blobs or (), **fields)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        assert self._tasks is not None
        self._tasks.create_task(_alone(work))

    # The chain

    async def _end(self, client: SwarmClient) -> None:
        """The requester needs no more: what it vouched for is taken, the rest goes back at once."""
        self._stop(client)
        try:
            async with client.at_chain:
                if client.closed is None:
                    await self._close(client)
        except SuanliError as error:
            log.warning("a channel can't be closed yet: %s", error)

    def _stop(self, client: SwarmClient) -> None:
        """Take the last voucher, and nothing more."""
        try:
            self._check(client)
        except SuanliError as error:
            log.info("a voucher is not taken: %s", error)
        client.ending = True
        client.drop_waiting()

    async def _close(self, client: SwarmClient) -> None:
        """Also again after it failed, and after a reorganization undid it."""
        self._stop(client)
        till = client.till
        await asyncio.to_thread(
            self._services.chain.close, client.record, till.paid, till.signature
        )
        self._seen_closed(client)
        log.info("channel 0x%s is closed: %d units", client.id.hex()[:8], till.units)

    def _seen_closed(self, client: SwarmClient) -> None:
        """Kept for a while: the chain may be reorganized."""
        client.drop_waiting()
        client.drop_results()
        client.closed = client.closed or time.monotonic()
        self._spawn(self._see_off(client))

    async def _see_off(self, client: SwarmClient) -> None:
        secure = client.secure
        await self._tell(client, "ended")
        if secure is not None:
            await secure.close()

    def _forget(self, client: SwarmClient) -> None:
        self._clients.pop(client.id, None)
        self._services.tills.forget(client.id)

    async def _collect(self) -> None:
        """Channels whose time is over are closed with the best voucher, whoever is gone."""
        while True:
            try:
                await self._look()
            except SuanliError as error:
                log.warning("the chain is away: %s", error)
            await asyncio.sleep(AGAIN)

    async def _look(self) -> None:
        for client in list(self._clients.values()):
            now = time.monotonic()
            if client.closed is not None and now < client.looked + CLOSED_AGAIN:
                continue
            client.looked = now
            async with client.at_chain:
                view = await asyncio.to_thread(self._services.chain.view, client.record)
                if view.status is ChannelStatus.NONE:
                    self._seen_closed(client)
                    if client.closed is not None and now > client.closed + UNDONE_WITHIN:
                        self._forget(client)
                elif view.status is not ChannelStatus.OPEN or client.over:
                    await self._close(client)


async def _alone(work: Coroutine[Any, Any, None]) -> None:
    """What goes wrong with one client ends nothing of others."""
    try:
        await work
    except Exception:
        log.exception("a client of the swarm is not answered")
