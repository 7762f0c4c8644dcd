"""A blob from its blocks: each is checked on arrival, and the whole by its digest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from suanli.store.base import BlobCorrupt, BlobMissing, BlobTooLarge, StoreUnavailable, cid_of
from suanli.store.ipfs.dag import DAG_PB, RAW, BadBlock, Cid, Link, decode

GRACE, SLOWEST = 60.0, 16 << 10
"""Seconds that a blob may take, and bytes a second that it must bring beyond these."""
_DEEPEST = 8
"""Levels of a tree: with 174 links each, far above what a blob may have."""
Block = Callable[[Cid], bytes]


class NoFile(BlobCorrupt):
    """Right blocks that make no file."""


def pieces(
    digest: bytes,
    root: Cid,
    block: Block,
    limit: int,
    start: int = 0,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[bytes]:
    """The bytes under a root from `start` on, in order, one block at a time. Each block is right,
    and as large as the ones above it say; whether all together are the blob, its digest tells.

    Raises:
        BlobMissing, StoreUnavailable: as `block`; StoreUnavailable, too, if it is too slow.
        BlobCorrupt: as `block`; NoFile: the root is of something else.
        BlobTooLarge: of more than `limit` bytes.
    """
    todo: list[tuple[Link | None, int]] = [(None, 0)]
    brought, at, waited = 0, 0, 0.0
    while todo:
        link, depth = todo.pop()
        if link is not None and at + link.size <= start:
            at += link.size
            continue
        asked = monotonic()
        found = _block(digest, link.cid if link else root, block)
        waited += monotonic() - asked
        if waited > GRACE + brought / SLOWEST:
            raise StoreUnavailable(
                f"blob {cid_of(digest)}: less than {SLOWEST >> 10} KiB a second come: try again"
            )
        data, below = _opened(digest, link.cid if link else root, found)
        size = len(data) + sum(inner.size for inner in below)
        if (link is not None and size != link.size) or depth > _DEEPEST:
            raise NoFile(digest, "what is told to be it is no file")
        if link is None and size > limit:
            raise BlobTooLarge(f"blob {cid_of(digest)}: it has more than {limit} bytes")
        if piece := data[max(0, start - at) :]:
            brought += len(piece)
            yield piece
        at += len(data)
        todo += [(inner, depth + 1) for inner in reversed(below)]


def _opened(digest: bytes, cid: Cid, block: bytes) -> tuple[bytes, list[Link]]:
    if cid.codec == RAW:
        return block, []
    assert cid.codec == DAG_PB
    try:
        return decode(block)
    except BadBlock as error:
        raise NoFile(digest, f"what is told to be it is no file: {error}") from error


def _block(digest: bytes, cid: Cid, block: Block) -> bytes:
    try:
        return block(cid)
    except (BlobMissing, BlobCorrupt) as error:
        if cid.digest == digest:
            raise
        raise type(error)(digest, f"of its blocks, {error}") from error
