"""An encrypted key's file (web3 secret storage, version 3), but for what only its passphrase can
tell: that its parts are there, and that opening it takes no more than a machine has."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from suanli.base.validation import problems

MOST_MEMORY = 1 << 30
"""Bytes that trying a passphrase may take; the standard's choice takes 256 MiB."""
Hex = Annotated[str, Field(pattern=r"^(0x)?([0-9a-fA-F]{2})*$", max_length=1_000)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")


class Scrypt(_Part):
    dklen: Annotated[int, Field(ge=32, le=64)]
    n: Annotated[int, Field(ge=2, le=1 << 24)]
    r: Annotated[int, Field(ge=1, le=64)]
    p: Annotated[int, Field(ge=1, le=16)]
    salt: Hex


class Pbkdf2(_Part):
    dklen: Annotated[int, Field(ge=32, le=64)]
    c: Annotated[int, Field(ge=1, le=20_000_000)]
    prf: Literal["hmac-sha256"]
    salt: Hex


class CipherParameters(_Part):
    iv: Hex


class Crypto(_Part):
    cipher: str
    cipherparams: CipherParameters
    ciphertext: Hex
    kdf: Literal["scrypt", "pbkdf2"]
    kdfparams: dict[str, Any]
    mac: Hex

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        kind: type[Scrypt | Pbkdf2] = Scrypt if self.kdf == "scrypt" else Pbkdf2
        try:
            found = kind.model_validate(self.kdfparams)
        except ValidationError as error:
            raise ValueError(f"kdfparams.{problems(error)[0]}") from None
        if isinstance(found, Scrypt) and 128 * found.n * found.r > MOST_MEMORY:
            raise ValueError(f"takes more than {MOST_MEMORY >> 20} MiB of memory to open")
        return self


class KeyFile(_Part):
    """Names are in small letters, whichever the file has."""

    version: Literal[3]
    address: Annotated[str, Field(pattern=r"^(0x)?[0-9a-fA-F]{40}$")] | None = None
    crypto: Crypto


def objection(value: Any) -> str:
    """What is wrong with a file's JSON; empty if nothing is."""
    try:
        KeyFile.model_validate(_lowered(value))
    except ValidationError as error:
        return str(problems(error)[0])
    return ""


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name).lower(): _lowered(inner) for name, inner in value.items()}
    return value
