"""What may stand in a daemon's TOML file: each raises ValueError with what is wrong."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from suanli.base.http import is_node, is_url
from suanli.base.text import is_address

MOST_TOKENS = 10**30
"""More than there ever are, and few enough to reckon with."""
# Not shown: addresses of hosted nodes hold a secret.
_LIKE = "must be like http://127.0.0.1:8545, or with https://"
AMOUNT = 'must be a number of tokens in quotes, like "0.5", with 18 decimals at most'


def number(least: float = 0, most: float = 2**53, whole: bool = True) -> BeforeValidator:
    """A number from `least` to `most`."""

    def checked(value: Any) -> Any:
        if type(value) is not int and (whole or type(value) is not float):
            raise ValueError("must be a number")
        if not least <= value <= most:
            raise ValueError(f"must be from {least:g} to {most:g}")
        return value

    return BeforeValidator(checked)


def text(value: Any) -> str:
    """Text."""
    if not isinstance(value, str):
        raise ValueError("must be text, in quotes")
    return value


def address(value: Any) -> str:
    """An address, in lowercase."""
    if not is_address(text(value)):
        raise ValueError("is no address: 0x and 40 hexadecimal digits")
    return "0x" + str(value).lower().removeprefix("0x")


def nodes(value: Any) -> str:
    """One, or several: a list, or with commas between."""
    if isinstance(value, list) and all(isinstance(url, str) for url in value):
        value = ",".join(value)
    if not all(is_node(url.strip()) for url in text(value).split(",")):
        raise ValueError(_LIKE)
    return str(value)


def url(value: Any) -> str:
    """The address of a service, or nothing."""
    if text(value) and not is_url(value):
        raise ValueError(_LIKE)
    return str(value)


def urls(value: Any) -> tuple[str, ...]:
    """A list of services' addresses."""
    if not isinstance(value, list):
        raise ValueError('must be a list, like ["http://127.0.0.1:8646"]')
    for one in value:
        if not is_url(text(one)):
            raise ValueError(f"{_LIKE}, each")
    return tuple(dict.fromkeys(one.rstrip("/") for one in value))


def path_text(value: Any) -> str:
    """A path that can be one."""
    if "\0" in text(value):
        raise ValueError("is no path: it holds a NUL")
    try:
        Path(value).expanduser()
    except RuntimeError:
        raise ValueError("is no path: there is no such user's home") from None
    return str(value)


def folder(value: Any) -> Path:
    """A path, as one."""
    return Path(path_text(value))


def tokens(value: Any) -> Decimal:
    """A decimal number of tokens as text."""
    with suppress(InvalidOperation, ValueError):
        amount = Decimal(value) if isinstance(value, str) else Decimal("NaN")
        if 0 <= amount <= MOST_TOKENS:
            return amount
    raise ValueError(AMOUNT)


Tokens = Annotated[Decimal, BeforeValidator(tokens)]
Text = Annotated[str, BeforeValidator(text)]
FilePath = Annotated[str, BeforeValidator(path_text)]
AccountAddress = Annotated[str, BeforeValidator(address)]
