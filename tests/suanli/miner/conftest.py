"""One Anvil with one market, and one relay, for the daemon's tests that need them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from suanli.base.database import Database
from suanli.chain import Contract, Market, Sender, connect
from suanli.engine import runtime_ids
from suanli.relay import HttpStore, RelayClient
from suanli.relay.server.app import create_app
from suanli.relay.server.board import Board
from suanli.relay.server.database import open_database
from suanli.store import DirectoryStore
from tests.harness.bench import Bench, register
from tests.harness.local_chain import BOB, CHEAP, DEPLOYER, Controls, anvil, deploy
from tests.harness.world import TOKEN, Requester, World


@pytest.fixture(scope="session")
def chain() -> Iterator[tuple[str, Market]]:
    """Blocks come with each transaction."""
    with anvil() as url:
        node = connect(url)
        market = deploy(node)
        contract = Contract(node, market.address, "ComputeMarket")
        owner = Sender(node, DEPLOYER, fees=CHEAP, poll_every=0.05)
        for runtime in runtime_ids():
            owner.execute(contract.call("permitRuntime", 1, runtime))
        yield url, market


@pytest.fixture(scope="session")
def relay(
    chain: tuple[str, Market], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Database]]:
    """Its address and its database."""
    folder = tmp_path_factory.mktemp("relay")
    database = open_database(folder / "relay.sqlite", chain[1].domain)
    app = create_app(Board(database, chain[1].domain), DirectoryStore(folder / "blobs"))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.005)
        assert thread.is_alive(), "the relay did not start"
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", database
    server.should_exit = True
    thread.join()
    database.close()


@pytest.fixture
def world(
    chain: tuple[str, Market], relay: tuple[str, Database], tmp_path: Path
) -> Iterator[World]:
    """A chain as just deployed and an empty relay."""
    rpc, market = chain
    url, database = relay
    client = RelayClient(url, market.domain)
    requester = Requester(market, client, HttpStore(client))
    with Controls(market.node).rollback():
        requester.fund(1_000 * TOKEN)
        made = World(market, rpc, url, tmp_path, requester, database)
        made.forget_at_relay()
        yield made
    client.close()


@pytest.fixture
def registered(world: World, tmp_path: Path) -> World:
    """Bob is a miner."""
    register(world.market, BOB, tmp_path)
    return world


@pytest.fixture
def bench(registered: World, tmp_path: Path) -> Iterator[Bench]:
    """Bob's daemon, its offer published."""
    relay = registered.requester.relay
    made = Bench(registered.market, tmp_path, HttpStore(relay), relay)
    made.restart()
    made.until(lambda: registered.market.offer_of(BOB.address, 1).valid_until)
    yield made
    made.daemon.journal.close()
