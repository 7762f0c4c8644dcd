"""Blobs on IPFS as a `suanli.store.Store`.

A blob of up to `LEAF` bytes is a raw block: its CID is the one that all stores print. A larger one
is a UnixFS file, whose root is another hash than its digest: who puts it tells the root (`Roots`),
and who reads it believes none: all bytes below it are hashed, and must have the digest.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from suanli.base.parallel import side_by_side
from suanli.store.base import (
    MAX_BLOB,
    SMALL,
    BlobCorrupt,
    BlobError,
    BlobMissing,
    BlobTooLarge,
    StoreError,
    StoreUnavailable,
    cid_of,
    together,
)
from suanli.store.ipfs.dag import (
    LEAF,
    RAW,
    BadBlock,
    Cid,
    Link,
    cid_of_block,
    read_cid,
    tree,
)
from suanli.store.ipfs.patience import Patience
from suanli.store.ipfs.peers import Peers
from suanli.store.ipfs.pins import Pins, is_whole
from suanli.store.ipfs.reading import NoFile, pieces
from suanli.store.ipfs.sources import EXAMPLE, BlockSource, Gateway, Kubo, parse

AT_ONCE = 8
"""Calls side by side."""
TOGETHER_SECONDS = 90.0
"""After which no more of many blobs are asked for."""
_ROOTS = 16
"""Of a blob that are tried."""


class WrongRoot(StoreUnavailable):
    """A root that was told is of something else: it is not tried again, another one may be."""


class Roots(Protocol):
    """Where the roots of large blobs are told. Raises StoreUnavailable."""

    def tell(self, digest: bytes, root: str) -> None: ...

    def find(self, digest: bytes) -> Sequence[str]:
        """CIDs by whomever, likely ones first; none of them may be right."""


class IpfsStore:
    """`where`: see `parse`. `pins`: the file in which is kept what was pinned on the node."""

    def __init__(
        self,
        where: str,
        roots: Roots,
        pins: Path | str,
        *,
        max_blob: int = MAX_BLOB,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raises BadPlace, StoreUnavailable."""
        node, gateways = parse(where)
        self._roots, self._max_blob = roots, max_blob
        self._node = Kubo(node) if node else None
        self._sources: list[BlockSource] = [*([self._node] if self._node else [])]
        self._sources += map(Gateway, gateways)
        self._pins = Pins(pins, node, clock) if node else None
        self.peers = Peers(self._node, self._pins)
        self._patience = Patience()
        self._wrong: set[tuple[bytes, Cid]] = set()
        self._looked_for_old = float("-inf")
        self._lock = threading.Lock()

    def close(self) -> None:
        for source in self._sources:
            source.close()
        if self._pins is not None:
            self._pins.close()

    def put(self, data: bytes | Iterable[bytes], digest: bytes | None = None) -> bytes:
        """See `Store.put`. It is pinned on the node."""
        node, pins = self._own()
        hasher, leaves = hashlib.sha256(), list[Link]()
        for leaf, last in _leaves([data] if isinstance(data, bytes) else data, self._max_blob):
            hasher.update(leaf)
            cid = cid_of_block(RAW, leaf)
            if last:
                found = _expected(hasher.digest(), digest)
                self._let_old_go()
            node.put({cid: leaf}, pin=last and not leaves)
            leaves.append(Link(cid, len(leaf), len(leaf)))
        root = leaves[0].cid
        for link, block in tree(leaves):
            node.put({link.cid: block}, pin=False)
            root = link.cid
        if len(leaves) > 1:
            node.pin([root])
            pins.note({found: root})
            self._roots.tell(found, str(root))
        else:
            pins.note({found: root})
        return found

    def get(self, digest: bytes, limit: int = MAX_BLOB) -> bytes:
        """See `Store.get`."""
        for _ in range(_ROOTS):
            with suppress(WrongRoot):
                return b"".join(self._checked(digest, limit))
        return b"".join(self._checked(digest, limit))

    def stream(self, digest: bytes, start: int = 0) -> Iterator[bytes]:
        """See `Store.stream`."""
        if not start:
            return self._checked(digest, MAX_BLOB)
        return pieces(digest, self._right_root(digest, MAX_BLOB), self._block, MAX_BLOB, start)

    def has(self, digest: bytes) -> bool:
        """See `Store.has`: whether it is pinned on the node and there or, without a node, what the
        gateways say."""
        if self._pins is not None:
            return not self.missing([digest])
        try:
            self._block(self._right_root(digest, MAX_BLOB))
        except (BlobError, BlobTooLarge):
            return False
        return True

    def put_many(self, blobs: Mapping[bytes, bytes]) -> None:
        """See `Store.put_many`."""
        node, pins = self._own()
        for digest, data in blobs.items():
            if len(data) > SMALL:
                self.put(data, digest)
        small = {digest: data for digest, data in blobs.items() if len(data) <= SMALL}
        for digest, data in small.items():
            _expected(hashlib.sha256(data).digest(), digest)
        if small:
            self._let_old_go()
        for some in together(small.items()):
            named = {Cid(RAW, digest): data for digest, data in some.items()}
            node.put(named, pin=True)
            pins.note({cid.digest: cid for cid in named})

    def get_many(self, digests: Sequence[bytes], limit: int = SMALL) -> dict[bytes, bytes]:
        """See `Store.get_many`."""
        found: dict[bytes, bytes] = {}
        ends = time.monotonic() + TOGETHER_SECONDS

        def get(digest: bytes) -> None:
            if time.monotonic() < ends:
                block = self._block(Cid(RAW, digest))
                if len(block) <= limit:
                    found[digest] = block

        failed = side_by_side(get, dict.fromkeys(digests), AT_ONCE)
        for error in failed.values():
            if not isinstance(error, BlobError):
                raise error
        return found

    def missing(self, digests: Sequence[bytes]) -> set[bytes]:
        """See `Store.missing`: those that are not pinned on the node, or not there. The others are
        kept as if put again."""
        node, pins = self._own()
        wanted = list(dict.fromkeys(digests))
        known = pins.known(wanted)
        there: dict[bytes, Cid] = {}

        def look(digest: bytes) -> None:
            if node.has(known[digest]):
                there[digest] = known[digest]

        for error in side_by_side(look, known, AT_ONCE).values():
            raise error
        try:
            node.pin(list(there.values()))  # or somebody else may have let them go
        except StoreUnavailable:
            return set(wanted)  # some are there in part
        pins.note(there)
        for digest, root in there.items():
            if not is_whole(digest, root):
                self._roots.tell(digest, str(root))
        return set(wanted) - there.keys()

    def unpin(self, digest: bytes) -> bool:
        """Let the node's garbage collector have a blob; whether it was put here."""
        node, pins = self._own()
        root = pins.root(digest)
        if root is None:
            return False
        node.unpin(root)
        pins.forget(digest)
        return True

    def _own(self) -> tuple[Kubo, Pins]:
        if self._node is None or self._pins is None:
            raise StoreUnavailable(
                f"gateways only give: to put blobs, name a node's RPC address, too, as in {EXAMPLE}"
            )
        self.peers.meet()
        return self._node, self._pins

    def _let_old_go(self) -> None:
        """Once an hour."""
        node, pins = self._own()
        with self._lock:
            if time.monotonic() < self._looked_for_old + 3600:
                return
            self._looked_for_old = time.monotonic()
        for digest, root in pins.old().items():
            node.unpin(root)
            pins.forget(digest)

    def _checked(self, digest: bytes, limit: int) -> Iterator[bytes]:
        root = self._right_root(digest, limit)
        hasher, held = hashlib.sha256(), b""
        try:
            for piece in pieces(digest, root, self._block, limit):
                hasher.update(piece)
                if held:
                    yield held
                held = piece
        except (NoFile, BlobTooLarge) as error:
            if self._is_known(digest, root):
                raise
            raise self._is_wrong(digest, root) from error
        if hasher.digest() != digest:
            raise self._is_wrong(digest, root)
        if held:
            yield held

    def _is_wrong(self, digest: bytes, root: Cid) -> WrongRoot:
        self._wrong.add((digest, root))
        return WrongRoot(f"blob {cid_of(digest)}: it is not under {root}, as was told: try again")

    def _is_known(self, digest: bytes, root: Cid) -> bool:
        """By its own digest, or from having put it."""
        return is_whole(digest, root) or (
            self._pins is not None and self._pins.root(digest) == root
        )

    def _right_root(self, digest: bytes, limit: int) -> Cid:
        """What the blob is under. If there are several of those that were told, what is below them
        tells which."""
        known = self._pins.root(digest) if self._pins is not None else None
        if known is not None:
            return known
        whole = Cid(RAW, digest)
        if limit <= LEAF or self._is_here(whole):
            return whole
        told = self._told(digest)
        lost = side_by_side(self._block, told, AT_ONCE)
        there = [root for root in told if root not in lost]
        if len(there) > 1:
            there = [root for root in there if self._is_of(digest, root, limit)]
        return there[0] if there else whole

    def _told(self, digest: bytes) -> list[Cid]:
        found = []
        for text in self._roots.find(digest):
            with suppress(BadBlock):
                root = read_cid(text)
                if root.codec != RAW and (digest, root) not in self._wrong:
                    found.append(root)
        return list(dict.fromkeys(found))[:_ROOTS]

    def _is_of(self, digest: bytes, root: Cid, limit: int) -> bool:
        hasher = hashlib.sha256()
        try:
            for piece in pieces(digest, root, self._block, limit):
                hasher.update(piece)
        except (NoFile, BlobTooLarge):
            hasher.update(b"no file")
        except BlobError:
            return False  # it may come: not among the wrong ones
        if hasher.digest() == digest:
            return True
        self._is_wrong(digest, root)
        return False

    def _is_here(self, cid: Cid) -> bool:
        if self._node is None:
            return False
        with suppress(StoreUnavailable):  # another source may do
            return self._node.has(cid)
        return False

    def _block(self, cid: Cid) -> bytes:
        """From whichever source has it."""
        self.peers.meet()
        asked = time.monotonic()
        try:
            return self._from_any(cid, self._patience.seconds())
        except BlobMissing:
            self._patience.lost(time.monotonic() - asked)
            raise

    def _from_any(self, cid: Cid, seconds: float) -> bytes:
        failed: StoreError = BlobMissing(cid.digest, "there is nowhere to look")
        for source in self._sources:
            try:
                return source.block(cid, seconds)
            except StoreError as error:
                # What one has lost may be had later from one that is away now.
                if not isinstance(failed, StoreUnavailable):
                    failed = error
        raise failed


def _leaves(data: Iterable[bytes], limit: int) -> Iterator[tuple[bytes, bool]]:
    """And whether it is the last one. An empty blob has one, too."""
    held, size = bytearray(), 0
    for chunk in data:
        size += len(chunk)
        if size > limit:
            raise BlobTooLarge(f"a blob may have {limit} bytes in this store")
        held += chunk
        while len(held) > LEAF:
            yield bytes(held[:LEAF]), False
            del held[:LEAF]
    yield bytes(held), True


def _expected(found: bytes, digest: bytes | None) -> bytes:
    if digest is not None and found != digest:
        raise BlobCorrupt(digest, f"the data that came is {cid_of(found)}")
    return found
