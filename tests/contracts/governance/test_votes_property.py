"""Whatever is sent and delegated: every distributed token of who delegates votes once, the others
not at all, and the reserve never."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.evm import Evm, account, reverts
from tests.harness.market import ZERO

RESERVE = account("reserve")
HOLDERS = tuple(account(f"holder {number}") for number in range(3))
EVERYBODY = (*HOLDERS, RESERVE)
MILLION = 10**24
MOVES = st.lists(
    st.tuples(
        st.sampled_from(["transfer", "delegate"]),
        st.integers(0, 3),
        st.integers(0, 4),
        st.integers(0, 150),
    ),
    max_size=14,
)


@cache
def voting_token():
    table = [{"holder": holder, "amount": 100 * MILLION} for holder in HOLDERS]
    return Evm().deploy("MarketToken", RESERVE, table)


@pytest.mark.spec("14.2", "14.3")
@given(MOVES)
def test_votes_are_of_distributed_tokens_once(moves):
    token = voting_token()
    with token.evm.rollback():
        balances = play(token, moves)
        token.evm.advance()
        distributed = token.getPastTotalSupply(token.evm.time - 1)
        assert distributed == 1_000 * MILLION - balances[RESERVE]


def play(token, moves):
    """The balances after it."""
    balances = dict.fromkeys(HOLDERS, 100 * MILLION) | {RESERVE: 700 * MILLION}
    delegates = {holder: holder for holder in HOLDERS} | {RESERVE: ZERO}
    for kind, who, whom, millions in moves:
        sender, to = EVERYBODY[who], (*EVERYBODY, ZERO)[whom]
        if kind == "delegate":
            if sender == RESERVE:
                with reverts("ReserveCantVote", RESERVE):
                    token.delegate(to, sender=sender)
                continue
            token.delegate(to, sender=sender)
            delegates[sender] = to
        elif to != ZERO and balances[sender] >= millions * MILLION:
            token.transfer(to, millions * MILLION, sender=sender)
            balances[sender] -= millions * MILLION
            balances[to] += millions * MILLION
        compare(token, balances, delegates)
    return balances


def compare(token, balances, delegates):
    voting = dict.fromkeys(EVERYBODY, 0)
    for holder in HOLDERS:
        if delegates[holder] != ZERO:
            voting[delegates[holder]] += balances[holder]
    assert {who: token.getVotes(who) for who in EVERYBODY} == voting
    assert {who: token.balanceOf(who) for who in EVERYBODY} == balances
    assert sum(voting.values()) <= 1_000 * MILLION - balances[RESERVE]
