"""What a signed message is made of: its fields stand once, and all its forms come from there.

A message is a named tuple whose fields say by `Of` which Solidity type they have, what they mean
and in which unit. From that come its EIP-712 type, digest and typed data (here), its JSON
(`json_form`), and its ABI tuple, which is the named tuple itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, TypeVar, get_type_hints

from eth_utils.crypto import keccak

M = TypeVar("M", bound=tuple[Any, ...])
"""A message."""


@dataclass(frozen=True)
class Of:
    """A field: its Solidity type, and what it is, with its unit.

    `least` and `most`: of a number its bounds, unless what the type holds; of `string` and `bytes`
    those of the length, in bytes; of `bytes32[]`, whose items differ, how many. `zero`: whether an
    address or 32 bytes may be zero. `signer`: whether this is who must have signed the message.
    """

    kind: str
    about: str
    least: int = 0
    most: int | None = None
    zero: bool = False
    signer: bool = False


class Field(NamedTuple):
    """`name` in EIP-712 and JSON, `attribute` in Python."""

    name: str
    attribute: str
    of: Of


@cache
def fields_of(message: type) -> tuple[Field, ...]:
    """In the order of the EIP-712 type, which is the tuple's."""
    found = []
    for attribute, hint in get_type_hints(message, include_extras=True).items():
        head, *tail = attribute.split("_")
        (of,) = (extra for extra in hint.__metadata__ if isinstance(extra, Of))
        found.append(Field("".join([head, *map(str.capitalize, tail)]), attribute, of))
    return tuple(found)


@cache
def signer_field(message: type) -> Field | None:
    """The field that says who must have signed; None where the message doesn't tell."""
    return next((field for field in fields_of(message) if field.of.signer), None)


def type_of(message: type) -> str:
    """As EIP-712 writes it, such as `Release(bytes32 request)`."""
    inside = ",".join(f"{field.of.kind} {field.name}" for field in fields_of(message))
    return f"{message.__name__}({inside})"


def abi_type(message: type) -> str:
    """Of the tuple, such as `(bytes32)`."""
    return f"({','.join(field.of.kind for field in fields_of(message))})"


@cache
def type_hash(message: type) -> bytes:
    return keccak(text=type_of(message))


def struct_hash(message: tuple[Any, ...]) -> bytes:
    """EIP-712's hashStruct. No field is a struct, so each is one word."""
    fields = fields_of(type(message))
    words = [_word(field.of.kind, value) for field, value in zip(fields, message, strict=True)]
    return keccak(type_hash(type(message)) + b"".join(words))


def _word(kind: str, value: Any) -> bytes:
    match kind:
        case "bytes32":
            return bytes(value)
        case "bytes32[]":
            return keccak(b"".join(value))
        case "bytes":
            return keccak(value)
        case "string":
            return keccak(text=value)
        case "address":
            return int(value, 16).to_bytes(32, "big")
    return int(value).to_bytes(32, "big")
