"""Blobs as files in a folder."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from suanli.store import partial
from suanli.store.base import (
    CID_FORM,
    MAX_BLOB,
    SMALL,
    BlobBlocked,
    BlobCorrupt,
    BlobError,
    BlobMissing,
    BlobTooLarge,
    Store,
    StoreFull,
    StoreUnavailable,
    cid_of,
    digest_of,
)
from suanli.store.files import (
    MISPLACED,
    free_bytes,
    open_regular,
    read_from,
    sync_file_system,
    sync_folder,
    translated,
)

CHUNK = 256 << 10
_FEW = 4
"""Blobs up to which each is synced for itself: a sync of the whole file system waits for what
others write, too."""


class DirectoryStore:
    """Blobs as files in a folder, named by CID; several processes may share it.

    `max_blob` and `max_bytes` limit, in bytes, one blob and all together; `min_free` is left free
    on the disk. The sum is counted when the store is opened and after each collection; what other
    processes add meanwhile is not in it.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        max_blob: int = MAX_BLOB,
        max_bytes: int | None = None,
        min_free: int = 0,
    ) -> None:
        self.root = Path(root)
        self.max_blob = max_blob
        self.max_bytes, self.min_free = max_bytes, min_free
        self._incoming = self.root / "incoming"
        # Around whatever changes which blobs there are, or counts them.
        self._lock = threading.Lock()
        self._arriving = 0
        with translated():
            self._incoming.mkdir(parents=True, exist_ok=True)
            partial.drop_stale(self._incoming)
            self._used = self._count()

    def put(self, data: bytes | Iterable[bytes], digest: bytes | None = None) -> bytes:
        """See `Store.put`. Writing over a damaged blob mends it."""
        with self.receive() as arrival:
            for chunk in [data] if isinstance(data, bytes) else data:
                arrival.write(chunk)
            return arrival.keep(digest)

    def receive(self, digest: bytes | None = None) -> Arrival:
        """A blob that comes bit by bit. To be closed. With its digest it goes on from where an
        earlier one broke off, unless another process or thread has that one."""
        return Arrival(self, digest)

    def get(self, digest: bytes, limit: int = MAX_BLOB) -> bytes:
        """See `Store.get`."""
        with self._open(digest) as file:
            # As much memory is taken as is asked for, whatever comes.
            data = read_from(file, min(limit, os.fstat(file.fileno()).st_size) + 1)
        if len(data) > limit:
            raise BlobTooLarge(f"blob {cid_of(digest)}: it has more than {limit} bytes")
        if hashlib.sha256(data).digest() != digest:
            raise BlobCorrupt(digest, "its bytes were changed; put it again or delete it")
        return data

    def stream(self, digest: bytes, start: int = 0) -> Iterator[bytes]:
        """See `Store.stream`."""
        if start:
            yield from self._rest(digest, start)
            return
        hasher = hashlib.sha256()
        held = b""
        with self._open(digest) as file:
            while chunk := read_from(file, CHUNK):
                hasher.update(chunk)
                if held:
                    yield held
                held = chunk
        if hasher.digest() != digest:
            raise BlobCorrupt(digest, "its bytes were changed; put it again or delete it")
        if held:
            yield held

    def _rest(self, digest: bytes, start: int) -> Iterator[bytes]:
        with self._open(digest) as file:
            file.seek(start)
            while chunk := read_from(file, CHUNK):
                yield chunk

    def has(self, digest: bytes) -> bool:
        """See `Store.has`."""
        return self._path(digest).is_file()

    def put_many(self, blobs: Mapping[bytes, bytes]) -> None:
        """See `Store.put_many`. They are synced together."""
        if len(blobs) <= _FEW:
            for digest, data in blobs.items():
                self.put(data, digest)
            return
        blocked: list[BlobBlocked] = []
        with ExitStack() as arriving:
            arrivals = []
            for digest, data in blobs.items():
                arrival = arriving.enter_context(self.receive())
                arrival.write(data)
                arrival.complete(digest)
                arrivals.append(arrival)
            # Before they have their names, as a crash must not leave names of torn blobs.
            sync_file_system(self._incoming)
            for arrival in arrivals:
                try:
                    arrival.place()
                except BlobBlocked as error:
                    blocked.append(error)
            sync_file_system(self.root)
        if blocked:
            raise blocked[0]

    def get_many(self, digests: Sequence[bytes], limit: int = SMALL) -> dict[bytes, bytes]:
        """See `Store.get_many`."""
        found = {}
        for digest in digests:
            with suppress(BlobError, BlobTooLarge):
                found[digest] = self.get(digest, limit)
        return found

    def missing(self, digests: Sequence[bytes]) -> set[bytes]:
        """See `Store.missing`."""
        return {digest for digest in digests if not self.has(digest)}

    def size(self, digest: bytes) -> int:
        """Bytes of the blob. Raises BlobMissing."""
        with translated():
            try:
                return self._path(digest).stat().st_size
            except FileNotFoundError:
                raise BlobMissing(digest, "not in this store") from None

    def file(self, digest: bytes) -> tuple[Path, os.stat_result]:
        """Where the bytes of a blob are, unchecked. Raises BlobMissing."""
        path = self._path(digest)
        with self._open(digest) as file, translated():
            return path, os.fstat(file.fileno())

    def touch(self, digest: bytes) -> bool:
        """Make it as recent as if it were put again; whether it is there."""
        with translated(), self._lock:
            try:
                os.utime(self._path(digest))
            except FileNotFoundError:
                return False
        return True

    def delete(self, digest: bytes) -> bool:
        """Whether there was such a blob to delete. What has come of it so far is deleted, too."""
        with translated(), self._lock:
            partial.drop(self._incoming / cid_of(digest))
            path = self._path(digest)
            try:
                size = path.stat().st_size
                path.unlink()
            except FileNotFoundError:
                return False
            self._used -= size
        return True

    def __iter__(self) -> Iterator[bytes]:
        """The digests of all blobs."""
        with translated():
            return iter([digest_of(path.name) for path, _, _ in self._files()])

    @property
    def used(self) -> int:
        """Bytes of all complete blobs, as far as this process knows."""
        return self._used

    @property
    def room(self) -> int:
        """Bytes that still find room, by both limits; below zero when others filled the disk."""
        free = free_bytes(self.root) - self.min_free
        if self.max_bytes is None:
            return free
        return min(free, self.max_bytes - self._used - self._arriving)

    def collect(self, keep: Collection[bytes], before: float) -> int:
        """Delete blobs outside `keep`, finished or not, last written before a Unix time.

        Putting a blob again counts as writing. Returns the bytes set free.
        """
        freed = 0
        with translated():
            for path, _, written in list(self._files()):
                if written < before and digest_of(path.name) not in keep:
                    freed += self._drop(path, before)
            kept = {cid_of(digest) for digest in keep}
            for path in list(self._incoming.iterdir()):
                if path.name not in kept:
                    freed += self._drop(path, before)
            with self._lock:
                self._used = self._count()
        return freed

    def _count(self) -> int:
        return sum(size for _, size, _ in self._files())

    def _reserve(self, size: int, is_there: bool = False) -> None:
        """`is_there`: the disk has it already."""
        with self._lock:
            whole = self._used + self._arriving + size
            if self.max_bytes is not None and whole > self.max_bytes:
                raise StoreFull(
                    f"all blobs together may have {self.max_bytes} bytes in this store:"
                    " delete some or raise the limit"
                )
            if (
                self.min_free
                and not is_there
                and (free := free_bytes(self.root)) < self.min_free + size
            ):
                raise StoreFull(
                    f"no room for the blob: {free} bytes are free on the disk of {self.root},"
                    f" {self.min_free} are kept"
                )
            self._arriving += size

    def _release(self, size: int) -> None:
        with self._lock:
            self._arriving -= size

    def _keep(self, temporary: Path, digest: bytes, size: int) -> None:
        path = self._path(digest)
        try:
            path.parent.mkdir(exist_ok=True)
            with self._lock:
                replaced = path.stat().st_size if path.exists() else 0
                temporary.replace(path)
                self._used += size - replaced
                self._arriving -= size
        except OSError as error:
            if error.errno in MISPLACED:
                raise BlobBlocked(digest, f"its place can't be written: {error}") from error
            raise

    def _drop(self, path: Path, before: float) -> int:
        """Delete a file last written before a Unix time; the bytes set free."""
        with self._lock, suppress(FileNotFoundError):
            status = path.stat()  # once more: it may have been put again since it was listed
            if status.st_mtime < before:
                path.unlink()
                return status.st_size
        return 0

    def _open(self, digest: bytes) -> BinaryIO:
        with translated():
            try:
                return open_regular(self._path(digest))
            except FileNotFoundError:
                raise BlobMissing(digest, "not in this store") from None
            except OSError as error:
                if error.errno in MISPLACED:
                    raise BlobMissing(digest, f"its place can't be read: {error}") from error
                raise

    def _path(self, digest: bytes) -> Path:
        # All CIDs begin alike; the last characters spread.
        cid = cid_of(digest)
        return self.root / cid[-3:-1] / cid

    def _files(self) -> Iterator[tuple[Path, int, float]]:
        for path in self.root.glob("??/b*"):
            if CID_FORM.fullmatch(path.name) and path.is_file():
                with suppress(FileNotFoundError):  # deleted meanwhile
                    status = path.stat()
                    yield path, status.st_size, status.st_mtime


