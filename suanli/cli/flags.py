"""What commands about the market share: connecting, and reading a requester's choices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any

from suanli.base import amounts
from suanli.base.config import ConfigError, setting
from suanli.cli.asking import prompt, unlocked
from suanli.client import MOST_SLIPPAGE, Client, Options, connect

NO_COURT = "none"
"""In the setting `court`: terms without one are signed, too."""


def unlock(where: dict[str, Any]) -> dict[str, Any]:
    """The same with the account unlocked: its passphrase is asked for once."""
    return where | {"account": unlocked(where["account"])}


@contextmanager
def connected(**where: Any) -> Iterator[Client]:
    with connect(where.pop("rpc"), prompt=prompt, **where) as client:
        yield client


def options_of(flags: dict[str, Any]) -> Options:
    return Options(**_chosen(flags | _settings(flags)))


def changes_of(flags: dict[str, Any]) -> dict[str, Any]:
    """What the flags that were given change of a job's options."""
    # Of flags without a value False means not given, but for what can be denied.
    given = {n: value for n, value in flags.items() if value is not False or n == "hedge"}
    changes = _chosen(given)
    if "no_court" in changes:
        return {"court": None} | changes
    return ({"no_court": False} if "court" in changes else {}) | changes


def _chosen(flags: dict[str, Any]) -> dict[str, Any]:
    """Fields of `Options` by name, of flags that were given."""
    chosen = {name: value for name, value in flags.items() if value is not None}
    if (slippage := chosen.pop("slippage", None)) is not None:
        # What is no number is refused there, too.
        chosen["slippage_bps"] = round(slippage * 100) if abs(slippage) < MOST_SLIPPAGE else -1
    if (price := chosen.pop("max_price", None)) is not None:
        chosen["most_price"] = amounts.parse(price, amounts.PRICE_DECIMALS)
    if (bond := chosen.pop("bond", None)) is not None:
        chosen["bond"] = 0 if bond == "0" else amounts.parse(bond, amounts.PRICE_DECIMALS)
    if (percent := chosen.pop("max_fee", None)) is not None:
        chosen["max_fee_bps"] = round(_number("max_fee", str(percent)) * 100)
    if (percent := chosen.pop("reputation", None)) is not None:
        chosen["reputation"] = _number("reputation", str(percent)) / 100
    return chosen


def _settings(flags: dict[str, Any]) -> dict[str, Any]:
    """The terms to accept, by flag or setting; the setting `court` may say "none"."""
    found: dict[str, Any] = {}
    if (number := setting("terms", _text(flags["terms"]))) is not None:
        if not number.isdecimal():
            raise ConfigError(f"terms are named by their number, not {number!r}")
        found["terms"] = int(number)
    found["max_fee"] = setting("max_fee", _text(flags["max_fee"]))
    if (window := setting("min_window", _text(flags["min_window"]))) is not None:
        if not window.isdecimal():
            raise ConfigError(f"min_window is a number of seconds, not {window!r}")
        found["min_window"] = int(window)
    if not flags["no_court"] and (court := setting("court", flags["court"])):
        is_none = court == NO_COURT
        found |= {"no_court": is_none, "court": None if is_none else court}
    return found


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
        if isfinite(value):
            return value
    except ValueError:
        pass
    raise ConfigError(f"{name} must be a number, not {text!r}")
