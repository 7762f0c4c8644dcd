"""The engine's port where that is a cluster: which machines there are, and what work they do."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

from suanli.engine.cluster import Cluster, Machine
from suanli.miner.core import MachinesSeen
from suanli.miner.staking import an_hours_work

log = logging.getLogger("suanli.miner")
MEMORY = 600.0
"""Seconds for which what is sold does not shrink after a machine was lost: each offer costs gas,
and most machines come back. Whether a deal can be done in time goes by those that are there."""


class ClusterPort:
    """`cluster` is what runs tasks; `away`: why its scheduler can't be reached, or ""."""

    def __init__(
        self,
        address: str,
        runtimes: Sequence[bytes],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self.machines: Sequence[Machine] = ()
        self._speed = 0.0
        self._past: deque[tuple[float, int]] = deque()
        self._told: MachinesSeen | None = None
        self.away = ""
        self.cluster = Cluster(
            address,
            runtimes,
            measured=True,
            tell=lambda text: log.warning("%s", text),
            outage=self._outage,
            changed=self._changed,
        )

    def look(self, now: int) -> MachinesSeen | None:
        """What is there, if it is not as it was told."""
        seen = self.seen(now)
        before, self._told = self._told, seen
        if before is not None and _what(before) == _what(seen):
            return None
        return seen

    def seen(self, now: int) -> MachinesSeen:
        machines = self.machines
        workers = sum(one.places for one in machines)
        if machines:
            self._speed = min(one.speed for one in machines)
        return MachinesSeen(now, workers, self._speed, self._capacity(workers))

    def _capacity(self, workers: int) -> int:
        """Units that the most machines of late do in an hour; 0 if there were none."""
        at = self._monotonic()
        work = an_hours_work(self._speed, workers) if workers else 0
        while self._past and (self._past[-1][1] <= work or self._past[0][0] < at - MEMORY):
            if self._past[-1][1] <= work:
                self._past.pop()
            else:
                self._past.popleft()
        self._past.append((at, work))
        return self._past[0][1]

    def _outage(self, why: str) -> None:
        self.away = why

    def _changed(self, machines: Sequence[Machine]) -> None:
        self.machines = tuple(machines)
        log.info("of the cluster are used: %s", shown(machines))


def shown(machines: Sequence[Machine]) -> str:
    """How many there are, and how much they do."""
    places = sum(one.places for one in machines)
    plural = "" if len(machines) == 1 else "s"
    tasks = "1 task" if places == 1 else f"{places:,} tasks"
    return f"{len(machines):,} machine{plural}, {tasks} at a time"


def _what(seen: MachinesSeen) -> tuple[int, float, int]:
    return seen.workers, seen.speed, seen.capacity
