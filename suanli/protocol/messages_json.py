"""Messages as JSON, for the relay and for files: one form for each, anything else is refused.

Fields are named as in the EIP-712 types. Numbers that may pass 2^53 (uint64 and wider) are decimal
text, since other languages would round them; addresses and bytes are 0x and lowercase digits.
`suanli.protocol.canonical.encode` gives the bytes.
"""

from __future__ import annotations

from typing import Any

from suanli.protocol.errors import InvalidMessage
from suanli.protocol.messages_deal import (
    FIELDS,
    Acceptance,
    M,
    Message,
    Release,
    Signed,
    check,
    check_value,
)
from suanli.protocol.records import Request

MOST_SIGNATURE_BYTES = 4096
"""Contract wallets may have long ones."""


def to_json(message: Message) -> dict[str, Any]:
    """Raises InvalidMessage for a message that no market would take."""
    check(message)
    return {
        name: _shown(kind, getattr(message, attribute))
        for name, attribute, kind in FIELDS[type(message)]
    }


def signed_to_json(signed: Signed[M]) -> dict[str, Any]:
    return {"message": to_json(signed.message), "signature": "0x" + signed.signature.hex()}


def request_from_json(value: Any) -> Request:
    return _message(Request, value)


def acceptance_from_json(value: Any) -> Acceptance:
    return _message(Acceptance, value)


def release_from_json(value: Any) -> Release:
    return _message(Release, value)


def signed_request_from_json(value: Any) -> Signed[Request]:
    return _signed(Request, value)


def signed_acceptance_from_json(value: Any) -> Signed[Acceptance]:
    return _signed(Acceptance, value)


def signed_release_from_json(value: Any) -> Signed[Release]:
    return _signed(Release, value)


def _shown(kind: str, value: Any) -> Any:
    if kind == "bytes32":
        return "0x" + value.hex()
    return str(value) if _is_text(kind) else value


def _is_text(kind: str) -> bool:
    return kind.startswith("uint") and int(kind[4:]) > 53


def _message(wanted: type[M], value: Any) -> M:
    fields = FIELDS[wanted]
    _check_names("message", value, {field.name for field in fields})
    message = wanted(
        **{attribute: _read(name, kind, value[name]) for name, attribute, kind in fields}
    )
    check(message)
    return message


def _signed(wanted: type[M], value: Any) -> Signed[M]:
    _check_names("signed message", value, {"message", "signature"})
    signature = _bytes("signature", value["signature"])
    if len(signature) > MOST_SIGNATURE_BYTES:
        raise InvalidMessage("signature", f"is longer than {MOST_SIGNATURE_BYTES} bytes")
    return Signed(_message(wanted, value["message"]), signature)


def _check_names(what: str, value: Any, names: set[str]) -> None:
    if not isinstance(value, dict):
        raise InvalidMessage(what, "is not a JSON object")
    if missing := sorted(names - value.keys()):
        raise InvalidMessage(missing[0], "is missing")
    if unknown := sorted(map(str, value.keys() - names)):
        raise InvalidMessage(unknown[0][:80], "is unknown here: leave it out")


def _read(name: str, kind: str, value: Any) -> Any:
    if kind == "bytes32":
        value = _bytes(name, value)
    elif _is_text(kind):
        value = _whole_number(name, value)
    check_value(name, kind, value)
    return value


def _bytes(name: str, value: Any) -> bytes:
    if isinstance(value, str) and value.startswith("0x"):
        try:
            read = bytes.fromhex(value[2:])
        except ValueError:
            read = b""
        if "0x" + read.hex() == value:  # no capitals, no spaces
            return read
    raise InvalidMessage(name, "is not 0x and lowercase hexadecimal digits")


def _whole_number(name: str, value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 40:
        read = int(value)
        if str(read) == value:
            return read
    raise InvalidMessage(name, "is not a whole number in decimal text")
