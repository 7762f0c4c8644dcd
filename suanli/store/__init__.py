"""Content-addressed blobs, and where they are kept."""

from suanli.store.base import (
    MAX_BLOB,
    SMALL,
    TOGETHER,
    BlobBlocked,
    BlobCorrupt,
    BlobElsewhere,
    BlobError,
    BlobMissing,
    BlobTooLarge,
    InvalidCid,
    Store,
    StoreError,
    StoreFull,
    StoreUnavailable,
    cid_of,
    digest_of,
    together,
)
from suanli.store.directory import (
    CHUNK,
    Arrival,
    DirectoryStore,
)
from suanli.store.fetching import fetch
from suanli.store.files import free_bytes, open_regular
from suanli.store.sealed import Pieces, SealingStore, UnsealingStore, open_envelope

__all__ = [
    "CHUNK",
    "MAX_BLOB",
    "SMALL",
    "TOGETHER",
    "Arrival",
    "BlobBlocked",
    "BlobCorrupt",
    "BlobElsewhere",
    "BlobError",
    "BlobMissing",
    "BlobTooLarge",
    "DirectoryStore",
    "InvalidCid",
    "Pieces",
    "SealingStore",
    "Store",
    "StoreError",
    "StoreFull",
    "StoreUnavailable",
    "UnsealingStore",
    "cid_of",
    "digest_of",
    "fetch",
    "free_bytes",
    "ipfs",
    "open_envelope",
    "open_regular",
    "together",
]
