"""Signed messages: their digests, who signed them, and their form in JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from suanli.base.accounts import Account
from suanli.base.strict_json import loads
from suanli.chain import artifact
from suanli.protocol import (
    Acceptance,
    Announcement,
    Claim,
    Domain,
    InvalidMessage,
    Progress,
    Rejection,
    Release,
    Request,
    Signed,
    canonical,
    check,
    from_json,
    recover,
    sign,
    signed_from_json,
    signed_json_schema,
    signed_to_json,
    to_json,
    verify,
)
from suanli.protocol.messages import MESSAGES
from suanli.protocol.schema import Of, abi_type, fields_of, signer_field, type_hash, type_of
from suanli.protocol.signing import HALF_ORDER
from tests.harness.local_chain import ALICE, BOB

ORDER = 2 * HALF_ORDER + 1
ZERO = "0x" + "00" * 20
DOMAIN = Domain(31337, "0x" + "12" * 20)
WALLET = "0x" + "77" * 20
REQUEST = Request(
    ALICE.address,
    0,
    1,
    3,
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
ANNOUNCEMENT = Announcement(
    ALICE.address, 5, 1, (b"\x04" * 32, b"\x05" * 32), 900, 2, 150, 15, b"\x02" + b"\x05" * 32, 600
)
CLAIM = Claim(ALICE.address, 5, b"\x02" * 32, b"\x03" * 32, 7, b"\x06" * 32)
REJECTION = Rejection(ALICE.address, 5, b"\x02" * 32, "price: 算力 is dear\n", False)
PROGRESS = Progress(ALICE.address, 5, b"\x02" * 32, 3, 4)
EXAMPLES = (REQUEST, ACCEPTANCE, RELEASE, ANNOUNCEMENT, CLAIM, REJECTION, PROGRESS)
VECTORS = json.loads((Path("tests/vectors") / "messages.json").read_text())


def values(of: Of) -> st.SearchStrategy[Any]:
    """Of a field, zero left out where it may be none."""
    match of.kind:
        case "address":
            return st.binary(min_size=20, max_size=20).filter(any).map(lambda raw: "0x" + raw.hex())
        case "bytes32":
            return st.binary(min_size=32, max_size=32).filter(any)
        case "bytes32[]":
            one = st.binary(min_size=32, max_size=32).filter(any)
            listed = st.lists(one, min_size=of.least, max_size=of.most, unique=True)
            return listed.map(tuple)
        case "bytes":
            return st.binary(min_size=of.least, max_size=of.most)
        case "string":
            return st.text(st.characters(codec="utf-8"), min_size=1, max_size=(of.most or 0) // 4)
        case "bool":
            return st.booleans()
    return st.integers(of.least, (1 << int(of.kind[4:])) - 1 if of.most is None else of.most)


def built(kind: type) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{field.attribute: values(field.of) for field in fields_of(kind)})


messages = st.one_of(*map(built, MESSAGES))


# Digests


@given(messages, st.integers(1, 1 << 60), st.binary(min_size=20, max_size=20))
def test_digests_are_those_of_eip_712(message: Any, chain_id: int, market: bytes) -> None:
    """Against eth_account's own encoder, from the typed data that a wallet would get."""
    domain = Domain(chain_id, "0x" + market.hex())
    signable = encode_typed_data(full_message=domain.typed_data(message))
    assert domain.separator == signable.header
    assert domain.digest(message) == keccak(b"\x19\x01" + signable.header + signable.body)


@pytest.mark.parametrize("number", range(len(VECTORS)))
def test_vectors(number: int) -> None:
    """There and back."""
    vector = VECTORS[number]
    kind = next(kind for kind in MESSAGES if vector["type"].startswith(f"{kind.__name__}("))
    domain = Domain(vector["chainId"], vector["market"])
    signed: Signed[Any] = signed_from_json(kind, vector["signed"])
    assert type_of(kind) == vector["type"]
    assert "0x" + type_hash(kind).hex() == vector["typeHash"]
    assert "0x" + domain.digest(signed.message).hex() == vector["digest"]
    assert verify(domain, signed)
    assert signed_to_json(signed) == vector["signed"]
    key = Account.from_key(keccak(text=f"{kind.__name__} {number % 3}"))
    assert sign(domain, signed.message, key) == signed


