"""A relay's blobs as a store."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress

from suanli.relay import batches
from suanli.relay.client import RelayClient
from suanli.relay.errors import RelayBusy, RelayError, RelayLied, RelayRefusal, RelayUnreachable
from suanli.store import (
    MAX_BLOB,
    SMALL,
    BlobCorrupt,
    BlobMissing,
    BlobTooLarge,
    StoreFull,
    StoreUnavailable,
    cid_of,
)

BATCH_SECONDS = 90.0
"""Until a batch of blobs is there, one way or the other: at least 46 KiB a second."""
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before a blob that broke off is asked for again, from where it broke off."""
ENOUGH = 1 << 20
"""Bytes after which the waits begin anew."""
GRACE, SLOWEST = 60.0, 16 << 10
"""Seconds that a blob may take, and bytes a second that it must bring beyond these."""


class HttpStore:
    """The relay's blobs as a `suanli.store.Store`."""

    def __init__(
        self,
        relay: RelayClient,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._relay, self._sleep, self._monotonic = relay, sleep, monotonic

    @property
    def url(self) -> str:
        return self._relay.url

    def put(self, data: bytes | Iterable[bytes], digest: bytes | None = None) -> bytes:
        """See `Store.put`; the digest must be given, or the data whole."""
        if digest is None:
            data = data if isinstance(data, bytes) else b"".join(data)
            digest = hashlib.sha256(data).digest()
        content = data if isinstance(data, bytes) else iter(data)
        try:
            list(self._relay.stream("PUT", _path(digest), 1 << 10, content=content))
        except RelayRefusal as error:
            raise _store_error(error, digest) from error
        except RelayError as error:
            raise StoreUnavailable(str(error)) from error
        return digest

    def get(self, digest: bytes, limit: int = MAX_BLOB) -> bytes:
        """See `Store.get`."""
        return b"".join(self._checked(digest, limit))

    def stream(self, digest: bytes, start: int = 0) -> Iterator[bytes]:
        """See `Store.stream`."""
        return self.rest(digest, start) if start else self._checked(digest, MAX_BLOB)

    def has(self, digest: bytes) -> bool:
        """See `Store.has`."""
        try:
            list(self._relay.stream("HEAD", _path(digest), 0))
        except RelayRefusal as error:
            if error.status == 404:
                return False
            raise StoreUnavailable(str(error)) from error
        except RelayError as error:
            raise StoreUnavailable(str(error)) from error
        return True

    def put_many(self, blobs: Mapping[bytes, bytes]) -> None:
        """See `Store.put_many`."""
        for digest, data in blobs.items():
            if len(data) > SMALL:
                self.put(data, digest)
        small = {digest: data for digest, data in blobs.items() if len(data) <= SMALL}
        for message in batches.packed(small):
            self._batch("PUT", "/v1/blobs", message, 1 << 10)

    def get_many(self, digests: Sequence[bytes], limit: int = SMALL) -> dict[bytes, bytes]:
        """See `Store.get_many`."""
        found: dict[bytes, bytes] = {}
        wanted = list(dict.fromkeys(digests))
        while wanted:
            asked = wanted[: batches.MOST_BLOBS]
            body = self._batch(
                "POST", "/v1/blobs/fetch", batches.question(asked), batches.MOST_BYTES
            )
            answered, right = batches.answered(body, asked)
            found |= {digest: data for digest, data in right.items() if len(data) <= limit}
            if not answered:
                break
            wanted = wanted[answered:]
        return found

    def missing(self, digests: Sequence[bytes]) -> set[bytes]:
        """See `Store.missing`."""
        found: set[bytes] = set()
        wanted = list(dict.fromkeys(digests))
        for begin in range(0, len(wanted), batches.MOST_BLOBS):
            asked = wanted[begin : begin + batches.MOST_BLOBS]
            question = batches.question(asked)
            body = self._batch("POST", "/v1/blobs/missing", question, len(question))
            with suppress(batches.BadBatch):
                found |= set(batches.asked(body))
        return found & set(wanted)

    def _batch(self, method: str, path: str, content: bytes, limit: int) -> bytes:
        try:
            return self._relay.whole(method, path, limit, BATCH_SECONDS, content=content)
        except RelayRefusal as error:
            kind = {413: BlobTooLarge, 507: StoreFull}.get(error.status, StoreUnavailable)
            raise kind(str(error)) from error
        except RelayError as error:
            raise StoreUnavailable(str(error)) from error

    def _checked(self, digest: bytes, limit: int) -> Iterator[bytes]:
        hasher = hashlib.sha256()
        held = b""
        with _told(digest, limit):
            for chunk in self._resumed(digest, limit):
                hasher.update(chunk)
                if held:
                    yield held
                held = chunk
        if hasher.digest() != digest:
            raise BlobCorrupt(digest, f"relay {self._relay.url} sent other bytes")
        if held:
            yield held

    def rest(self, digest: bytes, start: int) -> Iterator[bytes]:
        """From `start` on, unchecked."""
        with _told(digest, MAX_BLOB):
            try:
                yield from self._resumed(digest, MAX_BLOB, start)
            except RelayRefusal as error:
                if error.status != 416:
                    raise
                raise BlobCorrupt(digest, f"nothing follows what came before: {error}") from error

    def _resumed(self, digest: bytes, limit: int, start: int = 0) -> Iterator[bytes]:
        """The relay's bytes of a blob, from `start` on; where it breaks off, it is asked for the
        rest, again and again while that brings something."""
        size, brought, waits, waited = start, start, iter(WAITS), 0.0
        while True:
            pieces = self._relay.stream("GET", _path(digest), limit - size, start=size)
            try:
                with closing(pieces):  # type: ignore[type-var]  # a generator
                    asked = self._monotonic()
                    for chunk in pieces:
                        size += len(chunk)
                        waited += self._monotonic() - asked
                        if waited > GRACE + (size - start) / SLOWEST:
                            raise StoreUnavailable(
                                f"relay {self._relay.url} sends less than {SLOWEST >> 10} KiB a"
                                " second: try again"
                            )
                        yield chunk
                        asked = self._monotonic()
                    return
            except (RelayUnreachable, RelayRefusal) as error:
                if size - brought >= ENOUGH:
                    brought, waits = size, iter(WAITS)
                wait = next(waits, None)
                if size == start or wait is None or not _passes(error):
                    raise
                self._sleep(max(wait, error.wait) if isinstance(error, RelayBusy) else wait)


@contextmanager
def _told(digest: bytes, limit: int) -> Iterator[None]:
    """As the store's errors."""
    try:
        yield
    except RelayLied as error:
        raise BlobTooLarge(f"blob {cid_of(digest)}: more than {limit} bytes came") from error
    except RelayRefusal as error:
        raise _store_error(error, digest) from error
    except RelayError as error:
        raise StoreUnavailable(str(error)) from error


def _passes(error: RelayUnreachable | RelayRefusal) -> bool:
    """Whether the same may well be there in a moment."""
    if isinstance(error, RelayBusy):
        return error.wait <= WAITS[-1]
    return isinstance(error, RelayUnreachable) or error.is_outage


def _path(digest: bytes) -> str:
    return f"/v1/blobs/{cid_of(digest)}"


def _store_error(error: RelayRefusal, digest: bytes) -> Exception:
    if error.status == 404:
        return BlobMissing(digest, str(error))
    if error.status == 413:
        return BlobTooLarge(str(error))
    if error.status == 422:
        return BlobCorrupt(digest, str(error))
    return StoreFull(str(error)) if error.status == 507 else StoreUnavailable(str(error))
