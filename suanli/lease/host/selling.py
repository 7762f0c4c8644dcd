"""What a miner does on chain and at the relay to be found and leased."""

from __future__ import annotations

import time
from collections.abc import Callable

from suanli.chain import Market, PaymentChannels, Sender
from suanli.daemon import NotReady
from suanli.lease.host.config import Leasing, ask_of
from suanli.lease.host.house import LeasedClass
from suanli.protocol import Domain, Hosting, Kind, Signer, sign
from suanli.relay import Relays

OFFER_SECONDS = 86_400
HOSTING_SECONDS, TELL_EVERY = 1_800, 600.0
PUBLISH_EVERY = 60.0
COLLECT_EVERY = 600.0
SLACK = 3_600
"""Seconds by which an operator may take capacity longer than a session lasts, for clocks differ."""
WAIT = 600.0


def classes_of(market: Market, leasing: Leasing) -> tuple[LeasedClass, ...]:
    """Raises NotReady."""
    found, count = [], market.resource_count()
    for lease in leasing.leases:
        number = lease.resource
        if number > count:
            raise NotReady(f"there is no class {number} to lease: the market has {count}")
        resource = market.resource_class(number)
        if resource.kind is not Kind.LEASED or resource.retired:
            raise NotReady(f"class {number} is not leased: see suanli market classes")
        found.append(LeasedClass(number, lease.units, lease.longest, resource.unit_seconds))
    return tuple(found)


def permit(
    market: Market, channels: PaymentChannels, sender: Sender, miner: int, leasing: Leasing
) -> None:
    """Let the channels take the capacity, as far ahead as sessions last.

    Raises:
        NotReady: only the payout may, and that is another account; or they are another market's.
    """
    if channels.market() != market.address:
        raise NotReady(f"{channels.address} are the payment channels of another market")
    longest = max((lease.longest for lease in leasing.leases), default=0) + SLACK
    if market.longest_lot(miner, channels.address) >= longest:
        return
    account = market.miner_account(sender.address)
    if account is None or account.payout != sender.address:
        raise NotReady(
            f"the miner's payout has not permitted the channels to take its capacity: with that"
            f" account call permitOperator({sender.address}, {channels.address}, {longest})"
        )
    call = market.permit_operator(sender.address, channels.address, longest)
    sender.execute(call, timeout=WAIT)


def publish(market: Market, sender: Sender, leasing: Leasing, draining: Callable[[], bool]) -> None:
    """See that offers stand as the file says, and do not end soon; none while it drains."""
    now = market.node.head().time
    for lease in leasing.leases:
        offer = market.offer_of(sender.address, lease.resource)
        if draining():
            if offer.valid_until:
                sender.execute(market.withdraw_offer(lease.resource), timeout=WAIT)
            continue
        units, ask = min(lease.units, offer.capacity), ask_of(lease)
        stands = (offer.published, offer.ask) == (units, ask)
        if units and not (stands and offer.valid_until > now + OFFER_SECONDS // 2):
            call = market.publish_offer(lease.resource, units, ask, now + OFFER_SECONDS, False)
            sender.execute(call, timeout=WAIT)


def collect(channels: PaymentChannels, sender: Sender, miner: int, least: int) -> None:
    """Send what the channels paid to the miner's payout, once it is so much; in base units."""
    if channels.earnings_of(miner).due >= max(least, 1):
        sender.execute(channels.collect_earnings(sender.address), timeout=WAIT)


def tell(
    relay: Relays,
    domain: Domain,
    signer: Signer,
    leasing: Leasing,
    certificate: bytes,
    rooms: dict[int, str],
) -> None:
    """Post what the offers on chain don't say; `rooms`: what a unit of each class comes with."""
    for lease in leasing.leases:
        issued = int(time.time() + (relay.ahead or 0.0))  # relays go by their own clocks
        made = Hosting(
            signer.address,
            issued,
            lease.resource,
            certificate,
            " ".join(leasing.addresses),
            int(leasing.step * 1_000),
            rooms[lease.resource],
            issued + HOSTING_SECONDS,
        )
        relay.post(sign(domain, made, signer))
