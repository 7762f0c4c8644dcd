"""Signed messages: their digests, who signed them, and their form in JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from suanli.base.accounts import Account
from suanli.chain import Market, Node, Sender, verify
from suanli.chain.contract import Call
from suanli.protocol import (
    Acceptance,
    Domain,
    InvalidMessage,
    Message,
    Release,
    Request,
    Signed,
    acceptance_from_json,
    canonical,
    release_from_json,
    request_from_json,
    signed_acceptance_from_json,
    signed_release_from_json,
    signed_request_from_json,
    signed_to_json,
    to_json,
)
from suanli.protocol.messages_deal import FIELDS, HALF_ORDER, check, digest, recover, sign
from tests.harness.evm import artifact as compiled
from tests.harness.local_chain import ALICE, BOB, CHEAP, DEPLOYER

ORDER = 2 * HALF_ORDER + 1
ZERO = "0x" + "00" * 20
DOMAIN = Domain(31337, "0x" + "12" * 20)
REQUEST = Request(
    ALICE.address,
    ZERO,
    1,
    10**15,
    1 << 90,
    1_900_000_000,
    3_600,
    12,
    b"\x01" * 32,
    1,
    1,
    2,
    1 << 63,
)
ACCEPTANCE = Acceptance(b"\x02" * 32, b"\x03" * 32, (1 << 64) - 1)
RELEASE = Release(b"\x02" * 32)
READERS = {Request: request_from_json, Acceptance: acceptance_from_json, Release: release_from_json}
SIGNED_READERS = {
    Request: signed_request_from_json,
    Acceptance: signed_acceptance_from_json,
    Release: signed_release_from_json,
}


def values(kind: str) -> st.SearchStrategy[Any]:
    """Of a Solidity type, zero left out."""
    if kind == "address":
        return st.binary(min_size=20, max_size=20).filter(any).map(lambda raw: "0x" + raw.hex())
    if kind == "bytes32":
        return st.binary(min_size=32, max_size=32).filter(any)
    return st.integers(1, (1 << int(kind[4:])) - 1)


messages = st.one_of(
    *(
        st.builds(kind, **{field.attribute: values(field.kind) for field in FIELDS[kind]})
        for kind in (Request, Acceptance, Release)
    )
)


@given(messages, st.integers(1, 1 << 60), values("address"))
def test_digests_are_those_of_eip_712(message: Message, chain_id: int, market: str) -> None:
    """Against eth_account's own encoder, from the field table."""
    fields = FIELDS[type(message)]
    signable = encode_typed_data(
        {"name": "Suanli", "version": "1", "chainId": chain_id, "verifyingContract": market},
        {type(message).__name__: [{"name": f.name, "type": f.kind} for f in fields]},
        {f.name: getattr(message, f.attribute) for f in fields},
    )
    expected = keccak(b"\x19\x01" + signable.header + signable.body)
    assert digest(Domain(chain_id, market), message) == expected


def test_the_market_computes_the_same_id(market: Market) -> None:
    assert market.request_id(REQUEST) == market.domain.request_id(REQUEST)
    assert market.domain == Domain(31337, market.address)


@pytest.mark.parametrize("message", [REQUEST, ACCEPTANCE, RELEASE])
def test_the_signer_is_recovered(message: Message) -> None:
    signature = sign(DOMAIN, message, ALICE)
    assert len(signature) == 65
    assert recover(DOMAIN, message, signature) == ALICE.address
    assert verify(DOMAIN, message, signature, ALICE.address)
    assert not verify(DOMAIN, message, signature, BOB.address)
    for other in (Domain(1, DOMAIN.market), Domain(31337, "0x" + "13" * 20)):
        assert recover(other, message, signature) != ALICE.address


def altered(signature: bytes) -> list[bytes]:
    r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
    return [
        b"",
        signature[:64],
        signature + b"\0",
        signature[:64] + bytes([v - 27]),
        signature[:64] + b"\x1d",
        r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v]),  # the same signature, s too high
        bytes(32) + signature[32:],
        r + bytes(32) + bytes([v]),
        b"\xff" * 32 + signature[32:],
    ]


@pytest.mark.parametrize("number", range(9))
def test_other_forms_of_a_signature_are_none(number: int) -> None:
    signature = altered(sign(DOMAIN, REQUEST, ALICE))[number]
    assert recover(DOMAIN, REQUEST, signature) is None
    assert not verify(DOMAIN, REQUEST, signature, ALICE.address)


def test_another_message_has_another_signer() -> None:
    signature = sign(DOMAIN, REQUEST, ALICE)
    assert recover(DOMAIN, REQUEST._replace(units=1), signature) != ALICE.address


