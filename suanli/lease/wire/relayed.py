"""Sessions, and bytes to keep, through a relay: the miner listens there, and meets each caller by a
ticket."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from suanli.lease.errors import LinkLost, LinkRefused
from suanli.lease.wire.carrier import TO_CONNECT, Carrier, WebSocketCarrier, connect
from suanli.protocol import (
    Domain,
    Quote,
    SessionProof,
    Signed,
    Signer,
    StorageQuote,
    sign,
    signed_to_json,
    to_json,
)
from suanli.relay import SESSIONS

log = logging.getLogger("suanli.lease")
LONGEST_PAUSE = 30.0
MOST_ANSWERS = 64
"""Callers of a relay to whom connections are being opened."""
SESSION, STORAGE = "session", "storage"
"""What a miner listens for."""
_TICKET = re.compile("[0-9a-f]{64}")


def _url(relay: str, path: str) -> str:
    # http becomes ws, https wss.
    return f"ws{relay.removeprefix('http')}{SESSIONS}/{path}"


def relay_proof(
    domain: Domain, key: Signer, miner: int, channel: bytes = bytes(32), ahead: float = 0.0
) -> Signed[SessionProof]:
    """That it is the key's holder who calls or listens; `channel`: or the id of a storage deal.
    `ahead`: seconds by which the relay's clock is ahead of this machine's."""
    issued = int(time.time() + ahead)
    return sign(domain, SessionProof(key.address, miner, channel, issued, bytes(32)), key)


async def call(
    relay: str,
    proof: Signed[SessionProof],
    quote: Quote | StorageQuote | None,
    kind: str = SESSION,
) -> Carrier:
    """A miner that listens at the relay for this. Raises LinkLost, LinkRefused."""
    said: dict[str, Any] = {"proof": signed_to_json(proof), "kind": kind}
    if quote is not None:
        said["quote"] = to_json(quote)
    carrier = await connect(_url(relay, str(proof.message.miner)))
    await _begin(carrier, said, "connected")
    return carrier


async def listen(
    relay: str,
    prove: Callable[[], Signed[SessionProof]],
    take: Callable[[Carrier], Awaitable[None]],
    tell: Callable[[str], None],
    kind: str = SESSION,
) -> None:
    """Until cancelled: take each caller that comes through the relay for this."""
    pause, told = 1.0, False
    places = asyncio.Semaphore(MOST_ANSWERS)
    async with asyncio.TaskGroup() as tasks:
        while True:
            try:
                carrier = await connect(_url(relay, "listen"))
                said = {"proof": signed_to_json(prove()), "kind": kind}
                await _begin(carrier, said, "listening")
                pause, told = 1.0, False
                while True:
                    ticket = (await carrier.receive()).decode(errors="replace")
                    if _TICKET.fullmatch(ticket):
                        await places.acquire()
                        tasks.create_task(_answer(relay, ticket, take, places.release))
            except (LinkLost, LinkRefused) as error:
                if not told:
                    tell(f"no {kind} comes through relay {relay}: {error}")
                    told = True
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


async def _answer(
    relay: str,
    ticket: str,
    take: Callable[[Carrier], Awaitable[None]],
    connected: Callable[[], None],
) -> None:
    try:
        carrier = await connect(_url(relay, f"answer/{ticket}"))
    except (LinkLost, LinkRefused):
        return  # the caller tries again
    finally:
        connected()
    try:
        await take(carrier)
    except Exception:  # the others go on
        log.exception("a caller through relay %s is answered no more", relay)
        await carrier.close()


async def allow(carrier: Carrier, size: int) -> None:
    """By a miner, of one that came through a relay: so many bytes more are let through unpaid.
    Raises LinkLost."""
    if isinstance(carrier, WebSocketCarrier):
        await carrier.say(json.dumps({"allow": size}))


async def _begin(carrier: WebSocketCarrier, said: dict[str, Any], wanted: str) -> None:
    await carrier.say(json.dumps(said))
    try:
        async with asyncio.timeout(2 * TO_CONNECT):
            answer = await carrier.receive()
    except TimeoutError:
        await carrier.close()
        raise LinkLost("the relay says nothing") from None
    if answer != wanted.encode():
        await carrier.close()
        raise LinkLost("the relay speaks another protocol")