def test_all_messages_have_vectors() -> None:
    assert {vector["type"] for vector in VECTORS} == {type_of(kind) for kind in MESSAGES}


@pytest.mark.parametrize("kind", [Request, Acceptance, Release])
def test_the_contracts_hash_the_same_types(kind: type) -> None:
    assert type_hash(kind) in artifact("ComputeMarket").bytecode


def test_a_request_is_the_contracts_struct() -> None:
    """Field by field, so that it can be passed as it is."""
    assert artifact("ComputeMarket").abi.functions["requestId"].inputs == (abi_type(Request),)


def test_messages_have_types_of_their_own() -> None:
    """So no signature under one is one under another, whatever the fields hold."""
    assert len({type_hash(kind) for kind in MESSAGES}) == len(MESSAGES)
    assert len({DOMAIN.digest(message) for message in EXAMPLES}) == len(EXAMPLES)


# Signatures


@pytest.mark.parametrize("message", EXAMPLES)
def test_the_signer_is_recovered(message: Any) -> None:
    signed = sign(DOMAIN, message, ALICE)
    assert (signed.message, signed.signer) == (message, ALICE.address)
    assert len(signed.signature) == 65
    assert recover(DOMAIN.digest(message), signed.signature) == ALICE.address
    assert verify(DOMAIN, signed)
    assert not verify(DOMAIN, Signed(message, BOB.address, signed.signature))
    for other in (Domain(1, DOMAIN.market), Domain(31337, "0x" + "13" * 20)):
        assert not verify(other, signed)


def altered(signature: bytes) -> list[bytes]:
    r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
    return [
        b"",
        signature[:64],
        signature + b"\0",
        signature[:64] + bytes([v - 27]),
        signature[:64] + b"\x1d",
        r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v]),  # the same signature, s too high
        r + (s | (v - 27) << 255).to_bytes(32, "big"),  # the same in the 64 bytes of EIP-2098
        bytes(32) + signature[32:],
        r + bytes(32) + bytes([v]),
        b"\xff" * 32 + signature[32:],
    ]


@pytest.mark.parametrize("number", range(10))
def test_other_forms_of_a_signature_are_none(number: int) -> None:
    signature = altered(sign(DOMAIN, REQUEST, ALICE).signature)[number]
    assert recover(DOMAIN.digest(REQUEST), signature) is None
    assert not verify(DOMAIN, Signed(REQUEST, ALICE.address, signature))


@given(messages, st.data())
def test_another_message_has_another_signer(message: Any, data: st.DataObject) -> None:
    other = data.draw(messages.filter(lambda other: other != message))
    key = Account.from_key("0x" + "11" * 32)
    field = signer_field(type(message))
    if field:
        message = message._replace(**{field.attribute: key.address})
    signed = sign(DOMAIN, message, key)
    assert recover(DOMAIN.digest(other), signed.signature) != key.address


@pytest.mark.parametrize("message", [REQUEST, ANNOUNCEMENT, CLAIM, REJECTION, PROGRESS])
def test_a_message_that_names_its_signer_has_no_other(message: Any) -> None:
    with pytest.raises(InvalidMessage, match=r"^signer: is not the (requester|miner) that the"):
        sign(DOMAIN, message, BOB)
    theirs = Signed(message, BOB.address, BOB.sign_typed(DOMAIN.digest(message), dict))
    assert not verify(DOMAIN, theirs)
    assert not verify(DOMAIN, theirs, lambda *_: True)
    with pytest.raises(InvalidMessage, match=r"^signer: "):
        signed_from_json(type(message), signed_to_json(theirs))


def test_a_contract_is_asked_each_time() -> None:
    """Its owner may have changed, or the contract may be gone."""
    asked: list[tuple[str, bytes, bytes]] = []
    answers = iter((True, False))

    def contracts(account: str, digest: bytes, signature: bytes) -> bool:
        asked.append((account, digest, signature))
        return next(answers)

    signed = sign(DOMAIN, ACCEPTANCE, ALICE, WALLET)
    assert verify(DOMAIN, signed, contracts)
    assert not verify(DOMAIN, signed, contracts)
    assert asked == [(WALLET, DOMAIN.digest(ACCEPTANCE), signed.signature)] * 2
    assert not verify(DOMAIN, signed)


