"""What a relay keeps and for how long, in one line for people."""

from __future__ import annotations

from suanli.relay.server.board import Bounds
from suanli.store import DirectoryStore

KEEP_BLOBS = 7 * 86_400
"""Seconds after which a blob is deleted, unless it was put again or asked for."""


def keeps(bounds: Bounds, store: DirectoryStore, keep_blobs: float = KEEP_BLOBS) -> str:
    size = f"blobs of up to {_gib(store.max_blob)}"
    if store.max_bytes is not None:
        size += f", {_gib(store.max_bytes)} in all"
    return (
        f"keeps requests and what is said on them {_days(bounds.keep)} after their deal's deadline,"
        f" {size}, {_days(keep_blobs)} after they were last put or asked for"
    )


def _days(seconds: float) -> str:
    return f"{seconds / 86_400:g} days"


def _gib(size: int) -> str:
    return f"{size / 2**30:.4g} GiB"
