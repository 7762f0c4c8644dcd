"""A requester's channels of a swarm: miners found, channels opened, what is left brought back."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from suanli.base.accounts import Account
from suanli.base.errors import SuanliError
from suanli.chain import Market
from suanli.lease.errors import LeaseError
from suanli.lease.swarm.link import SwarmPlace, quote
from suanli.lease.swarm.money import SwarmPurse, UnitPrice
from suanli.lease.swarm.purses import Held, Pending, Purses
from suanli.lease.user.onchain import RequesterChannels
from suanli.protocol import ChannelStatus, Hosting, Quote, Scale, Signer
from suanli.relay import Relays

SLIPPAGE = 105
"""Percent of the price seen that is bid."""


@dataclass(frozen=True)
class SwarmWish:
    """`seconds`: how long channels are open; `budget` for all together, in base units; `most_price`
    in 10^-18 token per unit, 0: a little above today's."""

    resource: int
    runtime: bytes
    seconds: int
    budget: int
    miners: int
    most_price: int = 0


@dataclass(frozen=True)
class SwarmOffer:
    """`price` of a unit now, between ask and what the model makes, in 10^-18 token."""

    place: SwarmPlace
    price: int


class Hiring:
    """May block; raises LeaseError, ChainError."""

    def __init__(
        self,
        market: Market,
        relay: Relays,
        chain: RequesterChannels,
        account: Signer,
        purses: Purses,
        tell: Callable[[str], None],
    ) -> None:
        self._market, self._relay, self._chain = market, relay, chain
        self._account, self._purses, self._tell = account, purses, tell

    def offers(self, resource: int, runtime: bytes) -> list[SwarmOffer]:
        """Of miners that take tasks for vouchers now, the cheapest first."""
        now, price = self._market.node.head().time, self._market.price_of(resource)
        found = []
        for hosting in self._relay.hostings(resource):
            account = self._market.miner_account(hosting.miner)
            offer = account and self._market.offer_of(hosting.miner, resource)
            if account and offer and offer.valid_until >= now and runtime in _runtimes(hosting):
                addresses = tuple(hosting.addresses.split())
                place = SwarmPlace(account.miner_id, hosting.miner, addresses, hosting.certificate)
                found.append(SwarmOffer(place, max(offer.ask, price)))
        return sorted(found, key=lambda one: (one.price, one.place.miner))

    def hire(self, wish: SwarmWish) -> list[tuple[SwarmPlace, Held]]:
        """The channels that are open already, if there are any, or new ones."""
        offers = self.offers(wish.resource, wish.runtime)
        for pending in list(self._purses.pending()):
            self._open(pending)
        known = [one for one in self._purses.all() if not one.over and self._is_open(one)]
        places = {one.place.miner: one.place for one in offers}
        again = [(places[one.miner], one) for one in known if one.miner in places]
        if again:
            return again
        left = {one.miner for one in self._purses.all() if one.over}
        chosen = [one for one in offers if one.place.miner not in left][: wish.miners]
        if not chosen:
            raise LeaseError("no miner takes tasks for vouchers now: leave --channel out")
        self._chain.fund(wish.budget)
        hired = [(one.place, self._begin(wish, one, wish.budget // len(chosen))) for one in chosen]
        found = [(place, held) for place, held in hired if held is not None]
        if not found:
            raise LeaseError("no channel could be opened: try again, or leave --channel out")
        return found

    def settle(self) -> int:
        """Have back what is left, as far as it can be; what was paid to miners, in base units."""
        paid, later = 0, []
        for held in [*self._purses.former(), *self._purses.all()]:
            view = self._chain.view(held.record)
            if view.status is ChannelStatus.OPEN:
                view = self._chain.end(held.record)
            if view.status is ChannelStatus.CLOSABLE:
                view = self._chain.close(held.record)
            if view.status is not ChannelStatus.NONE:
                later.append(str(held.miner))
            paid += held.purse.signed
        if later:
            self._tell(
                f"the rest in the channels with miners {', '.join(later)} comes back once they had"
                " the time to redeem: run the same again then"
            )
        return paid

    def _begin(self, wish: SwarmWish, offer: SwarmOffer, deposit: int) -> Held | None:
        raw, place = "0x" + secrets.token_hex(32), offer.place
        wanted = Quote(
            self._chain.channels.address,
            self._account.address,
            Account.from_key(raw).address,
            place.miner,
            wish.resource,
            0,
            wish.seconds,
            self._chain.next_nonce(),
            0,
        )
        asked = {
            "resource": wish.resource,
            "runtime": wish.runtime.hex(),
            "duration": wish.seconds,
            "requester": wanted.requester,
            "signer": wanted.signer,
            "nonce": wanted.nonce,
        }
        try:
            signed, _ = asyncio.run(quote(place, self._market.domain, asked))
        except LeaseError as error:
            self._tell(f"miner {place.miner}: {error}")
            return None
        if signed.message._replace(valid_until=0) != wanted:
            self._tell(f"miner {place.miner} quotes something else than was asked for")
            return None
        price = wish.most_price or offer.price * SLIPPAGE // 100
        pending = Pending(place.miner, raw, signed, deposit, price)
        self._purses.begin(pending)
        try:
            return self._open(pending)
        except SuanliError as error:
            self._tell(f"miner {place.miner}: no channel could be opened: {error}")
            return None

    def _open(self, pending: Pending) -> Held:
        """Written down before it is sent, and found again if it was."""
        id_ = self._market.domain.digest(pending.signed.message).hex()
        record = self._chain.open(
            pending.signed, pending.deposit, pending.price, f"open channel {id_}"
        )
        price = UnitPrice(Scale(self._chain.token.decimals()), record.price)
        held = Held(pending.miner, pending.key, record, SwarmPurse(price, record.deposit))
        self._purses.opened(held)
        return held

    def _is_open(self, held: Held) -> bool:
        return self._chain.view(held.record).status is ChannelStatus.OPEN


def _runtimes(hosting: Hosting) -> Iterator[bytes]:
    try:
        found = json.loads(hosting.room)["runtimes"]
        yield from (bytes.fromhex(one) for one in found)
    except (ValueError, KeyError, TypeError):
        return
