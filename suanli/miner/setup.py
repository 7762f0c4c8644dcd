"""Making the account a miner that may sell what its file says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from suanli.chain import Call, Market, Sender, Token
from suanli.errors import SuanliError
from suanli.miner.config import Config
from suanli.model import Kind, Scale

WAIT = 600.0
"""Seconds that one of these transactions may take."""


class NotReady(SuanliError):
    """Something that the daemon can't mend by itself."""


class NotSellable(NotReady):
    """The class makes no new deals, or not with this engine; deals that there are go on."""


class TooLittleStake(NotReady):
    """What is registered stays, but it is less than the file says."""


def missing_stake(market: Market, miner: str, resource: int, capacity: int) -> int:
    """Base units that must be added to a miner's stake before it can register `capacity`."""
    scale = Scale(Token(market.node, market.token()).decimals())
    price = market.resource_class(resource).stake_per_unit
    account = market.miner_account(miner)
    if account is None:
        return scale.value_up(capacity, price)
    status, offer = market.miner_status(miner), market.offer_of(miner, resource)
    pledge = scale.value_up(max(capacity, offer.capacity), price)
    grows = pledge - scale.value_up(offer.capacity, price)
    return max(grows - (status.free_stake - account.unbonding), 0)


def require_sellable(market: Market, config: Config, runtime: bytes) -> None:
    """Raise NotReady unless the class exists, and NotSellable unless it makes deals and permits
    this engine."""
    count = market.resource_count()
    if config.resource > count:
        raise NotReady(f"there is no class {config.resource}: the market has {count}; set resource")
    resource = market.resource_class(config.resource)
    if resource.kind is not Kind.JUDGED or resource.retired:
        raise NotSellable(f"class {config.resource} makes no deals: set resource to another")
    if not market.is_runtime_permitted(config.resource, runtime):
        raise NotSellable(
            f"class {config.resource} does not permit this engine, {runtime.hex()}: ask the"
            " market's owner to permit it, or install a version that is permitted"
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
        # What was on its way when the daemon stopped decides what is still missing.
        if sent.name in _STEPS:
            sender.wait(sent, WAIT)
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
    """Stake and register the capacity, as far as missing.

    Raises:
        TooLittleStake: and too little money for more.
        ChainError: the chain is away, or refuses.
    """
    miner = sender.address

    def do(call: Call[Any], text: str) -> None:
        tell(text)
        sender.execute(call, timeout=WAIT)

    if market.offer_of(miner, config.resource).capacity >= config.capacity:
        return
    if missing := missing_stake(market, miner, config.resource, config.capacity):
        _deposit(market, miner, missing, do)
        token = Token(market.node, market.token())
        do(market.add_stake(miner, missing), f"add {token.show(missing)} to the stake")
    do(
        market.register_resource(config.resource, config.capacity),
        f"register {config.capacity} units of class {config.resource}",
    )


def unbond(market: Market, sender: Sender, config: Config) -> Iterator[str]:
    """Take the stake back, one step further each time; yields what was done, or why not yet."""
    miner, token = sender.address, Token(market.node, market.token())
    if market.offer_of(miner, config.resource).capacity:
        sender.execute(market.register_resource(config.resource, 0), timeout=WAIT)
        yield "the capacity is no longer registered"
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


def _deposit(market: Market, miner: str, amount: int, do: Callable[[Call[Any], str], None]) -> None:
    """See to it that the miner has as much available in the market."""
    lacking = amount - market.account_of(miner).available
    if lacking <= 0:
        return
    token = Token(market.node, market.token())
    balance = token.balance_of(miner)
    if balance < lacking:
        raise TooLittleStake(
            f"{miner} needs {token.show(lacking)} (token {token.address}) for its stake, and has"
            f" {token.show(balance)}: send it the rest, or lower capacity"
        )
    if token.allowance(miner, market.address) < lacking:
        do(token.approve(market.address, lacking), f"approve {token.show(lacking)}")
    do(market.deposit(lacking), f"deposit {token.show(lacking)}")
