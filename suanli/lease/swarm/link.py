"""A requester's connection with one miner of a swarm: tasks out, results in, vouchers ahead."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Protocol

from suanli.base.accounts import Account
from suanli.engine import Module, Result, Task
from suanli.engine.wire import BadFrame, largest_reply, read_result, task_message
from suanli.lease.channel import channel_to_json
from suanli.lease.errors import BadPeer, LeaseError, LinkLost, LinkRefused
from suanli.lease.swarm import wire
from suanli.lease.swarm.purses import Held, Purses
from suanli.lease.wire import Secure, WebSocketCarrier, connect_told, meet
from suanli.protocol import (
    Domain,
    Quote,
    SessionProof,
    Signed,
    Voucher,
    sign,
    signed_from_json,
    signed_to_json,
    verify,
)

TO_SPEAK = 10.0
AHEAD = 2
"""Tasks on their way for each worker of a miner: it is never idle, and more is never at stake."""
MOST_AHEAD = 64 << 20
"""Bytes of tasks on their way, if there are several."""
MOST_WORKERS = 64
"""Of one miner that are believed."""
MOST_BREAKS = 20
"""Connections in a row without a result after which a miner is left."""
PAUSE = 0.5
MOST_MESSAGE = 64 << 20


@dataclass(frozen=True)
class SwarmPlace:
    """Where a miner takes tasks: `certificate` is its digest."""

    miner: int
    account: str
    addresses: tuple[str, ...]
    certificate: bytes


@dataclass(frozen=True)
class SwarmTask:
    """A task that is to be run, by its digest in hex."""

    key: str
    task: Task


class TaskSource(Protocol):
    """Where links get tasks, and bring what became of them."""

    async def next(self) -> SwarmTask: ...

    def back(self, job: SwarmTask) -> None:
        """To be run by another."""

    async def came(self, link: SwarmLink, job: SwarmTask, result: Result, again: bool) -> bool:
        """Whether it is right, as far as was looked."""


class MinerDropped(LeaseError):
    """The miner of a link is used no more."""


async def quote(
    place: SwarmPlace, domain: Domain, asked: dict[str, Any]
) -> tuple[Signed[Quote], int]:
    """The miner's, and how many tasks it runs at a time. Raises LinkLost, LinkRefused, BadPeer."""
    secure, welcome = await _met(place, domain)
    try:
        await wire.send(secure, "quote", **asked)
        answer = await _answer(secure, "quoted")
        signed = signed_from_json(Quote, answer["quote"])
    finally:
        await secure.close()
    if signed.signer != place.account or not verify(domain, signed):
        raise LinkRefused("the quote is not signed by the miner")
    return signed, _workers(welcome)


