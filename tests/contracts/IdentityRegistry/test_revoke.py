"""revokeMiner, revokeRequester: what was signed up to now is void, submitted or not."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, OWNER, STRANGER
from tests.harness.registry import ATTESTOR, OTHER


@pytest.mark.spec("15.6")
@pytest.mark.parametrize("caller", [ATTESTOR, OWNER])
def test_a_miner_s(registry, world, caller):
    for tenure in (0, 1):
        registry.submit(registry.of_miner(1, tenure))
    receipt = registry.contract.revokeMiner(ATTESTOR, 1, 0, sender=caller)
    assert receipt.event("MinerRevoked").args == {"minerId": 1, "tenure": 0, "attestor": ATTESTOR}
    assert registry.contract.attestedOfMiner(ATTESTOR, 1, 0) == (world.evm.time, 0, 0)
    assert [registry.knows_miner(1, tenure) for tenure in (0, 1)] == [False, True]


@pytest.mark.spec("15.6")
@pytest.mark.parametrize("caller", [ATTESTOR, OWNER])
def test_a_requester_s(registry, world, caller):
    for requester in (ALICE, BOB):
        registry.submit(registry.of_requester(requester))
    receipt = registry.contract.revokeRequester(ATTESTOR, ALICE, sender=caller)
    assert receipt.event("RequesterRevoked").args == {"requester": ALICE, "attestor": ATTESTOR}
    assert registry.contract.attestedOfRequester(ATTESTOR, ALICE) == (world.evm.time, 0, 0)
    assert [registry.knows_requester(who) for who in (ALICE, BOB)] == [False, True]


@pytest.mark.spec("15.6")
def test_what_was_signed_and_not_submitted(registry, world):
    early = registry.of_miner(1, 0)
    world.evm.advance(5)
    now, at_once = world.evm.time, registry.of_miner(1, 0)
    registry.contract.revokeMiner(ATTESTOR, 1, 0, sender=ATTESTOR)
    for said in (early, at_once):
        with reverts("NotNewer", said.issued, now):
            registry.submit(said)
    world.evm.advance(1)
    registry.submit(registry.of_miner(1, 0))
    assert registry.knows_miner(1, 0)


@pytest.mark.spec("15.5", "15.6")
def test_what_was_signed_with_a_later_time_outlasts_it(registry, world):
    """As it outlasts the attestor's removal, if the same account is made one again."""
    later = registry.of_miner(1, 0, issued=world.evm.time + 1_000)
    registry.contract.revokeMiner(ATTESTOR, 1, 0, sender=OWNER)
    registry.contract.removeAttestor(ATTESTOR, sender=OWNER)
    registry.contract.addAttestor(ATTESTOR, sender=OWNER)
    world.evm.advance(1_000)
    registry.submit(later)
    assert registry.knows_miner(1, 0)


@pytest.mark.spec("15.6")
def test_by_nobody_else(registry):
    registry.contract.addAttestor(OTHER, sender=OWNER)
    for caller in (OTHER, STRANGER, BOB):
        with reverts("NotAttestorOrOwner", caller, ATTESTOR):
            registry.contract.revokeMiner(ATTESTOR, 1, 0, sender=caller)
        with reverts("NotAttestorOrOwner", caller, ATTESTOR):
            registry.contract.revokeRequester(ATTESTOR, ALICE, sender=caller)


def test_of_attestors_only(registry):
    for caller in (OTHER, OWNER):
        with reverts("NotAttestor", OTHER):
            registry.contract.revokeMiner(OTHER, 1, 0, sender=caller)
        with reverts("NotAttestor", OTHER):
            registry.contract.revokeRequester(OTHER, ALICE, sender=caller)


@pytest.mark.spec("15.4", "15.6")
def test_other_attestors_word_stands(registry):
    registry.contract.addAttestor(OTHER, sender=OWNER)
    for attestor in (ATTESTOR, OTHER):
        registry.attest(attestor, registry.of_requester(ALICE))
    registry.contract.revokeRequester(ATTESTOR, ALICE, sender=ATTESTOR)
    assert registry.knows_requester(ALICE)
    registry.contract.revokeRequester(OTHER, ALICE, sender=OTHER)
    assert not registry.knows_requester(ALICE)
