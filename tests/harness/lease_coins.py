"""Where every token of a market with payment channels and storage deals is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from suanli.chain import Market, PaymentChannels, StorageDeals, Token
from suanli.protocol import Channel
from tests.harness.coins import CoinsLost, in_market


@dataclass
class LeaseCoins:
    """By who owns it: in wallets, in the market, in the channels, in the storage deals. What an
    open channel has not paid is its requester's; a storage deal that is open is nobody's."""

    market: Market
    channels: PaymentChannels
    deals: StorageDeals
    names: Mapping[str, str]
    """Of all that may own something, by address."""
    miners: Mapping[str, int]
    """Their numbers, by address."""
    before: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.token = Token(self.market.node, self.market.token())
        self.before = self.worth()

    def worth(self, open_: Iterable[Channel] = ()) -> dict[str, int]:
        """By address, in base units, after one block. `open_`: channels that are not closed.

        Raises:
            CoinsLost: a contract owes another sum than it holds, or some tokens are missing.
        """
        block = self.market.node.head().number
        market, channels = self.market.at(block), self.channels.at(block)
        deals, token = self.deals.at(block), Token(market.node, self.token.address, block)
        inside = {who: in_market(market, who) for who in self.names}
        leased = {who: channels.account_of(who).available for who in self.names}
        stored = {who: deals.account_of(who).available for who in self.names}
        treasury = channels.treasury()
        for who, number in self.miners.items():
            earned = channels.earnings_of(number)
            leased[who] += earned.due
            leased[treasury] += earned.fees
            stored[who] += sum(deals.purse_of(number))
        for record in open_:
            view = channels.channel_of(record)
            leased[record.quote.requester] += view.deposit - view.paid
        contracts = {market: inside, channels: leased, deals: stored}
        for contract, owed in contracts.items():
            held = token.balance_of(contract.address)
            if sum(owed.values()) != held:
                raise CoinsLost(f"{contract} owes {sum(owed.values())} and holds {held}")
        places = {contract.address for contract in contracts}
        found = {
            who: inside[who]
            + leased[who]
            + stored[who]
            + (who not in places) * token.balance_of(who)
            for who in self.names
        }
        if sum(found.values()) != token.total_supply():
            raise CoinsLost("tokens are missing, or were made")
        return found
