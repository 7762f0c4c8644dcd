"""The Merkle tree over the bytes of a file, as `contracts/libraries/ByteTree.sol` defines it.

Leaves are 1,024 bytes each; the last one is what is left, without padding. A leaf's hash is
keccak256(0x00 ‖ bytes), a node's keccak256(0x01 ‖ left ‖ right); a node without a neighbour moves
up as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from eth_utils.crypto import keccak

FILE_LEAF_BYTES = 1_024


def file_leaves(size: int) -> int:
    """How many leaves a file of so many bytes has."""
    return -(-size // FILE_LEAF_BYTES)


def file_leaf_hash(data: bytes) -> bytes:
    """Keccak-256 of a zero byte and the leaf, 32 bytes: as StorageDeals checks it."""
    return keccak(b"\0" + data)


def file_node_hash(left: bytes, right: bytes) -> bytes:
    """Keccak-256 of a one byte and two hashes, 32 bytes."""
    return keccak(b"\1" + left + right)


class ByteTree:
    """Of a file's leaves in order, of which it keeps the hashes; `ValueError` if there are none."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._levels = [[file_leaf_hash(leaf) for leaf in leaves]]
        if not self._levels[0]:
            raise ValueError("a file without bytes has no tree")
        while len(self._levels[-1]) > 1:
            self._levels.append(_above(self._levels[-1]))

    @classmethod
    def of(cls, data: bytes) -> ByteTree:
        return cls(leaf_of(data, index) for index in range(file_leaves(len(data))))

    @property
    def root(self) -> bytes:
        return self._levels[-1][0]

    def path(self, index: int) -> tuple[bytes, ...]:
        """The hashes beside the way from a leaf to the root, from below."""
        found = []
        for level in self._levels[:-1]:
            if (index ^ 1) < len(level):
                found.append(level[index ^ 1])
            index >>= 1
        return tuple(found)


def leaf_of(data: bytes, index: int) -> bytes:
    """The leaf at `index`, from 0; the last may be shorter."""
    return data[index * FILE_LEAF_BYTES : (index + 1) * FILE_LEAF_BYTES]


def holds_leaf(root: bytes, size: int, index: int, data: bytes, path: Sequence[bytes]) -> bool:
    """Whether the bytes are the leaf of a file with this root and size; the leaf must be there."""
    if len(data) != min(size - index * FILE_LEAF_BYTES, FILE_LEAF_BYTES):
        return False
    found, last, beside = file_leaf_hash(data), file_leaves(size) - 1, list(path)
    while last:
        if index != last or index % 2:
            if not beside:
                return False
            other = beside.pop(0)
            found = file_node_hash(other, found) if index % 2 else file_node_hash(found, other)
        index, last = index // 2, last // 2
    return not beside and found == root


def _above(level: list[bytes]) -> list[bytes]:
    pairs = [file_node_hash(*level[place : place + 2]) for place in range(0, len(level) - 1, 2)]
    return pairs + level[len(level) - len(level) % 2 :]
