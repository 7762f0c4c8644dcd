"""multicallSkip: what reverts is left out, says why, and takes nothing from the others."""

from contextlib import suppress

import pytest

from tests.contracts.Multicall.batches import call, changed
from tests.harness.evm import Reverted, reverts
from tests.harness.market import ALICE, BOB, CAROL, CPU, ROOT, STRANGER, World, deploy_market

GAS_EACH = 500_000


@pytest.fixture
def world(world):
    world.register(BOB)
    world.fund(ALICE, 10_000 * world.unit)
    return world


def skipped(receipt):
    return [event.args for event in receipt.events if event.name == "CallSkipped"]


@pytest.mark.spec("9.7")
def test_one_withdrawn_balance_does_not_undo_ten(world):
    market = world.market
    world.fund(CAROL, 100 * world.unit)
    requests = [world.request(units=10, salt=salt) for salt in range(10)]
    poor = world.request(requester=CAROL, units=50)
    signed = [(request, world.sign(request)) for request in requests]
    signed.insert(4, (poor, world.sign(poor, CAROL)))
    market.withdraw(CAROL, 1, sender=CAROL)

    receipt = market.multicallSkip(
        [call(market.confirmRequest, *pair) for pair in signed], sender=BOB
    )

    done, results = receipt.value
    assert done == (True,) * 4 + (False,) + (True,) * 6
    needed = 100 * world.unit
    with reverts("InsufficientAvailable", CAROL, needed - 1, needed):
        raise world.evm.explain(results[4])
    assert skipped(receipt) == [{"index": 4, "reason": results[4]}]
    assert market.offerOf(BOB, CPU).reserved == 100


@pytest.mark.spec("9.7")
def test_a_call_left_out_changes_nothing(world):
    market, before = world.market, changed(world, BOB)
    bad = [
        call(market.collectEarnings, BOB),
        call(market.registerResource, CPU, 10),
        call(market.setPayout, BOB, BOB)[:8],
        b"",
        call(market.setGuardian, BOB),
        call(market.multicall, [call(market.withdrawOffer, CPU), b""]),
    ]
    receipt = market.multicallSkip(bad, sender=BOB)
    assert receipt.value.done == (False,) * len(bad)
    assert [args["index"] for args in skipped(receipt)] == list(range(len(bad)))
    assert changed(world, BOB) == before


@pytest.mark.spec("9.7")
def test_gives_what_the_calls_give(world):
    market, request = world.market, world.request()
    accepted = world.sign_acceptance(request, ROOT, 50)
    calls = [
        call(market.confirmRequest, request, world.sign(request)),
        call(market.submitAccepted, request, ROOT, 50, accepted),
        call(market.minerStatus, BOB),
    ]
    with world.evm.rollback():
        together = market.multicall(calls, sender=BOB)
        state = changed(world, BOB)
    receipt = market.multicallSkip(calls, sender=BOB)
    assert receipt.value.results == together.value
    assert receipt.events == together.events
    assert changed(world, BOB) == state
    assert market.multicallSkip([], sender=BOB).value == ((), ())


@pytest.mark.spec("9.7")
def test_no_call_eats_the_gas_of_the_others(world):
    market, wallet = world.market, world.evm.deploy("Glutton").address
    good = [world.request(units=10, salt=salt) for salt in range(3)]
    calls = [call(market.confirmRequest, request, world.sign(request)) for request in good]
    poisoned = world.request(requester=wallet, units=10)
    calls.insert(1, call(market.confirmRequest, poisoned, b"any"))

    receipt = market.multicallSkip(calls, sender=BOB)

    assert receipt.value.done == (True, False, True, True)
    reason = world.evm.explain(receipt.value.results[1])
    assert (reason.name, reason.arguments[0]) == ("InvalidSignature", wallet)
    assert GAS_EACH < world.evm.gas_used() < 2 * GAS_EACH


@pytest.mark.spec("9.7")
@pytest.mark.parametrize("gas", range(60_000, 1_100_000, 40_000))
def test_short_gas_leaves_out_nobody(world, gas):
    """With any limit all three are made or, for want of gas, none."""
    market = world.market
    requests = [world.request(units=10, salt=salt) for salt in range(3)]
    calls = [call(market.confirmRequest, request, world.sign(request)) for request in requests]
    data = call(market.multicallSkip, calls)
    before = changed(world, BOB)
    with suppress(Reverted):
        returned = world.evm.message(BOB, market.address, data, gas=gas)
        assert market.multicallSkip.codec.result(returned).done == (True,) * 3
        return
    assert changed(world, BOB) == before


@pytest.mark.spec("9.7")
def test_says_which_call_had_not_enough(world):
    market = world.market
    calls = [call(market.withdrawOffer, CPU), call(market.priceOf, CPU)]
    data = call(market.multicallSkip, calls)
    with reverts("InsufficientGas", 0, 527_936):
        world.evm.message(BOB, market.address, data, gas=520_000)


def test_of_a_long_reason_the_beginning_is_told(world):
    market = world.market
    loud = world.evm.deploy("Puppet")
    loud.instruct(b"", False)
    world.add_class(priceModel=loud.address)
    reason = bytes(range(256)) * 40
    loud.instruct(reason, True)
    receipt = market.multicallSkip([call(market.priceOf, 4)], sender=STRANGER)
    assert skipped(receipt) == [{"index": 0, "reason": reason[:256]}]


@pytest.mark.spec("9.7")
def test_what_needs_more_than_its_share_is_left_out_and_can_be_done_alone(world):
    market = world.market
    requests = [world.request(units=10, salt=salt) for salt in range(40)]
    for request in requests:
        world.submit(request, BOB)
    world.evm.advance(86_401)
    settling = call(market.settleMany, requests)
    receipt = market.multicallSkip([settling], sender=STRANGER)
    assert receipt.value == ((False,), (b"",))
    market.settleMany(requests, sender=STRANGER)


def test_a_hook_that_enters_again_is_left_out():
    world = World(token="HookedToken")
    market, thief = world.market, world.wallet(ALICE)
    world.fund(thief, 10)
    world.mint(thief, 10)
    world.hook(thief, market.multicallSkip, [call(market.deposit, 5)])
    receipt = world.send(thief, market.multicall, [call(market.deposit, 5)])
    world.hook_outcome(receipt)
    assert len(skipped(receipt)) == 1
    assert world.account_of(thief) == (15, 0)
    assert world.held() == 15


def test_signatures_of_one_market_are_no_good_in_a_batch_of_another(world):
    other = deploy_market(world.evm, world.token.address)
    request = world.request()
    receipt = other.multicallSkip(
        [call(other.confirmRequest, request, world.sign(request))], sender=BOB
    )
    (reason,) = receipt.value.results
    with reverts("InvalidSignature", ALICE, other.requestId(request)):
        raise world.evm.explain(reason)
