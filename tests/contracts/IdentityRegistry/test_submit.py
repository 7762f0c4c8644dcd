"""submit: what an attestor signed, put on chain by anybody, once."""

import pytest

from tests.harness.evm import CHAIN_ID, account, reverts
from tests.harness.market import ALICE, BOB, CAROL, OWNER, STRANGER, ZERO
from tests.harness.registry import ATTESTOR, OTHER, Registry
from tests.harness.signing import compact, malleated

KEYLESS = account("whose key nobody shows")


@pytest.mark.spec("15.2", "15.3", "15.4")
def test_a_miner_is_attested_by_number_and_tenure(registry):
    said = registry.of_miner(7, 3, level=4)
    receipt = registry.submit(said, sender=STRANGER)
    assert receipt.event("MinerAttested").args == {
        "minerId": 7,
        "tenure": 3,
        "attestor": ATTESTOR,
        "level": 4,
        "issued": said.issued,
        "validUntil": said.validUntil,
    }
    assert registry.contract.attestedOfMiner(ATTESTOR, 7, 3) == (said.issued, said.validUntil, 4)
    known = [(n, t) for n in (0, 3, 6, 7, 8) for t in (0, 2, 3, 4, 7) if registry.knows_miner(n, t)]
    assert known == [(7, 3)]


@pytest.mark.spec("15.2", "15.3", "15.4")
def test_a_requester_is_attested_by_account(registry):
    said = registry.of_requester(ALICE, level=9)
    receipt = registry.submit(said, sender=STRANGER)
    assert receipt.event("RequesterAttested").args == {
        "requester": ALICE,
        "attestor": ATTESTOR,
        "level": 9,
        "issued": said.issued,
        "validUntil": said.validUntil,
    }
    assert registry.contract.attestedOfRequester(ATTESTOR, ALICE) == (
        said.issued,
        said.validUntil,
        9,
    )
    assert [registry.knows_requester(who) for who in (ALICE, BOB, ZERO)] == [True, False, False]


def test_a_miner_and_an_account_of_the_same_bits_are_two(registry):
    """Number 1, tenure 2 as an account would be 2^32 + 2."""
    account_of_them = f"0x{(1 << 32) + 2:040x}"
    registry.submit(registry.of_requester(account_of_them))
    assert not registry.knows_miner(1, 2)
    registry.submit(registry.of_miner(3, 2))
    assert not registry.knows_requester(f"0x{(3 << 32) + 2:040x}")


def test_number_and_tenure_have_all_their_bits(registry):
    """Neither reaches into the other."""
    last = 2**32 - 1
    for number, tenure in ((1, last), (last, 0)):
        registry.submit(registry.of_miner(number, tenure))
    numbers, tenures = (1, 2, 3, 2**31, last), (0, 1, 2**31 - 1, 2**31, last)
    known = [(n, t) for n in numbers for t in tenures if registry.knows_miner(n, t)]
    assert known == [(1, last), (last, 0)]


@pytest.mark.spec("15.3")
def test_exactly_one_subject(registry):
    for changes in (
        {"miner": 1, "requester": ALICE},
        {"miner": 0, "requester": ZERO},
        {"miner": 0, "tenure": 1, "requester": ALICE},
        {"miner": 0, "tenure": 1, "requester": ZERO},
    ):
        with reverts("NotOneSubject"):
            registry.submit(registry.of_miner(1, 0)._replace(**changes))


@pytest.mark.spec("15.3")
def test_of_attestors_only(registry):
    said = registry.of_miner(1, 0, attestor=OTHER)
    with reverts("NotAttestor", OTHER):
        registry.submit(said, registry.sign(said, OTHER))


@pytest.mark.spec("15.2", "15.3")
def test_signed_by_the_attestor_that_it_names(registry):
    registry.contract.addAttestor(OTHER, sender=OWNER)
    said = registry.of_miner(1, 0)
    for signature in (
        registry.sign(said, OTHER),
        registry.sign(said._replace(level=3)),
        registry.sign(said._replace(tenure=1)),
        registry.sign(said._replace(miner=2)),
        registry.sign(said._replace(requester=ALICE)),
        registry.sign(said._replace(issued=said.issued - 1)),
        registry.sign(said._replace(validUntil=said.validUntil + 1)),
        b"",
        bytes(65),
    ):
        with reverts("InvalidSignature", ATTESTOR, registry.digest(said)):
            registry.submit(said, signature)


@pytest.mark.spec("15.2", "15.3")
@pytest.mark.parametrize(
    "domain",
    [
        {"chainId": CHAIN_ID + 1},
        {"verifyingContract": STRANGER},
        {"name": "suanli"},
        {"version": "2"},
    ],
)
def test_not_of_another_chain_or_market(registry, domain):
    said = registry.of_miner(1, 0)
    with reverts("InvalidSignature", ATTESTOR, registry.digest(said)):
        registry.submit(said, registry.sign(said, **domain))


