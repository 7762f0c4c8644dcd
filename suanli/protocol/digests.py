"""Salted digests: what stands in manifests, leaves and deals.

A salted blob is the job's 32-byte salt followed by the plaintext; its digest is the sha2-256 of
all of it. So a store addresses the blob by that very digest, and nobody without the salt can test
a guess of the plaintext against it. The module alone is not salted: its digest is the sha2-256 of
its code, shared by all jobs, and so is its compiled form.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from suanli.protocol.errors import DataError

SALT_BYTES = 32
DIGEST_BYTES = 32
NO_SALT = bytes(SALT_BYTES)
"""For work that is published nowhere: equal jobs then have equal digests."""

CHUNK = 1 << 20


@dataclass(frozen=True)
class Ref:
    """Data by its digest (32 bytes) and the size of its plaintext in bytes."""

    digest: bytes
    size: int


def new_salt() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(SALT_BYTES)


def salted_digest(salt: bytes, plaintext: bytes) -> bytes:
    """sha2-256 of salt and plaintext, 32 bytes."""
    return refer(salt, [plaintext]).digest


def refer(salt: bytes, chunks: Iterable[bytes]) -> Ref:
    """Digest and size of plaintext that comes in pieces; an empty salt gives the plain digest."""
    hasher = hashlib.sha256(salt)
    size = 0
    for chunk in chunks:
        hasher.update(chunk)
        size += len(chunk)
    return Ref(hasher.digest(), size)


def plaintext_of(blob: bytes, salt: bytes, ref: Ref) -> bytes:
    """The plaintext of a salted blob; with an empty salt, of a plain one.

    Raises:
        DataError: the blob is not the one `ref` names, or it holds another salt.
    """
    if hashlib.sha256(blob).digest() != ref.digest:
        raise DataError(f"blob {ref.digest.hex()}: its bytes have another digest")
    if not blob.startswith(salt):
        raise DataError(f"blob {ref.digest.hex()}: it was made with the salt of another job")
    if len(blob) != len(salt) + ref.size:
        raise DataError(f"blob {ref.digest.hex()}: it does not hold {ref.size} bytes as declared")
    return blob[len(salt) :]


@dataclass(frozen=True)
class DataPart:
    """Bytes in memory."""

    data: bytes = field(repr=False)
    path: str = "data in memory"

    def chunks(self) -> Iterable[bytes]:
        return [self.data]


@dataclass(frozen=True)
class FilePart:
    """Bytes `start` to `stop` of a file."""

    path: Path
    start: int
    stop: int

    @classmethod
    def whole(cls, path: Path) -> "FilePart":
        return cls(path, 0, path.stat().st_size)

    def chunks(self) -> Iterable[bytes]:
        left = self.stop - self.start
        with self.path.open("rb") as file:
            file.seek(self.start)
            while left > 0 and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk
