"""Who sells space: offers on chain, joined with what their miners told the relay."""

from __future__ import annotations

import re
from dataclasses import dataclass

from suanli.base import strict_json
from suanli.chain import Market
from suanli.lease.errors import LeaseError
from suanli.lease.storage.deal import Space
from suanli.lease.user.ledger import SessionPlace
from suanli.protocol import Hosting, Kind
from suanli.relay import Relays

_SIZES = {"unit": "unit", "least_period": "period", "longest": "longest", "most": "most"}
_AMOUNT = re.compile(r"\d{1,34}")


@dataclass(frozen=True)
class SpaceOffer:
    """`price` now, in 10^-18 token per unit, `free` in units."""

    place: SessionPlace
    price: int
    free: int
    space: Space


def offers(market: Market, relay: Relays, resource: int | None, decimals: int) -> list[SpaceOffer]:
    """Those that can be taken now, the cheapest first, of a class, or of the first class of which
    there are any."""
    numbers = range(1, market.resource_count() + 1) if resource is None else (resource,)
    for number in numbers:
        kind = market.resource_class(number)
        if kind.kind is not Kind.LEASED or kind.retired:
            continue
        found = _of_class(market, relay, number, kind.unit_seconds, decimals)
        if found:
            return sorted(found, key=lambda one: (one.price, one.place.miner))
    return []


def _of_class(
    market: Market, relay: Relays, resource: int, unit_seconds: int, decimals: int
) -> list[SpaceOffer]:
    now, price, found = market.node.head().time, market.price_of(resource), []
    for hosting in relay.hostings(resource):
        told = _told(hosting)
        account = market.miner_account(hosting.miner)
        if told is None or account is None:
            continue
        offer = market.offer_of(hosting.miner, resource)
        free = offer.published - offer.reserved
        if offer.valid_until < now or free <= 0:
            continue
        space = Space(
            resource=resource,
            unit_seconds=unit_seconds,
            ask=offer.ask,
            decimals=decimals,
            **told,
        )
        place = SessionPlace(
            account.miner_id,
            hosting.miner,
            tuple(hosting.addresses.split()),
            hosting.certificate.hex(),
            hosting.step,
        )
        found.append(SpaceOffer(place, max(offer.ask, price), free, space))
    return found


def _told(hosting: Hosting) -> dict[str, int] | None:
    """Fields of its `Space`; None: it sells something else."""
    try:
        found = strict_json.loads(hosting.room.encode())["storage"]
        sizes = {field: found[name] for field, name in _SIZES.items()}
        least = {name: found[name] for name in ("proof", "leaf")}
    except (ValueError, TypeError, KeyError):
        return None
    if not all(type(value) is int and value > 0 for value in sizes.values()):
        return None
    if not all(isinstance(value, str) and _AMOUNT.fullmatch(value) for value in least.values()):
        return None
    return sizes | {name: int(value) for name, value in least.items()}


def fitting(
    seen: list[SpaceOffer], size: int, seconds: int, period: int, samples: int
) -> list[SpaceOffer]:
    """Those that keep so many bytes for so long, proved by so many leaves each period, the cheapest
    for them first: units differ.

    Raises LeaseError: there is none.
    """
    if not seen:
        raise LeaseError("nobody sells space now: see suanli storage offers")
    found = [
        one
        for one in seen
        if one.space.units(size) <= one.free
        and one.space.takes(size)
        and one.space.longest >= seconds
        and one.space.least_period <= period
    ]
    if not found:
        raise LeaseError(f"none of {len(seen)} offers keeps {size:,} bytes for {seconds} seconds")
    found = _worth_proving(found, size, period, samples)
    return sorted(found, key=lambda one: (one.price * one.space.units(size), one.place.miner))


def _worth_proving(
    seen: list[SpaceOffer], size: int, period: int, samples: int
) -> list[SpaceOffer]:
    """Of one or more. Raises LeaseError: all pay too little for it."""
    found, why = [], None
    for one in seen:
        try:
            one.space.require_pay(one.space.units(size), period, samples, one.price)
            found.append(one)
        except LeaseError as error:
            why = why or error
    if why is not None and not found:
        raise why
    return found
