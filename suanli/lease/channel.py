"""What both sides know of a channel on chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from suanli.lease.errors import LeaseError
from suanli.protocol import InvalidMessage, Quote, from_json, to_json

_NUMBERS = ("price", "opened_at", "deposit", "reserve")


class Channel(NamedTuple):
    """What was fixed when it was opened; with each call on it goes along. `price` in 10^-18 token
    per unit, amounts in base units."""

    quote: Quote
    price: int
    opened_at: int
    deposit: int
    reserve: int

    def to_json(self) -> dict[str, Any]:
        numbers = {name: str(getattr(self, name)) for name in _NUMBERS}
        return {"quote": to_json(self.quote), **numbers}


def channel_from_json(value: Any) -> Channel:
    """Raises LeaseError."""
    try:
        numbers = [int(value[name]) for name in _NUMBERS]
        quote = from_json(Quote, value["quote"])
    except (InvalidMessage, TypeError, KeyError, ValueError) as error:
        raise LeaseError(f"this is no channel: {error}") from None
    if min(numbers) < 0:
        raise LeaseError("this is no channel: it has negative numbers")
    return Channel(quote, *numbers)


@dataclass(frozen=True)
class ChannelNews:
    """Where a channel stands on chain. `over`: its time was ended before; `closed`: it is gone."""

    id: bytes
    record: Channel
    deposit: int
    ends: int
    over: bool = False
    closed: bool = False
