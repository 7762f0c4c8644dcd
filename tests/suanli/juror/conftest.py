"""What the juror's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from suanli.chain import Court, Market, Token, connect
from suanli.engine import runtime_ids
from suanli.engine.host import Pool
from suanli.juror.setup import take_seats
from tests.harness.bench import register
from tests.harness.court import TOKEN, let_judge, sender_of
from tests.harness.local_chain import BOB, CAROL, DEPLOYER, Controls, anvil, deploy
from tests.suanli.juror.world import SEATS, JudgedWorld, Juror


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    with Pool(1, cache=tmp_path_factory.mktemp("modules")) as pool:
        yield pool


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """Of a node of its own. Blocks come with each transaction."""
    with anvil() as url:
        yield url


@pytest.fixture(scope="session")
def courts(url: str) -> tuple[Market, Court, int]:
    """A market with a court, and the terms that name it."""
    market = deploy(connect(url))
    owner = sender_of(market, DEPLOYER)
    for runtime in runtime_ids():
        owner.execute(market.permit_runtime(1, runtime))
    return market, *let_judge(market)


@pytest.fixture
def juror(courts: tuple[Market, Court, int], pool: Pool, tmp_path: Path) -> Iterator[Juror]:
    """Carol, with seats."""
    market, court, _ = courts
    with Controls(market.node).rollback():
        token, sender = Token(market.node, market.token()), sender_of(market, CAROL)
        sender.execute(token.faucet(SEATS * 100 * TOKEN))
        take_seats(court, token, sender, SEATS, (), lambda text: None)
        made = Juror(market, court, pool, tmp_path)
        made.pass_time(61)
        made.start()
        yield made
        made.kill()


@pytest.fixture
def world(courts: tuple[Market, Court, int], juror: Juror, tmp_path: Path) -> JudgedWorld:
    market, court, terms = courts
    register(market, BOB, tmp_path)
    offer = market.publish_offer(1, 1_000, TOKEN, market.node.head().time + 3_600, False)
    sender_of(market, BOB).execute(offer)
    return JudgedWorld(market, court, terms, juror)
