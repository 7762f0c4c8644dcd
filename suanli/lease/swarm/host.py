"""A miner's side of swarms: runs tasks as they come, as long as they are paid."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from suanli.base.errors import SuanliError
from suanli.engine import MAX_MODULE_BYTES, EngineError, Executors, Module, Result, Task
from suanli.engine.wire import Message, read_task, result_message
from suanli.lease.channel import channel_from_json
from suanli.lease.errors import BadPeer, LeaseError, LinkLost
from suanli.lease.swarm import wire
from suanli.lease.swarm.money import Till, UnitPrice
from suanli.lease.swarm.tills import Tills
from suanli.lease.wire import Carrier, Certificate, Secure, accepting, welcome
from suanli.protocol import (
    LONGEST_CHANNEL,
    Channel,
    ChannelStatus,
    ChannelView,
    Domain,
    InvalidMessage,
    Quote,
    ResourceClass,
    Scale,
    SessionProof,
    Signed,
    Signer,
    Voucher,
    sign,
    signed_from_json,
    signed_to_json,
    verify,
)

log = logging.getLogger("suanli.lease")
TO_SPEAK = 10.0
"""Seconds in which a caller says what it wants."""
QUOTE_LASTS = 300
"""Seconds in which a channel can be opened with a quote."""
MOST_CALLERS = 64
MOST_WAITING = 16
"""Messages that came and nobody has taken."""
MOST_QUEUED = 256
"""Tasks of a channel that wait."""
MOST_MESSAGE = MAX_MODULE_BYTES + (1 << 20)
AGAIN = 5.0
"""Seconds until the chain is tried again, and between looks for channels that are over."""


class SwarmChain(Protocol):
    """A miner's channels on chain. May block; raises SuanliError."""

    def now(self) -> int:
        """The chain's time, in seconds since 1970."""

    def view(self, record: Channel) -> ChannelView: ...

    def close(self, record: Channel, amount: int, signature: bytes) -> None: ...


@dataclass(frozen=True)
class SwarmServices:
    """`executors` run `workers` tasks at a time, by the runtimes with these ids."""

    domain: Domain
    signer: Signer
    miner: int
    channels_at: str
    resource: int
    kind: ResourceClass
    decimals: int
    tills: Tills
    chain: SwarmChain
    certificate: Certificate
    executors: Executors
    runtimes: tuple[bytes, ...]
    workers: int
    host: str = "127.0.0.1"
    port: int = 0


@dataclass
class _Client:
    """One channel: what outlives its connections."""

    id: bytes
    record: Channel
    till: Till
    runtime: bytes = b""
    secure: Secure | None = None
    modules: dict[str, Module] = field(default_factory=dict)
    waiting: deque[tuple[str, dict[str, Any], list[bytes]]] = field(default_factory=deque)
    """Tasks by the key that the requester gave them."""
    running: set[str] = field(default_factory=set)
    done: OrderedDict[str, tuple[int, Message]] = field(default_factory=OrderedDict)
    """What was billed last, with its units: who asks again after a broken connection pays once."""
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)


