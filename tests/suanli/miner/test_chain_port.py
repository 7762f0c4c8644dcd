"""How little an idle miner asks of its node, and how soon it sees what comes all the same."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from suanli.chain import Node, RpcError
from suanli.protocol import State
from suanli.relay import HttpStore, RelayClient
from suanli.store import DirectoryStore
from tests.harness.bench import Bench
from tests.harness.faults import Faulty
from tests.harness.local_chain import BOB, Controls
from tests.harness.world import Requester, World, lodged, manifest_of, send

MINUTE = 60


class Asking:
    """A bench whose questions to the node are counted; each second brings a block."""

    def __init__(self, world: World, folder: Path, relay: RelayClient | None = None) -> None:
        self.faulty = Faulty(world.market.node.transport)
        self.chain = Controls(world.market.node)
        store = HttpStore(relay) if relay else DirectoryStore(folder / "shared")
        self.bench = Bench(world.market, folder, store, relay, node=Node(self.faulty))
        self.bench.restart()

    def pass_seconds(self, seconds: int) -> Counter[str]:
        self.faulty.asked.clear()
        for _ in range(seconds):
            self.chain.mine()
            self.bench.round()
        return Counter(self.faulty.asked)


def test_an_idle_miner_asks_little(registered: World, tmp_path: Path) -> None:
    """For each look the newest block, one that it knows, the logs, and all of the market."""
    asking = Asking(registered, tmp_path, registered.requester.relay)
    asking.pass_seconds(3 * MINUTE)
    asked = asking.pass_seconds(10 * MINUTE)
    looks = 10 * MINUTE // 10
    assert asked["eth_getLogs"] == looks
    assert asked["eth_getBlockByNumber"] == 2 * looks
    assert looks <= asked["eth_call"] <= looks + 10
    assert asked.total() * 144 < 46_800, "calls a day"
    asking.bench.daemon.journal.close()


def test_a_request_at_the_relay_is_begun_at_once(registered: World, tmp_path: Path) -> None:
    """However idle it was: within three looks at the relay, and the blocks that it takes."""
    asking = Asking(registered, tmp_path, registered.requester.relay)
    asking.pass_seconds(MINUTE)
    _, id_ = lodged(registered)
    asking.pass_seconds(3)
    assert asking.bench.daemon.core.state.deals[id_].stage.value in ("confirming", "running")
    asking.bench.daemon.journal.close()


def test_without_a_relay_posted_requests_are_looked_for_more_often(
    registered: World, tmp_path: Path
) -> None:
    asking = Asking(registered, tmp_path)
    asking.pass_seconds(MINUTE)
    assert asking.pass_seconds(MINUTE)["eth_getLogs"] == 20
    market = registered.market
    requester = Requester(market, None, DirectoryStore(tmp_path / "shared"))
    manifest = manifest_of(2)
    requester.put(manifest)
    request = requester.request(manifest, BOB.address, salt=78)
    send(market, requester.account, market.post_request(request))
    asking.pass_seconds(4)
    assert market.domain.request_id(request) in asking.bench.daemon.core.state.deals
    asking.bench.daemon.journal.close()


def test_old_events_hold_nothing_up(
    registered: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A node that searches few blocks at once, each time for a second: the miner sells meanwhile,
    says how far it is, and sees what was posted."""
    chain = Controls(registered.market.node)
    requester = registered.requester
    manifest = manifest_of(2)
    requester.put(manifest)
    request = requester.request(manifest, BOB.address, salt=79)
    send(registered.market, requester.account, registered.market.post_request(request))
    chain.anvil_mine("0x64")
    asking = Asking(registered, tmp_path, requester.relay)
    bench = asking.bench

    def slow(transport, method, params):
        (question,) = params
        if int(question["toBlock"], 16) - int(question["fromBlock"], 16) >= 5:
            raise RpcError(method, -32005, "at most 5 blocks")
        bench._monotonic += 1.0
        return transport.request(method, params)

    asking.faulty.always["eth_getLogs"] = slow
    for _ in range(3):
        bench.round()
    assert bench.daemon.core.state.view is not None
    assert (
        "blocks are still to be read for posted requests: the node searches"
        in (bench.daemon.troubles["events"])
    )
    bench.until(lambda: "events" not in bench.daemon.troubles)
    bench.until(lambda: registered.market.state_of(request) is State.SUBMITTED)
    assert caplog.text.count("are still to be read") == 1
    bench.daemon.journal.close()
