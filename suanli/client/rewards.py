"""Rewards: what a market's pool pays miners, and whose turn it is in an epoch.

pool = pool_of(market)
number = find_miner(market, "0x…").number              # or "7"
for epoch in claimable(pool, number, key.address): ...
"""

from __future__ import annotations

from collections.abc import Iterator

from suanli.base import amounts
from suanli.chain import ContractError, Market, RewardPool, Sender, Token
from suanli.client.errors import ClientError, WalletTooSmall
from suanli.client.finding import of_market

CLAIM_EPOCHS = 4
"""How long a reward can be claimed after its draw, in epochs' time."""
HASHES = 256
"""How far back the chain tells a block's hash, in blocks."""
LOOK_BACK = 2 * CLAIM_EPOCHS
"""Epochs that are looked at for claims: a draw may come late."""


class NoPool(ClientError):
    """No reward pool of this market where one is looked for."""


def pool_of(market: Market, address: str | None = None) -> RewardPool:
    """The pool at an address, by default the treasury of the newest open terms.

    Raises:
        NoPool: there is none, or it is another market's.
    """
    usual = next((terms.treasury for _, terms in market.open_terms()), "")
    if address is None and not usual:
        raise NoPool("the market has no open terms, which would name a pool: name one with --pool")
    return of_market(market, RewardPool, address, usual, "reward pool", "--pool", NoPool)


def why_nothing(market: Market, miner: str, resource: int) -> str:
    """Why a reading would see nothing of the miner's in a class now; "": it would see something."""
    offer, price = market.offer_of(miner, resource), market.price_of(resource)
    if not offer.published or offer.valid_until < market.node.head().time:
        return "it offers nothing now"
    if offer.ask > price:
        ask, most = amounts.show_price(offer.ask), amounts.show_price(price)
        return f"its ask of {ask} is above the price of {most}, and so is not rewarded"
    return ""


def claimable(pool: RewardPool, miner: int, sender: str) -> Iterator[int]:
    """Epochs of which the miner has something to claim."""
    current = pool.current_epoch()
    for epoch in range(max(current - LOOK_BACK, 0), current):
        if not pool.epoch(epoch).drawn_at or not pool.reward_of(epoch, miner):
            continue
        try:
            pool.claim(epoch, miner).simulate(sender)
        except ContractError as error:
            if error.name not in ("AlreadyClaimed", "ClaimsEnded"):
                raise
            continue
        yield epoch


def returnable(pool: RewardPool) -> Iterator[int]:
    """Epochs whose claims have ended and of which something is left."""
    now, length = pool.node.head().time, pool.epoch_length()
    for epoch in range(pool.current_epoch()):
        record = pool.epoch(epoch)
        over = record.drawn_at and now > record.drawn_at + CLAIM_EPOCHS * length
        if over and not record.returned and record.reserved > record.claimed:
            yield epoch


def grant(pool: RewardPool, token: Token, amount: int, sender: Sender) -> None:
    """Give the pool base units of the sender's.

    Raises:
        WalletTooSmall: it holds less; nothing was sent.
        ChainError: as `Sender.execute`.
    """
    held = token.balance_of(sender.address)
    if held < amount:
        raise WalletTooSmall(
            f"{sender.address} holds {token.show(held)}, less than {token.show(amount)}"
        )
    if token.allowance(sender.address, pool.address) < amount:
        sender.execute(token.approve(pool.address, amount))
    sender.execute(pool.grant(amount))
