"""What somebody would gain by cheating: each test is one attempt, and what it comes to."""

import pytest

from tests.contracts.Multicall.batches import call
from tests.harness.evm import account, reverts
from tests.harness.market import ALICE, BOB, CAROL, CPU, DAVE, PAYOUT, PRICE, ROOT, STRANGER

HEIR = account("heir")


@pytest.mark.spec("8.3", "10.2")
def test_poison_that_is_given_back_brings_its_requester_nothing(world):
    """A hundred signed requests for work that can't be done, which cost her no transaction."""
    world.fund(ALICE, 200 * world.unit)
    before = world.account_of(ALICE)
    for salt in range(100):
        request = world.request(units=1, salt=salt)
        world.market.confirmRequest(request, world.sign(request), sender=BOB)
        world.market.release(request, sender=BOB)
    assert world.account_of(ALICE) == before


@pytest.mark.spec("8.6", "12.3")
def test_reputation_has_its_price_in_fees_but_for_dust(world):
    """A miner that buys of itself: nothing counts for nothing, and dust counts for gas alone."""
    world.fund(ALICE, world.unit)
    resource = world.add_class(floor=1)
    world.register(BOB, resource=resource, ask=1)
    for salt, (units, used, fee, counted) in enumerate(
        [(1, 0, 0, 0), (1, 1, 0, 1), (40, 40, 1, 2)]
    ):
        request = world.request(units=units, maxPrice=1, resource=resource, salt=salt)
        world.market.confirmRequest(request, world.sign(request), sender=BOB)
        accepted = world.sign_acceptance(request, ROOT, used)
        receipt = world.market.submitAccepted(request, ROOT, used, accepted, sender=BOB)
        assert receipt.event("RequestSettled").args["fee"] == fee
        assert world.market.minerStatus(BOB).completed == counted


@pytest.mark.spec("3.8", "3.11")
def test_a_stolen_hot_key_keeps_no_stake_from_its_payout(world):
    """It pledges all stake anew as soon as some is free: the payout frees and unbonds at once."""
    world.stake(BOB, 500 * world.unit)
    world.market.registerResource(CPU, 1_250, sender=BOB)
    world.market.publishOffer(CPU, 1_250, 0, 2**32 - 1, False, sender=BOB)
    with reverts("InsufficientStake", 0, 1):
        world.market.startUnbonding(BOB, 1, sender=PAYOUT)
    stake = world.market.minerStatus(BOB).stake
    market = world.market
    leave = [call(market.lowerCapacity, BOB, CPU, 0), call(market.startUnbonding, BOB, stake)]
    market.multicall(leave, sender=PAYOUT)
    with reverts("InsufficientStake", 0, 2 * world.unit):
        world.market.registerResource(CPU, 1, sender=BOB)
    ends = world.market.minerAccount(BOB).unbondingEnds
    # A token of the thief's own doesn't help it, either.
    world.fund(STRANGER, world.unit)
    world.market.addStake(BOB, world.unit, sender=STRANGER)
    with reverts("UnbondingAlready", ends):
        world.market.startUnbonding(BOB, 1, sender=BOB)
    world.evm.advance(ends - world.evm.time)
    world.market.withdrawStake(BOB, sender=PAYOUT)
    assert world.token.balanceOf(PAYOUT) == stake


@pytest.mark.spec("3.3", "5.6")
def test_a_stolen_hot_key_gets_no_request_after_the_succession(world):
    """Not under its old address either, with stake and an offer of its own."""
    world.fund(ALICE, 1_000 * world.unit)
    meant = world.request(miner=BOB)
    world.market.nameSuccessor(BOB, HEIR, sender=PAYOUT)
    world.market.succeed(BOB, sender=HEIR)
    world.register(BOB)
    with reverts("NotNamedMiner", BOB, meant.miner):
        world.market.confirmRequest(meant, world.sign(meant), sender=BOB)
    world.market.confirmRequest(meant, world.sign(meant), sender=HEIR)


@pytest.mark.spec("5.3")
def test_no_class_is_charged_for_more_than_its_tasks_can_use(world):
    """A requester would hold a miner's capacity for units that no result could ever claim."""
    world.fund(ALICE, 10_000 * world.unit)
    held = world.request(units=1_001, tasks=1)
    with reverts("UnitsAboveTasks", 1_001, 1_000):
        world.market.confirmRequest(held, world.sign(held), sender=BOB)


@pytest.mark.parametrize("thief", [DAVE, CAROL, STRANGER])
def test_nobody_else_lowers_a_miners_capacity(world, thief):
    with reverts("NotMinerOrPayout", thief, BOB):
        world.market.lowerCapacity(BOB, CPU, 0, sender=thief)


@pytest.mark.spec("10.1", "12.9")
def test_a_lie_is_never_cheaper_than_a_default(world):
    """Under no record that can be added: who has no result would submit a wrong one."""
    for default in (1, 5_000, 10_000):
        with reverts("OutOfBounds", default - 1, default, 10_000):
            world.add_terms(releaseBps=0, defaultBps=default, overturnBps=default - 1)


@pytest.mark.spec("6.9", "8.2")
def test_an_agreement_can_not_be_told_as_anything_else(world, deal):
    """Neither party can turn it into a release, nor a release into an agreement."""
    signature = world.sign_release(deal, BOB)
    receipt = world.market.releaseByAgreement(deal, signature, sender=ALICE)
    assert [event.name for event in receipt.events] == ["RequestAnnulled"]
    assert world.market.minerStatus(BOB).stake == world.market.minerStatus(BOB).pledged
    assert world.deal(deal).price >= PRICE
