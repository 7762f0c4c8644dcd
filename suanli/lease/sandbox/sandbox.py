"""Opens rooms, and removes those that a daemon left behind."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from suanli.lease.sandbox import bubblewrap, cgroups, gpus, held, network, podman
from suanli.lease.sandbox.bounds import RoomBounds, SandboxError, SandboxSettings
from suanli.lease.sandbox.cgroups import Group, NoCgroup
from suanli.lease.sandbox.gpus import Gpu
from suanli.lease.sandbox.holder import SHOWN
from suanli.lease.sandbox.room import Room, end
from suanli.lease.sandbox.walls import Walls

_TOOLS = ("mount", "nsenter", "prlimit", "setpriv", "setsid", "unshare")


class Sandbox:
    """Rooms of one miner, whose settings' folder no other has."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self._notes = settings.folder / "rooms"

    def problems(self) -> list[str]:
        """Why rooms for strangers can't be opened, in sentences; empty: they can be."""
        found = []
        if os.geteuid() != 0:
            found.append(
                "rooms take root, since each is another user's of this machine: run the miner as"
                " root, best in a virtual machine of its own, or sell no sessions"
            )
        if lacking := [tool for tool in _TOOLS if shutil.which(tool) is None]:
            found.append(f"{', '.join(lacking)} is not installed (Debian: apt install util-linux)")
        if why := bubblewrap.problem() if self.settings.root else podman.problem():
            found.append(why)
        if self.settings.network and (why := network.problem()):
            found.append(why)
        try:
            cgroups.find(self.settings.cgroup)
        except NoCgroup as error:
            found.append(f"cores, memory and processes can't be bounded: {error}")
        return found

    def gpus(self) -> list[Gpu]:
        """Those of this machine that can be leased. Raises SandboxError."""
        return gpus.whole(gpus.look())

    def open(self, name: str, bounds: RoomBounds) -> Room:
        """A room of this name, which no other open one has. Raises SandboxError."""
        if not re.fullmatch(r"[0-9A-Za-z_-]{1,80}", name):
            raise SandboxError(f"{name!r} is no name of a room")
        if bounds.network and not self.settings.network:
            raise SandboxError("this miner gives rooms no network")
        note = self._notes / f"{name}.json"
        if note.exists():
            raise SandboxError(f"a room {name} is open already")
        with contextlib.ExitStack() as undo:
            user, lock = held.user(SHOWN)
            locks = [lock]
            undo.callback(_close_all, locks)
            leased = []
            for uuid in bounds.gpus:
                gpu, lock = gpus.take(uuid, SHOWN)
                leased.append(gpu)
                locks.append(lock)
            walls = self._walls(bounds, user, leased)
            group = self._group(name)
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(json.dumps({key: str(path) for key, path in group.folders.items()}))
            undo.callback(note.unlink)
            room = Room(group, bounds, user, walls, locks)
            room.when_closed(undo.pop_all().close)
        return room

    def _walls(self, bounds: RoomBounds, user: int, leased: Sequence[Gpu]) -> Walls:
        if bounds.image:
            return podman.walls(bounds.image, user, leased, bounds.network)
        if self.settings.root is None:
            raise SandboxError("this miner names no root file system")
        root, shared = self.settings.root, self.settings.shared
        return bubblewrap.walls(root, shared, leased, bounds.network)

    def _group(self, name: str) -> Group:
        miner = sha256(str(self.settings.folder.absolute()).encode()).hexdigest()[:8]
        try:
            return cgroups.find(self.settings.cgroup).make(f"{miner}-{name}")
        except NoCgroup as error:
            raise SandboxError(f"no room can be made: {error}") from None

    def sweep(self) -> list[str]:
        """End the rooms that a killed daemon left, once, at start; their names."""
        found = []
        for note in sorted(self._notes.glob("*.json")):
            with contextlib.suppress(ValueError):
                folders = json.loads(note.read_text() or "{}")
                end(Group({key: Path(path) for key, path in folders.items()}))
            note.unlink()
            found.append(note.stem)
        return found


def _close_all(locks: Sequence[int]) -> None:
    for lock in locks:
        os.close(lock)
