"""What is done in one room: programs run, files come and go, as the stream's items ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from suanli.base.errors import SuanliError
from suanli.lease.errors import BadPeer
from suanli.lease.host.ports import RoomPort
from suanli.lease.host.program import Program
from suanli.lease.wire import Doing, Incoming, Numbered, Outgoing, to_json

_UNPACK = ("tar", "-x", "-f", "-", "--no-same-owner", "--no-same-permissions")
_PACK = ("tar", "-c", "-f", "-", "-C", "/work", "--")
_HIGHEST_SIGNAL = 64
_MOST_TERM = 64


class RoomWork:
    """From the moment a room is there until it is ended."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.outgoing, self.incoming = Outgoing(), Incoming()
        self.incoming.urgent = self._urgent
        self._room: RoomPort | None = None
        self._program: Program | None = None
        self._storing: Program | None = None
        self._sends = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.watched: Callable[[], None] = lambda: None
        """Ends whatever waits for the room's end."""

    def begin(self, room: RoomPort) -> None:
        self._room = room
        self._spawn(self._work())

    def last(self, seconds: float) -> None:
        if self._room is not None:
            self._room.last(seconds)

    def freeze(self) -> None:
        """Raises OSError, as thawing does."""
        if self._room is not None:
            self._room.freeze()

    def thaw(self) -> None:
        if self._room is not None:
            self._room.thaw()

    async def end(self) -> None:
        """Nothing of it is left. Raises SuanliError where something is."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._room is not None:
            await asyncio.to_thread(self._room.close)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        while True:
            found = await self.incoming.next()
            try:
                await self._do(found)
            except (SuanliError, OSError, KeyError, TypeError, ValueError) as error:
                await self._fail(str(error))
            self.incoming.finished(found)

    async def _fail(self, why: str) -> None:
        await self.outgoing.put(Doing.FAILED, to_json({"why": why[:2_000]}))

    async def _do(self, found: Numbered) -> None:
        match found.doing:
            case Doing.START:
                await self._start(found)
            case Doing.STDIN if self._program:
                await self._program.write(found.data)
            case Doing.STDIN_END if self._program:
                self._program.close_input()
            case Doing.RESIZE if self._program:
                rows, columns = found.json()["size"]
                self._program.port.resize(int(rows), int(columns))
            case Doing.PUT | Doing.PUT_END:
                await self._store(found)
            case Doing.GET:
                path = str(found.json()["path"])
                if self._sends:
                    return await self._fail("a download runs already")
                self._sends = True
                self._spawn(self._send(path))

    def _urgent(self, found: Numbered) -> None:
        """A signal overtakes input that the program has not read."""
        if found.doing is Doing.SIGNAL and self._program is not None:
            with suppress(OSError, BadPeer, KeyError, TypeError, ValueError):
                number = int(found.json()["number"])
                if 0 < number <= _HIGHEST_SIGNAL:
                    self._program.port.signal(number)

    async def _run(
        self,
        argv: tuple[str, ...],
        out: Doing,
        err: Doing,
        tty: tuple[int, int] | None = None,
        term: str = "",
    ) -> Program:
        room = self._room
        assert room is not None
        env = {"TERM": term} if term else {}
        port = await asyncio.to_thread(lambda: room.start(argv, env, tty=tty))
        return Program(port, self.outgoing.put, out, err)

    async def _start(self, found: Numbered) -> None:
        asked = found.json()
        argv, tty = tuple(map(str, asked["argv"])), asked.get("tty")
        if self._program is not None:
            return await self._fail("a program runs already")
        size = (int(tty[0]), int(tty[1])) if tty else None
        term = str(asked.get("term") or "")[:_MOST_TERM] if size else ""
        self._program = await self._run(argv, Doing.STDOUT, Doing.STDERR, size, term)
        await self.outgoing.put(Doing.STARTED)
        self._spawn(self._watch(self._program))

    async def _watch(self, program: Program) -> None:
        try:
            code = await program.ended()
            self._program = None
        finally:
            await program.close()
        await self.outgoing.put(Doing.EXITED, to_json({"code": code}))

    async def _store(self, found: Numbered) -> None:
        if found.doing is Doing.PUT and found.data:
            if self._storing is None:
                self._storing = await self._run(_UNPACK, Doing.STDERR, Doing.STDERR)
            await self._storing.write(found.data)
        elif found.doing is Doing.PUT:  # another upload begins
            await self._drop_storing()
        elif self._storing is not None:
            self._storing.close_input()
            code = await self._storing.ended()
            await self._drop_storing()
            if code:
                return await self._fail("the files can't be unpacked: is the disk full?")
            await self.outgoing.put(Doing.STORED)
        else:
            await self.outgoing.put(Doing.STORED)

    async def _drop_storing(self) -> None:
        dropped, self._storing = self._storing, None
        if dropped is not None:
            await dropped.close()

    async def _send(self, path: str) -> None:
        try:
            await self._packed(path)
        finally:
            self._sends = False

    async def _packed(self, path: str) -> None:
        try:
            packing = await self._run((*_PACK, path), Doing.GOT, Doing.STDERR)
        except (SuanliError, OSError) as error:
            return await self._fail(str(error))
        try:
            code = await packing.ended()
        finally:
            await packing.close()
        await self.outgoing.put(Doing.GOT_END, to_json({"code": code}))
