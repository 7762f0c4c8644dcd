"""What a miner keeps of one channel of a swarm, within bounds: code and waiting tasks in memory,
results that were billed on its disk."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field, replace
from typing import Any

from suanli.engine import MAX_MODULE_BYTES, Module
from suanli.engine.wire import Message
from suanli.lease.errors import BadPeer
from suanli.lease.swarm.money import Till
from suanli.lease.swarm.tills import Tills
from suanli.lease.wire import Secure
from suanli.protocol import Channel

MOST_QUEUED = 256
"""Tasks of a channel that wait, and results of it that are kept."""
MOST_HELD = 2 * MAX_MODULE_BYTES
"""Bytes of a channel's code and waiting tasks, and of all channels' together."""
MOST_HELD_BY_ALL = 4 * MOST_HELD
MOST_FAILED = 3
"""Tasks of a channel that could not be run, for which nobody pays: after them none is run."""
MOST_KEPT = 256 << 20
"""Bytes of a channel's results that are kept, and of all channels' together."""
MOST_KEPT_BY_ALL = 16 * MOST_KEPT


@dataclass
class SwarmMemory:
    """What all channels hold together: bytes in memory, and of results on the disk."""

    held: int = 0
    kept: int = 0

    def take(self, size: int) -> None:
        """Raises BadPeer."""
        if self.held + size > MOST_HELD_BY_ALL:
            raise BadPeer("others' code and tasks fill this miner: ask again later")
        self.held += size

    def give(self, size: int) -> None:
        self.held -= size


@dataclass(frozen=True)
class WaitingTask:
    """By the key that the requester gave it."""

    key: str
    header: dict[str, Any]
    blobs: list[bytes]

    @property
    def size(self) -> int:
        return sum(map(len, self.blobs))


@dataclass
class SwarmClient:
    """What outlives a channel's connections, and what is gone with each."""

    id: bytes
    record: Channel
    till: Till
    tills: Tills
    memory: SwarmMemory
    runtime: bytes = b""
    secure: Secure | None = None
    modules: dict[str, Module] = field(default_factory=dict)
    waiting: deque[WaitingTask] = field(default_factory=deque)
    running: set[str] = field(default_factory=set)
    done: OrderedDict[str, int] = field(default_factory=OrderedDict)
    """Results that were billed last, with their bytes: who asks again after a broken connection
    pays once. They are on the disk."""
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    telling: int = 0
    """Results that are to be sent."""
    offered: tuple[int, bytes] = (0, b"")
    """The best voucher that came and was not looked at yet."""
    checked: float = 0.0
    checking: asyncio.TimerHandle | None = None
    failed: int = 0
    """Tasks that could not be run."""
    unfit: set[bytes] = field(default_factory=set)
    """Digests of their programs."""
    ending: bool = False
    """What it is closed with is decided: nothing that comes or is done later would be paid."""
    at_chain: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the channel is looked at and closed there."""
    closed: float | None = None
    """When it was seen to be closed on chain."""
    looked: float = 0.0
    _held: int = 0

    def __post_init__(self) -> None:
        self.done.update(self.tills.kept(self.id))
        self.memory.kept += sum(self.done.values())

    @property
    def over(self) -> bool:
        return self.ending or self.closed is not None

    # In memory

    def add_module(self, code: bytes) -> None:
        """Raises BadPeer."""
        module = Module(code)
        if module.digest.hex() not in self.modules:
            self._hold(len(code))
            self.modules[module.digest.hex()] = module

    def queue(self, task: WaitingTask) -> None:
        """Raises BadPeer."""
        if len(self.waiting) >= MOST_QUEUED:
            raise BadPeer(f"more than {MOST_QUEUED} tasks wait")
        self._hold(task.size)
        self.waiting.append(task)

    def next_task(self) -> WaitingTask:
        task = self.waiting.popleft()
        self._let_go(task.size)
        return task

    def drop_waiting(self) -> None:
        while self.waiting:
            self.next_task()

    def part(self) -> None:
        """The connection is gone: on the next one, all is sent again."""
        self.secure = None
        self.waiting.clear()
        self.modules.clear()
        self._let_go(self._held)

    def _hold(self, size: int) -> None:
        if self._held + size > MOST_HELD:
            raise BadPeer(f"code and waiting tasks have more than {MOST_HELD:,} bytes")
        self.memory.take(size)
        self._held += size

    def _let_go(self, size: int) -> None:
        self._held -= size
        self.memory.give(size)

    # On the disk

    def bill(self, key: str, units: int, result: Message) -> None:
        """A result, and that it is owed, in one. Raises DatabaseFailed: neither."""
        till = replace(self.till, units=self.till.units + units)
        size = self.tills.keep(self.id, self.record, till, key, result)
        self.till.units = till.units
        self.done[key] = size
        self.memory.kept += size
        while len(self.done) > 1 and (
            len(self.done) > MOST_QUEUED
            or sum(self.done.values()) > MOST_KEPT
            or self.memory.kept > MOST_KEPT_BY_ALL
        ):
            oldest, size = self.done.popitem(last=False)
            self.tills.drop(self.id, oldest)
            self.memory.kept -= size

    def drop_results(self) -> None:
        """The requester has them all."""
        if self.done:
            self.memory.kept -= sum(self.done.values())
            self.done.clear()
            self.tills.drop(self.id)
