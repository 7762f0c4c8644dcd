"""Accounts of Clef: what it is asked, that only what was asked is used, and what is said of the
rest. A stand-in (`tests.harness.clef`) takes and rejects what Clef does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from eth_utils import to_checksum_address

from suanli.base.accounts import UnknownAccount
from suanli.chain import (
    ClefAccount,
    Contract,
    Market,
    Node,
    Sender,
    SignatureRefused,
    SignerAway,
    Token,
    TransactionJournal,
    TransportError,
    deposit_into,
    signer_of,
)
from suanli.chain.clef import signature_of
from suanli.chain.transport import HttpTransport
from suanli.cli import cli
from suanli.protocol import Acceptance, Domain, from_json, sign, verify
from suanli.protocol.messages import MESSAGES
from tests.harness.clef import StandInClef
from tests.harness.local_chain import ALICE, BOB, CHEAP, Controls

KEYS = [
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
]
DOMAIN = Domain(31337, "0x" + "12" * 20)
ACCEPTANCE = Acceptance(b"\x02" * 32, b"\x03" * 32, 7)
TOKEN = 10**18
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "messages.json").read_text())


def a_clef(**how: Any) -> StandInClef:
    return StandInClef(KEYS, 31337, **how)


def sender_by(clef: StandInClef, node: Node) -> Sender:
    return Sender(node, ClefAccount(ALICE.address, clef), fees=CHEAP, poll_every=0.01)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["type"].split("(")[0])
def test_every_message_is_one_that_clef_shows_and_signs(vector: dict[str, Any]) -> None:
    kinds = {kind.__name__: kind for kind in MESSAGES}
    message = from_json(kinds[vector["type"].split("(")[0]], vector["signed"]["message"])
    digest = bytes.fromhex(vector["digest"][2:])
    domain = Domain(vector["chainId"], vector["market"])
    account = ClefAccount(ALICE.address, a_clef())
    signature = account.sign_typed(digest, lambda: domain.typed_data(message))
    assert signature == ALICE.sign_typed(digest, dict)


@pytest.mark.parametrize("ledger", [False, True])
def test_a_signature_is_the_keys_own(ledger: bool) -> None:
    clef = a_clef(ledger=ledger)
    signed = sign(DOMAIN, ACCEPTANCE, ClefAccount(ALICE.address, clef))
    assert signed == sign(DOMAIN, ACCEPTANCE, ALICE)
    ((kind, shown),) = clef.shown
    assert (kind, shown["primaryType"], shown["message"]["unitsUsed"]) == (
        "data",
        "Acceptance",
        "7",
    )
    assert shown["domain"]["chainId"] == "0x7a69"


def test_a_permit_and_transactions(market: Market, node: Node) -> None:
    """Clef names the functions it is asked for, and sees the permit's fields."""
    clef, token = a_clef(), Token(node, market.token())
    sender = sender_by(clef, node)
    sender.execute(token.faucet(9 * TOKEN))
    before = market.account_of(ALICE.address).available
    deposit_into(market, token, sender, ClefAccount(ALICE.address, clef), 9 * TOKEN)
    assert market.account_of(ALICE.address).available == before + 9 * TOKEN
    minted, permit, deposited = (shown for _, shown in clef.shown)
    assert minted["method"] == "faucet(uint256)"
    assert permit["message"]["value"] == str(9 * TOKEN)
    assert permit["domain"]["verifyingContract"].lower() == token.address
    assert deposited["method"] == "depositWithPermit(uint256,uint256,uint8,bytes32,bytes32)"
    assert deposited["to"].lower() == market.address