@pytest.fixture
def wallet(node: Node) -> str:
    """A contract wallet (ERC-1271) of Alice's."""
    data = bytes.fromhex(compiled("MockWallet").bytecode) + bytes.fromhex(
        ALICE.address[2:].rjust(64, "0")
    )
    call: Call[None] = Call("create", None, data, node, lambda _: None)
    receipt = Sender(node, DEPLOYER, fees=CHEAP, poll_every=0.01).execute(call)
    assert receipt.contract is not None
    return receipt.contract


def test_contracts_sign_as_they_say(node: Node, wallet: str) -> None:
    theirs = sign(DOMAIN, REQUEST, ALICE)
    assert verify(DOMAIN, REQUEST, theirs, wallet, node)
    assert not verify(DOMAIN, REQUEST, theirs, wallet)
    assert not verify(DOMAIN, REQUEST, sign(DOMAIN, REQUEST, BOB), wallet, node)
    assert not verify(DOMAIN, REQUEST, b"", wallet, node)


def test_other_contracts_and_accounts_sign_nothing(market: Market) -> None:
    signature = sign(DOMAIN, REQUEST, ALICE)
    for signer in (market.address, market.token(), BOB.address, ZERO):
        assert not verify(DOMAIN, REQUEST, signature, signer, market.node)


@given(messages)
def test_json_gives_the_same_message(message: Message) -> None:
    text = canonical.encode(to_json(message))
    assert READERS[type(message)](canonical.decode(text, 10_000)) == message


@given(messages, st.binary(max_size=200))
def test_json_gives_the_same_signed_message(message: Message, signature: bytes) -> None:
    signed: Signed[Any] = Signed(message, signature)
    text = json.dumps(signed_to_json(signed))
    assert SIGNED_READERS[type(message)](json.loads(text)) == signed


def test_json_looks_like_the_eip_712_message() -> None:
    assert to_json(REQUEST) == {
        "requester": ALICE.address,
        "miner": ZERO,
        "resource": 1,
        "units": "1000000000000000",
        "maxPrice": str(1 << 90),
        "confirmBy": 1_900_000_000,
        "duration": 3_600,
        "tasks": 12,
        "job": "0x" + "01" * 32,
        "terms": 1,
        "flags": 1,
        "epoch": 2,
        "salt": str(1 << 63),
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("requester", ALICE.address.upper()),
        ("requester", ALICE.address[2:]),
        ("requester", ZERO),
        ("requester", 7),
        ("miner", None),
        ("miner", "0x" + "0" * 39),
        ("resource", 0),
        ("resource", "1"),
        ("resource", 1 << 32),
        ("resource", True),
        ("resource", 1.0),
        ("units", 10),
        ("units", "0"),
        ("units", "010"),
        ("units", "+10"),
        ("units", "1e3"),
        ("units", "١"),
        ("units", str(1 << 64)),
        ("maxPrice", str(1 << 96)),
        ("maxPrice", "9" * 5_000),
        ("confirmBy", -1),
        ("confirmBy", 1 << 40),
        ("job", "0x" + "00" * 32),
        ("job", "0x" + "AB" * 32),
        ("job", "0x" + "ab" * 31),
        ("job", "ab" * 32),
        ("flags", 1 << 16),
    ],
)
def test_wrong_fields_are_named(field: str, value: Any) -> None:
    with pytest.raises(InvalidMessage) as caught:
        request_from_json(to_json(REQUEST) | {field: value})
    assert caught.value.field == field
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize("value", [None, [], "{}", 7])
def test_what_is_no_object_is_refused(value: Any) -> None:
    with pytest.raises(InvalidMessage, match="is not a JSON object"):
        request_from_json(value)


def test_missing_and_unknown_fields_are_named() -> None:
    good = to_json(REQUEST)
    with pytest.raises(InvalidMessage, match=r"^job: is missing"):
        request_from_json({name: good[name] for name in good if name != "job"})
    with pytest.raises(InvalidMessage, match=r"^tip: is unknown"):
        request_from_json(good | {"tip": 1})


@pytest.mark.parametrize("signature", [None, "", "0xa", "0xAB", "ab", "0x" + "00" * 4_097])
def test_wrong_signatures_in_json(signature: Any) -> None:
    with pytest.raises(InvalidMessage, match=r"^signature: "):
        signed_request_from_json({"message": to_json(REQUEST), "signature": signature})


@pytest.mark.parametrize(
    "message",
    [
        REQUEST._replace(units=0),
        REQUEST._replace(units=True),
        REQUEST._replace(max_price=1 << 96),
        REQUEST._replace(job=b"\x01" * 31),
        REQUEST._replace(requester=ALICE.address.upper()),
        Acceptance(b"", b"\x01" * 32, 1),
        Acceptance(b"\x01" * 32, bytes(32), 1),
        Release("0x"),  # type: ignore[arg-type]
    ],
)
def test_what_no_market_would_take_is_not_signed(message: Message) -> None:
    for act in (check, to_json, lambda it: sign(DOMAIN, it, Account.create())):
        with pytest.raises(InvalidMessage):
            act(message)
