"""succeed: the successor named by the payout takes the place of the miner's own address."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, CPU, DAVE, OWNER, PAYOUT, ROOT, STRANGER, ZERO, State

NEW_KEY = DAVE


@pytest.fixture(autouse=True)
def miner(world):
    world.register(BOB, payout=PAYOUT, capacity=500)


def succeed(world, key=NEW_KEY):
    world.market.nameSuccessor(BOB, key, sender=PAYOUT)
    return world.market.succeed(BOB, sender=key)


@pytest.mark.spec("3.3")
def test_moves_everything_to_the_new_address(world):
    status, account = world.market.minerStatus(BOB), world.market.minerAccount(BOB)
    offer = world.market.offerOf(BOB, CPU)
    receipt = succeed(world)
    assert receipt.event("MinerSucceeded").args == {"minerId": 1, "miner": NEW_KEY}
    assert world.market.minerStatus(NEW_KEY) == status._replace(tenure=1)
    assert world.market.minerAccount(NEW_KEY) == account
    assert world.market.offerOf(NEW_KEY, CPU) == offer


@pytest.mark.spec("3.12")
@pytest.mark.parametrize("step", ["succeed", "setPayout"])
def test_trust_does_not_pass_on_blame_does(world, step):
    """Also when the same address is named again."""
    settled, defaulted = (world.request(units=10, salt=salt) for salt in range(2))
    world.submit(settled, BOB)
    world.accept(settled)
    world.confirm(defaulted, BOB)
    world.evm.advance(defaulted.duration + 1)
    world.market.claimDefault(defaulted)
    before = world.market.minerStatus(BOB)
    assert (before.completed, before.defaulted, before.tenure) == (1, 1, 0)
    if step == "succeed":
        succeed(world)
    else:
        world.market.setPayout(BOB, PAYOUT, sender=PAYOUT)
    after = world.market.minerStatus(NEW_KEY if step == "succeed" else BOB)
    assert after == before._replace(completed=0, tenure=1)


@pytest.mark.spec("3.3")
def test_the_former_address_is_no_miner(world):
    succeed(world)
    for call in (
        lambda: world.market.minerStatus(BOB),
        lambda: world.market.registerResource(CPU, 0, sender=BOB),
        lambda: world.market.withdrawOffer(CPU, sender=BOB),
        lambda: world.market.startUnbonding(BOB, 1, sender=BOB),
        lambda: world.market.nameSuccessor(BOB, BOB, sender=PAYOUT),
        lambda: world.market.succeed(BOB, sender=NEW_KEY),
    ):
        with reverts("NotRegistered", BOB):
            call()
    with reverts("NotMinerOrPayout", BOB, NEW_KEY):
        world.market.startUnbonding(NEW_KEY, 1, sender=BOB)
    assert world.market.registerMiner(BOB, sender=BOB).value == 2


def test_the_new_address_has_no_right_to_succeed_again(world):
    succeed(world)
    with reverts("NotSuccessor", NEW_KEY, ZERO):
        world.market.succeed(NEW_KEY, sender=NEW_KEY)


def test_the_former_address_may_return(world):
    succeed(world)
    world.market.nameSuccessor(NEW_KEY, BOB, sender=PAYOUT)
    world.market.succeed(NEW_KEY, sender=BOB)
    assert world.market.minerAccount(BOB).minerId == 1


def test_live_deals_go_on_with_the_new_address(world):
    request = world.request(miner=BOB)
    world.confirm(request, BOB)
    succeed(world)
    with reverts("NotDealMiner", BOB):
        world.market.submitResult(request, ROOT, 1, sender=BOB)
    with reverts("NotDealMiner", BOB):
        world.market.releaseByAgreement(request, world.sign_release(request), sender=BOB)
    # The former key's signature is worth nothing either.
    digest = world.release_digest(request)
    with reverts("InvalidSignature", NEW_KEY, digest):
        world.market.releaseByAgreement(request, world.sign_release(request, BOB), sender=ALICE)
    world.market.submitResult(request, ROOT, 1, sender=NEW_KEY)
    assert world.state(request) == State.SUBMITTED


@pytest.mark.spec("3.3", "5.6")
def test_requests_naming_the_miner_are_for_the_new_address(world):
    request = world.request(miner=BOB)
    world.post(request)
    succeed(world)
    with reverts("NotRegistered", BOB):
        world.market.confirmRequest(request, b"", sender=BOB)
    world.register(BOB)
    with reverts("NotNamedMiner", BOB, 1):
        world.market.confirmRequest(request, b"", sender=BOB)
    world.market.confirmRequest(request, b"", sender=NEW_KEY)


@pytest.mark.parametrize("caller", [BOB, PAYOUT, STRANGER, OWNER])
@pytest.mark.parametrize("named", [ZERO, NEW_KEY])
@pytest.mark.spec("3.3")
def test_only_the_successor_may(world, caller, named):
    world.market.nameSuccessor(BOB, named, sender=PAYOUT)
    with reverts("NotSuccessor", caller, named):
        world.market.succeed(BOB, sender=caller)


@pytest.mark.parametrize("taken", [BOB, DAVE])
@pytest.mark.spec("3.3")
def test_refuses_a_miners_address(world, taken):
    world.market.registerMiner(DAVE, sender=DAVE)
    with reverts("AlreadyRegistered", taken):
        succeed(world, taken)


def test_refuses_an_unknown_miner(world):
    with reverts("NotRegistered", STRANGER):
        world.market.succeed(STRANGER, sender=NEW_KEY)


def test_works_while_paused(world):
    world.market.pause(sender=OWNER)
    succeed(world)
    assert world.market.minerAccount(NEW_KEY).minerId == 1
