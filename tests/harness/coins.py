"""Where every token of a market with a court is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from suanli.base.errors import SuanliError
from suanli.chain import Court, Market, Token


class CoinsLost(SuanliError):
    """Some are where nobody owns them, or were made."""


@dataclass
class Coins:
    """Every token, by who owns it: in wallets, in the market, in the court."""

    market: Market
    court: Court
    names: Mapping[str, str]
    """Of all that may own something, by address."""
    before: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.token = Token(self.market.node, self.market.token())
        self.before = self.worth()

    def worth(self) -> dict[str, int]:
        """By address, in base units.

        Raises:
            CoinsLost: what market or court owe is not what they hold, or some is missing.
        """
        inside = {who: in_market(self.market, who) for who in self.names}
        judged = {who: _sum(self.court.account_of(who)) for who in self.names}
        there = inside[self.court.address]
        for contract, owed, more in ((self.market, inside, 0), (self.court, judged, there)):
            held = self.token.balance_of(contract.address) + more
            if sum(owed.values()) != held:
                raise CoinsLost(f"{contract} owes {sum(owed.values())} and holds {held}")
        contracts = (self.market.address, self.court.address)
        # What the court has in the market its own accounts say.
        inside[self.court.address] = 0
        found = {
            who: inside[who] + judged[who] + (who not in contracts) * self.token.balance_of(who)
            for who in self.names
        }
        if sum(found.values()) != self.token.total_supply():
            raise CoinsLost("tokens are missing, or were made")
        return found


def in_market(market: Market, who: str) -> int:
    """What the market owes, in base units: balance, earnings and stake."""
    owed = _sum(market.account_of(who))
    if (miner := market.miner_account(who)) is not None:
        owed += miner.earnings + market.miner_status(who).stake
    return owed


def _sum(balance: Any) -> int:
    return int(balance.available + balance.locked)
