"""Callers of a keeper: they bring bytes, ask for them or for some leaves, each shown to be who it
says."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from suanli.base.errors import SuanliError
from suanli.lease.errors import BadPeer, LeaseError, LinkLost
from suanli.lease.storage.deal import QUOTE_LASTS, Space, file_of
from suanli.lease.storage.keeper.ports import DealsPort
from suanli.lease.storage.keeper.unpaid import PACE, Unpaid
from suanli.lease.storage.sealing import CHUNK
from suanli.lease.storage.shelf import Coming, FileId, Shelf
from suanli.lease.storage.talk import (
    MOST_LEAVES,
    proof_to_json,
    receive,
    send_bytes,
    whole,
)
from suanli.lease.wire import (
    Carrier,
    Certificate,
    Control,
    Secure,
    Strangers,
    allow,
    control,
    welcome,
)
from suanli.protocol import (
    Domain,
    SessionProof,
    Signer,
    StorageDeal,
    StorageQuote,
    file_leaves,
    from_json,
    sign,
    signed_from_json,
    signed_to_json,
    verify,
)

log = logging.getLogger("suanli.storage")
MOST_BID = 2
"""Times the price: by a bid above all, a miner would put all that it has behind one deal."""
BATCH = 32
"""Chunks that are written together."""
WRAPPED = 64
"""Encryption and frames add less than this part."""
Let = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class DoorServices:
    domain: Domain
    signer: Signer
    miner: int
    deals_at: str
    """The address of the storage deals."""
    space: Space
    shelf: Shelf
    unpaid: Unpaid
    chain: DealsPort
    certificate: Certificate
    deals: Callable[[], Awaitable[list[StorageDeal]]]
    """Those that are live, as the chain has them now."""
    draining: Callable[[], bool]
    """Whether nothing new is taken."""


@dataclass(frozen=True)
class Caller:
    """`known` is called once it may have what it asked for; `let`: of one that comes by a relay,
    has so many bytes of it let through."""

    nonce: bytes
    known: Callable[[], Awaitable[None]]
    let: Let | None


class Door:
    def __init__(self, services: DoorServices) -> None:
        self._services = services
        self._strangers = Strangers()

    async def take_relayed(self, carrier: Carrier) -> None:
        """Of one that came through a relay."""
        await self.take(carrier, partial(allow, carrier))

    async def take(self, carrier: Carrier, let: Let | None = None) -> None:
        """Serve a caller until it is gone."""
        try:
            async with AsyncExitStack() as unknown:
                await unknown.enter_async_context(self._strangers.among(carrier))
                secure = await welcome(carrier, self._services.certificate)
                nonce = secrets.token_bytes(32)
                await secure.send(control("welcome", nonce=nonce.hex()))
                await self._serve(secure, Caller(nonce, unknown.aclose, let))
        except (LinkLost, TimeoutError):
            pass
        except BadPeer as error:
            log.info("a caller breaks the protocol: %s", error)
        except Exception:  # the others go on
            log.exception("a caller's connection has ended by an error")
        finally:
            with suppress(LinkLost):
                await carrier.close()

    async def _serve(self, secure: Secure, caller: Caller) -> None:
        """Until something is refused."""
        while True:
            found = await receive(secure)
            if not isinstance(found, Control):
                raise BadPeer("bytes that nobody asked for")
            try:
                await self._answer(secure, found, caller)
            except (LinkLost, BadPeer):
                raise
            except (SuanliError, KeyError, TypeError, ValueError) as error:
                return await secure.send(control("refused", why=str(error)[:2_000]))

    async def _answer(self, secure: Secure, found: Control, caller: Caller) -> None:
        match found.do:
            case "store":
                wanted = from_json(StorageQuote, found.fields["quote"])
                account = self._account(found.fields, caller.nonce, wanted.root)
                if account != wanted.requester:
                    raise LeaseError("the proof is of another account than the deal's")
                await self._store(secure, wanted, caller)
            case "fetch":
                file = await self._owned(found.fields, caller)
                await self._send(secure, file, whole(found.fields, "have"))
            case "leaves":
                file = await self._owned(found.fields, caller)
                await self._show(secure, file, found.fields["leaves"])
            case _:
                raise LeaseError("say `store`, `fetch` or `leaves`")

    def _account(self, fields: dict[str, Any], nonce: bytes, root: bytes) -> str:
        """Raises LeaseError."""
        signed = signed_from_json(SessionProof, fields["proof"])
        proof = signed.message
        right = (proof.nonce, proof.miner, proof.channel) == (nonce, self._services.miner, root)
        if not right or not verify(self._services.domain, signed):
            raise LeaseError("the proof is not for this connection and these bytes")
        return proof.signer

    async def _owned(self, fields: dict[str, Any], caller: Caller) -> FileId:
        """What the caller has a deal for. Raises LeaseError."""
        file = FileId(bytes.fromhex(fields["root"]), whole(fields, "size"))
        account = self._account(fields, caller.nonce, file.root)
        for deal in await self._services.deals():
            if file_of(deal.quote) == file and deal.quote.requester == account:
                await caller.known()
                return file
        raise LeaseError("the caller has no deal for these bytes here")

    # Bytes that come

    async def _store(self, secure: Secure, wanted: StorageQuote, caller: Caller) -> None:
        services, file = self._services, file_of(wanted)
        await asyncio.to_thread(self._require, wanted)
        paid = file in {file_of(deal.quote) for deal in await services.deals()}
        if not paid:
            services.unpaid.take(file, wanted.requester, services.shelf.have(file))
        await caller.known()
        if not services.shelf.whole(file):
            if caller.let is not None:
                await caller.let(file.size + file.size // WRAPPED + CHUNK)
            coming = await asyncio.to_thread(services.shelf.receive, file)
            with coming:
                await secure.send(control("have", bytes=coming.have))
                await self._in_time(secure, coming, file, paid)
            await asyncio.to_thread(self._require, wanted)
        else:
            services.shelf.touch(file)
            await secure.send(control("have", bytes=file.size))
        quote = wanted._replace(valid_until=services.chain.now() + QUOTE_LASTS)
        signed = sign(services.domain, quote, services.signer)
        await secure.send(control("quoted", quote=signed_to_json(signed)))

    def _require(self, wanted: StorageQuote) -> None:
        """Raises LeaseError, ChainError."""
        services = self._services
        if (wanted.storage_deals, wanted.miner) != (services.deals_at, services.miner):
            raise LeaseError("the quote is for other storage deals, or another miner")
        if services.draining():
            raise LeaseError("this miner takes nothing new any more")
        services.space.require(wanted)
        price = max(services.space.ask, services.chain.price())
        if wanted.max_price > MOST_BID * price:
            raise LeaseError(
                "the bid is above twice the price, by which the collateral is reckoned"
            )
        terms = wanted.units, wanted.period, wanted.samples
        services.space.require_pay(*terms, min(price, wanted.max_price))
        services.shelf.require_room(file_of(wanted))
        if wanted.collateral > services.chain.free_collateral():
            raise LeaseError("this miner has no collateral free for it now")
        pay = services.space.collateral(wanted) // 2
        if services.chain.money_of(wanted.requester) < pay * wanted.periods:
            raise LeaseError("the account has not the money for it")

    async def _in_time(self, secure: Secure, coming: Coming, file: FileId, paid: bool) -> None:
        clock = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(None) as limit:

                def came(have: int) -> None:
                    if not paid:
                        left = self._services.unpaid.seconds_left(file, have)
                        limit.reschedule(clock() + left)

                await self._take_bytes(secure, coming, file, came)
        except TimeoutError:
            raise LeaseError(f"the bytes come too slowly: {PACE:,} a second at least") from None

    async def _take_bytes(
        self, secure: Secure, coming: Coming, file: FileId, came: Callable[[int], None]
    ) -> None:
        """All that are missing; written by a thread while the next come."""
        missing, writing = file.size - coming.have, asyncio.create_task(_done())
        try:
            while missing:
                came(file.size - missing)
                batch: list[bytes] = []
                while missing and len(batch) < BATCH:
                    data = await receive(secure)
                    if not isinstance(data, bytes) or len(data) != min(CHUNK, missing):
                        raise BadPeer("something else than the next chunk came")
                    batch.append(data)
                    missing -= len(data)
                await writing
                writing = asyncio.create_task(asyncio.to_thread(coming.add, b"".join(batch)))
        finally:
            await writing
        await asyncio.to_thread(coming.finish)

    # Bytes that go

    async def _send(self, secure: Secure, file: FileId, have: int) -> None:
        shelf = self._services.shelf
        if have % CHUNK or have > file.size:
            raise LeaseError("bytes are fetched from a chunk's begin on")
        for start in range(have, file.size, BATCH * CHUNK):
            data = await asyncio.to_thread(shelf.read, file, start, BATCH * CHUNK)
            for place in range(0, len(data), CHUNK):
                await send_bytes(secure, data[place : place + CHUNK])
        await secure.send(control("sent"))

    async def _show(self, secure: Secure, file: FileId, leaves: list[int]) -> None:
        count = file_leaves(file.size)
        if not 0 < len(leaves) <= MOST_LEAVES or not all(0 <= leaf < count for leaf in leaves):
            raise LeaseError(f"1 to {MOST_LEAVES} leaves of {count} can be asked for")
        for leaf in leaves:
            proof = await asyncio.to_thread(self._services.shelf.proof, file, leaf)
            await secure.send(control("leaf", **proof_to_json(proof)))


async def _done() -> None:
    """Nothing is being written yet."""
