"""What a room is bounded by, and what a miner opens rooms with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from suanli.base.errors import SuanliError


class SandboxError(SuanliError):
    """A room can't be made, or something can't be done in it."""


@dataclass(frozen=True)
class RoomBounds:
    """Of one room, for all its programs together.

    Its disk is memory that holds files, so `memory` bytes bound programs and `disk` bytes what
    they keep, and the machine must have both. `seconds` count from the opening, by this machine's
    clock; `Room.last` gives more.
    """

    cores: float
    memory: int
    disk: int
    processes: int
    seconds: float
    network: bool = False
    gpus: tuple[str, ...] = ()
    """UUIDs of the GPUs it has to itself."""
    image: str = ""
    """An OCI image that podman has here; empty: the root file system that the miner names."""


@dataclass(frozen=True)
class SandboxSettings:
    """Of all rooms of a miner."""

    folder: Path
    """Where rooms are noted, so that those left behind are found."""
    root: Path | None = None
    """A root file system, which rooms see and can't change; None: rooms are of images alone."""
    shared: tuple[Path, ...] = ()
    """Folders that rooms see at the same path and can't change, such as models."""
    network: bool = False
    """Whether rooms may have a network at all."""
    cgroup: str = ""
    """Below which cgroup rooms have theirs, such as `suanli.slice`; empty: the usual place."""
