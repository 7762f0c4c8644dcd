"""Where every token of a market with payment channels is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from suanli.chain import Market, PaymentChannels, Token
from suanli.protocol import Channel
from tests.harness.coins import CoinsLost


@dataclass
class LeaseCoins:
    """By who owns it: in wallets, in the market, in the channels. What an open channel has not paid
    is its requester's."""

    market: Market
    channels: PaymentChannels
    names: Mapping[str, str]
    """Of all that may own something, by address."""
    miners: Mapping[str, int]
    """Their numbers, by address."""
    before: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.token = Token(self.market.node, self.market.token())
        self.before = self.worth()

    def worth(self, open_: Iterable[Channel] = ()) -> dict[str, int]:
        """By address, in base units. `open_`: channels that are not closed.

        Raises:
            CoinsLost: a contract owes another sum than it holds, or some tokens are missing.
        """
        market, channels = self.market, self.channels
        inside = {who: _in_market(market, who) for who in self.names}
        leased = {who: channels.account_of(who).available for who in self.names}
        treasury = channels.treasury()
        for who, number in self.miners.items():
            earned = channels.earnings_of(number)
            leased[who] += earned.due
            leased[treasury] += earned.fees
        for record in open_:
            view = channels.channel_of(record)
            leased[record.quote.requester] += view.deposit - view.paid
        for contract, owed in ((market, inside), (channels, leased)):
            held = self.token.balance_of(contract.address)
            if sum(owed.values()) != held:
                raise CoinsLost(f"{contract} owes {sum(owed.values())} and holds {held}")
        contracts = (market.address, channels.address)
        found = {
            who: inside[who] + leased[who] + (who not in contracts) * self.token.balance_of(who)
            for who in self.names
        }
        if sum(found.values()) != self.token.total_supply():
            raise CoinsLost("tokens are missing, or were made")
        return found


def _in_market(market: Market, who: str) -> int:
    account = market.account_of(who)
    owed = account.available + account.locked
    if (miner := market.miner_account(who)) is not None:
        owed += miner.earnings + market.miner_status(who).stake
    return owed
