"""A miner in a process of its own, on a real chain, with a real program."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

from suanli.chain import State
from suanli.job.tree import Tree, decode_leaves
from tests.local_chain import BOB
from tests.miner.world import World, manifest_of, process, write_config

KEY = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"
T = TypeVar("T")


def until(look: Callable[[], T], process: subprocess.Popen, seconds: float = 30) -> T:
    """What `look` sees once it is something; fails with the daemon's log when that takes long."""
    ends = time.monotonic() + seconds
    while not (found := look()):
        if process.poll() is not None or time.monotonic() > ends:
            process.kill()
            raise AssertionError(process.stdout.read())
        time.sleep(0.1)
    return found


def test_a_signed_deal_from_request_to_payment(world: World) -> None:
    config = write_config(world)
    requester, market = world.requester, world.market
    manifest = manifest_of(3)
    requester.put(manifest)
    request = requester.request(manifest, BOB.address)
    with process("miner", "run", "--config", str(config), SUANLI_PRIVATE_KEY=KEY) as daemon:
        until(lambda: market.miner_account(BOB.address), daemon)
        id_ = requester.lodge(request)
        result = until(lambda: requester.relay.results(id_), daemon)[0]
        leaves = decode_leaves(requester.store.get(bytes.fromhex(result.leaves[2:])), 3)
        tree = Tree(leaves)
        assert ("0x" + tree.root.hex(), str(tree.total)) == (result.root, result.units_used)
        for leaf in leaves:
            record = json.loads(requester.store.get(leaf.digest)[32:])
            output = requester.store.get(bytes.fromhex(record["stdout"]["digest"]))
            assert output[32:] == b"done\n"
        requester.accept(result)
        until(lambda: market.state_of(request) is State.SETTLED, daemon)
        daemon.terminate()
        log = daemon.communicate(timeout=10)[0]
        assert daemon.returncode == 0, log
    print(log)
