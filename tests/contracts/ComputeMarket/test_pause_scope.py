"""A pause stops new posts and confirmations, and nothing else."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, CPU, GUARDIAN, OWNER, PAYOUT, PRICE, ROOT, State


@pytest.fixture(autouse=True)
def miner(world):
    world.register(BOB, payout=PAYOUT, capacity=1_000, ask=PRICE)
    world.fund(ALICE, 10_000 * world.unit)


def pause(world):
    world.market.pause(sender=GUARDIAN)


@pytest.mark.spec("9.3")
def test_posting_stops(world):
    pause(world)
    with reverts("EnforcedPause"):
        world.market.postRequest(world.request(), sender=ALICE)


@pytest.mark.parametrize("posted", [False, True])
@pytest.mark.spec("9.3")
def test_confirming_stops(world, posted):
    request = world.request()
    if posted:
        world.market.postRequest(request, sender=ALICE)
    pause(world)
    with reverts("EnforcedPause"):
        world.market.confirmRequest(request, world.sign(request), sender=BOB)


def test_both_go_on_afterwards(world):
    request = world.request()
    pause(world)
    world.market.unpause(sender=OWNER)
    world.market.postRequest(request, sender=ALICE)
    world.market.confirmRequest(request, b"", sender=BOB)


@pytest.mark.spec("9.3")
def test_requests_can_be_cancelled(world):
    posted, signed = world.request(salt=1), world.request(salt=2)
    world.market.postRequest(posted, sender=ALICE)
    pause(world)
    for request in (posted, signed):
        world.market.cancelRequest(request, sender=ALICE)
        assert world.state(request) == State.CANCELLED
    assert world.market.advanceEpoch(sender=ALICE).value == 1


def submit(world, request):
    world.market.submitResult(request, ROOT, 50, sender=BOB)


def accept(world, request):
    submit(world, request)
    world.accept(request)


def settle_late(settle):
    def run(world, request):
        submit(world, request)
        world.evm.advance(86_401)
        settle(world, request)

    return run


def default(world, request):
    world.evm.advance(request.duration + 1)
    world.market.claimDefault(request)


def judge(state, verdict, *arguments):
    def run(world, request):
        submit(world, request)
        world.court.freeze(request)
        getattr(world.court, verdict)(request, *arguments)

    return run, state


def outwait_the_court(world, request):
    submit(world, request)
    world.court.freeze(request)
    world.court.setDue(request, 20)
    world.court.noteReveal(request)
    world.evm.advance(8 * 86_400 + 1)
    world.market.settle(request)


WAYS_OUT = {
    "acceptResult": (accept, State.SETTLED),
    "submitAccepted": (
        lambda world, request: world.market.submitAccepted(
            request, ROOT, 50, world.sign_acceptance(request, units_used=50), sender=BOB
        ),
        State.SETTLED,
    ),
    "settle": (settle_late(lambda world, r: world.market.settle(r)), State.SETTLED),
    "settleMany": (settle_late(lambda world, r: world.market.settleMany([r])), State.SETTLED),
    "release": (lambda world, r: world.market.release(r, sender=BOB), State.RELEASED),
    "releaseByAgreement": (
        lambda world, r: world.market.releaseByAgreement(r, world.sign_release(r), sender=BOB),
        State.ANNULLED,
    ),
    "claimDefault": (default, State.DEFAULTED),
    "thaw": judge(State.SUBMITTED, "thaw"),
    "resolve": judge(State.OVERTURNED, "resolve", 0, 10_000),
    "a silent court": (outwait_the_court, State.SETTLED),
}


@pytest.mark.parametrize("way", WAYS_OUT)
@pytest.mark.spec("9.3")
def test_live_deals_go_on(world, way):
    run, state = WAYS_OUT[way]
    request = world.request()
    world.market.postRequest(request, sender=ALICE)
    world.market.confirmRequest(request, b"", sender=BOB)
    pause(world)
    run(world, request)
    assert world.state(request) == state


@pytest.mark.spec("9.3")
def test_money_and_miners_come_and_go(world):
    """Each of these functions has a test of its own while paused; here they make one story."""
    request = world.request()
    world.market.postRequest(request, sender=ALICE)
    world.market.confirmRequest(request, b"", sender=BOB)
    pause(world)
    accept(world, request)
    world.fund(ALICE, 1)
    world.market.withdraw(ALICE, world.account_of(ALICE)[0], sender=ALICE)
    world.market.collectEarnings(BOB, sender=PAYOUT)
    world.market.withdrawOffer(CPU, sender=BOB)
    world.market.registerResource(CPU, 0, sender=BOB)
    world.market.startUnbonding(BOB, world.market.minerStatus(BOB).stake, sender=BOB)
    world.evm.advance(7 * 86_400)
    world.market.withdrawStake(BOB, sender=BOB)
    treasury = world.market.termsOf(1).treasury
    world.market.withdraw(treasury, world.account_of(treasury)[0], sender=treasury)
    assert world.held() == 0
