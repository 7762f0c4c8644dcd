"""A deal of Alice's with Bob: 100 units at 1.5 tokens (her bid is 2), collateral 200 tokens.

Bob's capacity is 1,000 units, his stake 2,000 tokens. Terms: fee 2.5 %, release 1 %, default 50 %,
overturn 100 %; of that at most 30 tokens to Alice, and a fifth of the rest to the court.
"""

import pytest

from tests.harness.market import BOB, PAYOUT, PRICE, ROOT, Request, World


@pytest.fixture
def world(world: World) -> World:
    world.register(BOB, payout=PAYOUT, ask=PRICE * 3 // 2)
    return world


@pytest.fixture
def deal(world: World) -> Request:
    """A confirmed deal."""
    request = world.request()
    world.confirm(request, BOB)
    return request


@pytest.fixture
def submitted(world: World, deal: Request) -> Request:
    """The deal with a result that claims 80 of its 100 units."""
    world.market.submitResult(deal, ROOT, 80, sender=BOB)
    return deal


@pytest.fixture
def challenged(world: World, submitted: Request) -> Request:
    """The submitted deal with one challenge open."""
    world.court.freeze(submitted)
    return submitted
