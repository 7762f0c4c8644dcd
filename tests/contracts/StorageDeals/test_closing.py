"""settle, closeByMiner, closeByRequester, and money that comes and goes."""

import pytest

from suanli.protocol import Refused
from tests.harness.market import (
    ALICE,
    BOB,
    DAVE,
    GPU,
    OWNER,
    PAYOUT,
    PRICE,
    STRANGER,
    TREASURY,
    ZERO,
)
from tests.harness.storage import DAY, WINDOW

PAY, FEE = 24 * PRICE, 24 * PRICE * 250 // 10_000
LOST = 200 * PRICE


def refused(name, *arguments):
    shown = ", ".join(map(str, arguments))
    return pytest.raises(Refused, match=f"^{name}.*{shown}")


@pytest.fixture
def deal(world):
    return world.open(world.quote(world.file(3_000)))


def ended(world, deal, paid, lost):
    return {
        "deal": world.id_of(deal),
        "minerId": 1,
        "requester": ALICE.lower(),
        "paid": paid,
        "earned": paid * (PAY - FEE),
        "fees": paid * FEE,
        "refunded": (3 - paid) * PAY,
        "lost": lost,
        "compensation": min(lost, paid * PAY),
    }


def money(world):
    """Of the requester, the miner and the treasury, in base units."""
    purse = world.storage.purseOf(1)
    accounts = (world.storage.accountOf(who).available for who in (ALICE, TREASURY))
    return (*accounts, purse.available, purse.locked)


@pytest.mark.spec("19.9", "19.10")
@pytest.mark.parametrize("proved", [0, 1, 2])
def test_a_missed_period_costs_the_collateral(world, deal, proved):
    for _ in range(proved):
        world.prove(deal)
    until = deal.end_of(proved) + WINDOW
    world.advance(until - world.evm.time)
    with refused("PeriodNotMissed", until):
        world.call("settle", ALICE, deal)
    world.advance(1)
    receipt = world.call("settle", STRANGER, deal)
    assert receipt.event("StorageEnded").args == ended(world, deal, proved, LOST)
    miner = 1_000 * PRICE + proved * (PAY - FEE) - LOST
    # All that it paid is back.
    treasury = proved * FEE + LOST - proved * PAY
    assert money(world) == (1_000 * PRICE, treasury, miner, 0)
    assert world.market.offerOf(BOB, GPU).reserved == 0


@pytest.mark.spec("19.10")
def test_no_more_than_the_collateral_is_given_back(world):
    """After more periods than it covers."""
    deal = world.open(world.quote(world.file(3_000), collateral=2 * PAY, periods=4))
    for _ in range(3):
        world.prove(deal)
    receipt = world.call("close_by_miner", BOB, deal)
    assert receipt.event("StorageEnded").args["compensation"] == 2 * PAY
    assert money(world)[:2] == (1_000 * PRICE - PAY, 3 * FEE)


@pytest.mark.spec("19.10")
def test_whoever_proves_too_late_is_settled_all_the_same(world, deal):
    """Also once the whole deal's time is over."""
    world.advance(30 * DAY)
    world.market.pruneLots(world.address, [world.id_of(deal)], sender=STRANGER)
    world.shadow.free_lot(world.address, world.id_of(deal))
    receipt = world.call("settle", STRANGER, deal)
    assert receipt.event("StorageEnded").args == ended(world, deal, 0, LOST)


@pytest.mark.spec("19.9")
@pytest.mark.parametrize("when", ["at once", "named", "missed"])
def test_the_miner_gives_it_up_at_any_time(world, deal, when):
    if when == "named":
        world.name(deal)
    if when == "missed":
        world.advance(2 * DAY)
    for other in (ALICE, DAVE, STRANGER, OWNER):
        with refused("NotKeeper"):
            world.call("close_by_miner", other, deal)
    receipt = world.call("close_by_miner", BOB, deal)
    assert receipt.event("StorageEnded").args == ended(world, deal, 0, LOST)
    assert money(world) == (1_000 * PRICE, LOST, 1_000 * PRICE - LOST, 0)


@pytest.mark.spec("19.9")
@pytest.mark.parametrize(("after", "paid"), [(0, 1), (DAY - 1, 1), (DAY, 2), (DAY + WINDOW, 2)])
def test_the_requester_drops_it_and_pays_what_has_begun(world, deal, after, paid):
    world.advance(deal.opened_at + after - world.evm.time)
    for other in (BOB, DAVE, STRANGER, OWNER):
        with refused("NotOwnerOfBytes"):
            world.call("close_by_requester", other, deal)
    receipt = world.call("close_by_requester", ALICE, deal)
    assert receipt.event("StorageEnded").args == ended(world, deal, paid, 0)
    requester, miner = 1_000 * PRICE - paid * PAY, 1_000 * PRICE + paid * (PAY - FEE)
    assert money(world) == (requester, paid * FEE, miner, 0)
    assert world.market.offerOf(BOB, GPU).reserved == 0


