"""What is around a program of a room: one interface for bubblewrap and podman."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

WORK = "/work"
"""Where programs start, and where their files are kept."""
USERS = 1 << 16
"""Users of the machine that one room has to itself; its disk is the first one's."""


@dataclass(frozen=True)
class Start:
    """Of one program."""

    environment: Mapping[str, str]
    cwd: str
    tty: bool
    info: int
    """A file descriptor that may be told the first process in the walls, as bubblewrap does."""
    rules: int
    """A file descriptor that reads which calls are refused, or -1."""
    pid_file: str
    """A path in the keeper's mounts where it may be told, as podman does."""


class Walls(Protocol):
    """Of one room."""

    @property
    def shown(self) -> Sequence[Path]:
        """What of this machine the keeper has to show, by its place in this list."""
        ...

    @property
    def as_user(self) -> bool:
        """Whether they are started as the room's user and tell `info`; or as root and tell the
        `pid_file`."""
        ...

    @property
    def takes(self) -> tuple[int, int]:
        """Processes and bytes of memory that they need themselves."""
        ...

    def command(self, start: Start) -> list[str]:
        """Arguments up to the program."""
        ...
