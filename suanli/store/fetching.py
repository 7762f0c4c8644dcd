"""From one store into another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from suanli.store.base import BlobElsewhere, BlobMissing, Store, StoreUnavailable
from suanli.store.directory import Arrival, DirectoryStore

T = TypeVar("T")


def _simply(act: Callable[[], T]) -> T:
    return act()


def fetch(
    source: Store,
    target: DirectoryStore,
    digest: bytes,
    checked: Callable[[Iterable[bytes]], Iterator[bytes]] = iter,
    kept: Callable[[Callable[[], object]], object] = _simply,
) -> None:
    """Bring a blob from one store into another, from where an earlier try broke off, be it in
    another process. What came then and proves wrong is dropped, and all is asked for anew.

    `checked` passes on all the blob's pieces, or raises; `kept` is around what is written.

    Raises: what `stream` of the source, `put` of the target, `checked` and `kept` raise.
    """
    while not _fetched(source, target, digest, checked, kept):
        pass


def _fetched(
    source: Store,
    target: DirectoryStore,
    digest: bytes,
    checked: Callable[[Iterable[bytes]], Iterator[bytes]],
    kept: Callable[[Callable[[], object]], object],
) -> bool:
    """False: what had come before was wrong."""
    opened: list[Arrival] = []
    kept(lambda: opened.append(target.receive(digest)))
    with opened[0] as arrival:
        begun = arrival.begun
        pieces = checked(arrival.pieces(source))
        while True:
            try:
                piece = next(pieces, None)
            except (StoreUnavailable, BlobMissing):
                raise
            except BlobElsewhere:
                arrival.drop()
                return False
            except Exception:
                arrival.drop()
                if begun:
                    return False
                raise
            if piece is None:
                break
            kept(lambda piece=piece: arrival.write(piece))  # type: ignore[misc]
        kept(lambda: arrival.keep(digest))
    return True
