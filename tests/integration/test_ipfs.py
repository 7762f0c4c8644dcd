"""Stores on real nodes: what one implementation has, the other gets, on loopback alone.

`make test-deep` sets the nodes up. The RPC before them is the tests' own: Kubo's daemon, which has
one, is in no package."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from suanli.store import StoreError
from suanli.store.ipfs import Cid, IpfsStore
from tests.harness import ipfs_nodes
from tests.harness.ipfs_nodes import RealBlocks
from tests.harness.kubo import Kubo, serving
from tests.suanli.store.ipfs.conftest import Told

pytestmark = pytest.mark.deep
LARGE = random.Random(2).randbytes((3 << 20) + 77)
DIGEST = hashlib.sha256(LARGE).digest()
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BOTH = pytest.mark.parametrize(
    ("one", "other"),
    [(ipfs_nodes.kubo, ipfs_nodes.helia), (ipfs_nodes.helia, ipfs_nodes.kubo)],
    ids=["Kubo to Helia", "Helia to Kubo"],
)
Make = Callable[[Path], RealBlocks]


class Nodes:
    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack, self.told = folder, stack, Told()

    def store(self, make: Make) -> tuple[RealBlocks, IpfsStore]:
        """On a node of its own."""
        folder = self._folder / make.__name__
        blocks = make(folder)
        self._stack.callback(blocks.kill)
        rpc = self._stack.enter_context(serving(Kubo(blocks)))  # type: ignore[arg-type]
        store = IpfsStore(rpc.place, self.told, folder / "pins.sqlite")
        self._stack.callback(store.close)
        return blocks, store


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    with ExitStack() as stack:
        yield Nodes(tmp_path, stack)


def version_1(cid: str) -> str:
    """The same root as it is told, if it is of version 0."""
    if not cid.startswith("Qm"):
        return cid
    number = 0
    for letter in cid:
        number = number * 58 + BASE58.index(letter)
    return str(Cid(0x70, number.to_bytes(34, "big")[2:]))


@BOTH
def test_a_blob_of_one_is_fetched_by_the_other(nodes: Nodes, one: Make, other: Make) -> None:
    _, mine = nodes.store(one)
    theirs, reader = nodes.store(other)
    small = {hashlib.sha256(data).digest(): data for data in (b"", b"a", bytes(1 << 20))}
    mine.put_many(small)
    mine.put(LARGE)
    assert mine.missing([*small, DIGEST]) == set()
    theirs.connect(mine.peers.own())
    assert reader.get_many(list(small), 1 << 20) == small
    assert b"".join(reader.stream(DIGEST)) == LARGE
    (root,) = nodes.told.find(DIGEST)
    assert theirs.cat(root) == LARGE  # as it reads files itself


@BOTH
def test_a_file_that_one_made_itself_is_read(nodes: Nodes, one: Make, other: Make) -> None:
    made, mine = nodes.store(one)
    theirs, reader = nodes.store(other)
    root = version_1(made.add(LARGE))
    nodes.told.tell(DIGEST, root)
    theirs.connect(mine.peers.own())
    assert b"".join(reader.stream(DIGEST)) == LARGE
    assert b"".join(reader.stream(DIGEST, 1_000_000)) == LARGE[1_000_000:]


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suanli.store.ipfs.patience.LONG", 2.0)


@pytest.mark.usefixtures("_impatient")
def test_a_node_that_vanishes_leaves_an_error(nodes: Nodes) -> None:
    made, mine = nodes.store(ipfs_nodes.kubo)
    theirs, reader = nodes.store(ipfs_nodes.helia)
    mine.put(LARGE)
    theirs.connect(mine.peers.own())
    pieces = reader.stream(DIGEST)
    assert LARGE.startswith(next(pieces))
    made.kill()
    with pytest.raises(StoreError, match=r"not found on IPFS|takes longer than"):
        list(pieces)
    theirs.kill()
    with pytest.raises(StoreError):
        reader.get(DIGEST)


@pytest.mark.usefixtures("_impatient")
def test_what_no_node_has_is_not_waited_for_for_ever(nodes: Nodes) -> None:
    made, mine = nodes.store(ipfs_nodes.helia)
    theirs, reader = nodes.store(ipfs_nodes.kubo)
    mine.put(LARGE)
    theirs.connect(mine.peers.own())
    made.kill()
    with pytest.raises(StoreError, match=r"not found on IPFS|takes longer than"):
        reader.get(DIGEST)
