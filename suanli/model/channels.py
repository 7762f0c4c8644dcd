"""Payment channels, as `contracts/PaymentChannels.sol`; docs/SPECIFICATION.md, section 18.

Amounts are base units, prices 10^-18 token per unit, times seconds since 1970.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from suanli.model.escrow import Escrow
from suanli.model.market import Market
from suanli.model.state import Signature
from suanli.protocol import (
    LONGEST_CHANNEL,
    RESERVED_PART,
    ZERO_ADDRESS,
    Address,
    Channel,
    ChannelStatus,
    ChannelView,
    Earnings,
    Kind,
    Quote,
    Voucher,
    clear,
    require,
    share_down,
)

MOST_FEE_BPS = 1_000
MOST_NOTICE = LONGEST_CHANNEL


class ChannelRules(NamedTuple):
    """Fixed at deployment; `local`: on a chain where nothing is worth anything."""

    treasury: Address
    fee_bps: int
    notice: int
    local: bool = True


@dataclass
class Standing:
    """What changes of a channel. `due` is what the time before `since` costs in any case, `ahead`
    what the time from then to the end does, which was to be at `planned`."""

    ends: int
    planned: int
    since: int
    ahead: int
    due: int = 0
    deposit: int = 0
    paid: int = 0

    def reserved(self, now: int) -> int:
        elapsed = min(now, self.ends) - self.since
        return self.due + (self.ahead * elapsed // (self.planned - self.since) if elapsed else 0)


class PaymentChannels(Escrow):
    """Every public function of the contract, with the caller as the first argument: it does what
    the contract does, or raises Refused and does nothing."""

    def __init__(self, market: Market, address: Address, rules: ChannelRules) -> None:
        super().__init__(address, market.token, market.scale.decimals, market.time)
        self.market, self.wallets, self.rules = market, market.wallets, rules
        self._require_recipient(rules.treasury)
        require(rules.fee_bps <= MOST_FEE_BPS, "OutOfBounds", rules.fee_bps, 0, MOST_FEE_BPS)
        least = 1 if rules.local else 3_600
        fits = least <= rules.notice <= MOST_NOTICE
        require(fits, "OutOfBounds", rules.notice, least, MOST_NOTICE)
        self.channels: dict[Channel, Standing] = {}
        self.nonces: defaultdict[Address, int] = defaultdict(int)
        self.due: defaultdict[int, int] = defaultdict(int)
        self.fees: defaultdict[int, int] = defaultdict(int)

    @property
    def now(self) -> int:
        return self.market.time

    def channel_id(self, quote: Quote) -> bytes:
        return self.market.domain.digest(quote)

    def nonce_of(self, requester: Address) -> int:
        return self.nonces[requester]

    def earnings_of(self, miner_id: int) -> Earnings:
        return Earnings(self.due[miner_id], self.fees[miner_id])

    def channel_of(self, channel: Channel) -> ChannelView:
        found = self.channels.get(channel)
        if found is None:
            return ChannelView(ChannelStatus.NONE, 0, 0, 0, 0)
        status = ChannelStatus.OPEN if self.now <= found.ends else ChannelStatus.ENDING
        if self.now > found.ends + self.rules.notice:
            status = ChannelStatus.CLOSABLE
        return ChannelView(status, found.ends, found.deposit, found.paid, found.reserved(self.now))

    def open(
        self, sender: Address, quote: Quote, signature: Signature, deposit: int, max_price: int
    ) -> tuple[bytes, int]:
        id_ = self.channel_id(quote)
        self._require_quote(sender, quote, signature)
        require(deposit != 0, "ZeroAmount")
        self._require_available(sender, deposit)
        ends, reserve = self.now + quote.duration, 0
        if quote.units:
            lot = self.address, id_, quote.miner, quote.resource, quote.units, max_price, ends
            price, unit_seconds = self.market.take_lot(*lot)
            reserve = self._reserve(quote.units * quote.duration, price, unit_seconds)
            if deposit < reserve:
                self.market.free_lot(self.address, id_)
        else:
            price = self._judged_price(quote, max_price)
        require(deposit >= reserve, "DepositBelowReserve", deposit, reserve)
        self.nonces[sender] = quote.nonce
        self.accounts[sender].available -= deposit
        record = Channel(quote, price, self.now, deposit, reserve)
        self.channels[record] = Standing(ends, ends, self.now, reserve, deposit=deposit)
        return id_, price

    def top_up(
        self, sender: Address, channel: Channel, amount: int, time: int, max_price: int
    ) -> None:
        standing = self._running(sender, channel)
        require(amount != 0, "ZeroAmount")
        self._require_available(sender, amount)
        deposit, quote = standing.deposit + amount, channel.quote
        if time:
            ends, latest = standing.ends + time, self.now + LONGEST_CHANNEL
            require(ends <= latest, "TimeOutOfBounds", ends, 0, latest)
            whole = standing.due + standing.ahead + self._rent(quote, time, max_price, ends)
            if deposit < whole:
                self._unextend(quote, standing.ends)
            require(deposit >= whole, "DepositBelowReserve", deposit, whole)
            standing.due = standing.reserved(self.now)
            standing.since, standing.ahead = self.now, whole - standing.due
            standing.ends = standing.planned = ends
        self.accounts[sender].available -= amount
        standing.deposit = deposit

    def redeem(self, _sender: Address, channel: Channel, amount: int, signature: Signature) -> None:
        standing = self._known(channel)
        require(amount > standing.paid, "VoucherNotAbovePaid", amount, standing.paid)
        self._require_voucher(channel, standing, amount, signature)
        self._pay(channel, standing, amount)

    def redeem_many(
        self, _sender: Address, redemptions: Sequence[tuple[Channel, int, Signature]]
    ) -> None:
        for channel, amount, signature in redemptions:
            standing = self.channels.get(channel)
            if (
                standing
                and standing.paid < amount <= standing.deposit
                and self._is_voucher(channel, amount, signature)
            ):
                self._pay(channel, standing, amount)

    def close_by_miner(
        self, sender: Address, channel: Channel, amount: int, signature: Signature
    ) -> None:
        standing = self._known(channel)
        number = channel.quote.miner
        require(sender == self._account(number), "NotChannelMiner", sender, number)
        if amount > standing.paid:
            self._require_voucher(channel, standing, amount, signature)
        self._close(channel, standing, max(amount, standing.paid))

    def close_by_requester(self, sender: Address, channel: Channel) -> None:
        standing = self._running(sender, channel)
        standing.ends = self.now
        self._free(channel)

    def close(self, _sender: Address, channel: Channel) -> None:
        standing = self._known(channel)
        until = standing.ends + self.rules.notice
        require(self.now > until, "NoticeNotOver", until)
        self._close(channel, standing, standing.paid)

    def collect_fees(self, _sender: Address, miner_ids: Sequence[int]) -> None:
        for number in miner_ids:
            self.accounts[self.rules.treasury].available += self.fees[number]
            self.fees[number] = 0

    def collect_earnings(self, sender: Address, miner: Address) -> None:
        require(miner in self.market.miners, "NotRegistered", miner)
        found = self.market.miners[miner]
        require(sender in (miner, found.payout), "NotMinerOrPayout", sender, miner)
        amount = self.due[found.miner_id]
        require(amount != 0, "NoEarnings", miner)
        self._require_recipient(found.payout)
        self.due[found.miner_id] = 0
        self._push(found.payout, amount)

    def _require_quote(self, sender: Address, quote: Quote, signature: Signature) -> None:
        require(quote.channels == self.address, "ForeignQuote", quote.channels)
        require(sender == quote.requester, "NotChannelRequester", sender, quote.requester)
        require(self.now <= quote.valid_until, "QuoteExpired", quote.valid_until)
        fits = 0 < quote.duration <= LONGEST_CHANNEL
        require(fits, "TimeOutOfBounds", quote.duration, 1, LONGEST_CHANNEL)
        require(quote.signer != ZERO_ADDRESS, "ZeroAddress")
        last = self.nonces[sender]
        require(quote.nonce > last, "NonceTooLow", quote.nonce, last)
        account, id_ = self._account(quote.miner), self.channel_id(quote)
        valid = account != ZERO_ADDRESS and signature == Signature(account, id_)
        require(valid, "InvalidSignature", account, id_)

    def _judged_price(self, quote: Quote, max_price: int) -> int:
        """The class of a channel without a lot, its pause and its offer are asked here."""
        require(self.now > self.market.paused_until, "EnforcedPause")
        require(quote.resource in self.market.classes, "UnknownResource", quote.resource)
        kind = self.market.classes[quote.resource]
        require(not kind.retired, "ResourceRetired", quote.resource)
        require(kind.kind == Kind.JUDGED, "ResourceNeedsUnits", quote.resource)
        require(max_price >= kind.floor, "BidBelowFloor", max_price, kind.floor)
        offer = self.market.miners_by_id[quote.miner - 1].offer(quote.resource)
        require(self.now <= offer.valid_until, "OfferExpired", offer.valid_until)
        require(offer.ask <= max_price, "AskAboveBid", offer.ask, max_price)
        return clear(self.market.price_of(quote.resource), offer.ask, max_price)

    def _rent(self, quote: Quote, time: int, max_price: int, ends: int) -> int:
        """What the time added costs in any case."""
        if not quote.units:
            return 0
        lot = self.address, self.channel_id(quote), max_price, ends
        price, unit_seconds = self.market.extend_lot(*lot)
        return self._reserve(quote.units * time, price, unit_seconds)

    def _unextend(self, quote: Quote, ends: int) -> None:
        """As the contract's revert does it."""
        key = self.address, self.channel_id(quote)
        if key in self.market.lots:
            self.market.lots[key] = replace(self.market.lots[key], busy_until=ends)

    def _reserve(self, unit_time: int, price: int, unit_seconds: int) -> int:
        """`unit_time`: units x seconds."""
        rent = self.scale.rent_up(unit_time, price, unit_seconds)
        return -(-rent // RESERVED_PART)

    def _pay(self, channel: Channel, standing: Standing, amount: int) -> None:
        """The fee is that of all that was paid, less that taken before."""
        bps, number = self.rules.fee_bps, channel.quote.miner
        fee = share_down(amount, bps) - share_down(standing.paid, bps)
        self.due[number] += amount - standing.paid - fee
        self.fees[number] += fee
        standing.paid = amount

    def _close(self, channel: Channel, standing: Standing, amount: int) -> None:
        self._pay(channel, standing, max(amount, standing.reserved(self.now)))
        refund = standing.deposit - standing.paid
        self.accounts[channel.quote.requester].available += refund
        del self.channels[channel]
        self._free(channel)

    def _free(self, channel: Channel) -> None:
        self.market.free_lot(self.address, self.channel_id(channel.quote))

    def _known(self, channel: Channel) -> Standing:
        id_ = self.channel_id(channel.quote)
        require(channel in self.channels, "UnknownChannel", id_)
        return self.channels[channel]

    def _running(self, sender: Address, channel: Channel) -> Standing:
        standing, requester = self._known(channel), channel.quote.requester
        require(self.now <= standing.ends, "ChannelOver", standing.ends)
        require(sender == requester, "NotChannelRequester", sender, requester)
        return standing

    def _require_voucher(
        self, channel: Channel, standing: Standing, amount: int, signature: Signature
    ) -> None:
        require(amount <= standing.deposit, "VoucherAboveDeposit", amount, standing.deposit)
        digest = self._voucher(channel, amount)
        valid = self._is_voucher(channel, amount, signature)
        require(valid, "InvalidSignature", channel.quote.signer, digest)

    def _is_voucher(self, channel: Channel, amount: int, signature: Signature) -> bool:
        return signature == Signature(channel.quote.signer, self._voucher(channel, amount))

    def _voucher(self, channel: Channel, amount: int) -> bytes:
        return self.market.domain.digest(Voucher(self.channel_id(channel.quote), amount))

    def _account(self, miner_id: int) -> Address:
        found = self.market.miners_by_id
        return found[miner_id - 1].account if 0 < miner_id <= len(found) else ZERO_ADDRESS