class SwarmHost:
    """`run` it in an event loop of its own."""

    def __init__(self, services: SwarmServices) -> None:
        self._services = services
        self._clients = {
            id_: _Client(id_, record, till) for id_, record, till in services.tills.all()
        }
        self._callers = asyncio.Semaphore(MOST_CALLERS)
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

    # Callers

    async def _listen(self) -> None:
        host, port = self._services.host, self._services.port
        async with accepting(self._called, host, port, MOST_WAITING) as self.port:
            self.ready.set()
            await asyncio.Future()

    async def _called(self, carrier: Carrier) -> None:
        with suppress(LinkLost, TimeoutError):
            async with self._callers:
                secure = await welcome(carrier, self._services.certificate)
                try:
                    await self._serve(secure)
                except BadPeer as error:
                    log.info("a caller breaks the protocol: %s", error)
                finally:
                    await secure.close()

    async def _serve(self, secure: Secure) -> None:
        nonce = secrets.token_bytes(32)
        await wire.send(secure, "welcome", nonce=nonce.hex(), workers=self._services.workers)
        async with asyncio.timeout(TO_SPEAK):
            do, asked, _ = await wire.receive(secure, 1 << 16)
        try:
            if do == "quote":
                signed = sign(self._services.domain, self._quote(asked), self._services.signer)
                await wire.send(secure, "quoted", quote=signed_to_json(signed))
                return
            client = await self._admit(asked, nonce)
        except (InvalidMessage, SuanliError, KeyError, TypeError, ValueError) as error:
            await wire.send(secure, "refused", why=str(error)[:2_000])
            return
        if client.secure is not None:
            await client.secure.close()
        client.secure = secure
        try:
            await self._tell(
                client, "attached", units=client.till.units, paid=str(client.till.paid)
            )
            while True:
                await self._hear(client, *await wire.receive(secure, MOST_MESSAGE))
        finally:
            if client.secure is secure:
                client.secure = None
                client.waiting.clear()

    def _quote(self, asked: dict[str, Any]) -> Quote:
        services = self._services
        if asked["resource"] != services.resource:
            raise LeaseError("tasks of this class are not run here for vouchers")
        self._runtime(asked)
        seconds = int(asked["duration"])
        if not 0 < seconds <= LONGEST_CHANNEL:
            raise LeaseError(f"a channel lasts {LONGEST_CHANNEL} seconds at most, not {seconds}")
        return Quote(
            services.channels_at,
            str(asked["requester"]),
            str(asked["signer"]),
            services.miner,
            services.resource,
            0,
            seconds,
            int(asked["nonce"]),
            services.chain.now() + QUOTE_LASTS,
        )

    async def _admit(self, asked: dict[str, Any], nonce: bytes) -> _Client:
        services = self._services
        signed = signed_from_json(SessionProof, asked["proof"])
        proof, record = signed.message, channel_from_json(asked["record"])
        id_, quote = services.domain.digest(record.quote), record.quote
        known = proof.nonce == nonce and proof.miner == services.miner and proof.channel == id_
        if not known or proof.signer != quote.signer or not verify(services.domain, signed):
            raise LeaseError("the proof is not for this connection")
        ours = (quote.channels, quote.miner, quote.resource, quote.units)
        if ours != (services.channels_at, services.miner, services.resource, 0):
            raise LeaseError("the channel is not for tasks here")
        view = await asyncio.to_thread(services.chain.view, record)
        if view.status is not ChannelStatus.OPEN:
            raise LeaseError("the chain knows of no such channel here, or its time is over")
        client = self._clients.get(id_)
        if client is None:
            price = UnitPrice(Scale(services.decimals), record.price)
            client = self._clients[id_] = _Client(id_, record, Till(price, view.deposit))
        client.till.deposit, client.runtime = view.deposit, self._runtime(asked)
        services.tills.save(id_, record, client.till)
        return client

    def _runtime(self, asked: dict[str, Any]) -> bytes:
        runtime = bytes.fromhex(str(asked["runtime"]))
        if runtime not in self._services.runtimes:
            raise LeaseError("this runtime is not here")
        return runtime

    # One channel

    async def _hear(
        self, client: _Client, do: str, fields: dict[str, Any], blobs: list[bytes]
    ) -> None:
        try:
            match do:
                case "module":
                    module = Module(blobs[0])
                    client.modules[module.digest.hex()] = module
                case "voucher":
                    self._take(client, fields)
                case "run":
                    self._ask(client, str(fields.pop("key")), fields, blobs)
                case "end":
                    await self._end(client)
                case _:
                    raise BadPeer(f"{do!r} is no message")
        except (InvalidMessage, KeyError, TypeError, ValueError, IndexError) as error:
            raise BadPeer(f"{do}: {error!r}") from None
        self._begin(client)

    def _ask(self, client: _Client, key: str, header: dict[str, Any], blobs: list[bytes]) -> None:
        if len(client.waiting) >= MOST_QUEUED:
            raise BadPeer(f"more than {MOST_QUEUED} tasks wait")
        if key in client.done:
            self._deliver(client, key, again=True)
        elif key not in client.running:
            client.waiting.append((key, header, blobs))

    def _take(self, client: _Client, fields: dict[str, Any]) -> None:
        """On the disk before anything is run for it."""
        amount, signature = int(fields["amount"]), bytes.fromhex(fields["signature"])
        self._confirm(client, int(fields["units"]))
        if not client.till.is_better(amount):
            return
        signed = Signed(Voucher(client.id, amount), client.record.quote.signer, signature)
        if not verify(self._services.domain, signed):
            raise BadPeer("a voucher that the channel's signer did not sign")
        client.till.paid, client.till.signature = amount, signature
        self._services.tills.save(client.id, client.record, client.till)

    def _confirm(self, client: _Client, have: int) -> None:
        """What the requester has; of the rest it can be told again."""
        missing = client.till.units - have
        known = sum(units for units, _ in client.done.values())
        if missing > known:
            raise BadPeer(f"{missing} units are missing, of which {known} were billed last")
        client.till.confirmed = max(client.till.confirmed, min(have, client.till.units))

    def _begin(self, client: _Client) -> None:
        """As many tasks as are paid and there are workers for."""
        places = self._services.workers
        while client.waiting and len(client.running) < places and client.till.may_begin:
            key, header, blobs = client.waiting.popleft()
            try:
                task = read_task(header, blobs)
                # What came is named by its digest; its code was sent once.
                task = replace(task, module=client.modules[task.module.digest.hex()])
                _require_allowed(task, self._services.kind)
                future = self._services.executors.of(client.runtime).submit(task)
            except (EngineError, LeaseError, KeyError, TypeError, ValueError) as error:
                self._spawn(self._tell(client, "failed", key=key, why=f"{error!r}"[:500]))
                continue
            client.running.add(key)
            future.add_done_callback(self._told(client, key, asyncio.get_running_loop()))

    def _told(
        self, client: _Client, key: str, loop: asyncio.AbstractEventLoop
    ) -> Callable[[Future[Result]], None]:
        def done(future: Future[Result]) -> None:
            with suppress(RuntimeError):  # the loop is over
                loop.call_soon_threadsafe(self._done, client, key, future)

        return done

    def _done(self, client: _Client, key: str, future: Future[Result]) -> None:
        client.running.discard(key)
        if future.cancelled() or (error := future.exception()) is not None:
            why = "cancelled" if future.cancelled() else str(error)
            self._spawn(self._tell(client, "failed", key=key, why=why[:500]))
        elif client.id in self._clients:
            result = future.result()
            client.till.units += result.units
            self._services.tills.save(client.id, client.record, client.till)
            client.done[key] = result.units, result_message(result)
            while len(client.done) > MOST_QUEUED:
                client.done.popitem(last=False)
            self._deliver(client, key)
        self._begin(client)

    def _deliver(self, client: _Client, key: str, again: bool = False) -> None:
        _, (header, blobs) = client.done[key]
        self._spawn(self._tell(client, "done", blobs, **header, key=key, again=again))

    async def _tell(
        self, client: _Client, do: str, blobs: list[bytes] | None = None, **fields: Any
    ) -> None:
        with suppress(LinkLost):
            async with client.sending:
                if client.secure is not None:
                    await wire.send(client.secure, do, blobs or (), **fields)

    def _spawn(self, work: Any) -> None:
        assert self._tasks is not None
        self._tasks.create_task(work)

    # The chain

    async def _end(self, client: _Client) -> None:
        """The requester needs no more: what it vouched for is taken, the rest goes back at once."""
        client.waiting.clear()
        try:
            await self._close(client)
        except SuanliError as error:
            log.warning("a channel can't be closed yet: %s", error)
        else:
            await self._tell(client, "ended")

    async def _close(self, client: _Client) -> None:
        till = client.till
        await asyncio.to_thread(
            self._services.chain.close, client.record, till.paid, till.signature
        )
        self._forget(client)
        log.info("channel 0x%s is closed: %d units", client.id.hex()[:8], till.units)

    def _forget(self, client: _Client) -> None:
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
            view = await asyncio.to_thread(self._services.chain.view, client.record)
            if view.status is ChannelStatus.NONE:
                self._forget(client)
            elif view.status is not ChannelStatus.OPEN:
                await self._close(client)


def _require_allowed(task: Task, kind: ResourceClass) -> None:
    """One task may be run for nothing, if the requester stops signing: none without an end. Raises
    LeaseError."""
    limits = task.limits
    written = limits.file_bytes + limits.stdout_bytes + limits.stderr_bytes
    for what, asked, most in (
        ("units", limits.units, kind.max_task_units),
        ("bytes of memory", limits.memory, kind.max_task_memory),
        ("bytes of outputs", written, kind.max_task_bytes),
    ):
        if asked > most:
            raise LeaseError(f"a task has {most:,} {what} at most here, not {asked:,}")
