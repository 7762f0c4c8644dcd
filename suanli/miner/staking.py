"""How many units a miner's stake and money cover, and the next step towards selling them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from suanli.chain import Call, Market, Token
from suanli.protocol import Scale

HOUR = 3_600
"""Seconds of work that are sold at once unless the file says otherwise: what is owed must be done
within the durations of its deals, which are rarely longer."""


def an_hours_work(speed: float, workers: int) -> int:
    """Units that workers of this speed do in an hour."""
    return max(int(speed * workers * HOUR), 1)


@dataclass(frozen=True)
class Means:
    """What a miner can stake, in base units: stake that is neither pledged nor unbonding, what it
    has available in the market, and in its wallet. `registered`: units of the class already;
    `price`: the class's stake per unit; `selling`: whether units of any class are registered;
    `elsewhere`: whether earnings are paid out to another account."""

    free: int
    available: int
    wallet: int
    registered: int
    price: int
    decimals: int
    selling: bool = False
    elsewhere: bool = False

    @property
    def covered(self) -> int:
        """Units that can be registered in all, if everything is staked."""
        return self._for(self.free + self.available + self.wallet)

    @property
    def running(self) -> int:
        """The same for a daemon at work: once units are registered, of whatever class, only what is
        added to the stake counts. Tokens that come to the account may be earnings, and are the
        owner's; if they can't be, those that come are for a class that is not sold yet."""
        first = not self.registered and (self.elsewhere or not self.selling)
        return self.covered if first else self._for(self.free)

    def _for(self, more: int) -> int:
        scale = Scale(self.decimals)
        pledged = scale.value_up(self.registered, self.price)
        return max(scale.units_down(pledged + more, self.price), self.registered)

    def missing(self, capacity: int) -> int:
        """Base units that must be added to the stake before `capacity` can be registered."""
        return max(self.takes(capacity) - self.free, 0)

    def takes(self, capacity: int) -> int:
        """Base units that registering `capacity` takes, of whatever there is."""
        scale = Scale(self.decimals)
        pledged = scale.value_up(self.registered, self.price)
        return scale.value_up(max(capacity, self.registered), self.price) - pledged

    def without(self, amount: int) -> Means:
        """When other classes take so much first."""
        free = min(amount, max(self.free, 0))
        available = min(amount - free, self.available)
        wallet = min(amount - free - available, self.wallet)
        return replace(
            self,
            free=self.free - free,
            available=self.available - available,
            wallet=self.wallet - wallet,
        )


def means_of(market: Market, miner: str, resource: int) -> Means:
    """Of any account, registered or not."""
    token = Token(market.node, market.token(), market.block)
    account = market.miner_account(miner)
    free, registered, selling, elsewhere = 0, 0, False, False
    if account is not None:
        status = market.miner_status(miner)
        free, selling = status.free_stake - account.unbonding, status.pledged > 0
        elsewhere = account.payout != miner
        registered = market.offer_of(miner, resource).capacity
    return Means(
        free,
        market.account_of(miner).available,
        token.balance_of(miner),
        registered,
        market.resource_class(resource).stake_per_unit,
        token.decimals(),
        selling,
        elsewhere,
    )


def next_step(
    market: Market, miner: str, resource: int, capacity: int, means: Means
) -> tuple[Call[Any], str] | None:
    """What to send next so that `capacity`, which the means cover, gets registered, and how to say
    so; None: it is."""
    if capacity <= means.registered:
        return None
    missing = means.missing(capacity)
    if not missing:
        return (
            market.register_resource(resource, capacity),
            f"register {capacity:,} units of class {resource}",
        )
    token = Token(market.node, market.token())
    lacking = missing - means.available
    if lacking <= 0:
        return market.add_stake(miner, missing), f"add {token.show(missing)} to the stake"
    if token.allowance(miner, market.address) < lacking:
        return token.approve(market.address, lacking), f"approve {token.show(lacking)}"
    return market.deposit(lacking), f"deposit {token.show(lacking)}"


def shortfall(capacity: int, means: Means, miner: str, token: Token, resource: int) -> str | None:
    """What to say when the means cover less than is to be sold."""
    if means.covered >= capacity:
        return None
    lacking = means.missing(capacity) - means.available - means.wallet
    return (
        f"stake and tokens of {miner} cover {means.covered:,} of {capacity:,} units of class"
        f" {resource}: to sell all, send it {token.show(lacking)} more (token {token.address})"
    )
