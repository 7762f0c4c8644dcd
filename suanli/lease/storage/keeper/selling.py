"""What a miner does on chain and at the relay so that its space is found and bought."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal

from suanli.chain import GWEI, Market, Node, Sender, StorageDeals, Token, deposit_into
from suanli.daemon import NotReady
from suanli.lease.host.selling import HOSTING_SECONDS, OFFER_SECONDS, SLACK, WAIT
from suanli.lease.storage.deal import GAS_LEAF, GAS_PERIOD, Space
from suanli.lease.storage.keeper.config import KeepingSpace
from suanli.protocol import Domain, Hosting, Kind, Signer, sign
from suanli.relay import Relays

log = logging.getLogger("suanli.storage")
_STEP = 1_000
"""Of sessions, which these are none."""
_COIN = Decimal(10**18)
"""Wei."""


def gas_cost(node: Node, given: KeepingSpace) -> Decimal:
    """Tokens for a million gas: as the file says, or at the chain's price now."""
    if given.gas is not None:
        return given.gas
    tip = node.priority_fee()
    wei = (node.head().base_fee or 0) + (GWEI if tip is None else tip)
    return wei * 10**6 / _COIN


def space_of(market: Market, given: KeepingSpace, decimals: int) -> Space:
    """Raises NotReady."""
    if given.resource > (count := market.resource_count()):
        raise NotReady(f"there is no class {given.resource} to sell: the market has {count}")
    resource = market.resource_class(given.resource)
    if resource.kind is not Kind.LEASED or resource.retired:
        raise NotReady(f"class {given.resource} is not leased: see suanli market classes")
    return Space(
        given.resource,
        given.unit,
        resource.unit_seconds,
        given.period,
        given.longest,
        given.price,
        decimals,
        *_least(gas_cost(market.node, given), decimals),
        given.unpaid or given.disk // 4,
    )


def _least(gas: Decimal, decimals: int) -> tuple[int, int]:
    """Of a period's pay, and for each leaf, in base units."""
    each = gas / 10**6 * 10**decimals
    proof, leaf = (int((each * n).to_integral_value(ROUND_CEILING)) for n in (GAS_PERIOD, GAS_LEAF))
    return proof, leaf


def require_of(market: Market, deals: StorageDeals) -> None:
    """Raises NotReady."""
    if deals.market() != market.address:
        raise NotReady(f"{deals.address} are the storage deals of another market")


def permitted(
    market: Market, deals: StorageDeals, account: str, miner: int, given: KeepingSpace
) -> bool:
    """Whether the deals may take the units, as far ahead as they last.

    Raises NotReady: they may not, and only the payout may permit it, which is another account.
    """
    if market.longest_lot(miner, deals.address) >= (longest := _longest(given)):
        return True
    known = market.miner_account(account)
    if known is None or known.payout != account:
        raise NotReady(
            f"the miner's payout has not permitted the storage deals to take its units: with that"
            f" account call permitOperator({account}, {deals.address}, {longest})"
        )
    return False


def permit(
    market: Market, deals: StorageDeals, sender: Sender, miner: int, given: KeepingSpace
) -> None:
    """Let the deals take the units. Raises NotReady, also where they are another market's."""
    require_of(market, deals)
    if not permitted(market, deals, sender.address, miner, given):
        call = market.permit_operator(sender.address, deals.address, _longest(given))
        sender.execute(call, timeout=WAIT)


def _longest(given: KeepingSpace) -> int:
    return min(given.longest + SLACK, 365 * 86_400)


def put_collateral(
    deals: StorageDeals,
    token: Token,
    sender: Sender,
    signer: Signer,
    miner: int,
    given: KeepingSpace,
) -> None:
    """See that the purse has what the file says. Raises NotReady: the wallet has too little."""
    wanted = given.behind(token.decimals())
    missing = wanted - sum(deals.purse_of(miner))
    if missing <= 0:
        return
    here = deals.account_of(signer.address).available
    if here < missing:
        if (there := token.balance_of(signer.address)) < missing - here:
            raise NotReady(
                f"{token.show(missing)} are missing behind storage deals, and the wallet has"
                f" {token.show(there)}: send more, or lower `collateral`"
            )
        deposit_into(deals, token, sender, signer, missing - here)
    sender.execute(deals.add_collateral(signer.address, missing), timeout=WAIT)


def refill(
    deals: StorageDeals,
    token: Token,
    sender: Sender,
    signer: Signer,
    miner: int,
    given: KeepingSpace,
) -> None:
    """After a miss, or where a reorganization took what was put there."""
    try:
        put_collateral(deals, token, sender, signer, miner, given)
    except NotReady as error:
        log.warning("%s", error)


def collect(
    deals: StorageDeals, sender: Sender, miner: int, collateral: int, collect_at: int
) -> None:
    """Send to the payout what the purse has above the collateral that the file says, from so many
    base units on."""
    available, locked = deals.purse_of(miner)
    earned = min(available + locked - collateral, available)
    if earned >= max(collect_at, 1):
        sender.execute(deals.collect(sender.address, earned), timeout=WAIT)


def publish(
    market: Market, sender: Sender, given: KeepingSpace, draining: Callable[[], bool]
) -> None:
    """See that the offer stands as the file says, and does not end soon."""
    if draining():
        return
    now = market.node.head().time
    offer = market.offer_of(sender.address, given.resource)
    units, ask = min(given.units, offer.capacity), given.price
    stands = (offer.published, offer.ask) == (units, ask)
    if units and not (stands and offer.valid_until > now + OFFER_SECONDS // 2):
        call = market.publish_offer(given.resource, units, ask, now + OFFER_SECONDS, False)
        sender.execute(call, timeout=WAIT)


def tell(
    relay: Relays,
    domain: Domain,
    signer: Signer,
    given: KeepingSpace,
    space: Space,
    certificate: bytes,
) -> None:
    """Post what the offer on chain doesn't say."""
    issued = int(time.time() + (relay.ahead or 0.0))  # relays go by their own clocks
    what = {
        "unit": space.unit,
        "period": space.least_period,
        "longest": space.longest,
        "proof": str(space.proof),
        "leaf": str(space.leaf),
        "most": space.most,
    }
    made = Hosting(
        signer.address,
        issued,
        given.resource,
        certificate,
        " ".join(given.addresses),
        _STEP,
        json.dumps({"storage": what}),
        issued + HOSTING_SECONDS,
    )
    relay.post(sign(domain, made, signer))
