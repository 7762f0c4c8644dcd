"""A deal whose data is on IPFS: requester and miner have a node each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from suanli.job import OutputRecord
from suanli.protocol import State, decode_leaves
from suanli.relay import ipfs_store
from suanli.store import DirectoryStore, cid_of, fetch
from suanli.store.ipfs import Cid, IpfsStore
from tests.harness.bench import Bench
from tests.harness.kubo import Blocks, Kubo, serving
from tests.harness.local_chain import BOB
from tests.harness.world import World, lodged, reasons, settled

LARGE = 3 << 20


@pytest.fixture
def pair(registered: World, tmp_path: Path) -> Iterator[tuple[Bench, Kubo, Kubo]]:
    """The miner's daemon, its node, and the requester's, which are not connected."""
    network: dict[str, Blocks] = {}
    with ExitStack() as stack:
        mine, theirs = (stack.enter_context(serving(Kubo(Blocks(network)))) for _ in range(2))

        def store(kubo: Kubo, name: str) -> IpfsStore:
            made = ipfs_store(kubo.place, registered.requester.relay, tmp_path / name)
            stack.callback(made.close)
            return made

        registered.requester.store = store(theirs, "alice")
        miners = store(mine, "bob")
        bench = Bench(registered.market, tmp_path, miners, registered.requester.relay)
        bench.peers = miners.peers.own
        bench.restart()
        bench.until(lambda: registered.market.offer_of(BOB.address, 1).valid_until)
        yield bench, mine, theirs
        bench.daemon.journal.close()


def meet(world: World) -> None:
    """As a client does that reads announcements."""
    (announced,) = world.requester.relay.announcements(1)
    world.requester.store.peers.learn(announced.peers.split(), 0)


def test_a_deal_from_node_to_node(
    registered: World, pair: tuple[Bench, Kubo, Kubo], tmp_path: Path
) -> None:
    bench, mine, theirs = pair
    bench.executor.output = lambda task: task.args[0].encode() * LARGE
    meet(registered)
    request, id_ = lodged(registered)
    bench.until(settled(registered, request, id_))
    assert mine.blocks in theirs.blocks.peers
    (claim,) = registered.requester.relay.claims(id_)
    here = DirectoryStore(tmp_path / "here")
    store = registered.requester.store
    for leaf in decode_leaves(store.get(claim.leaves), 2):
        record = OutputRecord.decode(store.get(leaf.digest)[32:], 1 << 20)
        ref = max(record.refs, key=lambda ref: ref.size)
        fetch(store, here, ref.digest)
        assert here.size(ref.digest) == 32 + LARGE
        assert mine.pins >= {Cid(0x55, leaf.digest)}
    folder = registered.folder.parent
    assert not list(folder.rglob(f"blobs/??/{cid_of(claim.leaves)}"))


def test_nodes_that_vanish_are_waited_for(
    registered: World, pair: tuple[Bench, Kubo, Kubo]
) -> None:
    bench, mine, _ = pair
    away = (502, {}, b"away")
    meet(registered)
    mine.answers = lambda command, params: away
    request, id_ = lodged(registered)
    for _ in range(5):
        bench.round()
    assert reasons(registered, id_) == []
    assert any("refuses: away" in why for why in bench.daemon.away.values())
    mine.answers = lambda command, params: away if command == "block/put" else None
    bench.until(lambda: registered.market.state_of(request) is State.CONFIRMED)
    for _ in range(5):
        bench.round()
    assert registered.market.state_of(request) is State.CONFIRMED
    mine.answers = lambda command, params: None
    bench.until(settled(registered, request, id_))
