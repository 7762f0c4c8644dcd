"""A room on this machine for a stranger's programs, in which they reach nothing else.

`Sandbox` opens rooms: bounded by cgroups, with a disk of their own, behind bubblewrap
or podman.
docs/leases.md says what holds.
"""

from suanli.lease.sandbox.bounds import RoomBounds, SandboxError, SandboxSettings
from suanli.lease.sandbox.gpus import Gpu
from suanli.lease.sandbox.process import Process
from suanli.lease.sandbox.room import Room
from suanli.lease.sandbox.sandbox import Sandbox

__all__ = [
    "Gpu",
    "Process",
    "Room",
    "RoomBounds",
    "Sandbox",
    "SandboxError",
    "SandboxSettings",
    "bubblewrap",
    "cgroups",
    "checks",
    "gpus",
    "held",
    "holder",
    "network",
    "offer",
    "podman",
    "seccomp",
    "walls",
]
