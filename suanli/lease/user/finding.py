"""Who leases: offers on chain, joined with what their miners told the relay of sessions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from suanli.chain import Market
from suanli.lease.errors import LeaseError
from suanli.lease.sandbox import SandboxError
from suanli.lease.sandbox.offer import GpuWish, RoomOffer, read_offer
from suanli.lease.user.ledger import MOST_STEP, SessionPlace
from suanli.protocol import Hosting, Kind
from suanli.relay import Relays


@dataclass(frozen=True)
class LeaseOffer:
    """`price` now and `ask` in 10^-18 token per unit, `free` in units."""

    miner: int
    account: str
    price: int
    ask: int
    free: int
    room: RoomOffer
    hosting: Hosting

    @property
    def place(self) -> SessionPlace:
        hosting = self.hosting
        addresses = tuple(hosting.addresses.split())
        return SessionPlace(
            self.miner, self.account, addresses, hosting.certificate.hex(), hosting.step
        )


def of_class(market: Market, relay: Relays, name: str) -> list[LeaseOffer]:
    """Offers that can be taken now, the cheapest first. `name`: the class's number, or "gpu" or
    "cpu": of the first class whose rooms have GPUs, or none.

    Raises LeaseError.
    """
    leased = [number for number in range(1, market.resource_count() + 1) if _leased(market, number)]
    if name.isdecimal() and int(name) in leased:
        return list(offers(market, relay, int(name)))
    if name not in ("cpu", "gpu"):
        there = ", ".join(map(str, leased)) or "none"
        raise LeaseError(f"{name!r} is no leased class: write gpu, cpu, or a number ({there})")
    for number in leased:
        found = list(offers(market, relay, number))
        if any(bool(one.room.gpus) == (name == "gpu") for one in found):
            return found
    return []


def _leased(market: Market, number: int) -> bool:
    resource = market.resource_class(number)
    return resource.kind is Kind.LEASED and not resource.retired


def offers(market: Market, relay: Relays, resource: int) -> Iterator[LeaseOffer]:
    """Those that can be taken now, the cheapest first."""
    now, price = market.node.head().time, market.price_of(resource)
    found = []
    for hosting in relay.hostings(resource):
        account = market.miner_account(hosting.miner)
        if account is None or hosting.step > MOST_STEP:
            continue
        offer = market.offer_of(hosting.miner, resource)
        free = offer.published - offer.reserved
        if offer.valid_until < now or free <= 0:
            continue
        try:
            room = read_offer(hosting.room)
        except SandboxError:
            continue
        ask = max(offer.ask, price)
        found.append(
            LeaseOffer(account.miner_id, hosting.miner, ask, offer.ask, free, room, hosting)
        )
    yield from sorted(found, key=lambda one: (one.price, one.miner))


def fitting(
    seen: list[LeaseOffer], units: int, gpu: GpuWish | None, miner: int | None
) -> list[LeaseOffer]:
    """Those that fit. Raises LeaseError: there is none."""
    if not seen:
        raise LeaseError("nobody leases this class now: see suanli lease offers")
    found = [
        one
        for one in seen
        if miner in (None, one.miner) and one.free >= units and one.room.fits(gpu)
    ]
    if not found:
        raise LeaseError(
            f"none of {len(seen)} offers has {units} units free that fit: ask for less"
        )
    return found
