"""The governor as Python sees it: its rules, proposals and votes."""

import json
from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from suanli.chain import BadAnswer, Contract, ContractError, Log, Market, RpcError
from suanli.governance import (
    GovernanceError,
    Governor,
    SignedBallot,
    Standing,
    Support,
    Votes,
    ballot_typed_data,
    hex_of,
    planned,
)
from tests.harness.local_chain import ALICE, BOB, CAROL, DEPLOYER, deploy
from tests.suanli.governance.conftest import DELAY, PERIOD, TIMELOCK, Council

MILLION = 10**24
FEE = "addTerms fee_bps=250"


def test_its_rules(council: Council) -> None:
    rules = council.governor.rules()
    assert (rules.voting_delay, rules.voting_period, rules.delay) == (DELAY, PERIOD, TIMELOCK)
    assert rules.grace == 14 * 86_400
    assert rules.quorum_bps == 400
    assert rules.distributed == 300 * MILLION
    assert rules.supply == 1_000 * MILLION
    assert council.governor.delegate_of(ALICE.address) == ALICE.address


def test_a_market_that_an_account_owns_has_none(council: Council) -> None:
    other = deploy(council.governor.node)
    with pytest.raises(GovernanceError, match="nobody votes on this market: its owner 0x"):
        Governor.of(other)


def test_what_was_proposed_is_read_back(council: Council) -> None:
    made = council.propose(FEE, "retireTerms 1", text="Why\nnot")
    number = council.governor.number_of(made.calls, "Why\nnot")
    assert made.id == number
    hashed = Contract(council.governor.node, council.governor.address, "MarketGovernor")
    assert number == hashed.read("hashProposal", *made.arguments)
    assert made.proposer == ALICE.address
    assert [call.target for call in made.calls] == [council.market.address] * 2
    assert made.ends - made.begins == PERIOD
    assert council.governor.standing(made) is Standing.PENDING
    assert council.governor.votes(made) == Votes(0, 0, 0, 12 * MILLION)


def test_from_proposal_to_effect(council: Council) -> None:
    governor = council.governor
    made = council.open(FEE)
    council.send(governor.vote(made, Support.FOR, "for the relay"), ALICE)
    council.send(governor.vote(made, Support.AGAINST), BOB)
    ballot = SignedBallot.by(CAROL, governor, made.id, Support.ABSTAIN)
    council.send(read(ballot.write()).call(governor), DEPLOYER)
    with pytest.raises(ContractError, match="GovernorUnexpectedProposalState"):
        council.send(governor.queue(made))
    assert governor.votes(made) == Votes(100 * MILLION, 100 * MILLION, 100 * MILLION, 12 * MILLION)
    council.turn(PERIOD)
    assert governor.standing(made) is Standing.DEFEATED, "not more for than against"

    made = council.decide(FEE, text="again")
    assert governor.standing(made) is Standing.QUEUED
    assert governor.effective(made) <= governor.node.head().time
    council.send(governor.execute(made), DEPLOYER)
    assert governor.standing(made) is Standing.EXECUTED
    assert council.market.terms_of(2).fee_bps == 250
    assert council.market.terms_of(1).fee_bps == 100


def test_its_proposer_withdraws_it(council: Council) -> None:
    made = council.propose(FEE)
    council.send(council.governor.cancel(made))
    assert council.governor.standing(made) is Standing.CANCELED


def test_delegating(council: Council) -> None:
    council.send(council.governor.delegate(BOB.address), ALICE)
    assert council.governor.votes_of(ALICE.address) == 0
    assert council.governor.votes_of(BOB.address) == 200 * MILLION


def test_a_proposal_is_found_by_its_first_digits(council: Council) -> None:
    made, other = council.propose(FEE), council.propose("retireTerms 1")
    for name in (made.name, made.name[2:], hex_of(made.id), str(made.id), made.name.upper()[2:]):
        assert council.governor.proposal(name) == made
    assert council.governor.proposal(other.name) == other
    for name in ("0xabc", "xyz", "", "0x" + "0" * 64):
        with pytest.raises(GovernanceError, match="there is no proposal"):
            council.governor.proposal(name)


def test_logs_are_read_in_parts_where_a_node_refuses(
    council: Council, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = council.propose(FEE)
    node, asked = council.governor.node, []
    whole = node.logs

    def narrow(address: str, first: int, last: int, *more: Any) -> object:
        asked.append((first, last))
        if last - first > 4:
            raise RpcError("eth_getLogs", -32005, "query exceeds max block range")
        return whole(address, first, last, *more)

    monkeypatch.setattr(node, "logs", narrow)
    assert council.governor.proposals() == [made]
    assert len(asked) > 5


def test_a_text_that_is_no_utf_8_hides_nothing(council: Council) -> None:
    governor = council.governor
    made = governor.propose([planned(FEE, governor)], "Why ???")
    council.send(replace(made, data=made.data.replace(b"Why ???", b"Why \xff\xfe\xfd")))
    council.turn(DELAY + 1)
    (found,) = governor.proposals()
    assert found.text == "Why \ufffd\ufffd\ufffd"
    for voter in (ALICE, BOB):
        council.send(governor.vote(found, Support.FOR), voter)
    council.turn(PERIOD + 1)
    council.send(governor.queue(found))
    assert governor.standing(found) is Standing.QUEUED


def test_a_node_gives_no_proposal_another_s_number(
    council: Council, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for one by its number votes on what it was shown, or not at all."""
    council.propose(FEE)
    bad = council.propose(f"ComputeMarket.transferOwnership {BOB.address}")
    node, whole = council.governor.node, council.governor.node.logs

    def lying(*query: Any) -> list[Log]:
        good, last = whole(*query)
        return [replace(good, data=last.data[:32] + good.data[32:])]

    monkeypatch.setattr(node, "logs", lying)
    with pytest.raises(BadAnswer, match=f"{hex_of(bad.id)} is another proposal's number"):
        council.governor.proposal(hex_of(bad.id))


def test_a_signed_vote_is_for_one_governor(council: Council) -> None:
    made = council.open(FEE)
    written = SignedBallot.by(BOB, council.governor, made.id, Support.FOR).write()
    for change in ({"chain_id": 1}, {"governor": "0x" + "11" * 20}):
        with pytest.raises(GovernanceError, match="not for this one: name its market and node"):
            read(written | change).call(council.governor)
    with pytest.raises(ContractError, match="GovernorInvalidSignature"):
        council.send(read(written | {"support": "against"}).call(council.governor))


def read(written: dict[str, object]) -> SignedBallot:
    return SignedBallot.read(json.dumps(written))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"chain_id": 1}', "null", '"x"'])
def test_what_is_no_signed_vote(text: str) -> None:
    with pytest.raises(GovernanceError, match="this is no signed vote"):
        SignedBallot.read(text)


def test_wallets_sign_the_same(council: Council) -> None:
    made = council.open(FEE)
    where = council.governor.node.chain_id(), council.governor.address
    data = ballot_typed_data(*where, made.id, Support.FOR, BOB.address, 0)
    signable = encode_typed_data(full_message=data)
    ballot = SignedBallot.by(BOB, council.governor, made.id, Support.FOR)
    assert Account.recover_message(signable, signature=ballot.signature).lower() == BOB.address


def test_another_block_is_another_market(council: Council) -> None:
    """What explanations of ended proposals read."""
    before = council.governor.node.head().number
    made = council.decide(FEE)
    council.send(council.governor.execute(made))
    assert council.market.at(before).terms_count() == 1
    assert isinstance(council.market.at(before), Market)
