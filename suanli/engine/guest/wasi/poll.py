"""`poll_oneoff` on plain values: what happens first of what a guest waits for."""

from __future__ import annotations

from dataclasses import dataclass

from suanli.engine.guest.wasi import abi
from suanli.engine.guest.wasi.abi import Errno, Rights, WasiError
from suanli.engine.guest.wasi.clock import Clock
from suanli.engine.guest.wasi.descriptors import Descriptors, Stream
from suanli.engine.guest.wasi.nodes import File


@dataclass(frozen=True)
class Subscription:
    userdata: int
    kind: int
    clock: int = 0
    timeout: int = 0
    absolute: bool = False
    fd: int = 0


@dataclass(frozen=True)
class PollEvent:
    userdata: int
    kind: int
    errno: Errno = Errno.SUCCESS
    nbytes: int = 0


def poll(subscriptions: list[Subscription], clock: Clock, fds: Descriptors) -> list[PollEvent]:
    """Files are always ready; for a clock alone, virtual time moves on."""
    if not subscriptions:
        raise WasiError(Errno.INVAL)
    ready: list[PollEvent] = []
    waits: list[tuple[int, Subscription]] = []
    for one in subscriptions:
        if one.kind == abi.EVENT_CLOCK:
            try:
                waits.append((_wait(one, clock), one))
            except WasiError as error:
                ready.append(PollEvent(one.userdata, one.kind, error.errno))
        else:
            ready.append(_ready(one, fds))
    patience = 0 if ready else min(wait for wait, _ in waits)
    clock.wait(patience)
    due = [PollEvent(one.userdata, one.kind) for wait, one in waits if wait <= patience]
    return ready + due


def _wait(one: Subscription, clock: Clock) -> int:
    now = clock.now(one.clock)
    return max(0, one.timeout - now) if one.absolute else one.timeout


def _ready(one: Subscription, fds: Descriptors) -> PollEvent:
    wanted = Rights.FD_READ if one.kind == abi.EVENT_READ else Rights.FD_WRITE
    try:
        found = fds.get(one.fd, Rights.POLL_FD_READWRITE | wanted)
    except WasiError as error:
        return PollEvent(one.userdata, one.kind, error.errno)
    left = 0
    if one.kind == abi.EVENT_READ and isinstance(found.target, File | Stream):
        left = max(0, len(found.target.data) - found.offset)
    return PollEvent(one.userdata, one.kind, nbytes=left)
