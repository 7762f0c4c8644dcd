"""The daemon's way to the data of cases: fetched, checked, run; and given on to others."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from suanli.engine import Tracers
from suanli.juror.core import Dispute, Vote
from suanli.protocol import Claim, leaf_hash
from suanli.store import (
    MAX_BLOB,
    SMALL,
    BlobMissing,
    DirectoryStore,
    Store,
    StoreError,
    StoreUnavailable,
)
from suanli.verify import DataMissing, Disputed, Fetching, run_disputed

T = TypeVar("T")
MOST_CLAIMS = 8
"""Tried of a result."""
LEFT_FREE = 64 << 20
"""Bytes on the disk, for the journal."""
LEAST_SECONDS = 5.0
"""For a run, however late it is."""


class Evidence:
    """What cases need, each in a folder of its own, of at most `most_bytes` together. `stores`:
    where requesters and miners put it; `claims`: what miners say of a request's result; `runtime`:
    the id of the one that a request names. Threads may share it."""

    def __init__(
        self,
        folder: Path,
        stores: Sequence[Store],
        claims: Callable[[bytes], Sequence[Claim]],
        runtime: Callable[[int, int], bytes],
        executors: Tracers,
        *,
        most_input: int,
        most_bytes: int,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._folder, self._stores, self._claims = folder, stores, claims
        self._runtime, self._executors, self._sleep = runtime, executors, sleep
        self._most_input, self._most_bytes = most_input, most_bytes

    def vote_on(self, case: bytes, dispute: Dispute, seconds: float) -> Vote:
        """Raises DataMissing, NotRunnable, ChainError."""
        request = dispute.request
        claims = self._claims_of(dispute) if dispute.withheld else ()
        disputed = Disputed(
            request, self._runtime(request.resource, request.runtime), dispute.task, claims
        )
        kept = self._kept(case)
        fetching = Fetching(AnyStore(self._stores), kept, self._sleep)
        found = run_disputed(
            disputed,
            dispute.nonce,
            fetching,
            self._executors,
            most_input=self._most_input,
            seconds=max(seconds, LEAST_SECONDS),
        )
        self._give_on(kept)
        return Vote(leaf_hash(found.leaf), found.trace)

    def forget(self, case: bytes) -> None:
        """The data of a case is needed no longer."""
        shutil.rmtree(self._folder / case.hex(), ignore_errors=True)

    def tidy(self, needed: set[bytes]) -> None:
        """Forget all cases but these."""
        with suppress(FileNotFoundError):
            for path in self._folder.iterdir():
                if path.name not in {case.hex() for case in needed}:
                    shutil.rmtree(path, ignore_errors=True)

    def _kept(self, case: bytes) -> DirectoryStore:
        """With the room that other cases leave."""
        own = self._folder / case.hex()
        others = [path for path in own.parent.glob("*") if path != own]
        taken = sum(DirectoryStore(path).used for path in others)
        left = max(self._most_bytes - taken, 0)
        return DirectoryStore(own, max_bytes=left, min_free=LEFT_FREE)

    def _claims_of(self, dispute: Dispute) -> list[Claim]:
        """Of the result that is disputed: the miner's own first, few of others, who may lie."""
        wanted = dispute.root, dispute.units_used
        found = {
            claim.leaves: claim
            for claim in self._claims(dispute.id)
            if (claim.root, claim.units_used) == wanted
        }
        if not found:
            raise DataMissing("the miner's list of leaves is not known to any relay or store")
        return sorted(found.values(), key=lambda claim: claim.miner != dispute.miner)[:MOST_CLAIMS]

    def _give_on(self, kept: DirectoryStore) -> None:
        """Whoever looks in one store, or at one of its places, finds what was only in another."""
        digests = list(kept)
        for store in self._stores:
            with suppress(StoreError):
                for digest in store.missing(digests):
                    store.put(kept.stream(digest), digest)


class AnyStore:
    """Several stores as one to read from: what one lacks, or while it is away, another may have."""

    def __init__(self, stores: Sequence[Store]) -> None:
        self._stores = stores

    def put(self, data: object, digest: bytes | None = None) -> bytes:
        raise StoreUnavailable("several stores are read from only")

    def put_many(self, blobs: object) -> None:
        raise StoreUnavailable("several stores are read from only")

    def get(self, digest: bytes, limit: int = MAX_BLOB) -> bytes:
        return self._first(digest, lambda store: store.get(digest, limit))

    def stream(self, digest: bytes, start: int = 0) -> Iterator[bytes]:
        def begun(store: Store) -> tuple[bytes | None, Iterator[bytes]]:
            pieces = iter(store.stream(digest, start))
            return next(pieces, None), pieces

        first, rest = self._first(digest, begun)
        if first is not None:
            yield first
            yield from rest

    def has(self, digest: bytes) -> bool:
        return not self.missing([digest])

    def get_many(self, digests: Sequence[bytes], limit: int = SMALL) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        away: StoreError | None = None
        for store in self._stores:
            wanted = [digest for digest in digests if digest not in found]
            try:
                found |= store.get_many(wanted, limit) if wanted else {}
            except StoreError as error:
                away = error
        if away is not None and not found:
            raise away
        return found

    def missing(self, digests: Sequence[bytes]) -> set[bytes]:
        left = set(digests)
        for store in self._stores:
            left = {digest for digest in store.missing(list(left)) if not store.has(digest)}
        return left

    def _first(self, digest: bytes, ask: Callable[[Store], T]) -> T:
        """Of what is wrong, what may pass is told rather than what does not."""
        failed: StoreError = BlobMissing(digest, "no store has it")
        for store in self._stores:
            try:
                return ask(store)
            except StoreError as error:
                if not isinstance(failed, StoreUnavailable):
                    failed = error
        raise failed
