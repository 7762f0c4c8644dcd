"""The tree over a file's bytes (`suanli.protocol.ByteTree`), built while they stream by and kept on
disk, so that a leaf is proved without reading the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import accumulate

# A fifth of the time that eth-utils takes for so few bytes, of which a gigabyte has two million.
from sha3 import keccak_256

from suanli.protocol import FILE_LEAF_BYTES, file_leaves

HASH = 32


def levels_of(size: int) -> list[int]:
    """How many nodes each level has, leaves first, of a file with so many bytes."""
    counts = [file_leaves(size)]
    while counts[-1] > 1:
        counts.append(-(-counts[-1] // 2))
    return counts


def tree_bytes(size: int) -> int:
    """What a file's tree takes on disk."""
    return HASH * sum(levels_of(size))


class TreeBuilder:
    """Of a file of `size` bytes, at least one. Memory is bounded; `out`: a file descriptor into
    which the levels are written, one after another."""

    def __init__(self, size: int, out: int | None = None) -> None:
        if size <= 0:
            raise ValueError("a file without bytes has no tree")
        self._counts, self._out, self._left = levels_of(size), out, size
        self._ends = [HASH * start for start in _starts(self._counts)]
        self._odd: list[bytes | None] = [None] * len(self._counts)

    def add(self, data: bytes) -> None:
        """The next bytes: whole leaves, but for the last of the file."""
        self._left -= len(data)
        if self._left < 0 or (self._left and len(data) % FILE_LEAF_BYTES):
            raise ValueError("these are no whole leaves of the file")
        self._push(0, [keccak_256(b"\0" + leaf).digest() for leaf in _leaves(data)])

    def root(self) -> bytes:
        """Once all bytes were added."""
        if self._left:
            raise ValueError(f"{self._left} bytes of the file are missing")
        top = len(self._odd) - 1
        for level in range(top):
            odd, self._odd[level] = self._odd[level], None
            if odd is not None:  # without a neighbour
                self._push(level + 1, [odd])
        found = self._odd[top]
        assert found is not None
        return found

    def _push(self, level: int, hashes: list[bytes]) -> None:
        while hashes:
            if self._out is not None:
                joined = b"".join(hashes)
                _write(self._out, joined, self._ends[level])
                self._ends[level] += len(joined)
            odd = self._odd[level]
            if odd is not None:
                hashes = [odd, *hashes]
            self._odd[level] = hashes[-1] if len(hashes) % 2 else None
            pairs = zip(hashes[::2], hashes[1::2], strict=False)
            hashes = [keccak_256(b"\1" + left + right).digest() for left, right in pairs]
            level += 1


def path_in(file: int, size: int, leaf: int) -> tuple[bytes, ...]:
    """The hashes beside a leaf's way to the root, from below, read from a tree on disk."""
    counts, found = levels_of(size), []
    for count, start in zip(counts[:-1], _starts(counts), strict=False):
        if (leaf ^ 1) < count:
            found.append(os.pread(file, HASH, HASH * (start + (leaf ^ 1))))
        leaf >>= 1
    return tuple(found)


def _starts(counts: list[int]) -> list[int]:
    return list(accumulate(counts[:-1], initial=0))


def _leaves(data: bytes) -> Iterator[bytes]:
    for place in range(0, len(data), FILE_LEAF_BYTES):
        yield data[place : place + FILE_LEAF_BYTES]


def _write(file: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(file, view, at)
        view, at = view[done:], at + done
