"""The store's port: putting what tasks left where requesters can fetch it."""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from suanli.base.parallel import side_by_side
from suanli.engine import MAX_PATH_BYTES
from suanli.job import INLINE, MAX_FILES, OutputRecord
from suanli.miner.sealing import Seals
from suanli.protocol import SALT_BYTES, Claim, Leaf, Signed, encode_leaves, signed_to_json
from suanli.store import (
    SMALL,
    TOGETHER,
    BlobError,
    BlobMissing,
    BlobTooLarge,
    DirectoryStore,
    InvalidCid,
    Pieces,
    SealingStore,
    Store,
    StoreFull,
    StoreUnavailable,
    together,
)

log = logging.getLogger("suanli.miner")
LARGEST_RECORD = MAX_FILES * (6 * MAX_PATH_BYTES + 256) + 2 * INLINE
"""Bytes: a path's byte takes six at most in canonical JSON, a reference less than 256, what stands
in the record itself less than twice its size."""
MOST_GIVEN_UP = 10_000
"""Deals that are remembered so: one that is forgotten is tried once more."""
CONNECTIONS = 4
"""By which large blobs go side by side."""
REFUSED = (BlobError, BlobTooLarge, InvalidCid)
"""What is wrong with one blob, not with the store."""


class StorePort:
    """Puts outputs into the requesters' store. `claims`: a folder for them, where the store is
    a folder too. `jurors`: another store, where jurors look who can't reach the first. `seals`: of
    deals whose results are sealed to their requesters."""

    def __init__(
        self,
        local: DirectoryStore,
        remote: Store,
        claims: Path | None,
        jurors: Store | None = None,
        seals: Seals | None = None,
    ) -> None:
        self._local, self._remote, self.claims = local, remote, claims
        self._jurors, self._seals = jurors, seals
        self._given_up: set[bytes] = set()

    def put_outputs(self, tasks: Sequence[tuple[bytes, Leaf]]) -> list[tuple[bytes, Leaf]]:
        """Of tasks, by deal and leaf, the record of the outputs and all that it names; returns
        those of which all is there. Others are lost here, or the requesters' store takes other
        blobs, but not theirs: their deals are given up, and the results go to the chain without
        being listed.

        Raises:
            BlobError, BlobTooLarge: of one of several; others may be there.
            StoreError: the requesters' store is away or full.
        """
        found = [(deal, leaf, self._digests(deal, leaf)) for deal, leaf in tasks]
        by_target: dict[int, tuple[Store, dict[bytes, None]]] = {}
        for deal, _, digests in found:
            target = self._target(deal)
            by_target.setdefault(id(target), (target, {}))[1].update(dict.fromkeys(digests))
        try:
            for target, wanted in by_target.values():
                self._upload(target, list(wanted))
        except REFUSED as error:
            if len(tasks) > 1:
                raise
            self._give_up(tasks[0][0], f"the requesters' store refuses it: {error}")
            return []
        return [(deal, leaf) for deal, leaf, digests in found if digests]

    def put_leaves(self, deal: bytes, leaves: Sequence[Leaf]) -> bool:
        """Whether it is there; if not, the deal is given up.

        Raises:
            StoreError: the requesters' store is away or full.
        """
        try:
            target = self._target(deal)
            target.put(encode_leaves(leaves))
            if isinstance(target, SealingStore) and self._seals is not None:
                self._seals.finish(deal, target)
        except REFUSED as error:
            self._give_up(deal, f"the requesters' store refuses it: {error}")
            return False
        return True

    def serve(
        self, deal: bytes, needs: Sequence[bytes], leaves: Sequence[Leaf], openly: bool = True
    ) -> list[int]:
        """Put there what is not there any more: `needs` for everybody, the list of leaves and all
        that the tasks left for everybody, too, or not `openly`, if the deal is sealed. Returns the
        tasks of which something is neither there nor here.

        Raises:
            StoreError: the requesters' store is away or full.
        """
        self._bring_back(deal, needs)
        target = self._remote if openly else self._target(deal)
        jurors = None if isinstance(target, SealingStore) else self._jurors
        for store in filter(None, (target, jurors)):
            with suppress(*REFUSED):
                store.put(encode_leaves(leaves))
        lost = []
        for begin in range(0, len(leaves), TOGETHER):
            some = leaves[begin : begin + TOGETHER]
            gone = self._bring_back(deal, [leaf.digest for leaf in some], target)
            records = {leaf.index: self._refs(leaf) for leaf in some if leaf.digest not in gone}
            wanted = [digest for refs in records.values() for digest in refs or ()]
            gone |= self._bring_back(deal, list(dict.fromkeys(wanted)), target)
            for leaf in some:
                refs = records.get(leaf.index)
                if refs is None or gone & {leaf.digest, *refs}:
                    lost.append(leaf.index)
        return lost

    def _target(self, deal: bytes) -> Store:
        sealed = self._seals.target(deal) if self._seals is not None else None
        return sealed or self._remote

    def _bring_back(
        self, deal: bytes, digests: Sequence[bytes], target: Store | None = None
    ) -> set[bytes]:
        """Those that are neither there nor here."""
        target = target or self._remote
        absent = target.missing(list(digests)) if digests else set()
        gone = self._local.missing(list(absent)) if absent else set()
        try:
            self._upload(target, [digest for digest in digests if digest in absent - gone])
        except REFUSED as error:
            log.error("data of 0x%s can't be served: %s", deal.hex()[:8], error)
        if self._jurors is not None and not isinstance(target, SealingStore):
            self._show_jurors(deal, [digest for digest in digests if digest not in gone])
        return gone

    def _show_jurors(self, deal: bytes, digests: Sequence[bytes]) -> None:
        assert self._jurors is not None
        try:
            for digest in self._jurors.missing(list(digests)) if digests else ():
                source = self._local if self._local.has(digest) else self._remote
                self._jurors.put(source.stream(digest), digest)
        except (*REFUSED, StoreFull) as error:
            log.error("jurors can't be shown the data of 0x%s: %s", deal.hex()[:8], error)

    def _refs(self, leaf: Leaf) -> list[bytes] | None:
        """All that a record names, wherever the record is; None: it is nowhere."""
        for store in (self._local, self._remote):
            with suppress(*REFUSED, BlobMissing, ValueError):
                blob = store.get(leaf.digest, LARGEST_RECORD)
                refs = OutputRecord.decode(blob[SALT_BYTES:], LARGEST_RECORD).refs
                return [ref.digest for ref in refs]
        return None

    def show(self, signed: Signed[Claim]) -> bool:
        """Put a signed claim into their folder; False if there is none, or no place there.

        Raises:
            StoreUnavailable: the folder can't be written.
        """
        if self.claims is None:
            return False
        # Others may write there, too: an open name could lead anywhere.
        part = self.claims / f"{secrets.token_hex(16)}.new"
        try:
            self.claims.mkdir(parents=True, exist_ok=True)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
            with open(handle, "w") as file:
                json.dump(signed_to_json(signed), file)
        except OSError as error:
            _remove(part)
            raise StoreUnavailable(f"the folder of claims can't be written: {error}") from error
        request = f"0x{signed.message.request.hex()}"
        try:
            part.replace(self.claims / f"{request}.json")
        except OSError as error:
            _remove(part)
            log.error("the result of %s can't be shown: %s", request, error)
            return False
        return True

    def _upload(self, target: Store, digests: Sequence[bytes]) -> None:
        large = {digest for digest in digests if self._local.size(digest) > SMALL}
        failed = side_by_side(
            lambda digest: target.put(Pieces(self._local, digest), digest), large, CONNECTIONS
        )
        for error in failed.values():
            raise error
        small = (digest for digest in digests if digest not in large)
        for some in together((digest, self._local.get(digest)) for digest in small):
            target.put_many(some)

    def _give_up(self, deal: bytes, why: str) -> None:
        if len(self._given_up) >= MOST_GIVEN_UP:
            self._given_up.clear()
        self._given_up.add(deal)
        log.error("outputs of 0x%s can't be uploaded, others can: %s", deal.hex()[:8], why)

    def _digests(self, deal: bytes, leaf: Leaf) -> list[bytes]:
        """Of all blobs of a task's outputs, the record last; none if its deal is given up."""
        if deal in self._given_up:
            return []
        try:
            blob = self._local.get(leaf.digest, LARGEST_RECORD)
            refs = OutputRecord.decode(blob[SALT_BYTES:], LARGEST_RECORD).refs
        except (BlobError, BlobTooLarge, ValueError) as error:
            self._give_up(deal, f"the outputs of a task can't be read: {error}")
            return []
        digests = [*dict.fromkeys(ref.digest for ref in refs), leaf.digest]
        if missing := self._local.missing(digests):
            self._give_up(deal, f"blob {min(missing).hex()} is missing here")
            return []
        return digests


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
