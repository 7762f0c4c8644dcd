"""Jobs whose data goes from the requester's IPFS node to the miner's and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from suanli.client import ClientError
from suanli.client.connecting import _store_at
from suanli.relay import ipfs_store
from suanli.store import DirectoryStore
from suanli.store.ipfs import IpfsStore
from tests.harness.kubo import Blocks, Kubo, serving
from tests.suanli.client.conftest import BOB, World

TASKS = 4
RESULT = {"all.txt": b"".join(b"task %d\n" % i for i in range(TASKS))}


@pytest.fixture
def nodes(world: World) -> Iterator[tuple[Kubo, Kubo]]:
    """The requester's, and the miner's, whose store is there."""
    network: dict[str, Blocks] = {}
    with ExitStack() as stack:
        mine, theirs = (stack.enter_context(serving(Kubo(Blocks(network)))) for _ in range(2))
        miners = ipfs_store(theirs.place, world.broker, world.folder / "bob")
        stack.callback(miners.close)
        world.blobs = lambda: miners  # type: ignore[method-assign]
        yield mine, theirs


def store(world: World, kubo: Kubo) -> IpfsStore:
    return ipfs_store(kubo.place, world._relay, world.folder / "alice")


def test_announced_nodes_are_met_and_the_data_goes_between_them(
    world: World, nodes: tuple[Kubo, Kubo]
) -> None:
    mine, theirs = nodes
    world.miner(BOB, reads=True).join(peers=f"{theirs.blocks.address} /nonsense")
    run = world.client(store=store(world, mine)).submit(world.job(TASKS), budget="1000", audit=1.0)
    with closing(run):
        list(run.events())
        assert run.files() == RESULT
    assert theirs.blocks in mine.blocks.peers
    assert mine.pins
    assert theirs.pins
    assert set(DirectoryStore(world.folder / "blobs")) == set()  # of the relay


def test_a_run_that_is_resumed_meets_the_nodes_it_knew(
    world: World, nodes: tuple[Kubo, Kubo]
) -> None:
    mine, theirs = nodes
    world.miner(BOB).join(peers=theirs.blocks.address)
    run = world.client(store=store(world, mine)).submit(world.job(TASKS), budget="1000")
    with closing(run):
        for _ in run.events():
            if world.miners[0].done:
                break
    mine.blocks.peers.clear()  # as after a restart
    theirs.blocks.peers.clear()
    world.miners[0].tell(peers="", issued=world.node.head().time + 1)
    run = world.client(store=store(world, mine)).run(run.id)
    with closing(run):
        list(run.events())
        assert run.files() == RESULT


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("ipfs:5001", "the store .* can't be used: '5001' is no place on IPFS"),
        ("ipfs:https://g.example", "gateways only give: name a node's RPC address, too"),
        ("ipfs:/ip4/127.0.0.1/tcp/5001", "takes a relay, too, .* name one"),
    ],
)
def test_stores_that_will_not_do(tmp_path: Path, where: str, why: str) -> None:
    with pytest.raises(ClientError, match=why):
        _store_at(where, None, tmp_path)


def test_a_folder_is_still_one(tmp_path: Path) -> None:
    assert isinstance(_store_at(str(tmp_path / "blobs"), None, tmp_path), DirectoryStore)
