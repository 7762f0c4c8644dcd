"""Forwarding sessions to miners that can't be reached: bytes go through, of a size and a rate that
are bounded, for whoever has a channel with the miner. What is in them nobody here can read.

A miner listens on one WebSocket; for each caller it is told a ticket, with which it opens another,
and the two are one connection from then on.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
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
"""Of a caller without a channel, who can do no more than ask for a quote."""
ASKING_COST = 100
"""Calls that such a one counts as."""
LOOK_EVERY = 60.0
"""Seconds between looks whether the channel still has its lot."""
OF_ALL, OF_ONE = 256, 16
REFUSED = 4403
"""Code of a WebSocket's end that says why in its reason."""


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
        self._miners: dict[int, WebSocket] = {}
        self._tickets: dict[str, _Ticket] = {}
        self._places = Places("sessions", of_all=OF_ALL, of_one=OF_ONE)

    def add_to(self, app: FastAPI) -> None:
        app.websocket("/v1/sessions/listen")(self._guarded(self.listen))
        app.websocket("/v1/sessions/answer/{ticket}")(self._guarded(self.answer))
        app.websocket("/v1/sessions/{miner}")(self._guarded(self.call))

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
        proof = (await self._proven(socket))[0]
        if self._admission is not None:
            require = self._admission.require_miner
            await run_in_threadpool(require, proof.signer, proof.miner)
        before, self._miners[proof.miner] = self._miners.get(proof.miner), socket
        if before is not None:
            with suppress(RuntimeError, WebSocketDisconnect):
                await before.close(REFUSED, "the miner listens elsewhere")
        try:
            await socket.send_text("listening")
            while True:  # it has nothing to say but that it is there
                await socket.receive_text()
        finally:
            if self._miners.get(proof.miner) is socket:
                del self._miners[proof.miner]

    async def answer(self, socket: WebSocket, ticket: str) -> None:
        waiting = self._tickets.pop(ticket, None)
        if waiting is None:
            raise RelayRefusal(404, "nobody waits with this ticket")
        waiting.answered.set_result(socket)
        await waiting.done.wait()

    # Callers

    async def call(self, socket: WebSocket, miner: str) -> None:
        proof, quote = await self._proven(socket)
        if str(proof.miner) != miner:
            raise RelayRefusal(403, "the proof is for another miner")
        asking = quote is None
        if quote is None:
            self._limiter.wait(caller_of(socket), ASKING_COST)
        else:
            await self._require_lot(proof, quote)
        listening = self._miners.get(proof.miner)
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
            await self._join(socket, other, proof, quote if not asking else None)
        finally:
            waiting.done.set()
            with suppress(RuntimeError, WebSocketDisconnect):
                await other.close()

    async def _proven(self, socket: WebSocket) -> tuple[SessionProof, Quote | None]:
        """Who it is, and the quote of the channel that it has."""
        async with asyncio.timeout(TO_SPEAK):
            text = await socket.receive_text()
        try:
            said = strict_json.loads(text.encode())
            signed = signed_from_json(SessionProof, said["proof"])
            quote = from_json(Quote, said["quote"]) if said.get("quote") else None
        except (InvalidMessage, AttributeError, KeyError, TypeError, ValueError) as error:
            raise RelayRefusal(422, f"this is no proof: {error}") from None
        proof = signed.message
        if abs(proof.issued - self._clock()) > AHEAD or proof.nonce != bytes(32):
            raise RelayRefusal(403, "the proof is not of now: set the clock")
        if not verify(self._domain, signed):
            raise RelayRefusal(403, "the proof is not signed by its signer")
        if (quote is None) != (proof.channel == bytes(32)):
            raise RelayRefusal(422, "a channel and its quote go together")
        return proof, quote

    async def _require_lot(self, proof: SessionProof, quote: Quote) -> None:
        right = (
            self._domain.digest(quote) == proof.channel
            and quote.signer == proof.signer
            and quote.miner == proof.miner
        )
        if not right:
            raise RelayRefusal(403, "the channel is another's")
        if self._admission is not None:
            await run_in_threadpool(self._admission.require_lot, quote, proof.channel)

    async def _join(
        self, one: WebSocket, other: WebSocket, proof: SessionProof, quote: Quote | None
    ) -> None:
        """Until either is gone, or may not go on."""
        works = [_forward(one, other, quote is None), _forward(other, one, quote is None)]
        if quote is not None:
            works.append(self._look(proof, quote))
        tasks = [asyncio.create_task(work) for work in works]
        limit = ASKING_SECONDS if quote is None else None
        done, running = await asyncio.wait(
            tasks, timeout=limit, return_when=asyncio.FIRST_COMPLETED
        )
        for task in running:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            if isinstance(error := task.exception(), RelayRefusal):
                raise error

    async def _look(self, proof: SessionProof, quote: Quote) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            with suppress(ChainError):  # what can't be asked now is asked later
                await self._require_lot(proof, quote)


async def _forward(source: WebSocket, target: WebSocket, asking: bool) -> None:
    tokens, since, size = float(BURST), time.monotonic(), 0
    while True:
        data = await source.receive_bytes()
        size += len(data)
        if asking and size > ASKING_BYTES:
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
