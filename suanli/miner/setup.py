"""Making the account a miner that may sell what its file says."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from suanli.chain import ContractError, Market, Sender, Token, TransactionReverted
from suanli.daemon import NotReady
from suanli.miner.config import Config
from suanli.miner.core import Sale, grows
from suanli.miner.staking import means_of, next_step, shortfall
from suanli.protocol import Kind

WAIT = 600.0
"""Seconds that one of these transactions may take."""


class NotSellable(NotReady):
    """The class makes no new deals, or not with this engine; deals that there are go on."""


def require_sellable(market: Market, config: Config, runtimes: Collection[bytes]) -> None:
    """Raise NotReady unless all classes exist, and NotSellable unless they make deals with one of
    the runtimes that this machine runs."""
    count = market.resource_count()
    for number in (sale.resource for sale in config.sales):
        if number > count:
            raise NotReady(f"there is no class {number}: the market has {count}; set resource")
        resource = market.resource_class(number)
        if resource.kind is not Kind.JUDGED or resource.retired:
            raise NotSellable(f"class {number} makes no deals: set resource to another")
        if not set(runtimes) & set(market.runtimes_of(number)):
            calls = " ".join(f"'permitRuntime {number} 0x{id_.hex()}'" for id_ in runtimes)
            raise NotSellable(
                f"class {number} does not permit what this machine runs: put it to a vote (suanli"
                f" govern propose {calls}), or install a version that is permitted"
            )
        if not set(runtimes) & set(market.available_runtimes(number).values()):
            raise NotSellable(
                f"class {number} makes no new deals with what this machine runs: a vote has"
                " suspended it. Install a version that is not, or sell another class"
            )


def register(
    market: Market, sender: Sender, config: Config, tell: Callable[[str], None] = lambda text: None
) -> int:
    """Register the miner unless it is; returns its number.

    Raises:
        NotReady: another payout than the file says.
        ChainError: the chain is away, or refuses.
    """
    for sent in sender.pending():
        # What was on its way when the daemon stopped decides what is still missing, failed or not.
        if sent.name in _STEPS:
            try:
                sender.wait(sent, WAIT)
            except (TransactionReverted, ContractError) as error:
                tell(f"what was sent earlier came to nothing: {error}")
    miner = sender.address
    account = market.miner_account(miner)
    if account is None:
        tell(f"register {miner}, payout {config.payout}")
        sender.execute(market.register_miner(config.payout), timeout=WAIT)
        account = market.miner_account(miner)
    if account is None or account.payout != config.payout:
        raise NotReady(
            f"the payout of {miner} is {account.payout if account else 'unknown'}, the file says"
            f" {config.payout}: correct the file, or let the payout call setPayout"
        )
    return account.miner_id


def pledge(
    market: Market, sender: Sender, config: Config, tell: Callable[[str], None] = lambda text: None
) -> None:
    """Stake and register the capacities, as far as missing and covered: class by class, in the
    order of the file.

    Raises:
        ChainError: the chain is away, or refuses.
    """
    for sale in config.sales:
        pledge_for(market, sender, sale, tell)


def pledge_for(
    market: Market, sender: Sender, sale: Sale, tell: Callable[[str], None] = lambda text: None
) -> None:
    """The same for one class, leased ones included."""
    miner, number = sender.address, sale.resource
    means = means_of(market, miner, number)
    if why := shortfall(sale.capacity, means, miner, Token(market.node, market.token()), number):
        tell(why)
    target = min(sale.capacity, means.covered)
    if target < sale.capacity and not grows(means.registered, target):
        return
    while step := next_step(market, miner, number, target, means):
        call, text = step
        tell(text)
        sender.execute(call, timeout=WAIT)
        means = means_of(market, miner, number)


def unbond(market: Market, sender: Sender) -> Iterator[str]:
    """Take the stake back, one step further each time; yields what was done, or why not yet."""
    miner, token = sender.address, Token(market.node, market.token())
    # Of classes that the file does not name any more, too.
    for number in range(1, market.resource_count() + 1):
        offer = market.offer_of(miner, number)
        if offer.valid_until:
            sender.execute(market.withdraw_offer(number), timeout=WAIT)
        if offer.capacity:
            sender.execute(market.register_resource(number, 0), timeout=WAIT)
            yield f"the capacity of class {number} is no longer registered"
    account = market.miner_account(miner)
    if account is None:
        raise NotReady(f"{miner} is no miner: there is no stake to take back")
    now = market.node.head().time
    if account.unbonding and now >= account.unbonding_ends:
        sender.execute(market.withdraw_stake(miner), timeout=WAIT)
        yield f"{token.show(account.unbonding)} went to {account.payout}"
        account = replace(account, unbonding=0)
    free = market.miner_status(miner).free_stake - account.unbonding
    if free > 0:
        sender.execute(market.start_unbonding(miner, free), timeout=WAIT)
        account = market.miner_account(miner) or account
    if account.unbonding:
        ends = time.strftime("%Y-%m-%d %H:%M", time.gmtime(account.unbonding_ends))
        yield f"{token.show(account.unbonding)} are unbonding until {ends} UTC: then run this again"


_STEPS = frozenset({"registerMiner", "approve", "deposit", "addStake", "registerResource"})
