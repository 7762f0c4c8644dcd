"""Content-addressed blobs: CIDv1, raw codec, sha2-256.

`Store` is what a store must do. Data is checked on its way in and out: whoever asks for a digest
gets exactly those bytes or an error that names them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from suanli.base.errors import SuanliError

MAX_BLOB = 1 << 30
"""Bytes in a blob, unless a store is told another limit."""
SMALL = 64 << 10
"""Bytes of a blob up to which it travels with others."""
TOGETHER, _TOGETHER_BYTES = 1_000, 4 << 20
"""Blobs that go together, and about how many bytes."""

# version 1, codec raw, hash sha2-256 of 32 bytes: https://github.com/multiformats/cid
_CID_PREFIX = bytes([0x01, 0x55, 0x12, 0x20])
CID_FORM = re.compile(r"b[a-z2-7]{58}")


class StoreError(SuanliError):
    """Root of the errors of stores."""


class InvalidCid(StoreError):
    """Text that is no CIDv1 of a raw sha2-256 blob."""


class BlobError(StoreError):
    """Something is wrong with one blob, named by `digest` (32 bytes)."""

    def __init__(self, digest: bytes, problem: str) -> None:
        self.digest = digest
        super().__init__(f"blob {cid_of(digest)}: {problem}")


class BlobMissing(BlobError):
    """The store does not have it."""


class BlobCorrupt(BlobError):
    """The bytes have another digest."""


class BlobElsewhere(BlobCorrupt):
    """One of the store's places has other bytes; another may have the right ones: ask anew."""


class BlobBlocked(BlobError):
    """Something that is no blob is in its place, or the place may not be written."""


class BlobTooLarge(StoreError):
    """More bytes than the limit of the store, or of the one who asked."""


class StoreFull(StoreError):
    """The store's limit on all blobs together, or the disk."""


class StoreUnavailable(StoreError):
    """The store can't be read or written; the message has the system's reason."""


def cid_of(digest: bytes) -> str:
    """The CID (59 characters, base32) of a blob with this sha2-256 digest."""
    if len(digest) != 32:
        raise InvalidCid(f"a sha2-256 digest has 32 bytes, not {len(digest)}")
    raw = base64.b32encode(_CID_PREFIX + digest).decode("ascii")
    return "b" + raw.lower().rstrip("=")


def digest_of(cid: str) -> bytes:
    """The sha2-256 digest in a CID.

    Raises:
        InvalidCid: another version, codec, hash or base; not the canonical spelling.
    """
    if CID_FORM.fullmatch(cid):
        raw = base64.b32decode(cid[1:].upper() + "======")
        if raw.startswith(_CID_PREFIX) and cid_of(raw[4:]) == cid:
            return raw[4:]
    raise InvalidCid(f"not a CIDv1 of a raw sha2-256 blob: {cid[:80]!r}")


class Store(Protocol):
    """Blobs by sha2-256 digest (32 bytes).

    All methods raise `StoreUnavailable` when the store can't be reached.
    """

    def put(self, data: bytes | Iterable[bytes], digest: bytes | None = None) -> bytes:
        """Keep a blob, given whole or in pieces; returns its digest. All or nothing.

        Raises:
            BlobCorrupt: the data has another digest than the one given.
            BlobBlocked: this blob can't be kept, others can.
            BlobTooLarge, StoreFull: nothing was kept.
        """

    def get(self, digest: bytes, limit: int = MAX_BLOB) -> bytes:
        """The whole blob, checked.

        Raises:
            BlobMissing, BlobCorrupt: no such blob, or damaged.
            BlobTooLarge: it has more than `limit` bytes.
        """

    def stream(self, digest: bytes, start: int = 0) -> Iterator[bytes]:
        """The blob in pieces. The last piece comes only once all were checked. Raises as `get`.

        Without its first `start` bytes only who has those can check it: it comes unchecked.
        """

    def has(self, digest: bytes) -> bool:
        """Whether it is there, in any place; damage shows only on reading."""

    def put_many(self, blobs: Mapping[bytes, bytes]) -> None:
        """Keep blobs by their digests, whole. If one can't be kept, others may be.

        Raises: as `put`.
        """

    def get_many(self, digests: Sequence[bytes], limit: int = SMALL) -> dict[bytes, bytes]:
        """Those of the blobs that came and are right, of at most `limit` bytes each; what is wrong
        with the others, `get` tells."""

    def missing(self, digests: Sequence[bytes]) -> set[bytes]:
        """Those that are not there, or not in all places of the store; damage shows only on
        reading."""


def together(blobs: Iterable[tuple[bytes, bytes]]) -> Iterator[dict[bytes, bytes]]:
    """Digests and blobs in batches, of which one at a time is in memory."""
    batch: dict[bytes, bytes] = {}
    size = 0
    for digest, data in blobs:
        batch[digest] = data
        size += len(data)
        if size > _TOGETHER_BYTES or len(batch) >= TOGETHER:
            yield batch
            batch, size = {}, 0
    if batch:
        yield batch
