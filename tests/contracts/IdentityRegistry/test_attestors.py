"""addAttestor, removeAttestor, attestors: who vouches, by the owner."""

import pytest

from tests.harness.evm import account, reverts
from tests.harness.market import ALICE, OWNER, STRANGER, ZERO
from tests.harness.registry import ATTESTOR, OTHER

ROLES = {"attestor": ATTESTOR, "former": OTHER, "stranger": STRANGER}


def names(registry):
    return {each.account for each in registry.contract.attestors()}


@pytest.mark.spec("15.1")
def test_it_says_what_it_is_for(registry, world):
    assert registry.contract.market() == world.market.address
    assert registry.contract.leastLevel() == 2
    assert registry.contract.owner() == OWNER
    assert registry.contract.attestors() == ((ATTESTOR, world.evm.time),)
    assert registry.contract.attestorSince(ATTESTOR) == world.evm.time
    assert registry.contract.attestorSince(OTHER) == 0


@pytest.mark.spec("15.1")
def test_the_first_attestors_are_checked_like_the_later_ones(registry, world):
    def deployed(*attestors):
        arguments = (world.market.address, OWNER, 1, attestors)
        return world.evm.deploy("IdentityRegistry", *arguments).attestors()

    now = world.evm.time
    assert deployed() == ()
    assert deployed(OTHER, ATTESTOR) == ((OTHER, now), (ATTESTOR, now))
    with reverts("AlreadyAttestor", OTHER):
        deployed(OTHER, OTHER)
    with reverts("ZeroAttestor"):
        deployed(OTHER, ZERO)
    with reverts("TooManyAttestors", 8):
        deployed(*(account(f"attestor {number}") for number in range(9)))
    with reverts("OwnableInvalidOwner", ZERO):
        world.evm.deploy("IdentityRegistry", world.market.address, ZERO, 1, ())


@pytest.mark.spec("15.1")
def test_the_owner_makes_attestors_and_ends_that(registry, world):
    world.evm.advance(5)
    added = registry.contract.addAttestor(OTHER, sender=OWNER)
    assert added.event("AttestorAdded").args == {"attestor": OTHER}
    assert registry.contract.attestors() == (
        (ATTESTOR, world.evm.time - 5),
        (OTHER, world.evm.time),
    )
    removed = registry.contract.removeAttestor(ATTESTOR, sender=OWNER)
    assert removed.event("AttestorRemoved").args == {"attestor": ATTESTOR}
    assert registry.contract.attestors() == ((OTHER, world.evm.time),)
    registry.contract.removeAttestor(OTHER, sender=OWNER)
    assert registry.contract.attestors() == ()


@pytest.mark.spec("15.1")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("function", ["addAttestor", "removeAttestor"])
def test_nobody_else(registry, role, function):
    registry.contract.addAttestor(OTHER, sender=OWNER)
    registry.contract.removeAttestor(OTHER, sender=OWNER)
    with reverts("OwnableUnauthorizedAccount", ROLES[role]):
        getattr(registry.contract, function)(ATTESTOR, sender=ROLES[role])


@pytest.mark.spec("15.1")
def test_ownership_moves_in_two_steps(registry):
    registry.contract.transferOwnership(ALICE, sender=OWNER)
    assert (registry.contract.owner(), registry.contract.pendingOwner()) == (OWNER, ALICE)
    with reverts("OwnableUnauthorizedAccount", STRANGER):
        registry.contract.acceptOwnership(sender=STRANGER)
    registry.contract.acceptOwnership(sender=ALICE)
    assert registry.contract.owner() == ALICE
    with reverts("OwnableUnauthorizedAccount", OWNER):
        registry.contract.addAttestor(OTHER, sender=OWNER)
    registry.contract.addAttestor(OTHER, sender=ALICE)


def test_renounced_it_keeps_its_attestors(registry):
    registry.contract.renounceOwnership(sender=OWNER)
    registry.submit(registry.of_miner(1, 0))
    assert registry.knows_miner(1, 0)


def test_refused(registry):
    with reverts("ZeroAttestor"):
        registry.contract.addAttestor(ZERO, sender=OWNER)
    with reverts("AlreadyAttestor", ATTESTOR):
        registry.contract.addAttestor(ATTESTOR, sender=OWNER)
    with reverts("NotAttestor", OTHER):
        registry.contract.removeAttestor(OTHER, sender=OWNER)


@pytest.mark.spec("15.1")
def test_eight_at_most(registry):
    for number in range(7):
        registry.contract.addAttestor(account(f"attestor {number}"), sender=OWNER)
    with reverts("TooManyAttestors", 8):
        registry.contract.addAttestor(OTHER, sender=OWNER)
    registry.contract.removeAttestor(account("attestor 3"), sender=OWNER)
    registry.contract.addAttestor(OTHER, sender=OWNER)
    assert names(registry) == {ATTESTOR, OTHER} | {
        account(f"attestor {number}") for number in (0, 1, 2, 4, 5, 6)
    }


@pytest.mark.spec("15.5")
def test_what_a_removed_attestor_said_ends_at_once_and_for_ever(registry, world):
    said = registry.of_miner(1, 0)
    registry.submit(said)
    signed_before = registry.of_requester(ALICE)
    registry.contract.removeAttestor(ATTESTOR, sender=OWNER)
    assert not registry.knows_miner(1, 0)
    with reverts("NotAttestor", ATTESTOR):
        registry.submit(signed_before)
    world.evm.advance(1)
    registry.contract.addAttestor(ATTESTOR, sender=OWNER)
    assert not registry.knows_miner(1, 0)
    with reverts("IssuedBeforeOffice", said.issued, world.evm.time):
        registry.submit(said)
    with reverts("IssuedBeforeOffice", signed_before.issued, world.evm.time):
        registry.submit(signed_before)
    registry.submit(registry.of_miner(1, 0))
    assert registry.knows_miner(1, 0)


@pytest.mark.spec("15.4", "15.5")
def test_one_attestor_s_word_is_enough_and_outlasts_the_others(registry):
    registry.contract.addAttestor(OTHER, sender=OWNER)
    for attestor in (ATTESTOR, OTHER):
        registry.attest(attestor, registry.of_miner(1, 0))
    registry.contract.removeAttestor(ATTESTOR, sender=OWNER)
    assert registry.knows_miner(1, 0)
    registry.contract.removeAttestor(OTHER, sender=OWNER)
    assert not registry.knows_miner(1, 0)
