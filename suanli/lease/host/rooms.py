"""Rooms of the sandbox, by what a class's units come with."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from suanli.lease.errors import LeaseError
from suanli.lease.host.config import Lease, Leasing
from suanli.lease.sandbox import Room, RoomBounds, Sandbox, SandboxSettings


class SandboxRooms:
    """A `RoomsPort`. A GPU is in one room at a time."""

    def __init__(self, leasing: Leasing, folder: Path) -> None:
        self._leases: Mapping[int, Lease] = {one.resource: one for one in leasing.leases}
        self._network = leasing.network
        self.sandbox = Sandbox(
            SandboxSettings(
                folder,
                Path(leasing.root).expanduser() if leasing.root else None,
                tuple(Path(path).expanduser() for path in leasing.shared),
                leasing.network,
                leasing.cgroup,
            )
        )
        self._lock = threading.Lock()
        self._taken: set[str] = set()

    @property
    def resources(self) -> list[int]:
        return list(self._leases)

    def bounds(self, resource: int, units: int, seconds: float) -> RoomBounds:
        """Of a room; its GPUs are any."""
        lease = self._leases[resource]
        return RoomBounds(
            cores=lease.cores * units,
            memory=lease.memory * units,
            disk=lease.disk * units,
            processes=lease.processes * units,
            seconds=seconds,
            network=self._network,
            gpus=lease.gpus[:units],
            image=lease.image,
        )

    def make(self, name: str, resource: int, units: int, seconds: float) -> Room:
        """Raises SandboxError, LeaseError."""
        if resource not in self._leases:
            raise LeaseError(f"class {resource} is not leased here any more")
        gpus = self._take(resource, units)
        try:
            bounds = self.bounds(resource, units, seconds)
            room = self.sandbox.open(name, replace(bounds, gpus=gpus))
        except BaseException:
            self._give_back(gpus)
            raise
        room.when_closed(lambda: self._give_back(gpus))
        return room

    def _take(self, resource: int, units: int) -> tuple[str, ...]:
        lease = self._leases[resource]
        if not lease.gpus:
            return ()
        with self._lock:
            free = [uuid for uuid in lease.gpus if uuid not in self._taken][:units]
            if len(free) < units:
                raise LeaseError("its GPUs are still in another room: try again in a moment")
            self._taken |= set(free)
        return tuple(free)

    def _give_back(self, gpus: tuple[str, ...]) -> None:
        with self._lock:
            self._taken -= set(gpus)