class SwarmLink:
    """`run` it until it raises."""

    def __init__(
        self,
        place: SwarmPlace,
        held: Held,
        runtime: bytes,
        domain: Domain,
        purses: Purses,
        desk: TaskSource,
    ) -> None:
        self.place, self.held, self._runtime = place, held, runtime
        self._domain, self._purses, self._desk = domain, purses, desk
        self._key = Account.from_key(held.key)
        self._id = domain.digest(held.record.quote)
        self._jobs: dict[str, SwarmTask] = {}
        self._sending = asyncio.Lock()
        self._fewer = asyncio.Event()
        """Tasks on their way."""
        self._breaks = 0
        self.tasks = 0
        """Results that came."""

    async def run(self) -> None:
        """Raises MinerDropped."""
        try:
            while self._breaks < MOST_BREAKS:
                try:
                    await self._converse()
                except (LinkLost, TimeoutError):
                    self._breaks += 1
                except (LinkRefused, BadPeer) as error:
                    raise MinerDropped(f"miner {self.place.miner}: {error}") from None
                await asyncio.sleep(PAUSE)
            raise MinerDropped(f"miner {self.place.miner} can't be reached any more")
        finally:
            for job in self._jobs.values():
                self._desk.back(job)
            self._jobs.clear()

    async def end(self, seconds: float) -> bool:
        """Ask the miner to close the channel; whether it did."""
        try:
            async with asyncio.timeout(seconds):
                secure, _ = await self._attach()
                try:
                    await wire.send(secure, "end")
                    await _answer(secure, "ended")
                finally:
                    await secure.close()
        except (LeaseError, TimeoutError):
            return False
        return True

    async def _converse(self) -> None:
        secure, workers = await self._attach()
        modules: set[bytes] = set()
        again = list(self._jobs.values())
        places = asyncio.Semaphore(max(0, AHEAD * workers - len(again)))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._feed(secure, again, places, modules))
                tasks.create_task(self._read(secure, places))
        except BaseExceptionGroup as group:
            raise _first(group) from None
        finally:
            await _close(secure)

    async def _feed(
        self, secure: Secure, again: list[SwarmTask], places: asyncio.Semaphore, modules: set[bytes]
    ) -> None:
        for job in again:
            await self._hand_over(secure, job, modules)
        while True:
            await places.acquire()
            job = await self._desk.next()
            await self._room_for(job)
            self._jobs[job.key] = job
            await self._hand_over(secure, job, modules)

    async def _room_for(self, job: SwarmTask) -> None:
        """Until no more bytes are on their way than a miner must keep."""
        try:
            while self._jobs and sum(map(_size, (job, *self._jobs.values()))) > MOST_AHEAD:
                self._fewer.clear()
                await self._fewer.wait()
        except BaseException:
            self._desk.back(job)
            raise

    async def _hand_over(self, secure: Secure, job: SwarmTask, modules: set[bytes]) -> None:
        module: Module = job.task.module
        header, blobs = task_message(job.task)
        async with self._sending:
            if module.digest not in modules:
                await wire.send(secure, "module", [module.code])
                modules.add(module.digest)
            await wire.send(secure, "run", blobs, **header, key=job.key)
        await self._pay(secure)

    async def _pay(self, secure: Secure) -> None:
        """For what came and what is on its way; written down before it is sent."""
        purse = self.held.purse
        if (amount := purse.next(len(self._jobs))) is None:
            return
        purse.signed = amount
        self._purses.save(self.held)
        await self._vouch(secure, amount)

    async def _vouch(self, secure: Secure, amount: int) -> None:
        signed = sign(self._domain, Voucher(self._id, amount), self._key)
        async with self._sending:
            await wire.send(
                secure,
                "voucher",
                amount=str(amount),
                signature=signed.signature.hex(),
                units=self.held.purse.units,
            )

    async def _read(self, secure: Secure, places: asyncio.Semaphore) -> None:
        while True:
            do, fields, blobs = await wire.receive(secure, MOST_MESSAGE)
            job = self._jobs.get(str(fields.pop("key", "")))
            if job is None:
                continue
            if do == "failed":
                raise MinerDropped(
                    f"miner {self.place.miner} can't run a task: {fields.get('why')}"
                )
            if do != "done":
                raise BadPeer(f"{do!r} is no answer to a task")
            await self._came(job, fields, blobs)
            places.release()
            self._breaks = 0
            if self.held.purse.used_up:
                raise MinerDropped(f"the deposit for miner {self.place.miner} is used up")
            await self._pay(secure)

    async def _came(self, job: SwarmTask, fields: dict[str, Any], blobs: list[bytes]) -> None:
        if sum(map(len, blobs)) > largest_reply(job.task.limits):
            raise BadPeer("a result larger than the task's limits")
        again = fields.pop("again", False) is True
        try:
            result = read_result(fields, blobs)
        except BadFrame as error:
            raise BadPeer(f"a result that can't be read: {error}") from None
        if not 0 <= result.fuel <= job.task.limits.fuel:
            raise BadPeer("a result that used more fuel than the task may")
        if not await self._desk.came(self, job, result, again):
            raise MinerDropped(f"miner {self.place.miner} gave a wrong result")
        del self._jobs[job.key]
        self._fewer.set()
        self.tasks += 1

    async def _attach(self) -> tuple[Secure, int]:
        secure, welcome = await _met(self.place, self._domain)
        try:
            nonce = bytes.fromhex(str(welcome.get("nonce")))
            proof = SessionProof(
                self._key.address, self.place.miner, self._id, int(time.time()), nonce
            )
            signed = signed_to_json(sign(self._domain, proof, self._key))
            record = channel_to_json(self.held.record)
            runtime = self._runtime.hex()
            await wire.send(secure, "attach", proof=signed, record=record, runtime=runtime)
            attached = await _answer(secure, "attached")
            told, purse = attached.get("units"), self.held.purse
            if type(told) is not int or not purse.met(told, AHEAD * MOST_WORKERS):
                raise LinkRefused(f"it bills {told} units, more than can have been lost")
            if purse.signed and attached.get("paid") != str(purse.signed):
                await self._vouch(secure, purse.signed)  # it was lost with the connection
        except BaseException as error:
            await secure.close()
            if isinstance(error, ValueError):
                raise BadPeer("the miner gives no nonce") from None
            raise
        return secure, _workers(welcome)


async def _met(place: SwarmPlace, domain: Domain) -> tuple[Secure, dict[str, Any]]:
    error: LeaseError = LinkLost("it names no address")
    for address in place.addresses:
        try:
            carrier = await connect_told(address, domain.chain_id)
            return await _met_by(carrier, place.certificate)
        except (LinkLost, LinkRefused) as failed:
            error = failed
    raise error


async def _met_by(carrier: WebSocketCarrier, certificate: bytes) -> tuple[Secure, dict[str, Any]]:
    try:
        secure = await meet(carrier, certificate)
        return secure, await _answer(secure, "welcome")
    except BaseException:
        await carrier.close()
        raise


async def _answer(secure: Secure, wanted: str) -> dict[str, Any]:
    """Raises LinkLost, LinkRefused, BadPeer."""
    try:
        async with asyncio.timeout(TO_SPEAK):
            while True:
                do, fields, _ = await wire.receive(secure, MOST_MESSAGE)
                if do == wanted:
                    return fields
                if do == "refused":
                    raise LinkRefused(f"it refuses: {fields.get('why')}")
                if do not in ("done", "failed"):
                    raise BadPeer(f"it says {do!r} in place of {wanted!r}")
    except TimeoutError:
        raise LinkLost("it says nothing") from None


async def _close(secure: Secure) -> None:
    """Also if it is cancelled meanwhile: else the connection would stay."""
    try:
        await secure.close()
    except asyncio.CancelledError:
        await secure.close()
        raise


def _size(job: SwarmTask) -> int:
    return sum(map(len, task_message(job.task)[1]))


def _workers(welcome: dict[str, Any]) -> int:
    workers = welcome.get("workers")
    return min(workers, MOST_WORKERS) if type(workers) is int and workers > 0 else 1


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    for error in group.exceptions:
        return _first(error) if isinstance(error, BaseExceptionGroup) else error
    return group
