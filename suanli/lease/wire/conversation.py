"""One connection of a stream: control messages at once, items in order, acknowledgements."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from suanli.lease.errors import LinkLost
from suanli.lease.wire.frames import Control, control, read
from suanli.lease.wire.secure import Secure
from suanli.lease.wire.stream import Incoming, Outgoing

ACKNOWLEDGE_EVERY = 0.1
"""Seconds: what is dealt with within is acknowledged together, unless it is much."""


class Conversation:
    """`run` it until the connection is gone. `heard` is called with each control message, but for
    acknowledgements."""

    def __init__(
        self,
        secure: Secure,
        heard: Callable[[Control], None],
    ) -> None:
        self._secure, self._heard = secure, heard
        self._outgoing, self._incoming = Outgoing(), Incoming()
        self._controls: asyncio.Queue[bytes] = asyncio.Queue()
        self._ends = False
        self._flows = False
        self._tasks: asyncio.TaskGroup | None = None
        self._flowing: list[asyncio.Task[None]] = []

    def post(self, do: str, **fields: Any) -> None:
        """Send a control message; it may be lost with the connection."""
        self._controls.put_nowait(control(do, **fields))

    def stream(self, outgoing: Outgoing, incoming: Incoming) -> None:
        """Let items flow, of these streams from now on: before that only control messages do."""
        self._outgoing, self._incoming = outgoing, incoming
        self._flows = True
        if self._tasks is not None:
            for task in self._flowing:
                task.cancel()
            both = self._send_items(), self._acknowledge()
            self._flowing = [self._tasks.create_task(one) for one in both]

    def end(self) -> None:
        """Close the connection once all control messages are sent."""
        self._ends = True
        self._controls.put_nowait(b"")

    async def run(self) -> None:
        """Returns when it ends, or the other side is gone. Raises BadPeer."""
        try:
            with suppress(LinkLost):
                async with asyncio.TaskGroup() as self._tasks:
                    self._tasks.create_task(self._read())
                    self._tasks.create_task(self._send_controls())
                    if self._flows:
                        self.stream(self._outgoing, self._incoming)
        except BaseExceptionGroup as group:
            raise_first(group)
        finally:
            with suppress(LinkLost):
                await self._secure.close()

    async def _read(self) -> None:
        while True:
            found = read(await self._secure.receive())
            if not isinstance(found, Control):
                if self._flows:
                    self._incoming.take(found)
            elif found.do == "ack":
                have = found.fields.get("have")
                if self._flows and isinstance(have, int):
                    self._outgoing.acknowledged(have)
            else:
                self._heard(found)

    async def _send_controls(self) -> None:
        while True:
            frame = await self._controls.get()
            if frame:
                await self._secure.send(frame)
            if self._ends and self._controls.empty():
                raise LinkLost("ended")

    async def _send_items(self) -> None:
        while True:
            await self._secure.send(await self._outgoing.frame())

    async def _acknowledge(self) -> None:
        told = self._incoming.done
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(ACKNOWLEDGE_EVERY):
                    await self._incoming.much.wait()
            if (done := self._incoming.acknowledging()) != told:
                told = done
                self.post("ack", have=told)


def raise_first(group: BaseExceptionGroup) -> None:
    """What ended the tasks, unless that is the connection's end."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            raise_first(error)
        elif not isinstance(error, LinkLost):
            raise error from None
