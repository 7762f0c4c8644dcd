"""The market asks a real registry: on both sides, and across a miner's tenures."""

import pytest

from tests.harness.evm import account, reverts
from tests.harness.market import ALICE, BOB, DAVE, OWNER, PAYOUT, State
from tests.harness.registry import ATTESTOR

HEIR = account("successor of bob")


@pytest.fixture
def terms(world, registry):
    return world.add_terms(identityVerifier=registry.address)


def confirm(world, request, miner):
    return world.market.confirmRequest(request, world.sign(request), sender=miner)


@pytest.mark.spec("5.6", "15.4")
def test_a_request_for_verified_miners(world, registry, terms):
    for miner in (BOB, DAVE):
        world.register(miner)
    world.fund(ALICE, 1_000 * world.unit)
    request = world.request(flags=1, terms=terms)
    registry.submit(registry.of_requester(BOB))
    with reverts("MinerNotVerified", 1, 0):
        confirm(world, request, BOB)
    registry.submit(registry.of_miner(1, 0))
    with reverts("MinerNotVerified", 2, 0):
        confirm(world, request, DAVE)
    confirm(world, request, BOB)
    assert world.state(request) == State.CONFIRMED


@pytest.mark.spec("5.6", "15.4")
def test_an_offer_for_verified_requesters(world, registry, terms):
    world.register(BOB, verified_only=True)
    world.fund(ALICE, 1_000 * world.unit)
    request = world.request(terms=terms)
    with reverts("RequesterNotVerified", ALICE):
        confirm(world, request, BOB)
    registry.submit(registry.of_requester(ALICE))
    confirm(world, request, BOB)
    assert world.state(request) == State.CONFIRMED


@pytest.mark.spec("3.12", "15.4")
def test_a_miner_s_attestation_ends_with_its_tenure(world, registry, terms):
    """A new payout, a successor, and who registers anew from the former address."""
    world.register(BOB, payout=PAYOUT)
    world.fund(ALICE, 1_000 * world.unit)
    request = world.request(flags=1, terms=terms)
    registry.submit(registry.of_miner(1, 0))
    world.market.nameSuccessor(BOB, HEIR, sender=PAYOUT)
    world.market.succeed(BOB, sender=HEIR)
    with reverts("MinerNotVerified", 1, 1):
        confirm(world, request, HEIR)
    world.register(BOB)
    with reverts("MinerNotVerified", 2, 0):
        confirm(world, request, BOB)
    registry.submit(registry.of_miner(1, 1))
    with world.evm.rollback():
        confirm(world, request, HEIR)
        assert world.state(request) == State.CONFIRMED
    world.market.setPayout(HEIR, HEIR, sender=PAYOUT)
    with reverts("MinerNotVerified", 1, 2):
        confirm(world, request, HEIR)


@pytest.mark.spec("4.5", "5.9", "15.5")
def test_no_live_deal_asks_again(world, registry, terms):
    world.register(BOB)
    world.fund(ALICE, 1_000 * world.unit)
    request = world.request(flags=1, terms=terms)
    registry.submit(registry.of_miner(1, 0))
    confirm(world, request, BOB)
    registry.contract.removeAttestor(ATTESTOR, sender=OWNER)
    world.market.submitAccepted(
        request,
        *(world.request_id(request), request.units),
        world.sign_acceptance(request, world.request_id(request), request.units),
        sender=BOB,
    )
    assert world.state(request) == State.SETTLED
