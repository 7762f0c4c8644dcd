"""MarketToken: who has it, who votes with it, and what is counted."""

import pytest
from eth_account import Account as EthAccount
from eth_account.messages import encode_typed_data

from suanli.governance.governor import CHECKPOINTS_GAS
from tests.harness.evm import Evm, reverts
from tests.harness.governance import MILLION, SMALL, TABLE, VOTERS
from tests.harness.market import MAX_UINT256, PERMIT_TYPE, STRANGER, ZERO

SUPPLY = 1_000 * MILLION
ONE, TWO = VOTERS[:2]
DELEGATION_TYPE = {
    "Delegation": [
        {"name": "delegatee", "type": "address"},
        {"name": "nonce", "type": "uint256"},
        {"name": "expiry", "type": "uint256"},
    ]
}


def past(polity):
    """(distributed, what ONE votes with, TWO) as of now."""
    polity.evm.advance()
    before = polity.evm.time - 1
    votes = [polity.token.getPastVotes(who, before) for who in (ONE, TWO)]
    return polity.token.getPastTotalSupply(before), *votes


def domain(polity):
    return {
        "name": "Suanli market token",
        "version": "1",
        "chainId": polity.evm.chain_id,
        "verifyingContract": polity.token.address,
    }


def signed(polity, types, message, signer):
    """(v, r, s)"""
    made = EthAccount.sign_message(encode_typed_data(domain(polity), types, message), signer.key)
    return made.v, made.r.to_bytes(32, "big"), made.s.to_bytes(32, "big")


@pytest.mark.spec("14.2")
def test_all_there_is_was_made_by_the_table(polity):
    token = polity.token
    assert token.totalSupply() == token.SUPPLY() == SUPPLY
    assert {holder: token.balanceOf(holder) for holder in TABLE} == TABLE
    assert token.reserve() == polity.timelock.address
    assert token.balanceOf(polity.timelock.address) == SUPPLY - sum(TABLE.values())
    assert (token["name()"](), token.symbol(), token.decimals()) == (
        "Suanli market token",
        "SUAN",
        18,
    )


@pytest.mark.spec("14.2")
def test_a_table_may_give_away_all_and_no_more():
    evm, everything = Evm(), [{"holder": ONE, "amount": SUPPLY - 1}, {"holder": TWO, "amount": 1}]
    token = evm.deploy("MarketToken", STRANGER, everything)
    assert (token.balanceOf(STRANGER), token.balanceOf(ONE)) == (0, SUPPLY - 1)
    everything[1]["amount"] = 2
    with reverts("AllocationTooLarge", SUPPLY + 1, SUPPLY):
        evm.deploy("MarketToken", STRANGER, everything)
    with reverts("Panic", 0x11):
        evm.deploy(
            "MarketToken", STRANGER, [*everything[:1], everything[1] | {"amount": 2**256 - 1}]
        )


def test_nobody_can_not_be_reserve_or_holder():
    evm = Evm()
    with reverts("NoReserve"):
        evm.deploy("MarketToken", ZERO, [])
    with reverts("ERC20InvalidReceiver", ZERO):
        evm.deploy("MarketToken", STRANGER, [{"holder": ZERO, "amount": 1}])
    with reverts("ReserveCantVote", STRANGER):
        evm.deploy("MarketToken", STRANGER, [{"holder": STRANGER, "amount": 1}])


@pytest.mark.spec("14.2")
def test_nothing_makes_or_unmakes_tokens(polity):
    names = {codec.name for codecs in polity.token._by_name.values() for codec in codecs}
    assert not {name for name in names if "mint" in name.lower() or "burn" in name.lower()}
    with reverts("ERC20InvalidReceiver", ZERO):
        polity.token.transfer(ZERO, 1, sender=ONE)


@pytest.mark.spec("14.3")
def test_who_has_tokens_at_first_votes_with_them(polity):
    assert past(polity) == (sum(TABLE.values()), 100 * MILLION, 100 * MILLION)