@pytest.mark.spec("15.2", "15.3")
def test_not_of_another_registry(registry, world):
    """Of the same market and owner, with the same attestor."""
    said = Registry(world).of_miner(1, 0)
    signature = registry.sign(said)
    with reverts("WrongRegistry", said.registry):
        registry.submit(said, signature)
    here = said._replace(registry=registry.address)
    with reverts("InvalidSignature", ATTESTOR, registry.digest(here)):
        registry.submit(here, signature)


@pytest.mark.spec("6.4", "15.3", "15.4")
def test_it_holds_until_its_last_second(registry, world):
    end = world.evm.time + 10
    short = registry.of_miner(1, 0, validUntil=end)
    with world.evm.rollback():
        world.evm.advance(11)
        with reverts("AttestationExpired", end):
            registry.submit(short)
    world.evm.advance(10)
    registry.submit(short)
    assert registry.knows_miner(1, 0)
    world.evm.advance(1)
    assert not registry.knows_miner(1, 0)


@pytest.mark.spec("15.3")
def test_not_issued_in_the_future(registry, world):
    now = world.evm.time
    with reverts("IssuedInFuture", now + 1, now):
        registry.submit(registry.of_miner(1, 0, issued=now + 1))
    world.evm.advance(1)
    registry.submit(registry.of_miner(1, 0, issued=now + 1))


@pytest.mark.spec("15.3")
def test_not_issued_before_its_attestor_was_one(registry, world):
    world.evm.advance(5)
    start = world.evm.time
    registry.contract.addAttestor(OTHER, sender=OWNER)
    with reverts("IssuedBeforeOffice", start - 1, start):
        registry.attest(OTHER, registry.of_miner(1, 0, issued=start - 1))
    registry.attest(OTHER, registry.of_miner(1, 0, issued=start))


@pytest.mark.spec("15.3", "15.4")
def test_the_last_that_an_attestor_said_counts(registry, world):
    first = registry.of_miner(1, 0, level=5)
    world.evm.advance(10)
    second = registry.of_miner(1, 0, level=2, validUntil=world.evm.time + 60)
    registry.submit(first)
    registry.submit(second)
    assert registry.contract.attestedOfMiner(ATTESTOR, 1, 0) == (
        second.issued,
        second.validUntil,
        2,
    )
    for again in (first, second, second._replace(level=9)):
        with reverts("NotNewer", again.issued, second.issued):
            registry.submit(again)
    world.evm.advance(61)
    with reverts("NotNewer", first.issued, second.issued):
        registry.submit(first)
    assert not registry.knows_miner(1, 0)


@pytest.mark.spec("15.3")
@pytest.mark.parametrize("form", [malleated, compact])
def test_another_form_of_a_signature_brings_nothing_back(registry, world, form):
    said = registry.of_miner(1, 0)
    signature = form(registry.sign(said))
    with world.evm.rollback():
        registry.submit(said, signature)
        assert registry.knows_miner(1, 0)
    registry.submit(said)
    registry.contract.revokeMiner(ATTESTOR, 1, 0, sender=ATTESTOR)
    with reverts("NotNewer", said.issued, world.evm.time):
        registry.submit(said, signature)


@pytest.mark.spec("15.2")
def test_an_attestor_may_be_a_contract(registry, world):
    wallet = world.wallet(CAROL)
    registry.contract.addAttestor(wallet, sender=OWNER)
    said = registry.of_requester(ALICE, attestor=wallet)
    with reverts("InvalidSignature", wallet, registry.digest(said)):
        registry.submit(said, registry.sign(said, ATTESTOR))
    registry.submit(said, registry.sign(said, CAROL))
    assert registry.knows_requester(ALICE)
    world.send(wallet, registry.contract.revokeRequester, wallet, ALICE)
    assert not registry.knows_requester(ALICE)


def test_a_key_without_code_is_asked_nothing_as_a_contract(registry):
    registry.contract.addAttestor(KEYLESS, sender=OWNER)
    said = registry.of_miner(1, 0, attestor=KEYLESS)
    with reverts("InvalidSignature", KEYLESS, registry.digest(said)):
        registry.submit(said, b"\x01")


@pytest.mark.spec("15.4")
def test_levels_below_the_least_are_kept_and_do_not_count(registry, world):
    registry.submit(registry.of_requester(ALICE, level=1))
    assert registry.contract.attestedOfRequester(ATTESTOR, ALICE).level == 1
    assert not registry.knows_requester(ALICE)
    world.evm.advance(1)
    registry.submit(registry.of_requester(ALICE, level=2))
    assert registry.knows_requester(ALICE)
