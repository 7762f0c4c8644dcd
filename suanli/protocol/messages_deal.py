"""The messages that parties sign (EIP-712), their ids, and who signed them.

A request is `suanli.protocol.Request`; its id is its digest. What the fields may be: `check`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from suanli.protocol.domain import Domain
from suanli.protocol.errors import InvalidMessage
from suanli.protocol.records import ZERO_ADDRESS, ZERO_DIGEST, Request
from suanli.protocol.signer import Signer

HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Of secp256k1: a canonical signature's s is no larger."""


@dataclass(frozen=True)
class Acceptance:
    """A requester's word that it takes this result, by which the miner is paid at once."""

    request: bytes
    root: bytes
    units_used: int


@dataclass(frozen=True)
class Release:
    """A party's word that the deal may end for nothing."""

    request: bytes


Message = Request | Acceptance | Release
M = TypeVar("M", Request, Acceptance, Release)


@dataclass(frozen=True)
class Signed(Generic[M]):
    """A message with a signature, that is not necessarily good: `verify` tells."""

    message: M
    signature: bytes


class Field(NamedTuple):
    """A field's name in the contract and here, and its Solidity type."""

    name: str
    attribute: str
    kind: str


FIELDS: dict[type, tuple[Field, ...]] = {
    Request: (
        Field("requester", "requester", "address"),
        Field("miner", "miner", "address"),
        Field("resource", "resource", "uint32"),
        Field("units", "units", "uint64"),
        Field("maxPrice", "max_price", "uint96"),
        Field("confirmBy", "confirm_by", "uint40"),
        Field("duration", "duration", "uint32"),
        Field("tasks", "tasks", "uint32"),
        Field("job", "job", "bytes32"),
        Field("terms", "terms", "uint32"),
        Field("flags", "flags", "uint16"),
        Field("epoch", "epoch", "uint32"),
        Field("salt", "salt", "uint64"),
    ),
    Acceptance: (
        Field("request", "request", "bytes32"),
        Field("root", "root", "bytes32"),
        Field("unitsUsed", "units_used", "uint64"),
    ),
    Release: (Field("request", "request", "bytes32"),),
}
"""In the order of the EIP-712 types."""


def check(message: Message) -> None:
    """Raise InvalidMessage if a field does not fit its type, or could be in no valid message.

    What depends on the market's state, such as floors and windows, the market itself tells.
    """
    for name, attribute, kind in FIELDS[type(message)]:
        check_value(name, kind, getattr(message, attribute))
    if isinstance(message, Request):
        for name, attribute, _ in FIELDS[Request]:
            empty = getattr(message, attribute) in (0, ZERO_ADDRESS, ZERO_DIGEST)
            if empty and name not in ("miner", "flags", "epoch", "salt"):
                raise InvalidMessage(name, "must not be zero")
    elif isinstance(message, Acceptance) and message.root == ZERO_DIGEST:
        raise InvalidMessage("root", "must not be zero")


def check_value(name: str, kind: str, value: Any) -> None:
    """Raise InvalidMessage unless the value fits its Solidity type."""
    if kind == "address":
        if not isinstance(value, str) or not _is_address(value):
            raise InvalidMessage(name, "is no address: 0x and 40 lowercase hexadecimal digits")
    elif kind == "bytes32":
        if not isinstance(value, bytes) or len(value) != 32:
            raise InvalidMessage(name, "has not 32 bytes")
    else:
        bits = int(kind.removeprefix("uint"))
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << bits:
            raise InvalidMessage(name, f"must be a whole number from 0 to 2^{bits} - 1")


def _is_address(value: str) -> bool:
    digits = value[2:]
    return value[:2] == "0x" and len(digits) == 40 and set(digits) <= set("0123456789abcdef")


def digest(domain: Domain, message: Message) -> bytes:
    """The 32 bytes that are signed; a request's are its id."""
    if isinstance(message, Request):
        return domain.request_id(message)
    if isinstance(message, Acceptance):
        return domain.acceptance(message.request, message.root, message.units_used)
    return domain.release(message.request)


def sign(domain: Domain, message: Message, signer: Signer) -> bytes:
    """65 bytes; raises InvalidMessage for what no market would take."""
    check(message)
    return signer.sign_digest(digest(domain, message))


def recover(domain: Domain, message: Message, signature: bytes) -> str | None:
    """The address whose key signed; None if the bytes are no canonical signature.

    Canonical: 65 bytes, v 27 or 28, the lower s. Markets take others too, but then one message
    would have many signatures.
    """
    return recover_digest(digest(domain, message), signature)


def recover_digest(digest_: bytes, signature: bytes) -> str | None:
    """As `recover`, of the 32 bytes that were signed."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    if int.from_bytes(signature[32:64], "big") > HALF_ORDER:
        return None
    try:
        found = Signature(signature[:64] + bytes([signature[64] - 27]))
        key = found.recover_public_key_from_msg_hash(digest_)
    except (BadSignature, ValidationError):
        return None
    return key.to_address()
