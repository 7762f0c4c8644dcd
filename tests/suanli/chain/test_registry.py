"""The registry as Python sees it, and what asking it costs at most."""

from __future__ import annotations

import pytest

from suanli.base.accounts import Account
from suanli.chain import (
    Attested,
    AttestedState,
    Attestor,
    IdentityRegistry,
    IdentitySubject,
    IdentityVerifier,
    Market,
    Sender,
    attested_state,
    creation,
)
from suanli.chain.abi import artifact
from suanli.client import identity
from tests.harness.identity import YEAR, send_to
from tests.harness.local_chain import ALICE, BOB, CHEAP, DEPLOYER

MINER, REQUESTER = IdentitySubject(miner=1), IdentitySubject(requester=BOB.address)
NOW = 1_000
OFFICE = Attestor(ALICE.address, 500)


def deployed(market: Market, attestors: list[str], least_level: int = 1) -> IdentityRegistry:
    sender = Sender(market.node, DEPLOYER, fees=CHEAP, poll_every=0.01)
    made = creation(
        market.node, "IdentityRegistry", market.address, DEPLOYER.address, least_level, attestors
    )
    address = sender.execute(made).contract
    assert address is not None
    return IdentityRegistry(market.node, address)


@pytest.mark.parametrize("subject", [MINER, REQUESTER], ids=str)
def test_said_read_and_revoked(market: Market, subject: IdentitySubject) -> None:
    registry = deployed(market, [ALICE.address])
    assert registry.market() == market.address
    assert (registry.owner(), registry.least_level()) == (DEPLOYER.address, 1)
    ((attestor, since),) = registry.attestors()
    assert (attestor, since) == (ALICE.address, market.node.head().time)
    assert registry.attested(ALICE.address, subject) == Attested(0, 0, 0)
    signed = identity.attest(market, registry, ALICE, subject, 3, YEAR)
    assert IdentitySubject.of(signed.message) == subject
    send_to(registry, BOB, registry.submit(signed))
    found = registry.attested(ALICE.address, subject)
    assert found == Attested(signed.message.issued, signed.message.valid_until, 3)
    assert registry.is_verified(subject)
    verifier = IdentityVerifier.of(market, registry.address)
    assert verifier.knows_miner(1, 0) is (subject is MINER)
    assert verifier.knows_requester(BOB.address) is (subject is REQUESTER)
    send_to(registry, ALICE, registry.revoke(ALICE.address, subject))
    assert not registry.is_verified(subject)
    time = market.node.head().time
    assert registry.attested(ALICE.address, subject) == Attested(time, 0, 0)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (Attested(0, 0, 0), AttestedState.NOTHING),
        (Attested(900, 0, 0), AttestedState.REVOKED),
        (Attested(500, NOW, 2), AttestedState.COUNTS),
        (Attested(500, NOW - 1, 2), AttestedState.EXPIRED),
        (Attested(499, NOW, 2), AttestedState.BEFORE_OFFICE),
        (Attested(500, NOW, 1), AttestedState.LOW),
    ],
)
def test_what_the_registry_makes_of_it(said: Attested, state: AttestedState) -> None:
    assert attested_state(said, OFFICE, least_level=2, now=NOW) is state


@pytest.mark.spec("15.7")
def test_asking_eight_attestors_takes_less_than_half_of_the_gas(market: Market) -> None:
    """Of whom all have said too little, so that none spares the others."""
    keys = [Account.from_key(f"{number:064x}") for number in range(1, 9)]
    registry = deployed(market, [key.address for key in keys], least_level=2)
    low = IdentityRegistry(market.node, registry.address)
    low.least_level = lambda: 1  # type: ignore[method-assign]  # to sign what does not count
    for key in keys:
        signed = identity.attest(market, low, key, MINER, 1, YEAR)
        send_to(registry, DEPLOYER, registry.submit(signed))
    function = artifact("IdentityRegistry").abi.functions["isVerified(uint32,uint32)"]
    data = function.encode((1, 0))
    carried = 21_000 + sum(16 if byte else 4 for byte in data)
    answer = market.node.call(registry.address, data, gas=carried + 50_000)
    assert answer == bytes(32)
    assert not registry.is_verified(MINER)