class Arrival:
    """A blob on its way into a store, whose limits hold meanwhile, too. What is not kept when it is
    closed is gone, unless its digest is known: then whoever receives it next goes on from there.

    `begun`: the bytes that are there from before; they are written once more, as the first ones."""

    def __init__(self, store: DirectoryStore, digest: bytes | None = None) -> None:
        self._store, self._digest, self._hasher = store, digest, hashlib.sha256()
        self._size = self._reserved = 0
        with translated():
            self._path, self._file, self._stays = self._opened()
            self.begun = os.fstat(self._file.fileno()).st_size

    def _opened(self) -> tuple[Path, BinaryIO, bool]:
        """And whether what came stays for the next one."""
        if self._digest is not None:
            path = self._store._incoming / cid_of(self._digest)
            if (file := partial.taken(path)) is not None:
                return path, file, True
        path = self._store._incoming / secrets.token_hex(16)
        return path, path.open("xb"), False

    def __enter__(self) -> Arrival:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, chunk: bytes) -> None:
        """Raises BlobTooLarge, StoreFull, StoreUnavailable."""
        self._size += len(chunk)
        if self._size > self._store.max_blob:
            raise BlobTooLarge(f"a blob may have {self._store.max_blob} bytes in this store")
        there = self._size <= self.begun
        self._store._reserve(len(chunk), there)
        self._reserved += len(chunk)
        self._hasher.update(chunk)
        if not there:
            with translated():
                self._file.write(chunk)

    def keep(self, digest: bytes | None = None) -> bytes:
        """The blob is complete; returns its digest. Raises BlobCorrupt if it is not the one given,
        StoreFull, StoreUnavailable."""
        found = self._checked(digest)
        with translated():
            self._file.flush()
            os.fsync(self._file.fileno())
            self.place()
            sync_folder(self._store._path(found).parent)
        return found

    def complete(self, digest: bytes) -> None:
        """As `keep`, but neither on the disk yet nor to be found: `place` is for when it is."""
        self._checked(digest)
        with translated():
            self._file.close()

    def place(self) -> None:
        """Let it be found. Raises BlobBlocked, StoreFull, StoreUnavailable."""
        with translated():
            self._store._keep(self._path, self._hasher.digest(), self._size)
        self._reserved = 0

    def _checked(self, digest: bytes | None) -> bytes:
        found = self._hasher.digest()
        if digest is not None and found != digest:
            raise BlobCorrupt(digest, f"the data that came is {cid_of(found)}")
        return found

    def pieces(self, source: Store) -> Iterator[bytes]:
        """All of the blob, for `write`: what is there, and the rest from a store. Raises as
        `Store.get`; BlobCorrupt, too, if both do not fit together."""
        digest = self._digest
        assert digest is not None
        hasher = hashlib.sha256()
        for chunk in self._there():
            hasher.update(chunk)
            yield chunk
        if hasher.digest() == digest:
            return
        for chunk in source.stream(digest, self.begun):
            hasher.update(chunk)
            yield chunk
        if hasher.digest() != digest:
            raise BlobCorrupt(digest, "what came of it before and the rest are not it together")

    def _there(self) -> Iterator[bytes]:
        left = self.begun
        while left:
            chunk = read_from(self._file, min(CHUNK, left))
            left -= len(chunk)
            if not chunk:
                raise StoreUnavailable(f"{self._path} was cut off meanwhile: try again")
            yield chunk

    def drop(self) -> None:
        """What came is wrong: nobody is to go on from it."""
        self._stays = False

    def close(self) -> None:
        if not self._stays:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        with suppress(OSError):  # what it could not write is not wanted any more
            self._file.close()
        self._store._release(self._reserved)
        self._reserved = 0
