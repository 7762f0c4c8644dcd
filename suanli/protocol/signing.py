"""Signed messages: one form for keys and contract accounts (ERC-1271) alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, Protocol

from suanli.protocol.domain import Domain
from suanli.protocol.errors import InvalidMessage
from suanli.protocol.json_form import form_of, model_of, plain, to_json, validated
from suanli.protocol.schema import M, Of, signer_field

if TYPE_CHECKING:
    from pydantic import BaseModel

HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Of secp256k1: a canonical signature's s is no larger."""
MOST_SIGNATURE_BYTES = 4096
"""Contract accounts may have long ones."""

Contracts = Callable[[str, bytes, bytes], bool]
"""Whether a contract takes a signature of 32 bytes for its own (ERC-1271): asks a chain."""


class Signer(Protocol):
    """An account that signs: `suanli.base.accounts.Account` by a key that is here,
    `suanli.chain.ClefAccount` by one that is kept elsewhere."""

    @property
    def address(self) -> str:
        """Lowercase, with 0x."""

    def sign_typed(self, digest: bytes, data: Callable[[], dict[str, Any]]) -> bytes:
        """65 bytes: r, s (the lower one), v (27 or 28). `data`: what has this digest, as wallets
        take it (`eth_signTypedData_v4`), for who signs by nothing less."""

    def sign_transaction(self, fields: Mapping[str, Any]) -> bytes:
        """The raw transaction, ready to be sent; `fields` named as in JSON-RPC, numbers as int."""


@dataclass(frozen=True)
class Signed(Generic[M]):
    """A message with who signed it, and how; that they did is for `verify` to tell."""

    message: M
    signer: str
    signature: bytes


def sign(domain: Domain, message: M, key: Signer, signer: str | None = None) -> Signed[M]:
    """Signed by `key`, for the contract account `signer` if one is named.

    Raises:
        InvalidMessage: nobody would take it, or it names somebody else as its signer.
    """
    to_json(message)
    signature = key.sign_typed(domain.digest(message), lambda: domain.typed_data(message))
    signed = Signed(message, signer or key.address, signature)
    _require_signer(signed)
    return signed


def verify(domain: Domain, signed: Signed[M], contracts: Contracts | None = None) -> bool:
    """Whether its signer signed it: by its key or, if `contracts` can be asked, as a contract.

    A contract may change its mind later, so a market asks it again.
    """
    try:
        _require_signer(signed)
    except InvalidMessage:
        return False
    digest = domain.digest(signed.message)
    if recover(digest, signed.signature) == signed.signer:
        return True
    return contracts is not None and contracts(signed.signer, digest, signed.signature)


def recover(digest: bytes, signature: bytes) -> str | None:
    """The address whose key signed these 32 bytes; None if it is no canonical signature.

    Canonical: 65 bytes, v 27 or 28, the lower s. Markets take others too, but then one message
    would have many signatures.
    """
    from eth_keys.datatypes import Signature
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    if int.from_bytes(signature[32:64], "big") > HALF_ORDER:
        return None
    try:
        found = Signature(signature[:64] + bytes([signature[64] - 27]))
        return found.recover_public_key_from_msg_hash(digest).to_address()
    except (BadSignature, ValidationError):
        return None


def signed_to_json(signed: Signed[M]) -> dict[str, Any]:
    """Raises InvalidMessage."""
    return {
        "message": to_json(signed.message),
        "signer": signed.signer,
        "signature": "0x" + signed.signature.hex(),
    }


def signed_from_json(message: type[M], value: Any) -> Signed[M]:
    """A signed message of this type. Raises InvalidMessage."""
    read = validated(signed_model_of(message), value)
    signed = Signed(plain(message, read.message), read.signer, read.signature)
    _require_signer(signed)
    return signed


@cache
def signed_model_of(message: type) -> type[BaseModel]:
    """What reads a signed message's JSON, and describes it."""
    from pydantic import create_model

    inner = model_of(message)
    signer = form_of(Of("address", "who signed: an account, or a contract account (ERC-1271)"))
    signature = form_of(Of("bytes", "of the message's EIP-712 digest", most=MOST_SIGNATURE_BYTES))
    return create_model(
        f"Signed{message.__name__}",
        __config__=inner.model_config,
        message=(inner, ...),
        signer=signer,
        signature=signature,
    )


def signed_json_schema(message: type) -> dict[str, Any]:
    """Of the JSON of a signed message, without references."""
    schema = signed_model_of(message).model_json_schema()
    (inner,) = schema.pop("$defs").values()
    schema["properties"]["message"] = inner
    return schema


def _require_signer(signed: Signed[M]) -> None:
    field = signer_field(type(signed.message))
    if field and getattr(signed.message, field.attribute) != signed.signer:
        raise InvalidMessage("signer", f"is not the {field.name} that the message names")
