"""offerOf: a miner's capacity in a class and what of it is for sale."""

from tests.harness.evm import reverts
from tests.harness.market import BOB, CPU, CPU_LARGE, PRICE, STRANGER


def test_shows_capacity_offer_and_reservation(world):
    until = world.evm.time + 60
    world.register(BOB, capacity=200, published=120, ask=PRICE, valid_until=until)
    world.confirm(world.request(units=30), BOB)
    offer = world.market.offerOf(BOB, CPU)
    assert offer._asdict() == {
        "published": 120,
        "reserved": 30,
        "ask": PRICE,
        "verifiedOnly": False,
        "validUntil": until,
        "capacity": 200,
    }


def test_is_empty_where_nothing_is_registered(world):
    world.market.registerMiner(BOB, sender=BOB)
    assert world.market.offerOf(BOB, CPU_LARGE) == (0, 0, 0, False, 0, 0)


def test_refuses_an_unknown_miner(world):
    with reverts("NotRegistered", STRANGER):
        world.market.offerOf(STRANGER, CPU)
