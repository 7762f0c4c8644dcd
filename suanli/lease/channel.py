"""What both sides know of a channel on chain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from suanli.chain import Log, decode_logs, events
from suanli.lease.errors import LeaseError
from suanli.protocol import Channel, InvalidMessage, Quote, from_json, to_json

_NUMBERS = ("price", "opened_at", "deposit", "reserve")


def channel_to_json(channel: Channel) -> dict[str, Any]:
    numbers = {name: str(getattr(channel, name)) for name in _NUMBERS}
    return {"quote": to_json(channel.quote), **numbers}


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


def added_price(logs: Iterable[Log], market: str, channel: bytes) -> int | None:
    """What a unit costs, in 10^-18 token, in the time that a transaction with these logs added to a
    channel; None: it added none."""
    found = decode_logs(logs, market)
    lots = [one for one in found if isinstance(one, events.LotExtended) and one.lot == channel]
    return lots[0].price if lots else None


@dataclass(frozen=True)
class ChannelNews:
    """What became of a channel on chain; `record` of one that was opened, None: as it was. `price`:
    of time that was added, which ends at `ends`; None: none was. `over`: its time was ended before;
    `closed`: it is gone."""

    id: bytes
    record: Channel | None = None
    deposit: int | None = None
    ends: int | None = None
    price: int | None = None
    over: bool = False
    closed: bool = False
