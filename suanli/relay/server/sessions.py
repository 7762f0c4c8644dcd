"""Forwarding to miners that can't be reached: bytes go through, of a size and a rate that are
bounded, for whoever has a channel or a storage deal with the miner, or brings what it allows. What
is in them nobody here can read.

A miner listens on one WebSocket, for sessions or for storage; for each caller it is told a ticket,
with which it opens another, and the two are one connection from then on.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fastapi import FastAPI, WebSocket
from fastapi.concurrency import run_in_threadpool
from starlette.websockets import WebSocketDisconnect

from suanli.base import strict_json
from suanli.chain import ChainError
from suanli.protocol import (
    Domain,
    InvalidMessage,
    Quote,
    SessionProof,
    StorageQuote,
    from_json,
    signed_from_json,
    verify,
)
from suanli.relay.errors import RelayRefusal
from suanli.relay.server.admission import Admission
from suanli.relay.server.limits import Places, RateLimiter, caller_of

TO_SPEAK = 10.0
"""Seconds in which a caller says who it is, and a miner answers."""
AHEAD = 60
"""Seconds by which clocks may differ."""
RATE, BURST = 4 << 20, 8 << 20
"""Bytes a second of one session in one direction, and at once."""
ASKING_BYTES, ASKING_SECONDS = 64 << 10, 20.0
"""Of a caller without a channel or deal, who can do no more than ask for a quote."""
MOST_ALLOWED, LEAST_RATE = 8 << 30, 512 << 10
"""Bytes of one that brings what its miner allows, and how many a second at least."""
UNPAID_OF_ALL, UNPAID_OF_ONE = 64, 4
"""Of such at a time, and to one miner."""
ASKING_COST = 100
"""Calls that such a one counts as."""
LOOK_EVERY = 60.0
"""Seconds between looks whether the channel still has its lot."""
OF_ALL, OF_ONE = 256, 16
REFUSED = 4403
"""Code of a WebSocket's end that says why in its reason."""


KINDS: dict[str, type[Quote] | type[StorageQuote]] = {"session": Quote, "storage": StorageQuote}
"""What miners listen for, and the quotes of those that have a channel or a deal."""


@dataclass(frozen=True)
class _Call:
    """Who it is, what it is for, and the quote of what it has."""

    proof: SessionProof
    kind: str
    quote: Quote | StorageQuote | None

    @property
    def miner(self) -> tuple[str, int]:
        return self.kind, self.proof.miner


@dataclass
class _Allowance:
    """Of a caller without a channel or deal: bytes in each direction, and until when. Its miner,
    that takes what it brings, raises it."""

    taken: ExitStack
    unpaid: Callable[[], AbstractContextManager[None]]
    bytes: int = ASKING_BYTES
    ends: float = field(default_factory=lambda: time.monotonic() + ASKING_SECONDS)

    def add(self, size: int) -> None:
        """Raises RelayRefusal."""
        if self.bytes + size > MOST_ALLOWED:
            raise RelayRefusal(403, f"{MOST_ALLOWED:,} bytes are brought through here at most")
        if self.bytes == ASKING_BYTES:
            self.taken.enter_context(self.unpaid())
        self.bytes += size
        self.ends += size / LEAST_RATE


@dataclass
class _Ticket:
    """A caller that waits for its miner."""

    answered: asyncio.Future[WebSocket]
    done: asyncio.Event = field(default_factory=asyncio.Event)


