"""Contract accounts sign as they say, for as long as they say so."""

from __future__ import annotations

import pytest

from suanli.chain import Market, Node, Sender, contracts_at
from suanli.chain.contract import Call
from suanli.protocol import Acceptance, Claim, Domain, Signed, sign, verify
from tests.harness.evm import artifact as compiled
from tests.harness.local_chain import ALICE, BOB, CHEAP, DEPLOYER

DOMAIN = Domain(31337, "0x" + "12" * 20)
ZERO = "0x" + "00" * 20
ACCEPTANCE = Acceptance(b"\x02" * 32, b"\x03" * 32, 7)


@pytest.fixture
def wallet(node: Node) -> str:
    """A contract account (ERC-1271) of Alice's."""
    data = bytes.fromhex(compiled("MockWallet").bytecode) + bytes.fromhex(
        ALICE.address[2:].rjust(64, "0")
    )
    call: Call[None] = Call("create", None, data, node, lambda _: None)
    receipt = Sender(node, DEPLOYER, fees=CHEAP, poll_every=0.01).execute(call)
    assert receipt.contract is not None
    return receipt.contract


def claim_of(miner: str) -> Claim:
    return Claim(miner, 1, b"\x02" * 32, b"\x03" * 32, 7, b"\x04" * 32)


def test_a_contract_signs_what_its_owner_signed(node: Node, wallet: str) -> None:
    """Whether or not the message names it."""
    contracts = contracts_at(node)
    for message in (ACCEPTANCE, claim_of(wallet)):
        theirs = sign(DOMAIN, message, ALICE, wallet)
        assert theirs.signer == wallet
        assert verify(DOMAIN, theirs, contracts)
        assert not verify(DOMAIN, theirs), "nobody can be asked"
        assert not verify(DOMAIN, sign(DOMAIN, message, BOB, wallet), contracts)
        assert not verify(DOMAIN, Signed(message, wallet, b""), contracts)


def test_the_owners_signature_is_the_contracts_for_its_own_messages_alone(
    node: Node, wallet: str
) -> None:
    """What Alice signed for herself is not turned into her wallet's word, nor the other way."""
    contracts = contracts_at(node)
    own, theirs = (
        sign(DOMAIN, claim_of(ALICE.address), ALICE),
        sign(DOMAIN, claim_of(wallet), ALICE, wallet),
    )
    assert not verify(DOMAIN, Signed(own.message, wallet, own.signature), contracts)
    assert not verify(DOMAIN, Signed(theirs.message, ALICE.address, theirs.signature), contracts)


def test_other_contracts_and_accounts_sign_nothing(market: Market) -> None:
    contracts, signature = contracts_at(market.node), sign(DOMAIN, ACCEPTANCE, ALICE).signature
    for signer in (market.address, market.token(), BOB.address, ZERO):
        assert not verify(DOMAIN, Signed(ACCEPTANCE, signer, signature), contracts)
