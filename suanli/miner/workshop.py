"""Running tasks, keeping what they leave, and putting it where requesters can fetch it."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from pathlib import Path

from suanli.engine import EngineError, Executor, Result
from suanli.engine.task import MAX_PATH_BYTES
from suanli.job.bounds import MAX_FILES
from suanli.job.digests import SALT_BYTES, salted_digest
from suanli.job.errors import JobError
from suanli.job.outputs import INLINE, Outputs, Record
from suanli.job.tree import Leaf, encode_leaves
from suanli.miner import messages as m
from suanli.miner.fetch import Data
from suanli.miner.holdings import Holdings
from suanli.miner.lane import Lane
from suanli.relay import Result as SignedResult
from suanli.relay import SignedMessage
from suanli.store import (
    BlobError,
    BlobTooLarge,
    DirectoryStore,
    InvalidCid,
    Store,
    StoreError,
    StoreUnavailable,
)

log = logging.getLogger("suanli.miner")
LARGEST_RECORD = MAX_FILES * (6 * MAX_PATH_BYTES + 256) + 2 * INLINE
"""Bytes: a path's byte takes six at most in canonical JSON, a reference less than 256, what stands
in the record itself less than twice its size."""


class Workshop:
    """Tasks are prepared in the lane `feed`, their results kept in the lane `keep`, as long as
    the deal is `needed`."""

    def __init__(
        self,
        data: Data,
        local: DirectoryStore,
        executor: Executor,
        holdings: Holdings,
        *,
        keep: Lane,
        needed: Callable[[bytes], bool],
        now: Callable[[], int],
        post: Callable[[m.Event], None],
    ) -> None:
        self._data, self._local, self._executor, self._holdings = data, local, executor, holdings
        self._keep, self._needed, self._now, self._post = keep, needed, now, post
        self.closing = False

    def run(self, deal: bytes, job: bytes, index: int) -> None:
        """Start a task; a TaskDone or TaskFailed follows."""
        try:
            salt, task = self._data.task(job, index)
            future = self._executor.submit(task)
        except (EngineError, StoreError, JobError) as error:
            self._failed(deal, index, error)
            return
        except Exception as error:  # nothing in strangers' data ends the daemon
            log.exception("task %d of 0x%s can't be prepared", index, deal.hex()[:8])
            self._failed(deal, index, error)
            return
        future.add_done_callback(
            lambda done: self._keep.put(lambda: self._kept(deal, index, salt, done))
        )

    def _kept(self, deal: bytes, index: int, salt: bytes, done: Future[Result]) -> None:
        try:
            result = done.result()
        except (EngineError, CancelledError) as error:
            if not self.closing:
                self._failed(deal, index, error)
            return
        if not self._needed(deal):  # it would only wait for room, before what is needed
            self._failed(deal, index, EngineError("the deal is over"))
            return
        outputs = Outputs.of(result, salt)
        self._holdings.own(deal, outputs.plaintexts)
        try:
            for digest, plaintext in outputs.plaintexts.items():
                self._local.put(salt + plaintext, digest)
        except BlobTooLarge as error:
            self._failed(deal, index, error)
            return
        digest = salted_digest(salt, outputs.record)
        leaf = Leaf(index, result.outcome.code, digest, result.units)
        self._post(m.TaskDone(self._now(), deal, leaf))

    def _failed(self, deal: bytes, index: int, error: BaseException) -> None:
        self._post(m.TaskFailed(self._now(), deal, index, str(error) or type(error).__name__))


class Shelf:
    """Puts outputs into the requesters' store. `board`: a folder for results, where the store is
    a folder too."""

    def __init__(self, local: DirectoryStore, remote: Store, board: Path | None) -> None:
        self._local, self._remote, self.board = local, remote, board
        self._given_up: set[bytes] = set()

    def put_outputs(self, deal: bytes, leaf: Leaf) -> bool:
        """The record of a task's outputs and all that it names; False if they are lost here or the
        requesters' store takes other blobs, but not these: then the deal is given up, and its
        result goes to the chain without being listed.

        Raises:
            StoreError: the requesters' store is away or full.
        """
        if deal in self._given_up:
            return False
        try:
            digests = [*self._parts(leaf.digest), leaf.digest]
        except (BlobError, BlobTooLarge, ValueError) as error:
            return self._give_up(deal, f"the outputs of a task can't be read: {error}")
        for digest in digests:
            if not self._local.has(digest):
                return self._give_up(deal, f"blob {digest.hex()} is missing here")
        return all(self._put(deal, self._local.stream(digest), digest) for digest in digests)

    def put_leaves(self, deal: bytes, leaves: list[Leaf]) -> bool:
        """As `put_outputs`."""
        return self._put(deal, encode_leaves(leaves))

    def show(self, signed: SignedMessage[SignedResult]) -> bool:
        """Put a signed result on the board; False if there is none, or no place there.

        Raises:
            StoreUnavailable: the board can't be written.
        """
        if self.board is None:
            return False
        # Others may write there, too: an open name could lead anywhere.
        part = self.board / f"{secrets.token_hex(16)}.new"
        try:
            self.board.mkdir(parents=True, exist_ok=True)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
            with open(handle, "w") as file:
                file.write(signed.model_dump_json())
        except OSError as error:
            _remove(part)
            raise StoreUnavailable(f"the board of results can't be written: {error}") from error
        try:
            part.replace(self.board / f"{signed.message.request}.json")
        except OSError as error:
            _remove(part)
            log.error("the result of %s can't be shown: %s", signed.message.request, error)
            return False
        return True

    def _put(self, deal: bytes, data: bytes | Iterator[bytes], digest: bytes | None = None) -> bool:
        try:
            self._remote.put(data, digest)
        except (BlobError, BlobTooLarge, InvalidCid) as error:
            return self._give_up(deal, f"the requesters' store refuses it: {error}")
        return True

    def _give_up(self, deal: bytes, why: str) -> bool:
        self._given_up.add(deal)
        log.error("outputs of 0x%s can't be uploaded, others can: %s", deal.hex()[:8], why)
        return False

    def _parts(self, record: bytes) -> list[bytes]:
        blob = self._local.get(record, LARGEST_RECORD)
        refs = Record.decode(blob[SALT_BYTES:], LARGEST_RECORD).refs
        return list(dict.fromkeys(ref.digest for ref in refs))


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
