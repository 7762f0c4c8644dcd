"""Many small blobs in one message.

A question is digests of 32 bytes, one after the other. An answer holds for each of them, in order,
its length in four bytes and its bytes, or `ABSENT`; it may end early: then the rest is asked for
again. What is put has its digest before its length.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from suanli.store import SMALL, cid_of

MOST_BLOBS = 1_000
MOST_BYTES = 4 << 20
"""In a message, one way or the other."""
ABSENT = b"\xff\xff\xff\xff"
"""In place of a length: the blob is not there, damaged, or too large for a batch."""
_DIGEST, _LENGTH = 32, 4


class BadBatch(ValueError):
    """Bytes that are no such message."""


def question(digests: Sequence[bytes]) -> bytes:
    return b"".join(digests)


def asked(body: bytes) -> list[bytes]:
    """The digests of a question. Raises BadBatch."""
    if len(body) % _DIGEST or len(body) > MOST_BLOBS * _DIGEST:
        raise BadBatch(f"up to {MOST_BLOBS} digests of {_DIGEST} bytes each are asked for at once")
    return [body[at : at + _DIGEST] for at in range(0, len(body), _DIGEST)]


def answer(blobs: Iterable[bytes | None]) -> Iterator[bytes]:
    """Pieces of an answer, which ends before it is above `MOST_BYTES`."""
    size = 0
    for blob in blobs:
        piece = ABSENT if blob is None else _length(blob) + blob
        size += len(piece)
        if size > MOST_BYTES:
            return
        yield piece


def answered(body: bytes, digests: Sequence[bytes]) -> tuple[int, dict[bytes, bytes]]:
    """How many digests were answered, and those blobs that are right."""
    found, at, number = {}, 0, 0
    for digest in digests:
        head = body[at : at + _LENGTH]
        if len(head) < _LENGTH:
            break
        at += _LENGTH
        if head != ABSENT:
            data = body[at : at + int.from_bytes(head, "big")]
            if len(data) != int.from_bytes(head, "big"):
                break
            at += len(data)
            if hashlib.sha256(data).digest() == digest:
                found[digest] = data
        number += 1
    return number, found


def packed(blobs: Mapping[bytes, bytes]) -> Iterator[bytes]:
    """Messages with all the blobs, each of at most `SMALL` bytes."""
    message, number = bytearray(), 0
    for digest, data in blobs.items():
        frame = digest + _length(data) + data
        if number == MOST_BLOBS or len(message) + len(frame) > MOST_BYTES:
            yield bytes(message)
            message, number = bytearray(), 0
        message += frame
        number += 1
    if number:
        yield bytes(message)


def unpacked(message: bytes) -> dict[bytes, bytes]:
    """The blobs of a message; their digests are only claimed. Raises BadBatch."""
    blobs, at = {}, 0
    while at < len(message):
        digest = message[at : at + _DIGEST]
        at += _DIGEST + _LENGTH
        size = int.from_bytes(message[at - _LENGTH : at], "big")
        if at > len(message) or at + size > len(message):
            raise BadBatch("a batch of blobs ends within one")
        if size > SMALL:
            raise BadBatch(f"blob {cid_of(digest)}: in a batch one has {SMALL} bytes at most")
        blobs[digest] = message[at : at + size]
        at += size
        if len(blobs) > MOST_BLOBS:
            raise BadBatch(f"a batch has {MOST_BLOBS} blobs at most")
    return blobs


def _length(data: bytes) -> bytes:
    return len(data).to_bytes(_LENGTH, "big")
