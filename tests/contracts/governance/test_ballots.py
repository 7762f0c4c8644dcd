"""Votes by signature: whose they are, where they hold, and once."""

import pytest

from tests.harness.evm import reverts
from tests.harness.governance import ABSTAIN, AGAINST, FOR, MILLION, VOTERS
from tests.harness.market import STRANGER

ONE, TWO = VOTERS[:2]


@pytest.fixture
def vote(polity):
    return polity.open(polity.call(polity.token, "transfer", STRANGER, 1))


@pytest.mark.parametrize("support", [AGAINST, FOR, ABSTAIN])
@pytest.mark.spec("14.5")
def test_anybody_brings_a_signed_vote(polity, vote, support):
    signature = polity.sign_ballot(vote, ONE, support)
    polity.governor.castVoteBySig(vote.id, support, ONE, signature, sender=STRANGER)
    votes = [0, 0, 0]
    votes[support] = 100 * MILLION
    assert list(polity.governor.proposalVotes(vote.id)) == votes
    assert polity.governor.hasVoted(vote.id, ONE)
    assert polity.governor.nonces(ONE) == 1


@pytest.mark.spec("14.5")
def test_it_counts_once(polity, vote):
    signature = polity.sign_ballot(vote, ONE, FOR)
    polity.governor.castVoteBySig(vote.id, FOR, ONE, signature)
    with reverts("GovernorInvalidSignature", ONE):
        polity.governor.castVoteBySig(vote.id, FOR, ONE, signature)
    again = polity.sign_ballot(vote, ONE, AGAINST, nonce=1)
    with reverts("GovernorAlreadyCastVote", ONE):
        polity.governor.castVoteBySig(vote.id, AGAINST, ONE, again)


@pytest.mark.parametrize(
    "changes",
    [
        {"support": AGAINST},
        {"voter": TWO},
        {"nonce": 1},
        {"chainId": 2},
        {"verifyingContract": STRANGER},
        {"name": "Suanli"},
        {"version": "2"},
    ],
    ids=lambda changes: next(iter(changes)),
)
@pytest.mark.spec("14.5")
def test_it_holds_for_what_was_signed_only(polity, vote, changes):
    signature = polity.sign_ballot(vote, ONE, **{"support": FOR} | changes)
    with reverts("GovernorInvalidSignature", ONE):
        polity.governor.castVoteBySig(vote.id, FOR, ONE, signature)


def test_it_holds_for_one_proposal(polity, vote):
    other = polity.open(polity.call(polity.token, "transfer", STRANGER, 2))
    signature = polity.sign_ballot(other, ONE, FOR)
    with reverts("GovernorInvalidSignature", ONE):
        polity.governor.castVoteBySig(vote.id, FOR, ONE, signature)


def test_a_contract_wallet_votes_by_its_owners_signature(polity):
    wallet = polity.evm.deploy("MockWallet", TWO)
    polity.token.transfer(wallet.address, MILLION, sender=ONE)
    delegate = polity.token.delegate.codec.call_data((wallet.address,))
    wallet.execute(polity.token.address, delegate)
    vote = polity.open(polity.call(polity.token, "transfer", STRANGER, 1))
    ballot = polity.sign_ballot(vote, TWO, FOR, voter=wallet.address)
    polity.governor.castVoteBySig(vote.id, FOR, wallet.address, ballot)
    assert polity.governor.proposalVotes(vote.id) == (0, MILLION, 0)
