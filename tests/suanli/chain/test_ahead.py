"""What was asked before is asked in one question, and answered as if it were asked alone."""

from __future__ import annotations

from typing import Any

import pytest

from suanli.chain import (
    ContractError,
    Market,
    Node,
    RpcError,
    Token,
    TransportError,
    artifact,
    connect,
)
from suanli.chain.ahead import KEPT, MOST_VIEWS, RESTS, ReadsAhead
from tests.harness.faults import Clock, Faulty, answer, drop_question, refuse
from tests.harness.local_chain import ALICE, BOB, Controls, deploy, ganache

STRANGER = "0x" + "5" * 40


class Look:
    """A reader that looks at block after block as a daemon does."""

    def __init__(self, market: Market) -> None:
        self.faulty = Faulty(market.node.transport)
        self.clock = Clock()
        self.ahead = ReadsAhead(self.faulty, self.clock)
        self.market = Market(Node(self.ahead), market.address)
        self.chain = Controls(market.node)

    def at_newest(self) -> dict[str, Any]:
        """All kinds of answers at the newest block."""
        block = int(self.faulty.transport.request("eth_blockNumber", []), 16)
        self.ahead.turn(block)
        at = self.market.at(block)
        return seen(at)

    def asked_for(self) -> tuple[dict[str, Any], list[str]]:
        before = len(self.faulty.asked)
        found = self.at_newest()
        return found, self.faulty.asked[before:]


def seen(at: Market) -> dict[str, Any]:
    try:
        refusal = str(at.miner_status(STRANGER))
    except ContractError as error:
        refusal = str(error)
    return {
        "class": at.resource_class(1),
        "terms": at.terms_of(1),
        "account": at.account_of(ALICE.address),
        "refusal": refusal,
        "none": at.miner_account(STRANGER),
        "wei": at.node.balance(BOB.address),
        "symbol": Token(at.node, at.token(), at.block).symbol(),
    }


@pytest.fixture
def look(market: Market) -> Look:
    return Look(market)


def test_the_second_look_is_one_question(look: Look, market: Market) -> None:
    first, asked = look.asked_for()
    assert len(asked) == 8
    again, asked = look.asked_for()
    assert asked == ["eth_call"]
    assert again == first == seen(market)
    assert "is not a miner" in first["refusal"]


def test_each_look_is_of_its_block(look: Look, market: Market) -> None:
    before = look.at_newest()
    look.chain.anvil_setBalance(BOB.address, "0x7")
    look.chain.mine()
    after, asked = look.asked_for()
    assert (before["wei"] != 7, after["wei"], asked) == (True, 7, ["eth_call"])


def test_what_is_new_is_asked_alone_and_then_with_the_rest(look: Look) -> None:
    look.at_newest()
    block = look.market.node.head().number
    look.ahead.turn(block)
    look.faulty.asked.clear()
    for _ in range(2):
        look.market.at(block).epoch_of(BOB.address)
    look.market.at(block).terms_of(1)
    assert look.faulty.asked == ["eth_call"] * 2, "not known in this look"
    look.ahead.turn(block)
    look.market.at(block).epoch_of(BOB.address)
    assert look.faulty.asked == ["eth_call"] * 3


def test_what_is_not_asked_any_more_is_forgotten(look: Look) -> None:
    look.at_newest()
    look.clock.now += KEPT
    _, asked = look.asked_for()
    assert len(asked) == 8


def test_many_views_take_some_questions(look: Look) -> None:
    block = look.market.node.head().number
    accounts = [f"0x{number:040x}" for number in range(1, 2 * MOST_VIEWS + 2)]
    look.ahead.turn(block)
    for account in accounts:
        look.market.at(block).account_of(account)
    look.faulty.asked.clear()
    look.ahead.turn(block)
    for account in accounts:
        look.market.at(block).account_of(account)
    assert look.faulty.asked == ["eth_call"] * 3


@pytest.mark.parametrize(
    "fault",
    [
        refuse(RpcError("eth_call", -32000, "contract creation is not supported")),
        refuse(RpcError("eth_call", 3, "execution reverted", "0x")),
        answer("0x"),
        answer("0x" + "00" * 31 + "20" + "00" * 32),
        answer("no"),
    ],
)
def test_a_node_that_can_not_is_asked_one_by_one(look: Look, fault: Any) -> None:
    first = look.at_newest()
    look.faulty.spoil("eth_call", fault)
    found, asked = look.asked_for()
    assert (found, len(asked)) == (first, 9)
    _, asked = look.asked_for()
    assert len(asked) == 8, "it is left in peace for a while"
    look.clock.now += RESTS
    look.at_newest()
    _, asked = look.asked_for()
    assert asked == ["eth_call"]


def test_a_momentary_refusal_is_no_reason_to_give_up(look: Look) -> None:
    look.at_newest()
    look.faulty.spoil("eth_call", refuse(RpcError("eth_call", -32000, "header not found")))
    look.at_newest()
    _, asked = look.asked_for()
    assert asked == ["eth_call"]


def test_a_node_that_is_away_is_an_error(look: Look) -> None:
    look.at_newest()
    look.faulty.spoil("eth_call", drop_question)
    with pytest.raises(TransportError):
        look.at_newest()


def test_questions_of_other_blocks_or_senders_pass(look: Look) -> None:
    look.at_newest()
    block = look.market.node.head().number
    look.ahead.turn(block)
    look.faulty.asked.clear()
    look.market.terms_of(1)
    look.market.at(block - 1).terms_of(1)
    data = artifact("ComputeMarket").abi.functions["termsCount"].encode([])
    look.market.node.call(look.market.address, data, ALICE.address, block)
    look.market.node.block(block)
    assert look.faulty.asked == ["eth_call"] * 3 + ["eth_getBlockByNumber"]


def test_ganache_too() -> None:
    with ganache() as url:
        market = deploy(connect(url))
        look = Look(market)
        first = look.at_newest()
        again, asked = look.asked_for()
        assert (again, asked) == (first, ["eth_call"])
