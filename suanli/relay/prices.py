"""A class's prices over time, as a relay's index tells them. Nothing of it is signed: it is to look
at, not to pay by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from suanli.relay.client import RelayClient
from suanli.relay.errors import RelayLied

MOST_BYTES, MOST_SECONDS = 1 << 20, 10.0


@dataclass(frozen=True)
class PriceStep:
    """A minute, an hour or a day. `price`: that of its last deal or lot, in 10^-18 token per unit;
    None: there was none. `start` in seconds since 1970."""

    start: int
    deals: int
    units: int
    price: int | None


def prices_told(relay: RelayClient, resource: int, step: str) -> list[PriceStep]:
    """Oldest first, those in which something happened.

    Raises:
        RelayUnreachable, RelayRefusal: it has no index, say.
        RelayLied: it answers something else.
    """
    path = f"/api/v1/classes/{resource}/prices"
    data = relay.whole("GET", path, MOST_BYTES, MOST_SECONDS, params={"step": step})
    try:
        return [_step(point) for point in json.loads(data)["points"]]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise RelayLied(f"relay {relay.url} answered {path} with no prices") from error


def _step(point: Any) -> PriceStep:
    price = point["close"]
    start, deals, units = (int(point[name]) for name in ("start", "deals", "units"))
    return PriceStep(start, deals, units, None if price is None else int(price))