class SessionBroker:
    """`admission` None: everybody counts as a miner, and every channel as open."""

    def __init__(
        self,
        domain: Domain,
        admission: Admission | None,
        limiter: RateLimiter,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._domain, self._admission, self._limiter = domain, admission, limiter
        self._clock = clock
        self._miners: dict[tuple[str, int], WebSocket] = {}
        self._tickets: dict[str, _Ticket] = {}
        self._places = Places("sessions", of_all=OF_ALL, of_one=OF_ONE)
        self._unpaid = Places("unpaid transfers", of_all=UNPAID_OF_ALL, of_one=UNPAID_OF_ONE)
        self.rooms = [self._places, self._unpaid]
        self.joined = dict.fromkeys(KINDS, 0)
        self.forwarded = 0
        """Bytes."""

    def add_to(self, app: FastAPI) -> None:
        app.websocket("/v1/sessions/listen")(self._guarded(self.listen))
        app.websocket("/v1/sessions/answer/{ticket}")(self._guarded(self.answer))
        app.websocket("/v1/sessions/{miner}")(self._guarded(self.call))

    def listening(self) -> list[str]:
        """For what each miner that is here listens. From any thread."""
        return [kind for kind, _ in list(self._miners)]

    def _guarded(self, serve: Callable[..., Any]) -> Callable[..., Any]:
        async def guarded(socket: WebSocket) -> None:
            caller = caller_of(socket)
            try:
                if self._limiter.wait(caller):
                    raise RelayRefusal(429, "too many calls: wait a little")
                with self._places.taken(caller):
                    await socket.accept()
                    await serve(socket, **socket.path_params)
            except (RelayRefusal, ChainError, TimeoutError) as error:
                with suppress(RuntimeError, WebSocketDisconnect):
                    await socket.close(REFUSED, (str(error) or "nothing came in time")[:120])
            except WebSocketDisconnect:
                pass

        return guarded

    # Miners

    async def listen(self, socket: WebSocket) -> None:
        found = await self._proven(socket)
        proof, place = found.proof, found.miner
        if self._admission is not None:
            require = self._admission.require_miner
            await run_in_threadpool(require, proof.signer, proof.miner)
        before, self._miners[place] = self._miners.get(place), socket
        if before is not None:
            with suppress(RuntimeError, WebSocketDisconnect):
                await before.close(REFUSED, "the miner listens elsewhere")
        try:
            await socket.send_text("listening")
            while True:  # it has nothing to say but that it is there
                await socket.receive_text()
        finally:
            if self._miners.get(place) is socket:
                del self._miners[place]

    async def answer(self, socket: WebSocket, ticket: str) -> None:
        waiting = self._tickets.pop(ticket, None)
        if waiting is None:
            raise RelayRefusal(404, "nobody waits with this ticket")
        waiting.answered.set_result(socket)
        await waiting.done.wait()

    # Callers

    async def call(self, socket: WebSocket, miner: str) -> None:
        found = await self._proven(socket)
        proof = found.proof
        if str(proof.miner) != miner:
            raise RelayRefusal(403, "the proof is for another miner")
        if found.quote is None:
            self._limiter.wait(caller_of(socket), ASKING_COST)
        else:
            await self._require_lot(proof, found.quote)
        listening = self._miners.get(found.miner)
        if listening is None:
            raise RelayRefusal(404, f"miner {proof.miner} does not listen here")
        ticket, waiting = secrets.token_hex(32), _Ticket(asyncio.Future())
        self._tickets[ticket] = waiting
        try:
            await listening.send_text(ticket)
            async with asyncio.timeout(TO_SPEAK):
                other = await waiting.answered
        except RuntimeError:
            raise RelayRefusal(404, f"miner {proof.miner} does not listen here") from None
        finally:
            self._tickets.pop(ticket, None)
        try:
            await socket.send_text("connected")
            await self._join(socket, other, found)
        finally:
            waiting.done.set()
            with suppress(RuntimeError, WebSocketDisconnect):
                await other.close()

    async def _proven(self, socket: WebSocket) -> _Call:
        async with asyncio.timeout(TO_SPEAK):
            text = await socket.receive_text()
        try:
            said = strict_json.loads(text.encode())
            signed = signed_from_json(SessionProof, said["proof"])
            kind = said.get("kind", "session")
            quote = from_json(KINDS[kind], said["quote"]) if said.get("quote") else None
        except (InvalidMessage, AttributeError, KeyError, TypeError, ValueError) as error:
            raise RelayRefusal(422, f"this is no proof: {error}") from None
        proof = signed.message
        if abs(proof.issued - self._clock()) > AHEAD or proof.nonce != bytes(32):
            raise RelayRefusal(403, "the proof is not of now: set the clock")
        if not verify(self._domain, signed):
            raise RelayRefusal(403, "the proof is not signed by its signer")
        if (quote is None) != (proof.channel == bytes(32)):
            raise RelayRefusal(422, "a channel and its quote go together")
        return _Call(proof, kind, quote)

    async def _require_lot(self, proof: SessionProof, quote: Quote | StorageQuote) -> None:
        if isinstance(quote, Quote):
            operator, signer = quote.channels, quote.signer
        else:
            operator, signer = quote.storage_deals, quote.requester
        right = (
            self._domain.digest(quote) == proof.channel
            and signer == proof.signer
            and quote.miner == proof.miner
        )
        if not right:
            raise RelayRefusal(403, "the channel is another's")
        if self._admission is not None:
            lot = operator, quote.miner, proof.channel
            await run_in_threadpool(self._admission.require_lot, *lot)

    async def _join(self, one: WebSocket, other: WebSocket, found: _Call) -> None:
        """Until either is gone, or may not go on."""
        with ExitStack() as taken:
            miner = str(found.proof.miner)
            unpaid = partial(self._unpaid.taken, miner)
            allowed = _Allowance(taken, unpaid) if found.quote is None else None
            works = [
                self._forward(one, other, allowed),
                self._forward(other, one, allowed, by_miner=True),
            ]
            works.append(self._look(found) if allowed is None else _ends(allowed))
            tasks = [asyncio.create_task(work) for work in works]
            self.joined[found.kind] += 1
            try:
                done, running = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in running:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            finally:
                self.joined[found.kind] -= 1
        for task in done:
            if isinstance(error := task.exception(), RelayRefusal):
                raise error

    async def _forward(
        self,
        source: WebSocket,
        target: WebSocket,
        allowed: _Allowance | None,
        by_miner: bool = False,
    ) -> None:
        """`allowed` None: it has a channel or a deal."""
        tokens, since, size = float(BURST), time.monotonic(), 0
        while True:
            message = await source.receive()
            if message["type"] != "websocket.receive":
                return
            data = message.get("bytes")
            if data is None:
                if by_miner and allowed is not None:
                    allowed.add(_size_in(message["text"]))
                continue
            size += len(data)
            self.forwarded += len(data)
            if allowed is not None and size > allowed.bytes:
                raise RelayRefusal(403, "without a channel no more is forwarded")
            now = time.monotonic()
            tokens = min(BURST, tokens + (now - since) * RATE) - len(data)
            since = now
            if tokens < 0:
                await asyncio.sleep(-tokens / RATE)
            try:
                await target.send_bytes(data)
            except RuntimeError:  # it was closed
                return

    async def _look(self, found: _Call) -> None:
        assert found.quote is not None
        while True:
            await asyncio.sleep(LOOK_EVERY)
            with suppress(ChainError):  # what can't be asked now is asked later
                await self._require_lot(found.proof, found.quote)


async def _ends(allowed: _Allowance) -> None:
    while (left := allowed.ends - time.monotonic()) > 0:
        await asyncio.sleep(left)


def _size_in(text: str) -> int:
    """What a miner allows. Raises RelayRefusal."""
    try:
        size = strict_json.loads(text.encode())["allow"]
    except (KeyError, TypeError, ValueError):
        size = None
    if type(size) is not int or size < 0:
        raise RelayRefusal(422, "a miner says no more than what it allows")
    return size
