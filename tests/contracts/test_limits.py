"""What the specification's last section admits, shown: it happens, and no more than that."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import (
    ALICE,
    BOB,
    CPU,
    DAVE,
    MAX_UINT32,
    PAYOUT,
    PRICE,
    REWARD_POOL,
    ROOT,
    STRANGER,
    TREASURY,
    value_down,
)


@pytest.mark.spec("12.1")
def test_a_miner_that_saw_the_bid_takes_all_of_it(world):
    """Whoever may be any miner raises its ask first; a named one is quoted before."""
    world.register(BOB)
    request = world.request(maxPrice=2 * PRICE)
    world.post(request)
    assert world.market.priceOf(CPU) < PRICE
    world.market.publishOffer(CPU, 1_000, 2 * PRICE, MAX_UINT32, False, sender=BOB)
    assert world.market.confirmRequest(request, b"", sender=BOB).value == 2 * PRICE


@pytest.mark.spec("12.2")
def test_a_signed_request_binds_no_money(world):
    world.register(BOB)
    request = world.request()
    signature, needed = world.sign(request), world.lock_of(request)
    world.fund(ALICE, needed)
    world.market.withdraw(ALICE, 1, sender=ALICE)
    with reverts("InsufficientAvailable", ALICE, needed - 1, needed):
        world.market.confirmRequest(request, signature, sender=BOB)
    assert world.market.offerOf(BOB, CPU).reserved == 0


@pytest.mark.spec("12.3")
def test_counters_are_bought_for_the_fee(world):
    world.register(BOB, ask=PRICE)
    request = world.request(requester=BOB, maxPrice=PRICE)
    world.fund(BOB, world.lock_of(request))
    signature = world.sign_acceptance(request, signer=BOB)
    world.market.confirmRequest(request, world.sign(request, BOB), sender=BOB)
    world.market.submitAccepted(request, ROOT, request.units, signature, sender=BOB)
    status, account = world.market.minerStatus(BOB), world.market.minerAccount(BOB)
    fee = 100 * world.unit * 250 // 10_000
    assert status.completed == 1
    assert account.earnings + world.account_of(BOB)[0] == world.lock_of(request) - fee
    assert world.account_of(TREASURY) == (fee, 0)


@pytest.mark.spec("3.10", "10.2", "12.9")
def test_a_stolen_key_burns_the_stake_until_it_is_replaced(world):
    """Round by round half of what is left; the thief gains the cap of each, here 0.01 token."""
    world.register(BOB, payout=PAYOUT, ask=PRICE)
    world.stake(BOB, 50 * world.unit)
    world.market.startUnbonding(BOB, 50 * world.unit, sender=PAYOUT)
    terms, rounds = world.add_terms(compensationCap=PRICE // 100), 3
    lost = 0
    for salt in range(rounds):
        capacity = world.market.offerOf(BOB, CPU).capacity
        request = world.request(
            requester=STRANGER, units=capacity, maxPrice=PRICE, duration=60, terms=terms, salt=salt
        )
        world.confirm(request, BOB)
        world.evm.advance(61)
        slashed = world.market.claimDefault(request, sender=STRANGER).event("StakeSlashed").args
        assert slashed["compensation"] == value_down(1, PRICE // 100)
        lost += sum(slashed[share] for share in ("compensation", "courtShare", "poolShare"))
        world.market.withdraw(STRANGER, world.lock_of(request), sender=STRANGER)
    assert lost == 1_750 * world.unit
    assert world.account_of(STRANGER)[0] == rounds * world.unit // 100
    assert world.account_of(REWARD_POOL)[0] == lost - rounds * world.unit // 100

    world.market.nameSuccessor(BOB, DAVE, sender=PAYOUT)
    world.market.succeed(BOB, sender=DAVE)
    with reverts("NotRegistered", BOB):
        world.market.publishOffer(CPU, 1, 0, MAX_UINT32, False, sender=BOB)
    assert world.market.minerStatus(DAVE).stake == (2_050 - 1_750) * world.unit
    assert world.market.minerAccount(DAVE).unbonding == 50 * world.unit