def test_a_token_that_tells_no_domain_is_approved(
    market: Market, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    clef, token = a_clef(), Token(node, market.token())
    sender = sender_by(clef, node)
    sender.execute(token.faucet(TOKEN))
    model = market.resource_class(1).price_model
    monkeypatch.setattr(token, "_told", Contract(node, model, "LocalToken"))
    deposit_into(market, token, sender, ClefAccount(ALICE.address, clef), TOKEN)
    assert [shown["method"] for _, shown in clef.shown[1:]] == [
        "approve(address,uint256)",
        "deposit(uint256)",
    ]


def test_functions_have_one_name_each() -> None:
    assert signature_of(bytes.fromhex("b6b55f25")) == "deposit(uint256)"
    assert signature_of(bytes.fromhex("ac9650d8")) == "multicall(bytes[])"


def other_message(kind: str, asked: Any) -> Any:
    return asked | {"message": asked["message"] | {"unitsUsed": "8"}}


def other_domain(kind: str, asked: Any) -> Any:
    return asked | {"domain": asked["domain"] | {"chainId": "0x1"}}


@pytest.mark.parametrize("twist", [other_message, other_domain])
def test_a_message_that_was_changed_is_not_signed(twist: Callable[[str, Any], Any]) -> None:
    with pytest.raises(
        SignatureRefused, match=r"^Clef was asked to sign a message \(Acceptance\), and"
    ):
        sign(DOMAIN, ACCEPTANCE, ClefAccount(ALICE.address, a_clef(twist=twist)))


class Liar:
    """Answers everything so."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def request(self, method: str, params: Any) -> Any:
        return self.answer


BOBS = "0x" + sign(DOMAIN, ACCEPTANCE, BOB).signature.hex()


@pytest.mark.parametrize("answer", [BOBS, "0x", "0xzz", None, 7, [], "0x" + "00" * 65])
def test_another_accounts_signature_is_none(answer: Any) -> None:
    with pytest.raises(SignatureRefused, match="nothing was sent"):
        sign(DOMAIN, ACCEPTANCE, ClefAccount(ALICE.address, Liar(answer)))


@pytest.mark.parametrize(
    "change",
    [
        {"from": BOB.address},
        {"to": to_checksum_address(BOB.address)},
        {"value": "0x1"},
        {"gas": "0x6"},
        {"nonce": "0x99"},
        {"chainId": "0x1"},
        {"maxFeePerGas": "0xffffffffffff"},
        {"maxPriorityFeePerGas": "0x0"},
        {"data": "0x"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_transaction_that_was_changed_is_not_sent(
    market: Market, node: Node, change: dict[str, Any]
) -> None:
    clef = a_clef(twist=lambda kind, asked: asked | change)
    call = Token(node, market.token()).faucet(1)
    with pytest.raises(SignatureRefused, match="signed something else, or by another account"):
        sender_by(clef, node).execute(call)
    assert node.nonce(ALICE.address) == node.nonce(ALICE.address, "pending")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "0x02",
        {},
        {"tx": None},
        {"tx": {"r": "0x1"}},
        {"tx": {"r": 7, "s": 7}},
        {"tx": {"r": "0xzz", "s": "0x1"}},
        {"tx": {"r": "-0x1", "s": "0x1"}},
        {"tx": {"r": "0x1" + "0" * 64, "s": "0x1"}},
    ],
)
def test_what_is_no_transaction_is_not_sent(market: Market, node: Node, answer: Any) -> None:
    sender = Sender(node, ClefAccount(ALICE.address, Liar(answer)), fees=CHEAP, poll_every=0.01)
    with pytest.raises(SignatureRefused, match="signed something else"):
        sender.execute(Token(node, market.token()).faucet(1))


def test_what_is_shown_is_what_is_signed() -> None:
    """A hostile contract's other domain does not get a signature past the person."""
    clef = a_clef()
    digest = DOMAIN.digest(ACCEPTANCE)
    other = ACCEPTANCE._replace(units_used=8)
    with pytest.raises(SignatureRefused, match="is not what is to be signed"):
        ClefAccount(ALICE.address, clef).sign_typed(digest, lambda: DOMAIN.typed_data(other))
    assert clef.shown == []


def test_refusals_are_said_in_its_words(market: Market, node: Node) -> None:
    call = Token(node, market.token()).faucet(1)
    denied = a_clef(person=lambda kind, shown: False)
    with pytest.raises(
        SignatureRefused,
        match=r"^Clef refused to sign a transaction \(faucet\(uint256\)\): request denied$",
    ):
        sender_by(denied, node).execute(call)
    elsewhere = StandInClef(KEYS, 1)
    with pytest.raises(SignatureRefused, match=r"start clef with the chain's number \(--chainid\)"):
        sender_by(elsewhere, node).execute(call)
    stranger = ClefAccount("0x" + "99" * 20, a_clef())
    with pytest.raises(SignatureRefused, match="unknown account"):
        sign(DOMAIN, ACCEPTANCE, stranger)


@pytest.mark.parametrize("away", [False, True])
def test_a_raise_that_is_not_signed_leaves_what_was_sent(
    market: Market, node: Node, chain: Controls, away: bool
) -> None:
    """It is handed over again and mined all the same, and Clef is not asked again at once."""
    asked: list[str] = []

    def person(kind: str, shown: dict[str, Any]) -> bool:
        asked.append(kind)
        if away and len(asked) > 1:
            raise TransportError("Clef has ended")
        return len(asked) == 1

    now = [1_000.0]
    sender = Sender(
        node,
        ClefAccount(ALICE.address, a_clef(person=person)),
        TransactionJournal(),
        CHEAP,
        clock=lambda: now[0],
    )
    chain.automine(False)
    sent = sender.send(Token(node, market.token()).faucet(1))
    chain.anvil_dropTransaction(sent.transaction)
    now[0] += 31
    assert sender.poll(sent) is None
    assert sender.poll(sent) is None
    assert asked == ["tx", "tx"]
    chain.automine(True)
    chain.mine()
    receipt = sender.poll(sent)
    assert receipt is not None
    assert receipt.succeeded


def test_an_account_is_named_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_clef().serving() as url:
        monkeypatch.setenv("SUANLI_CLEF", url)
        account = signer_of(f"clef:{ALICE.address.upper().replace('X', 'x')}")
        assert verify(DOMAIN, sign(DOMAIN, ACCEPTANCE, account))
        assert (account.address, repr(account)) == (
            ALICE.address,
            f"ClefAccount({ALICE.address})",
        )
    with pytest.raises(SignerAway, match=r"^Clef did not answer when it was asked to say who"):
        signer_of(f"clef:{ALICE.address}")
    with pytest.raises(UnknownAccount, match=r"^'clef:alice' names no account of Clef: write"):
        signer_of("clef:alice")
    monkeypatch.setenv("SUANLI_CLEF", "nowhere")
    with pytest.raises(SignerAway, match="the setting clef is wrong: a node's address begins with"):
        signer_of(f"clef:{ALICE.address}")


def test_a_node_is_no_clef(market: Market, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    transport: Any = node.transport
    url = transport._transport._url if not isinstance(transport, HttpTransport) else transport._url
    monkeypatch.setenv("SUANLI_CLEF", url)
    with pytest.raises(SignatureRefused, match="is it Clef that listens there"):
        signer_of(f"clef:{ALICE.address}")


def test_its_balance_takes_no_clef(
    market: Market, node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    transport: Any = node.transport
    monkeypatch.setenv("SUANLI_RPC", transport._transport._url)
    monkeypatch.setenv("SUANLI_ACCOUNTS", str(tmp_path))
    told = CliRunner().invoke(cli, ["account", "balance", f"clef:{ALICE.address}", "--json"])
    assert json.loads(told.stdout)["address"] == ALICE.address, told.output
