"""The Merkle sum tree over a deal's tasks, as `contracts/market/ResultTree.sol` checks it.

- leaf:    keccak256(0x00 ‖ uint32 index ‖ uint8 outcome ‖ digest ‖ uint64 units), sum = units
- node:    keccak256(0x01 ‖ left ‖ uint64 left sum ‖ right ‖ uint64 right sum), sum = both
- padding: a subtree without tasks has hash 0 and sum 0

The depth is the bit length of tasks − 1; the root is the hash at the top.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from eth_utils.crypto import keccak

from suanli.protocol.errors import ResultError

MAX_TASKS = 2**32 - 1
MAX_UNITS = 2**64 - 1
LEAF_BYTES = 45
ZERO = bytes(32)

Sibling = tuple[bytes, int]
"""Hash and sum (units) of the other child on the way up."""


@dataclass(frozen=True)
class Leaf:
    """What a miner claims of one task: `digest` (32 bytes) of its output record, `units` billed.

    Raises:
        ResultError: a field does not fit its place in the leaf.
    """

    index: int
    outcome: int
    digest: bytes
    units: int

    def __post_init__(self) -> None:
        bounds = (("index", MAX_TASKS - 1), ("outcome", 255), ("units", MAX_UNITS))
        for name, top in bounds:
            if not 0 <= getattr(self, name) <= top:
                raise ResultError(f"leaf {self.index}: {name} must be from 0 to {top}")
        if len(self.digest) != 32:
            raise ResultError(f"leaf {self.index}: its digest has {len(self.digest)} bytes, not 32")

    def agrees(self, other: Self) -> bool:
        """Whether both claim the same, wherever they stand."""
        mine = (self.outcome, self.digest, self.units)
        return mine == (other.outcome, other.digest, other.units)

    def encode(self) -> bytes:
        """45 bytes: index (4), outcome (1), digest (32), units (8), big-endian."""
        head = self.index.to_bytes(4, "big") + self.outcome.to_bytes(1, "big")
        return head + self.digest + self.units.to_bytes(8, "big")


def leaf_hash(leaf: Leaf) -> bytes:
    """Keccak-256 of a zero byte and the encoded leaf, 32 bytes."""
    return keccak(b"\x00" + leaf.encode())


def node_hash(left: Sibling, right: Sibling) -> bytes:
    """Keccak-256 of a one byte and both sides, each a hash and the units below it (8 bytes)."""
    sums = [side[1].to_bytes(8, "big") for side in (left, right)]
    return keccak(b"\x01" + left[0] + sums[0] + right[0] + sums[1])


def depth_of(tasks: int) -> int:
    """Siblings in every path of a tree over `tasks` leaves."""
    return (tasks - 1).bit_length()


class Tree:
    """The tree over the leaves of tasks 0, 1, 2, …

    Raises:
        ResultError: no leaves, a leaf out of its place, or units that add up to more than uint64.
    """

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        if not 0 < len(leaves) <= MAX_TASKS:
            raise ResultError(f"a result has from 1 to {MAX_TASKS} leaves, not {len(leaves)}")
        for index, leaf in enumerate(leaves):
            if leaf.index != index:
                raise ResultError(f"leaf {leaf.index} stands in the place of leaf {index}")
        if sum(leaf.units for leaf in leaves) > MAX_UNITS:
            raise ResultError("the units of all leaves together do not fit 64 bits")
        level: list[Sibling] = [(leaf_hash(leaf), leaf.units) for leaf in leaves]
        self._levels = [level]
        while len(level) > 1:
            if len(level) % 2:
                level.append((ZERO, 0))
            pairs = zip(level[::2], level[1::2], strict=True)
            level = [(node_hash(left, right), left[1] + right[1]) for left, right in pairs]
            self._levels.append(level)
        self.root, self.total = level[0]
        self.tasks = len(leaves)

    def path(self, index: int) -> list[Sibling]:
        """The siblings of leaf `index`, leaves first.

        Raises:
            ResultError: there is no such leaf.
        """
        if not 0 <= index < self.tasks:
            raise ResultError(f"no leaf {index} in a result of {self.tasks} tasks")
        return [level[(index >> depth) ^ 1] for depth, level in enumerate(self._levels[:-1])]


def open_leaf(root: bytes, tasks: int, leaf: Leaf, path: Sequence[Sibling]) -> int | None:
    """Units of all tasks that `root` commits to, or None if `path` does not lead to it.

    Raises:
        ResultError: the index or the length of the path has no meaning in this deal.
    """
    if leaf.index >= tasks:
        raise ResultError(f"leaf {leaf.index} is not in a deal of {tasks} tasks")
    if len(path) != depth_of(tasks):
        raise ResultError(f"a path of {len(path)} siblings, not {depth_of(tasks)}")
    here: Sibling = (leaf_hash(leaf), leaf.units)
    position, last = leaf.index, tasks - 1
    for sibling in path:
        if (position ^ 1) > last and sibling != (ZERO, 0):
            return None
        total = here[1] + sibling[1]
        if total > MAX_UNITS:
            return None
        left, right = (sibling, here) if position & 1 else (here, sibling)
        here = (node_hash(left, right), total)
        position, last = position >> 1, last >> 1
    return here[1] if here[0] == root else None


def verify(root: bytes, units_used: int, tasks: int, leaf: Leaf, path: Sequence[Sibling]) -> bool:
    """Whether `path` leads from `leaf` to `root` and sums to `units_used`."""
    return open_leaf(root, tasks, leaf, path) == units_used


def encode_leaves(leaves: Sequence[Leaf]) -> bytes:
    """The leaf list as it is served: 45 bytes a leaf, in order."""
    return b"".join(leaf.encode() for leaf in leaves)


def decode_leaves(data: bytes, tasks: int) -> list[Leaf]:
    """The leaves of a deal of `tasks` tasks.

    Raises:
        ResultError: another length, or a leaf out of its place.
    """
    if len(data) != tasks * LEAF_BYTES:
        raise ResultError(f"{len(data)} bytes are not the leaves of {tasks} tasks")
    leaves = []
    for at in range(0, len(data), LEAF_BYTES):
        raw = data[at : at + LEAF_BYTES]
        index, units = int.from_bytes(raw[:4], "big"), int.from_bytes(raw[37:], "big")
        if index != at // LEAF_BYTES:
            raise ResultError(f"leaf {index} stands in the place of leaf {at // LEAF_BYTES}")
        leaves.append(Leaf(index, raw[4], raw[5:37], units))
    return leaves
