"""A file sealed chunk by chunk before it leaves: each copy with a key of its own.

A chunk is AES-256-GCM(key, nonce = its number, plaintext, aad = 1 for the last one, else 0), so it
can't be altered, moved, left out or come from another copy. An empty file is one empty chunk.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from suanli.lease.errors import LeaseError
from suanli.lease.storage.tree import TreeBuilder

CHUNK = 32 << 10
"""Bytes of a sealed chunk, 32 leaves; the last one may be shorter."""
TAG = 16
PLAIN = CHUNK - TAG


class Damaged(LeaseError):
    """A chunk is not what was sealed."""


def new_key() -> bytes:
    """For one copy of one file: with a second file under it both would be readable."""
    return AESGCM.generate_key(256)


def chunks_of(size: int) -> int:
    """Of a file with so many bytes before it is sealed."""
    return max(-(-size // PLAIN), 1)


def sealed_size(size: int) -> int:
    return size + TAG * chunks_of(size)


class Seal:
    def __init__(self, key: bytes, size: int) -> None:
        """`size`: bytes of the file before it is sealed."""
        self._cipher, self._last = AESGCM(key), chunks_of(size) - 1

    def close(self, number: int, plain: bytes) -> bytes:
        return self._cipher.encrypt(_nonce(number), plain, self._aad(number))

    def open(self, number: int, sealed: bytes) -> bytes:
        """Raises Damaged."""
        try:
            return self._cipher.decrypt(_nonce(number), sealed, self._aad(number))
        except (InvalidTag, ValueError):
            raise Damaged(f"chunk {number} is not what was sealed") from None

    def _aad(self, number: int) -> bytes:
        return bytes([number == self._last])


def seal_file(source: Path, into: Path, key: bytes) -> tuple[int, bytes]:
    """The file's size before, and the root of what is written. The key is for this once.

    Raises:
        LeaseError: the file can't be read, or changes meanwhile.
        OSError: the sealed one can't be written.
    """
    try:
        file = source.open("rb")
    except OSError as error:
        raise LeaseError(f"{source} can't be read: {error.strerror or error}") from None
    with file, into.open("wb") as out:
        size = os.fstat(file.fileno()).st_size
        seal, tree = Seal(key, size), TreeBuilder(sealed_size(size))
        for number in range(chunks_of(size)):
            wanted = min(PLAIN, size - number * PLAIN)
            plain = file.read(wanted)
            if len(plain) != wanted:
                raise LeaseError(f"{source} became shorter while it was read: try again")
            sealed = seal.close(number, plain)
            tree.add(sealed)
            out.write(sealed)
        if file.read(1):
            raise LeaseError(f"{source} became longer while it was read: try again")
        out.flush()
        os.fsync(out.fileno())
    return size, tree.root()


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