def test_no_contract_is_asked_where_a_key_signed() -> None:
    def contracts(*_: Any) -> bool:
        raise AssertionError("asked")

    assert verify(DOMAIN, sign(DOMAIN, REQUEST, ALICE), contracts)


# JSON


@given(messages)
def test_json_gives_the_same_message(message: Any) -> None:
    text = canonical.encode(to_json(message))
    assert from_json(type(message), canonical.decode(text, 20_000)) == message
    assert loads(text) == to_json(message)


@given(messages, st.binary(max_size=200), st.booleans())
def test_json_gives_the_same_signed_message(message: Any, raw: bytes, ascii_only: bool) -> None:
    field = signer_field(type(message))
    signer = getattr(message, field.attribute) if field else WALLET
    signed = Signed(message, signer, raw)
    text = json.dumps(signed_to_json(signed), ensure_ascii=ascii_only)
    assert signed_from_json(type(message), loads(text.encode())) == signed


def test_json_looks_like_the_eip_712_message() -> None:
    assert to_json(REQUEST) == {
        "requester": ALICE.address,
        "miner": 0,
        "resource": 1,
        "runtime": 3,
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
    assert signed_to_json(Signed(REJECTION, ALICE.address, b"\x01\xff")) == {
        "message": {
            "miner": ALICE.address,
            "issued": 5,
            "request": "0x" + "02" * 32,
            "reason": "price: 算力 is dear\n",
            "isFinal": False,
        },
        "signer": ALICE.address,
        "signature": "0x01ff",
    }


WRONG: list[tuple[Any, str, Any]] = [
    (REQUEST, "requester", ALICE.address.upper()),
    (REQUEST, "requester", ALICE.address[2:]),
    (REQUEST, "requester", ALICE.address + "\n"),
    (REQUEST, "requester", ZERO),
    (REQUEST, "requester", 7),
    (REQUEST, "miner", None),
    (REQUEST, "miner", ALICE.address),
    (REQUEST, "miner", 1 << 32),
    (REQUEST, "runtime", 1 << 16),
    (REQUEST, "resource", 0),
    (REQUEST, "resource", "1"),
    (REQUEST, "resource", 1 << 32),
    (REQUEST, "resource", True),
    (REQUEST, "resource", 1.0),
    (REQUEST, "units", 10),
    (REQUEST, "units", "0"),
    (REQUEST, "units", "010"),
    (REQUEST, "units", "+10"),
    (REQUEST, "units", " 10"),
    (REQUEST, "units", "10\n"),
    (REQUEST, "units", "1_0"),
    (REQUEST, "units", "1e3"),
    (REQUEST, "units", "١"),
    (REQUEST, "units", "１０"),
    (REQUEST, "units", str(1 << 64)),
    (REQUEST, "maxPrice", str(1 << 96)),
    (REQUEST, "maxPrice", "9" * 5_000),
    (REQUEST, "confirmBy", -1),
    (REQUEST, "confirmBy", 1 << 40),
    (REQUEST, "job", "0x" + "00" * 32),
    (REQUEST, "job", "0x" + "AB" * 32),
    (REQUEST, "job", "0x" + "ab" * 31),
    (REQUEST, "job", "0x" + "ab " * 32),
    (REQUEST, "job", "ab" * 32),
    (REQUEST, "flags", 1 << 16),
    (ANNOUNCEMENT, "runtimes", "0x" + "04" * 32),
    (ANNOUNCEMENT, "runtimes", []),
    (ANNOUNCEMENT, "runtimes", ["0x" + "04" * 31]),
    (ANNOUNCEMENT, "runtimes", ["0x" + "00" * 32]),
    (ANNOUNCEMENT, "runtimes", ["0x" + "04" * 32] * 2),
    (ANNOUNCEMENT, "runtimes", [f"0x{number:064x}" for number in range(1, 18)]),
    (ANNOUNCEMENT, "workers", 0),
    (ANNOUNCEMENT, "workers", 4_097),
    (ANNOUNCEMENT, "margin", 99),
    (ANNOUNCEMENT, "reserve", 86_401),
    (ANNOUNCEMENT, "publicKey", "0x" + "02" * 32),
    (ANNOUNCEMENT, "publicKey", "0x" + "02" * 34),
    (CLAIM, "root", "0x" + "00" * 32),
    (REJECTION, "reason", ""),
    (REJECTION, "reason", "x" * 1_201),
    (REJECTION, "reason", "算" * 401),
    (REJECTION, "reason", "\ud800"),
    (REJECTION, "reason", None),
    (REJECTION, "isFinal", 0),
    (REJECTION, "isFinal", "false"),
    (PROGRESS, "tasks", 0),
]


@pytest.mark.parametrize(("message", "name", "value"), WRONG)
def test_wrong_fields_are_named(message: Any, name: str, value: Any) -> None:
    with pytest.raises(InvalidMessage) as caught:
        from_json(type(message), to_json(message) | {name: value})
    assert caught.value.field == name
    assert str(caught.value).startswith(f"{name}: ")
    assert len(str(caught.value)) < 120
    signed = signed_to_json(Signed(message, ALICE.address, b""))
    signed["message"] = signed["message"] | {name: value}
    with pytest.raises(InvalidMessage, match=rf"^message\.{name}: "):
        signed_from_json(type(message), signed)


@pytest.mark.parametrize("value", [None, [], "{}", 7])
def test_what_is_no_object_is_refused(value: Any) -> None:
    with pytest.raises(InvalidMessage, match=r"^message: must be an object"):
        from_json(Request, value)


def test_missing_and_unknown_fields_are_named() -> None:
    good = to_json(REQUEST)
    with pytest.raises(InvalidMessage, match=r"^job: is missing"):
        from_json(Request, {name: good[name] for name in good if name != "job"})
    with pytest.raises(InvalidMessage, match=r"^tip: is unknown"):
        from_json(Request, good | {"tip": 1})
    with pytest.raises(InvalidMessage, match=r"^max_price: is unknown"):
        from_json(Request, good | {"max_price": "1"})
    with pytest.raises(InvalidMessage, match=r"^signer: is missing"):
        signed_from_json(Request, {"message": good, "signature": "0x"})


@pytest.mark.parametrize("signature", [None, "", "0xa", "0xAB", "ab", "0x" + "00" * 4_097])
def test_wrong_signatures_in_json(signature: Any) -> None:
    body = {"message": to_json(REQUEST), "signer": ALICE.address, "signature": signature}
    with pytest.raises(InvalidMessage, match=r"^signature: "):
        signed_from_json(Request, body)


@pytest.mark.parametrize(
    "message",
    [
        REQUEST._replace(units=0),
        REQUEST._replace(units=True),
        REQUEST._replace(units="100"),  # type: ignore[arg-type]
        REQUEST._replace(max_price=1 << 96),
        REQUEST._replace(job=b"\x01" * 31),
        REQUEST._replace(job="0x" + "01" * 32),  # type: ignore[arg-type]
        REQUEST._replace(requester=ALICE.address.upper()),
        Acceptance(b"", b"\x01" * 32, 1),
        Acceptance(b"\x01" * 32, bytes(32), 1),
        Release("0x"),  # type: ignore[arg-type]
        REJECTION._replace(reason="\udc00"),
        PROGRESS._replace(done=-1),
        ANNOUNCEMENT._replace(runtimes=()),
        ANNOUNCEMENT._replace(runtimes=b"\x04" * 32),  # type: ignore[arg-type]
        ANNOUNCEMENT._replace(runtimes=("0x" + "04" * 32,)),  # type: ignore[arg-type]
    ],
)
def test_what_nobody_would_take_is_not_signed(message: Any) -> None:
    for act in (check, to_json, lambda it: sign(DOMAIN, it, ALICE), DOMAIN.typed_data):
        with pytest.raises(InvalidMessage):
            act(message)


@pytest.mark.parametrize("kind", MESSAGES)
def test_schemas_say_what_each_field_is(kind: type) -> None:
    schema = signed_json_schema(kind)
    inner = schema["properties"]["message"]
    assert schema["required"] == ["message", "signer", "signature"]
    assert inner["required"] == [field.name for field in fields_of(kind)]
    assert schema["additionalProperties"] is inner["additionalProperties"] is False
    for field in fields_of(kind):
        assert inner["properties"][field.name]["description"] == field.of.about
