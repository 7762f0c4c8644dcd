"""TLS 1.3 inside a link's messages, so that whoever forwards them sees sizes only."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

from suanli.lease.errors import BadPeer, LinkLost, LinkRefused
from suanli.lease.wire.carrier import Carrier
from suanli.lease.wire.certificate import Certificate, pinning_context

T = TypeVar("T")
MOST_FRAME = 64 << 10
"""Bytes."""
TO_SHAKE = 10.0
"""Seconds for both to agree on keys."""
_LENGTH = 4
_READ = 64 << 10


class Secure:
    """Sends and receives frames; one task receives, any may send."""

    def __init__(self, carrier: Carrier, context: ssl.SSLContext, *, server: bool) -> None:
        self._carrier = carrier
        self._come, self._going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._come, self._going, server_side=server)
        self._sending = asyncio.Lock()
        self._plain = bytearray()

    async def send(self, frame: bytes) -> None:
        """Raises LinkLost."""
        if len(frame) > MOST_FRAME:
            raise ValueError(f"a frame has {MOST_FRAME} bytes at most, not {len(frame)}")
        async with self._sending:
            self._tls.write(len(frame).to_bytes(_LENGTH, "big") + frame)
            await self._flush()

    async def receive(self) -> bytes:
        """The next frame. Raises LinkLost, BadPeer."""
        while (frame := self._frame()) is None:
            data = await self._step(lambda: self._tls.read(_READ))
            if not data:
                raise LinkLost("the other side has ended the session")
            self._plain += data
        return frame

    async def close(self) -> None:
        await self._carrier.close()

    async def shake(self) -> None:
        """Raises LinkLost."""
        await self._step(self._tls.do_handshake)
        async with self._sending:
            await self._flush()

    def shown(self) -> bytes:
        """The digest of the other side's certificate."""
        return sha256(self._tls.getpeercert(binary_form=True) or b"").digest()

    def _frame(self) -> bytes | None:
        if len(self._plain) < _LENGTH:
            return None
        length = int.from_bytes(self._plain[:_LENGTH], "big")
        if length > MOST_FRAME:
            raise BadPeer(f"a frame of {length} bytes")
        if len(self._plain) < _LENGTH + length:
            return None
        frame = bytes(self._plain[_LENGTH : _LENGTH + length])
        del self._plain[: _LENGTH + length]
        return frame

    async def _step(self, act: Callable[[], T]) -> T:
        """Once enough has come for it."""
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                if self._going.pending:
                    async with self._sending:
                        await self._flush()
                self._come.write(await self._carrier.receive())
            except ssl.SSLError as error:
                raise LinkLost(f"the connection is disturbed: {error.reason or error}") from error

    async def _flush(self) -> None:
        while self._going.pending:
            await self._carrier.send(self._going.read(_READ))


async def meet(carrier: Carrier, certificate: bytes) -> Secure:
    """As the requester, with the miner of this certificate (its digest) at the other end.

    Raises:
        LinkLost: or not within `TO_SHAKE`.
        LinkRefused: somebody else is there.
    """
    made = Secure(carrier, pinning_context(), server=False)
    await _shake(made)
    if made.shown() != certificate:
        await carrier.close()
        raise LinkRefused(
            "somebody else than the miner answers, or its certificate is new: look at the offers"
            " again"
        )
    return made


async def welcome(carrier: Carrier, certificate: Certificate) -> Secure:
    """As the miner. Raises LinkLost: or not within `TO_SHAKE`."""
    made = Secure(carrier, certificate.context(), server=True)
    await _shake(made)
    return made


async def _shake(made: Secure) -> None:
    try:
        async with asyncio.timeout(TO_SHAKE):
            await made.shake()
    except TimeoutError:
        await made.close()
        raise LinkLost("the other side does not answer") from None
    except LinkLost:
        await made.close()
        raise
