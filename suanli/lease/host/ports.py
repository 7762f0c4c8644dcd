"""The ways out of a miner's side: rooms, the chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from suanli.lease.channel import ChannelNews
from suanli.protocol import Channel


class ProgramPort(Protocol):
    """A program in a room; `suanli.lease.sandbox.Process` is one."""

    stdin: int
    stdout: int
    stderr: int
    ended: int

    def close_stdin(self) -> None: ...

    def signal(self, number: int) -> None: ...

    def resize(self, rows: int, columns: int) -> None: ...

    def poll(self) -> int | None: ...

    def close(self) -> None: ...


class RoomPort(Protocol):
    """`suanli.lease.sandbox.Room` is one. All may block for a moment, but for freezing."""

    ended: int

    def start(
        self,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        cwd: str = "",
        tty: tuple[int, int] | None = None,
    ) -> ProgramPort:
        """Raises SuanliError."""

    def last(self, seconds: float) -> None:
        """It ends so many seconds from now, not when it was said before."""

    def freeze(self) -> None: ...

    def thaw(self) -> None: ...

    def close(self) -> None:
        """Raises SuanliError."""


class RoomsPort(Protocol):
    def make(self, name: str, resource: int, units: int, seconds: float) -> RoomPort:
        """For so many units of a class. Raises SuanliError."""


class ChannelsPort(Protocol):
    """The chain, as far as a miner's channels go. May block; raises ChainError."""

    def news(self) -> Sequence[ChannelNews]:
        """What became of this miner's channels since it was asked last; noted with `mark`."""

    def mark(self) -> str:
        """How far `news` has come, to go on from there."""

    def now(self) -> int:
        """The chain's time, in seconds since 1970; does not block."""

    def close(self, record: Channel, amount: int, signature: bytes) -> None:
        """Close a channel with its best voucher; returns when that is sent."""

    def forget(self, record: Channel) -> None:
        """It was closed so long ago that nothing undoes it any more."""
