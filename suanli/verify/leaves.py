"""The list of leaves that a claim commits to: nothing of it is believed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from suanli.base.text import plain
from suanli.job import Manifest
from suanli.protocol import LEAF_BYTES, Claim, Leaf, ResultError, Tree, decode_leaves
from suanli.store import MAX_BLOB, StoreError
from suanli.verify.errors import ResultRefused


class Source(Protocol):
    """Where blobs come from: the reading half of `Store`."""

    def get(self, digest: bytes, limit: int = MAX_BLOB) -> bytes: ...


def fetch_leaves(store: Source, claim: Claim, part: Manifest, units: int) -> list[Leaf]:
    """The leaves that the claim commits to; `units`: of the deal.

    Raises:
        ResultRefused: withheld, or not what is claimed.
        FolderFailed: what came can't be kept.
    """
    leaves = fetch_tree(store, claim, part)
    _require_sum(leaves, claim, units)
    return leaves


def fetch_tree(store: Source, claim: Claim, part: Manifest) -> list[Leaf]:
    """The leaves of the claim's root, whatever they sum to.

    Raises: as `fetch_leaves`.
    """
    tasks = len(part.tasks)
    data = fetch(store, claim.leaves, tasks * LEAF_BYTES, None)
    try:
        leaves = decode_leaves(data, tasks)
        tree = Tree(leaves)
    except ResultError as error:
        raise ResultRefused("wrong", f"the list of leaves: {error}") from None
    if tree.root != claim.root:
        raise ResultRefused("wrong", "the leaves have another root than the result")
    return leaves


def require_within(leaves: Sequence[Leaf], claim: Claim, part: Manifest, units: int) -> None:
    """Raise ResultRefused if the leaves bill another sum than is claimed, or one of them more than
    a task may use. `units`: of the deal."""
    _require_sum(leaves, claim, units)
    for leaf in leaves:
        if leaf.units > part.limits.units:
            why = f"{leaf.units} units are above the task's limit of {part.limits.units}"
            raise ResultRefused("wrong", why, leaf.index)


def _require_sum(leaves: Sequence[Leaf], claim: Claim, units: int) -> None:
    total = sum(leaf.units for leaf in leaves)
    if total != claim.units_used:
        why = f"the leaves sum to {total} units, the result says {claim.units_used}"
        raise ResultRefused("wrong", why)
    if claim.units_used > units:
        raise ResultRefused("wrong", f"{claim.units_used} units are above the deal's {units}")


def fetch(store: Source, digest: bytes, limit: int, task: int | None) -> bytes:
    """A blob. Raises ResultRefused: it is withheld."""
    try:
        return store.get(digest, limit)
    except StoreError as error:
        # Whatever keeps us from it, and whoever: it must not hold the deal's money for ever.
        raise ResultRefused("withheld", plain(str(error)), task) from error
