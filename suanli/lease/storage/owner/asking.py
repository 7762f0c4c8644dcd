"""A requester's connection with the keeper of a copy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from time import time
from typing import Any

from suanli.lease.errors import BadPeer, LinkLost, LinkRefused, Unreached
from suanli.lease.storage.sealing import CHUNK
from suanli.lease.storage.shelf import FileId
from suanli.lease.storage.talk import (
    PATIENCE,
    answer,
    proof_from_json,
    receive,
    send_bytes,
    whole,
)
from suanli.lease.user.ledger import SessionPlace
from suanli.lease.wire import (
    STORAGE,
    Carrier,
    Control,
    Secure,
    Way,
    call,
    connect_told,
    control,
    meet,
    quickest,
    relay_proof,
)
from suanli.protocol import (
    Domain,
    InvalidMessage,
    LeafProof,
    SessionProof,
    Signed,
    Signer,
    StorageQuote,
    sign,
    signed_from_json,
    signed_to_json,
    to_json,
    verify,
)

TO_VERIFY = 600.0
"""Seconds for a miner that has all bytes to look at them and sign."""
BATCH = 32


class Asking:
    """Raises LinkLost, LinkRefused, BadPeer."""

    def __init__(
        self, secure: Secure, domain: Domain, key: Signer, place: SessionPlace, nonce: bytes
    ) -> None:
        self._secure, self._domain, self._key = secure, domain, key
        self._place, self._nonce = place, nonce

    async def store(
        self, wanted: StorageQuote, sealed: Path, moved: Callable[[int], None]
    ) -> Signed[StorageQuote]:
        """Send what the miner has not got; its signed quote, as wanted but for its last second.

        `moved` hears how many bytes it has.
        """
        proof = self._proof(wanted.root)
        await self._secure.send(control("store", proof=proof, quote=to_json(wanted)))
        # It may have to read again what it has.
        have = whole(await answer(self._secure, "have", TO_VERIFY), "bytes")
        moved(have)
        if have < wanted.size:
            try:
                await self._send(sealed, have, moved)
            except LinkLost:
                await answer(self._secure, "quoted", 1)  # it may have said why
                raise
        found = await answer(self._secure, "quoted", TO_VERIFY)
        try:
            signed = signed_from_json(StorageQuote, found.get("quote"))
        except InvalidMessage as wrong:
            raise BadPeer(f"the miner's quote is none: {wrong}") from None
        alike = signed.message._replace(valid_until=wanted.valid_until) == wanted
        if not alike or signed.signer != self._place.account or not verify(self._domain, signed):
            raise BadPeer("the miner quotes something else than was asked for")
        return signed

    async def fetch(self, file: FileId, have: int) -> AsyncIterator[bytes]:
        """The sealed chunks from byte `have` on."""
        await self._ask("fetch", file, have=have)
        while have < file.size:
            found = await receive(self._secure)
            if isinstance(found, Control):
                raise LinkRefused(str(found.fields.get("why", found.do))[:500])
            if len(found) != min(CHUNK, file.size - have):
                raise BadPeer("something else than the next chunk came")
            have += len(found)
            yield found

    async def leaves(self, file: FileId, leaves: list[int]) -> list[LeafProof]:
        """Not checked."""
        await self._ask("leaves", file, leaves=leaves)
        return [proof_from_json(await answer(self._secure, "leaf")) for _ in leaves]

    async def _ask(self, do: str, file: FileId, **fields: Any) -> None:
        proof = self._proof(file.root)
        named = {"proof": proof, "root": file.root.hex(), "size": file.size}
        await self._secure.send(control(do, **named, **fields))

    async def _send(self, sealed: Path, have: int, moved: Callable[[int], None]) -> None:
        with sealed.open("rb") as file:
            file.seek(have)
            while data := await asyncio.to_thread(file.read, BATCH * CHUNK):
                for place in range(0, len(data), CHUNK):
                    await send_bytes(self._secure, data[place : place + CHUNK])
                have += len(data)
                moved(have)

    def _proof(self, root: bytes) -> dict[str, Any]:
        made = SessionProof(self._key.address, self._place.miner, root, int(time()), self._nonce)
        return signed_to_json(sign(self._domain, made, self._key))


@asynccontextmanager
async def asking(
    domain: Domain,
    key: Signer,
    place: SessionPlace,
    relays: Sequence[str] = (),
    quote: StorageQuote | None = None,
    ahead: Callable[[str], float] = lambda relay: 0.0,
) -> AsyncIterator[Asking]:
    """Straight, or through one of these relays, whose clocks are `ahead` by so many seconds;
    `quote`: of the deal that there is. Raises Unreached."""
    secure = await _met(domain, key, place, relays, quote, ahead)
    try:
        nonce = (await answer(secure, "welcome", PATIENCE)).get("nonce")
        if not isinstance(nonce, str) or len(nonce) != 64:
            raise BadPeer("the miner gives no nonce")
        yield Asking(secure, domain, key, place, bytes.fromhex(nonce))
    finally:
        await secure.close()


async def _met(
    domain: Domain,
    key: Signer,
    place: SessionPlace,
    relays: Sequence[str],
    quote: StorageQuote | None,
    ahead: Callable[[str], float],
) -> Secure:
    async def relayed(relay: str) -> Carrier:
        deal = bytes(32) if quote is None else domain.digest(quote)
        proof = relay_proof(domain, key, place.miner, deal, ahead(relay))
        return await call(relay, proof, quote, STORAGE)

    why = "it tells no address, and there is no relay"
    ways: list[Way] = [
        *(partial(connect_told, address, domain.chain_id) for address in place.addresses),
        *(partial(relayed, relay) for relay in relays),
    ]
    while ways:
        try:
            number, carrier = await quickest(ways)
        except (LinkLost, LinkRefused) as error:
            raise Unreached(str(error)) from error
        del ways[number]  # whoever is there may be another
        try:
            return await meet(carrier, bytes.fromhex(place.certificate))
        except (LinkLost, LinkRefused) as error:
            why = str(error)
    raise Unreached(why)