@pytest.mark.spec("14.3")
def test_votes_follow_the_tokens_to_who_was_delegated_them(polity):
    polity.token.transfer(STRANGER, MILLION, sender=ONE)
    distributed = sum(TABLE.values())
    assert past(polity) == (distributed, 99 * MILLION, 100 * MILLION), "nobody votes with them"
    polity.token.delegate(TWO, sender=STRANGER)
    assert past(polity) == (distributed, 99 * MILLION, 101 * MILLION)
    polity.token.transfer(ONE, MILLION, sender=STRANGER)
    assert past(polity) == (distributed, 100 * MILLION, 100 * MILLION)


@pytest.mark.spec("14.2")
def test_the_reserve_has_no_votes_and_is_not_counted(polity):
    reserve, token = polity.timelock.address, polity.token
    assert token.getVotes(reserve) == 0
    for delegate in (ONE, reserve, ZERO):
        with reverts("ReserveCantVote", reserve), polity.evm.rollback():
            polity.enact(polity.call(token, "delegate", delegate))


@pytest.mark.spec("14.2")
def test_what_leaves_the_reserve_is_counted_and_what_enters_it_is_not(polity):
    reserve, token = polity.timelock.address, polity.token
    distributed = sum(TABLE.values())
    polity.enact(polity.call(token, "transfer", TWO, 5 * MILLION))
    assert past(polity) == (distributed + 5 * MILLION, 100 * MILLION, 105 * MILLION)
    token.transfer(reserve, 7 * MILLION, sender=ONE)
    assert past(polity) == (distributed - 2 * MILLION, 93 * MILLION, 105 * MILLION)
    polity.enact(polity.call(token, "transfer", reserve, 3 * MILLION))
    assert past(polity) == (distributed - 2 * MILLION, 93 * MILLION, 105 * MILLION)
    assert token.totalSupply() == SUPPLY
    assert token.getVotes(reserve) == 0


def test_its_clock_is_the_times(polity):
    assert polity.token.clock() == polity.governor.clock() == polity.evm.time
    assert polity.token.CLOCK_MODE() == polity.governor.CLOCK_MODE() == "mode=timestamp"
    with reverts("ERC5805FutureLookup", polity.evm.time, polity.evm.time):
        polity.token.getPastVotes(ONE, polity.evm.time)


@pytest.mark.spec("14.3")
def test_delegation_by_signature(polity):
    token, expiry = polity.token, polity.evm.time
    message = {"delegatee": TWO, "nonce": 0, "expiry": expiry}
    signature = signed(polity, DELEGATION_TYPE, message, SMALL)
    with polity.evm.rollback():
        polity.evm.advance(1)
        with reverts("VotesExpiredSignature", expiry):
            token.delegateBySig(TWO, 0, expiry, *signature, sender=STRANGER)
    token.delegateBySig(TWO, 0, expiry, *signature, sender=STRANGER)
    assert token.delegates(SMALL) == TWO
    assert token.nonces(SMALL) == 1
    with reverts("InvalidAccountNonce", SMALL, 1):
        token.delegateBySig(TWO, 0, expiry, *signature, sender=STRANGER)


def test_allowance_by_signature(polity):
    values = {"owner": ONE, "spender": TWO, "value": 5, "nonce": 0, "deadline": MAX_UINT256}
    signature = signed(polity, PERMIT_TYPE, values, ONE)
    polity.token.permit(ONE, TWO, 5, MAX_UINT256, *signature, sender=STRANGER)
    polity.token.transferFrom(ONE, STRANGER, 5, sender=TWO)
    assert polity.token.balanceOf(STRANGER) == 5


@pytest.mark.parametrize("delegating", [False, True])
def test_what_an_estimate_of_the_same_second_lacks_is_allowed(polity, delegating):
    """Checkpoints of the same second are changed, which takes less than writing new ones."""
    token, used = polity.token, []
    for wait, to in ((0, TWO), (0, ONE), (1, TWO)):
        polity.evm.advance(wait)
        if delegating:
            token.delegate(to, sender=ONE)
        else:
            token.transfer(TWO, 1, sender=ONE)
        used.append(polity.evm.gas_used())
    changed, written = used[1:]
    assert changed < written <= changed + CHECKPOINTS_GAS
