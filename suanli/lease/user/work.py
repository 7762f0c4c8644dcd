"""What a requester does in a room: files go there, a program runs, files come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from suanli.lease.errors import BadPeer, LeaseError
from suanli.lease.user.archive import packed, unpack
from suanli.lease.user.ledger import LeaseLedger, RoomProgress, Wish
from suanli.lease.wire import Doing, Incoming, Numbered, Outgoing, raise_first, to_json

SAVE_EVERY = 0.2
"""Seconds in which what came is written down together; a kill repeats no more output than that."""
MOST_DOWNLOAD = 64 << 30
"""Bytes, of a room of whose disk nothing is known."""


class Terminal(Protocol):
    """Where the program's input comes from and its output goes."""

    size: tuple[int, int] | None
    """Rows and columns, if it is one."""
    kind: str
    """As TERM says it."""

    def write(self, data: bytes, *, error: bool = False) -> None: ...


@dataclass
class Streams:
    """Of one room."""

    outgoing: Outgoing
    incoming: Incoming


class RoomUse:
    """In one room. `asked` and `answered` tell of what takes no time."""

    def __init__(
        self,
        ledger: LeaseLedger,
        terminal: Terminal,
        progress: RoomProgress,
        first: int,
        asked: Callable[[], None],
        answered: Callable[[], None],
    ) -> None:
        """`first`: the number of the item that the miner wants next."""
        self._ledger, self._terminal = ledger, terminal
        self._wish: Wish = ledger.wish
        self.progress, self._first = progress, first
        self.streams = Streams(Outgoing(first), Incoming(progress.got))
        self._asked, self._answered = asked, answered
        self._part = ledger.folder / "download.tar"
        self._unsaved: list[Numbered] = []
        self._code: int | None = progress.code
        self._phase_over = asyncio.Event()

    async def run(self) -> int:
        """To the program's exit code. Raises LeaseError: the miner can't do it."""
        try:
            async with asyncio.TaskGroup() as tasks:
                reading = tasks.create_task(self._read())
                code = await self._go_through()
                reading.cancel()
        except BaseExceptionGroup as group:
            raise_first(group)
            raise
        return code

    def running(self) -> bool:
        """Whether the program takes input."""
        return self.progress.phase == "run" and self.progress.asked >= 0

    async def input(self, data: bytes) -> None:
        if self.running():
            await self.streams.outgoing.put(*((Doing.STDIN, data) if data else (Doing.STDIN_END,)))

    async def signal(self, number: int) -> None:
        await self.streams.outgoing.put(Doing.SIGNAL, to_json({"number": number}), urgent=True)

    async def resize(self, rows: int, columns: int) -> None:
        await self.streams.outgoing.put(Doing.RESIZE, to_json({"size": [rows, columns]}))

    # What is asked for

    async def _go_through(self) -> int:
        if self.progress.phase == "upload":
            if self._wish.upload and not self._was_heard():
                await self._upload(Path(self._wish.upload))
            if self._wish.upload:
                await self._over()
            self._save(phase="run", asked=-1)
        if self.progress.phase == "run":
            if not self._was_heard():
                size = self._terminal.size if self._wish.tty else None
                start = {"argv": list(self._wish.argv), "tty": size, "term": self._terminal.kind}
                await self._ask(Doing.START, to_json(start))
            await self._over()
            self._save(phase="fetch" if self._wish.download else "done", asked=-1, code=self._code)
        if self.progress.phase == "fetch":
            if not self._was_heard():
                await self._ask(Doing.GET, to_json({"path": "."}))
            await self._over()
            await asyncio.to_thread(unpack, self._part, Path(self._wish.download))
            self._part.unlink(missing_ok=True)
            self._save(phase="done", asked=-1)
        return self.progress.code or 0

    def _was_heard(self) -> bool:
        """Whether the miner had what the phase begins with, or ends with, before this began."""
        return 0 <= self.progress.asked < self._first

    async def _ask(self, doing: Doing, data: bytes = b"") -> None:
        """Written down before it can be heard."""
        self._save(asked=self.streams.outgoing.next)
        self._asked()
        await self.streams.outgoing.put(doing, data)

    async def _upload(self, folder: Path) -> None:
        outgoing = self.streams.outgoing
        await outgoing.put(Doing.PUT)
        async for piece in packed(folder):
            await outgoing.put(Doing.PUT, piece)
        await self._ask(Doing.PUT_END)

    async def _over(self) -> None:
        await self._phase_over.wait()
        self._phase_over.clear()

    # What comes

    async def _read(self) -> None:
        incoming = self.streams.incoming
        while True:
            try:
                async with asyncio.timeout(SAVE_EVERY if self._unsaved else None):
                    found = await incoming.next()
            except TimeoutError:
                self._save()
                continue
            await self._take(found)
            self._unsaved.append(found)
            if found.doing not in (Doing.STDOUT, Doing.STDERR, Doing.GOT):
                self._save()
                if found.doing in (Doing.STORED, Doing.EXITED, Doing.GOT_END):
                    self._phase_over.set()
            elif sum(len(one.data) for one in self._unsaved) > 256 << 10:
                self._save()

    async def _take(self, found: Numbered) -> None:
        match found.doing:
            case Doing.STDOUT | Doing.STDERR:
                self._terminal.write(found.data, error=found.doing is Doing.STDERR)
            case Doing.STARTED | Doing.STORED:
                self._answered()
            case Doing.EXITED:
                self._answered()
                self._code = _number(found, "code")
            case Doing.GOT:
                self._answered()
                await asyncio.to_thread(self._append, found.data)
            case Doing.GOT_END:
                self._answered()
                if _number(found, "code"):
                    raise LeaseError("the miner could not pack what is to be downloaded")
            case Doing.FAILED:
                why = str(found.json().get("why", ""))
                raise LeaseError(f"the miner could not do what was asked: {why}")

    def _append(self, data: bytes) -> None:
        size = self.progress.size
        # Each file takes a page there, and two blocks of an archive.
        most = 2 * self._wish.disk + (16 << 20) if self._wish.disk else MOST_DOWNLOAD
        if size + len(data) > most:
            raise LeaseError(f"the download has more than {most:,} bytes: more than the room keeps")
        with self._part.open("r+b" if self._part.exists() else "wb") as file:
            file.seek(size)
            file.write(data)
            file.truncate()
        self.progress = replace(self.progress, size=size + len(data))

    def _save(self, **more: object) -> None:
        done, self._unsaved = self._unsaved, []
        got = done[-1].number + 1 if done else self.progress.got
        self.progress = replace(self.progress, got=got, **more)  # type: ignore[arg-type]
        self._ledger.save_progress(self.progress)
        for found in done:
            self.streams.incoming.finished(found)


def _number(found: Numbered, name: str) -> int:
    with suppress(TypeError, ValueError, KeyError):
        return int(found.json()[name])
    raise BadPeer(f"no {name} where one must be")
