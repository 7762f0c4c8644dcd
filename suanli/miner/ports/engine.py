"""The engine's port: running tasks, and keeping what they leave."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import CancelledError, Future

from suanli.daemon import Lane, LaneBatch
from suanli.engine import EngineError, Executors, Result
from suanli.job import Outputs
from suanli.miner.core import Observation, TaskDone, TaskFailed
from suanli.miner.holdings import Holdings
from suanli.miner.ports.data import Data
from suanli.protocol import JobError, Leaf, salted_digest
from suanli.store import BlobTooLarge, DirectoryStore, StoreError, StoreFull

log = logging.getLogger("suanli.miner")
Finished = tuple[bytes, int, bytes, Future[Result]]
"""Deal, task, the job's salt, and what came of it."""


class EnginePort:
    """Tasks are prepared in the lane `feed`, their results kept in the lane `keep`, as long as
    the deal is `needed`."""

    def __init__(
        self,
        data: Data,
        local: DirectoryStore,
        executors: Executors,
        holdings: Holdings,
        *,
        keep: Lane,
        needed: Callable[[bytes], bool],
        now: Callable[[], int],
        post: Callable[[Observation], None],
    ) -> None:
        self._data, self._local, self._executors, self._holdings = data, local, executors, holdings
        self._needed, self._now, self._post = needed, now, post
        self._finished = LaneBatch(keep, self._keep, (StoreFull, BlobTooLarge))
        self.closing = False

    def run(self, deal: bytes, job: bytes, index: int) -> None:
        """Start a task; a TaskDone or TaskFailed follows."""
        try:
            salt, runtime, task = self._data.task(job, index)
            future = self._executors.of(runtime).submit(task)
        except (EngineError, StoreError, JobError) as error:
            self._failed(deal, index, error)
            return
        except Exception as error:  # nothing in strangers' data ends the daemon
            log.exception("task %d of 0x%s can't be prepared", index, deal.hex()[:8])
            self._failed(deal, index, error)
            return
        future.add_done_callback(lambda done: self._finished.put((deal, index, salt, done)))

    def _keep(self, finished: Sequence[Finished]) -> None:
        """On the disk before it is told of: a deal is paid for what can be handed over."""
        events: list[Observation] = []
        blobs: dict[bytes, bytes] = {}
        owned: dict[bytes, dict[int, Collection[bytes]]] = {}
        for deal, index, salt, done in finished:
            try:
                result = done.result()
                if not self._needed(deal):  # it would only wait for room, before what is needed
                    raise EngineError("the deal is over")
            except (EngineError, CancelledError) as error:
                if not self.closing:
                    events.append(self._failure(deal, index, error))
                continue
            outputs = Outputs.of(result, salt)
            blobs |= {digest: salt + data for digest, data in outputs.plaintexts.items()}
            owned.setdefault(deal, {})[index] = outputs.plaintexts
            digest = salted_digest(salt, outputs.record)
            leaf = Leaf(index, result.outcome.code, digest, result.units)
            events.append(TaskDone(self._now(), deal, leaf))
        for deal, outputs_of in owned.items():
            self._holdings.own_outputs(deal, outputs_of)
        try:
            self._local.put_many(blobs)
        except BlobTooLarge as error:
            if len(finished) > 1:
                raise
            events = [self._failure(*finished[0][:2], error)]
        for event in events:
            self._post(event)

    def _failed(self, deal: bytes, index: int, error: BaseException) -> None:
        self._post(self._failure(deal, index, error))

    def _failure(self, deal: bytes, index: int, error: BaseException) -> Observation:
        return TaskFailed(self._now(), deal, index, str(error) or type(error).__name__)
