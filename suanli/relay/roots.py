"""Stores on IPFS beside a relay, which is the place where roots of large blobs are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suanli.relay.client import RelayClient
from suanli.relay.errors import RelayError
from suanli.relay.several import Relays
from suanli.store import StoreUnavailable, cid_of
from suanli.store.ipfs import IpfsStore


class RelayRoots:
    """A `suanli.store.ipfs.Roots`."""

    def __init__(self, relay: RelayClient | Relays) -> None:
        self._relay = relay

    def tell(self, digest: bytes, root: str) -> None:
        with _away():
            self._relay.tell_root(cid_of(digest), root)

    def find(self, digest: bytes) -> list[str]:
        with _away():
            return self._relay.roots(cid_of(digest))


@contextmanager
def _away() -> Iterator[None]:
    try:
        yield
    except RelayError as error:
        raise StoreUnavailable(str(error)) from error


def ipfs_store(where: str, relay: RelayClient | Relays, folder: Path) -> IpfsStore:
    """`folder`: in which is kept what was pinned. Raises BadPlace, StoreUnavailable."""
    return IpfsStore(where, RelayRoots(relay), folder / "pins.sqlite")
