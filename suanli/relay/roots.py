"""Stores on IPFS beside a relay, which is the place where roots of large blobs are told."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from suanli.relay.client import RelayClient
from suanli.relay.errors import RelayError
from suanli.store import StoreUnavailable, cid_of
from suanli.store.ipfs import IpfsStore

T = TypeVar("T")


class RelayRoots:
    """A `suanli.store.ipfs.Roots`; of several relays one that answers is enough."""

    def __init__(self, *relays: RelayClient) -> None:
        self._relays = relays

    def tell(self, digest: bytes, root: str) -> None:
        self._ask(lambda relay: relay.tell_root(cid_of(digest), root))

    def find(self, digest: bytes) -> list[str]:
        found = self._ask(lambda relay: relay.roots(cid_of(digest)))
        # The likeliest of each before the others.
        ranked = itertools.zip_longest(*found)
        return list(dict.fromkeys(root for roots in ranked for root in roots if root))

    def _ask(self, ask: Callable[[RelayClient], T]) -> list[T]:
        found, failed = [], None
        for relay in self._relays:
            try:
                found.append(ask(relay))
            except RelayError as error:
                failed = error
        if failed is not None and not found:
            raise StoreUnavailable(str(failed)) from failed
        return found


def ipfs_store(where: str, relay: RelayClient, folder: Path) -> IpfsStore:
    """`folder`: in which is kept what was pinned. Raises BadPlace, StoreUnavailable."""
    return IpfsStore(where, RelayRoots(relay), folder / "pins.sqlite")
