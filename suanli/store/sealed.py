"""Blobs in another store that are sealed: what lies there has other names and other bytes.

They are named here by the digests of what they hold, as everywhere: so what reads and writes blobs
need not know.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from suanli.protocol import SealError, sealing
from suanli.store.base import (
    MAX_BLOB,
    SMALL,
    BlobCorrupt,
    BlobElsewhere,
    BlobError,
    BlobMissing,
    Store,
    StoreError,
    StoreUnavailable,
)


@dataclass(frozen=True)
class Pieces:
    """A blob of a store, to be read as often as one likes."""

    store: Store
    digest: bytes

    def __iter__(self) -> Iterator[bytes]:
        return self.store.stream(self.digest)


class SealingStore:
    """To write to: seals to the public key `recipient`. With the same `secret` the same blobs
    become the same bytes. `sealed`: which blob became which, as far as it is known; `note` hears of
    others before they go anywhere; `plain`: those that go as they are. What is written in pieces is
    read twice."""

    def __init__(
        self,
        store: Store,
        recipient: bytes,
        secret: bytes,
        sealed: dict[bytes, bytes] | None = None,
        plain: Collection[bytes] = (),
        note: Callable[[Mapping[bytes, bytes]], None] = lambda sealed: None,
    ) -> None:
        self._store, self._recipient, self._secret = store, recipient, secret
        self.sealed = {} if sealed is None else sealed
        self._plain, self._note = plain, note

    @property
    def listed(self) -> int:
        """Of how many it is known what they became."""
        return len(self.sealed)

    def put(self, data: bytes | Iterable[bytes], digest: bytes | None = None) -> bytes:
        """See `Store.put`; the digest must be given, or the data whole."""
        if digest is None:
            data = data if isinstance(data, bytes) else b"".join(data)
            digest = hashlib.sha256(data).digest()
        if digest in self._plain:
            return self._store.put(data, digest)
        if isinstance(data, bytes):
            data = [data]
        elif iter(data) is data:
            raise TypeError("what is sealed must be read twice")
        hasher = hashlib.sha256()
        for piece in self._pieces(data, digest):
            hasher.update(piece)
        named = hasher.digest()
        self._sealed({digest: named})
        if self._store.missing([named]):  # at any of its places
            self._store.put(self._pieces(data, digest), named)
        return digest

    def put_many(self, blobs: Mapping[bytes, bytes]) -> None:
        """See `Store.put_many`."""
        made: dict[bytes, bytes] = {}
        names: dict[bytes, bytes] = {}
        for digest, data in blobs.items():
            if digest in self._plain:
                made[digest] = data
                continue
            sealed = b"".join(self._pieces([data], digest))
            names[digest] = named = hashlib.sha256(sealed).digest()
            made[named] = sealed
        self._sealed(names)
        missing = self._store.missing(list(made))
        self._store.put_many({named: made[named] for named in made if named in missing})

    def missing(self, digests: Sequence[bytes]) -> set[bytes]:
        """See `Store.missing`; what was not sealed yet is."""
        names = {digest: self._name(digest) for digest in digests}
        there = [name for name in names.values() if name is not None]
        gone = self._store.missing(there) if there else set()
        return {digest for digest, name in names.items() if name is None or name in gone}

    def has(self, digest: bytes) -> bool:
        """See `Store.has`."""
        return not self.missing([digest])

    def get(self, digest: bytes, limit: int = MAX_BLOB) -> bytes:
        """See `Store.get`: what is sealed to others can't be read."""
        if digest not in self._plain:
            raise BlobMissing(digest, "it is sealed to somebody else")
        return self._store.get(digest, limit)

    def stream(self, digest: bytes, start: int = 0) -> Iterator[bytes]:
        """See `Store.stream`, and `get`."""
        if digest not in self._plain:
            raise BlobMissing(digest, "it is sealed to somebody else")
        return self._store.stream(digest, start)

    def get_many(self, digests: Sequence[bytes], limit: int = SMALL) -> dict[bytes, bytes]:
        """See `Store.get_many`, and `get`."""
        return self._store.get_many([d for d in digests if d in self._plain], limit)

    def close_envelope(
        self, request: bytes, to: bytes = b"", key: bytes = b"", reply: bytes = b""
    ) -> bytes:
        """Put there the list of all that was sealed, sealed itself; returns its digest, which an
        `Envelope` tells. `request`: its id. `to`: another public key that it is sealed to, whose
        owner reads the others with `key`; `reply`: what it is to seal the result to."""
        contents = sealing.Contents(request, self.sealed, key, reply).encode()
        sealed = b"".join(self._pieces([contents], hashlib.sha256(contents).digest(), to))
        named = hashlib.sha256(sealed).digest()
        if self._store.missing([named]):
            self._store.put(sealed, named)
        return named

    def _sealed(self, names: Mapping[bytes, bytes]) -> None:
        if any(self.sealed.get(digest) != name for digest, name in names.items()):
            self._note(names)
            self.sealed |= names

    def _name(self, digest: bytes) -> bytes | None:
        return digest if digest in self._plain else self.sealed.get(digest)

    def _pieces(self, data: Iterable[bytes], digest: bytes, to: bytes = b"") -> Iterator[bytes]:
        # The name holds all that the bytes depend on: no key is ever used for two plaintexts.
        recipient = to or self._recipient
        key = sealing.key_from(self._secret, recipient + digest)
        return sealing.seal_pieces(data, recipient, key)