@pytest.mark.spec("19.9")
def test_what_was_proved_is_not_paid_twice(world, deal):
    world.prove(deal)
    world.advance(deal.end_of(1) - world.evm.time)
    world.call("close_by_requester", ALICE, deal)
    assert money(world)[2] == 1_000 * PRICE + 3 * (PAY - FEE)


@pytest.mark.spec("19.9")
def test_after_the_last_period_no_more_than_all_is_paid(world, deal):
    for _ in range(2):
        world.prove(deal)
    world.advance(deal.end_of(2) + WINDOW - world.evm.time)
    receipt = world.call("close_by_requester", ALICE, deal)
    assert receipt.event("StorageEnded").args == ended(world, deal, 3, 0)


@pytest.mark.spec("19.9", "19.10")
def test_what_is_missed_can_not_be_dropped(world, deal):
    world.advance(deal.end_of(0) + WINDOW + 1 - world.evm.time)
    with refused("PeriodMissed"):
        world.call("close_by_requester", ALICE, deal)


@pytest.mark.spec("19.11")
def test_nothing_of_the_market_holds_up_an_end(world, deal):
    """A pause, a retired class, a withdrawn offer, a permission taken back, another payout."""
    world.market_call("pause", OWNER)
    world.market_call("retire_resource_class", OWNER, GPU)
    world.market_call("withdraw_offer", BOB, GPU)
    world.market_call("permit_operator", BOB, BOB, world.address, 0)
    world.market_call("set_payout", BOB, BOB, PAYOUT)
    world.prove(deal)
    with world.rollback():
        world.call("close_by_requester", ALICE, deal)
    with world.rollback():
        world.call("close_by_miner", BOB, deal)
    with world.rollback():
        world.advance(3 * DAY)
        world.call("settle", STRANGER, deal)
    for _ in range(2):
        world.prove(deal)
    assert world.storage.standingOf(deal).status == 0


@pytest.mark.spec("19.8")
def test_purses_are_filled_by_anybody_and_emptied_to_the_payout(world):
    world.market_call("set_payout", BOB, BOB, PAYOUT)
    receipt = world.call("add_collateral", ALICE, BOB, 7)
    assert receipt.event("CollateralAdded").args == {
        "minerId": 1,
        "giver": ALICE.lower(),
        "amount": 7,
    }
    assert world.storage.accountOf(ALICE).available == 1_000 * PRICE - 7
    for other in (ALICE, DAVE, STRANGER, OWNER):
        with refused("NotMinerOrPayout"):
            world.call("collect", other, BOB, 1)
    receipt = world.call("collect", BOB, BOB, 5)
    assert receipt.event("PurseCollected").args == {
        "minerId": 1,
        "payout": PAYOUT.lower(),
        "amount": 5,
    }
    world.call("collect", PAYOUT, BOB, 1_000 * PRICE + 2)
    assert world.token.balanceOf(PAYOUT) == 1_000 * PRICE + 7
    with refused("InsufficientAvailable"):
        world.call("collect", PAYOUT, BOB, 1)


@pytest.mark.spec("19.8")
def test_purses_refuse(world):
    with refused("ZeroAmount"):
        world.call("add_collateral", ALICE, BOB, 0)
    with refused("ZeroAmount"):
        world.call("collect", BOB, BOB, 0)
    with refused("InsufficientAvailable"):
        world.call("add_collateral", STRANGER, BOB, 1)
    for name in ("add_collateral", "collect"):
        with refused("NotRegistered"):
            world.call(name, ALICE, DAVE, 1)
    world.market_call("set_payout", BOB, BOB, world.address)
    with refused("InvalidRecipient"):
        world.call("collect", BOB, BOB, 1)


@pytest.mark.spec("19.8")
def test_collateral_behind_a_deal_stays(world, deal):
    world.call("collect", BOB, BOB, 800 * PRICE)
    with refused("InsufficientAvailable"):
        world.call("collect", BOB, BOB, 1)


@pytest.mark.spec("19.1")
def test_nobody_has_the_others_money(world, deal):
    """Whoever withdraws has its own available money, and no more."""
    for holder in (BOB, TREASURY, STRANGER, ALICE):
        left = world.storage.accountOf(holder).available
        with refused("InsufficientAvailable"):
            world.call("withdraw", holder, holder, left + 1)
    with refused("ZeroAddress"):
        world.call("withdraw", ALICE, ZERO, 1)
