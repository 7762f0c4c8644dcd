"""Verifiers are asked as the market asks them: whatever is broken says no."""

from __future__ import annotations

import pytest

from suanli.chain import (
    Contract,
    IdentitySubject,
    IdentityVerifier,
    Market,
    Node,
    RpcError,
    TransportError,
)
from suanli.chain.abi import artifact
from suanli.chain.errors import RateLimited
from suanli.protocol import ZERO_ADDRESS
from tests.harness.identity import attest_subject
from tests.harness.local_chain import ALICE, BOB, Controls

AT = "0x" + "5e" * 20
RETURN_WORD = "60005260206000f3"
"""What is on the stack, as one word."""
AS_MUCH_GAS_AS_IN_THE_MARKET = "5a80620186a01015906201863c1016" + RETURN_WORD
"""Yes if it has at most 100,000 gas, and more than 99,900."""


def registry(market: Market) -> Contract:
    verifier = market.terms_of(1).identity_verifier
    return Contract(market.node, verifier, "IdentityRegistry")


def test_a_miner_is_known_by_number_and_tenure(market: Market) -> None:
    verifier = IdentityVerifier.of(market, registry(market).address)
    subject = IdentitySubject(miner=3, tenure=1)
    assert not verifier.knows_miner(3, 1)
    attest_subject(market, subject)
    assert verifier.knows_miner(3, 1)
    assert not verifier.knows_miner(3, 2)
    assert not verifier.knows_miner(1, 3)


def test_a_requester_is_known_by_account(market: Market) -> None:
    verifier = IdentityVerifier.of(market, registry(market).address)
    attest_subject(market, IdentitySubject(requester=ALICE.address))
    assert verifier.knows_requester(ALICE.address)
    assert not verifier.knows_requester(BOB.address)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("6001" + RETURN_WORD, True),
        ("600160005260406000f3", True),  # a word more
        (AS_MUCH_GAS_AS_IN_THE_MARKET, True),
        ("6002" + RETURN_WORD, False),
        ("6001600052601f6000f3", False),  # a byte less than a word
        ("00", False),
        ("60006000fd", False),  # reverts
        ("600160005260206000fd", False),  # reverts with a yes
        ("fe", False),  # burns all gas
        ("5b600056", False),  # never ends
        ("", False),
    ],
)
def test_all_but_a_plain_yes_is_a_no(
    market: Market, chain: Controls, code: str, says: bool
) -> None:
    chain.anvil_setCode(AT, "0x" + code)
    verifier = IdentityVerifier.of(market, AT)
    assert verifier.knows_miner(1, 0) is says
    assert verifier.knows_requester(ALICE.address) is says


class Broken:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def request(self, method: str, params: object) -> object:
        raise self._error


@pytest.mark.parametrize(
    "error",
    [
        TransportError("away"),
        RateLimited("node", "429"),
        RpcError("eth_call", -32000, "header not found"),
    ],
)
def test_a_node_in_trouble_is_no_no(error: Exception) -> None:
    verifier = IdentityVerifier(Node(Broken(error)), AT)
    with pytest.raises(type(error)):
        verifier.knows_miner(1, 0)


def test_the_zero_address_is_not_asked() -> None:
    verifier = IdentityVerifier(Node(Broken(AssertionError())), ZERO_ADDRESS)
    assert not verifier.knows_miner(1, 0)
    assert not verifier.knows_requester(ALICE.address)


def test_functions_of_one_name_are_told_apart_by_signature(market: Market) -> None:
    both = {"isVerified(uint32,uint32)", "isVerified(address)"}
    assert set(artifact("IIdentityVerifier").abi.functions) == both
    with pytest.raises(AttributeError) as refused:
        registry(market).read("isVerified", ALICE.address)
    assert str(refused.value) == (
        "IdentityRegistry has several functions isVerified: name one by"
        " isVerified(address) or isVerified(uint32,uint32)"
    )
    assert registry(market).read("isVerified(address)", ALICE.address) is False