class UnsealingStore:
    """To read from: opens what is sealed to the private key `key`. What is not among the `sealed`,
    not there, or not what it should be, may lie there as it is: a dispute has it published."""

    def __init__(self, store: Store, key: bytes, sealed: Mapping[bytes, bytes]) -> None:
        self._store, self._key, self._sealed = store, key, dict(sealed)

    @property
    def listed(self) -> int:
        """How many are known to be sealed."""
        return len(self._sealed)

    def get(self, digest: bytes, limit: int = MAX_BLOB) -> bytes:
        """See `Store.get`."""
        if digest not in self._sealed:
            return self._store.get(digest, limit)
        try:
            return b"".join(self._opened(digest, partial(self._whole, limit)))
        except (BlobMissing, BlobCorrupt) as error:
            with suppress(BlobMissing):
                return self._store.get(digest, limit)
            raise error

    def stream(self, digest: bytes, start: int = 0) -> Iterator[bytes]:
        """See `Store.stream`; all of it is fetched."""
        failed: StoreError | None = None
        if digest in self._sealed:
            begun = False
            try:
                for piece in self._opened(digest, self._store.stream):
                    begun = True
                    yield piece[start:]
                    start = max(0, start - len(piece))
                return
            except BlobElsewhere:
                raise
            except BlobCorrupt:
                self._sealed.pop(digest, None)  # next time it is looked for as it is
                raise
            except (BlobMissing, StoreUnavailable) as error:
                if begun:
                    raise
                failed = error
        try:
            yield from self._store.stream(digest, start)
        except BlobMissing:
            if failed is not None:
                raise failed from None
            raise

    def has(self, digest: bytes) -> bool:
        """See `Store.has`."""
        return not self.missing([digest])

    def get_many(self, digests: Sequence[bytes], limit: int = SMALL) -> dict[bytes, bytes]:
        """See `Store.get_many`."""
        names = {self._sealed[digest]: digest for digest in digests if digest in self._sealed}
        came = self._store.get_many(list(names), limit + sealing.OVERHEAD) if names else {}
        found = {}
        for name, blob in came.items():
            digest = names[name]
            try:
                data = sealing.unseal(blob, self._key)
            except SealError:
                continue  # `get` tells
            if hashlib.sha256(data).digest() == digest:
                found[digest] = data
        plain = [digest for digest in digests if digest not in self._sealed]
        return found | (self._store.get_many(plain, limit) if plain else {})

    def missing(self, digests: Sequence[bytes]) -> set[bytes]:
        """See `Store.missing`."""
        names = {d: self._sealed[d] for d in digests if d in self._sealed}
        gone = self._store.missing(list(names.values())) if names else set()
        left = [d for d in digests if d not in names or names[d] in gone]
        return self._store.missing(left) if left else set()

    def put(self, data: bytes | Iterable[bytes], digest: bytes | None = None) -> bytes:
        raise StoreUnavailable("what is sealed here is read only")

    def put_many(self, blobs: Mapping[bytes, bytes]) -> None:
        raise StoreUnavailable("what is sealed here is read only")

    def _opened(self, digest: bytes, read: Callable[[bytes], Iterator[bytes]]) -> Iterator[bytes]:
        """All pieces; the last only once all were checked."""
        name = self._sealed.get(digest)
        if name is None:
            raise BlobMissing(digest, "it is not among what was sealed to us")
        hasher, held = hashlib.sha256(), b""
        with _named(digest):
            came = read(name)
            try:
                for piece in sealing.unseal_pieces(came, self._key):
                    hasher.update(piece)
                    if held:
                        yield held
                    held = piece
            except SealError:
                for _ in came:
                    pass  # if these are not the bytes of that name, the store says so at their end
                raise
        if hasher.digest() != digest:
            raise BlobCorrupt(digest, "what was sealed under its name is something else")
        if held:
            yield held

    def _whole(self, limit: int, name: bytes) -> Iterator[bytes]:
        return iter([self._store.get(name, limit + sealing.OVERHEAD)])


def open_envelope(store: Store, digest: bytes, key: bytes, most: int) -> sealing.Contents:
    """What an envelope lists, of `most` bytes at most.

    Raises:
        SealError: it is not sealed to this key, or in no form.
        StoreError: it can't be had.
    """
    return sealing.Contents.decode(sealing.unseal(store.get(digest, most + sealing.OVERHEAD), key))


@contextmanager
def _named(digest: bytes) -> Iterator[None]:
    """Whoever asks knows what is sealed by its own name alone."""
    try:
        yield
    except SealError as error:
        raise BlobCorrupt(digest, str(error)) from error
    except BlobError as error:
        what = str(error).partition(": ")[2] or str(error)
        raise type(error)(digest, f"sealed: {what}") from error
