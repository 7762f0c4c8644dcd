"""Blobs as files in a folder."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import secrets
import stat
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from suanli.store.base import (
    CID_FORM,
    MAX_BLOB,
    SMALL,
    BlobBlocked,
    BlobCorrupt,
    BlobError,
    BlobMissing,
    BlobTooLarge,
    StoreFull,
    StoreUnavailable,
    cid_of,
    digest_of,
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
        with _translated():
            self._incoming.mkdir(parents=True, exist_ok=True)
            self._used = self._count()

    def put(self, data: bytes | Iterable[bytes], digest: bytes | None = None) -> bytes:
        """See `Store.put`. Writing over a damaged blob mends it."""
        with self.receive() as arrival:
            for chunk in [data] if isinstance(data, bytes) else data:
                arrival.write(chunk)
            return arrival.keep(digest)

    def receive(self) -> Arrival:
        """A blob that comes bit by bit. To be closed."""
        return Arrival(self)

    def get(self, digest: bytes, limit: int = MAX_BLOB) -> bytes:
        """See `Store.get`."""
        with self._open(digest) as file:
            # As much memory is taken as is asked for, whatever comes.
            data = _read(file, min(limit, os.fstat(file.fileno()).st_size) + 1)
        if len(data) > limit:
            raise BlobTooLarge(f"blob {cid_of(digest)}: it has more than {limit} bytes")
        if hashlib.sha256(data).digest() != digest:
            raise BlobCorrupt(digest, "its bytes were changed; put it again or delete it")
        return data

    def stream(self, digest: bytes) -> Iterator[bytes]:
        """See `Store.stream`."""
        hasher = hashlib.sha256()
        held = b""
        with self._open(digest) as file:
            while chunk := _read(file, CHUNK):
                hasher.update(chunk)
                if held:
                    yield held
                held = chunk
        if hasher.digest() != digest:
            raise BlobCorrupt(digest, "its bytes were changed; put it again or delete it")
        if held:
            yield held

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
            _sync_file_system(self._incoming)
            for arrival in arrivals:
                try:
                    arrival.place()
                except BlobBlocked as error:
                    blocked.append(error)
            _sync_file_system(self.root)
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
        with _translated():
            try:
                return self._path(digest).stat().st_size
            except FileNotFoundError:
                raise BlobMissing(digest, "not in this store") from None

    def file(self, digest: bytes) -> tuple[Path, os.stat_result]:
        """Where the bytes of a blob are, unchecked. Raises BlobMissing."""
        path = self._path(digest)
        with self._open(digest) as file, _translated():
            return path, os.fstat(file.fileno())

    def touch(self, digest: bytes) -> bool:
        """Make it as recent as if it were put again; whether it is there."""
        with _translated(), self._lock:
            try:
                os.utime(self._path(digest))
            except FileNotFoundError:
                return False
        return True

    def delete(self, digest: bytes) -> bool:
        """Whether there was such a blob to delete."""
        with _translated(), self._lock:
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
        with _translated():
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
        """Delete blobs outside `keep`, and unfinished ones, last written before a Unix time.

        Putting a blob again counts as writing. Returns the bytes set free.
        """
        freed = 0
        with _translated():
            for path, _, written in list(self._files()):
                if written < before and digest_of(path.name) not in keep:
                    freed += self._drop(path, before)
            for path in list(self._incoming.iterdir()):
                freed += self._drop(path, before)
            with self._lock:
                self._used = self._count()
        return freed

    def _count(self) -> int:
        return sum(size for _, size, _ in self._files())

    def _reserve(self, size: int) -> None:
        with self._lock:
            whole = self._used + self._arriving + size
            if self.max_bytes is not None and whole > self.max_bytes:
                raise StoreFull(
                    f"all blobs together may have {self.max_bytes} bytes in this store:"
                    " delete some or raise the limit"
                )
            if self.min_free and (free := free_bytes(self.root)) < self.min_free + size:
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
            if error.errno in _MISPLACED:
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
        with _translated():
            try:
                return open_regular(self._path(digest))
            except FileNotFoundError:
                raise BlobMissing(digest, "not in this store") from None
            except OSError as error:
                if error.errno in _MISPLACED:
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
    closed is gone."""

    def __init__(self, store: DirectoryStore) -> None:
        self._store, self._hasher = store, hashlib.sha256()
        self._size = self._reserved = 0
        self._path = store._incoming / secrets.token_hex(16)
        with _translated():
            self._file = self._path.open("xb")

    def __enter__(self) -> Arrival:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, chunk: bytes) -> None:
        """Raises BlobTooLarge, StoreFull, StoreUnavailable."""
        self._size += len(chunk)
        if self._size > self._store.max_blob:
            raise BlobTooLarge(f"a blob may have {self._store.max_blob} bytes in this store")
        self._store._reserve(len(chunk))
        self._reserved += len(chunk)
        self._hasher.update(chunk)
        with _translated():
            self._file.write(chunk)

    def keep(self, digest: bytes | None = None) -> bytes:
        """The blob is complete; returns its digest. Raises BlobCorrupt if it is not the one given,
        StoreFull, StoreUnavailable."""
        found = self._checked(digest)
        with _translated():
            self._file.flush()
            os.fsync(self._file.fileno())
            self.place()
            _sync_folder(self._store._path(found).parent)
        return found

    def complete(self, digest: bytes) -> None:
        """As `keep`, but neither on the disk yet nor to be found: `place` is for when it is."""
        self._checked(digest)
        with _translated():
            self._file.close()

    def place(self) -> None:
        """Let it be found. Raises BlobBlocked, StoreFull, StoreUnavailable."""
        with _translated():
            self._store._keep(self._path, self._hasher.digest(), self._size)
        self._reserved = 0

    def _checked(self, digest: bytes | None) -> bytes:
        found = self._hasher.digest()
        if digest is not None and found != digest:
            raise BlobCorrupt(digest, f"the data that came is {cid_of(found)}")
        return found

    def close(self) -> None:
        with suppress(OSError):  # what it could not write is not wanted any more
            self._file.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        self._store._release(self._reserved)
        self._reserved = 0


def free_bytes(path: Path) -> int:
    """On the disk of a folder, for whoever is not its administrator. Raises StoreUnavailable."""
    with _translated():
        found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def open_regular(path: Path) -> BinaryIO:
    """A file for reading, or OSError. Others may write into a shared folder: a link may lead
    anywhere, and whoever opens a pipe waits for its writer."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.ENXIO, "something that is no file is in its place", str(path))
    return os.fdopen(handle, "rb")


_MISPLACED = frozenset(
    {errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENXIO}
)
"""What is wrong with the place of one blob, not with the store."""


def _read(file: BinaryIO, size: int) -> bytes:
    with _translated():
        return file.read(size)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StoreFull(f"no room for the blob: {error}") from error
        raise StoreUnavailable(f"the store can't be used: {error}") from error


_syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)


def _sync_file_system(path: Path) -> None:
    """All that was written to the file system of a folder is on the disk then."""
    with _translated():
        if _syncfs is None:  # not on Linux
            os.sync()
            return
        handle = os.open(path, os.O_RDONLY)
        try:
            if _syncfs(handle):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
        finally:
            os.close(handle)


def _sync_folder(path: Path) -> None:
    # Without it a crash may lose the name of a blob whose bytes are safe.
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
