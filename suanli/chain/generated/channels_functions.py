"""Functions of the channels, typed: views are read, others are calls to be sent.

Amounts in base units, prices in 10^-18 token per unit, times in seconds since 1970.

Written by `make abi` from the contracts' build: change those, not this.
"""

from __future__ import annotations

from collections.abc import Sequence

from suanli.chain.contract import Call, Contract
from suanli.chain.typed import record_of
from suanli.protocol import Balance, Channel, ChannelView, Earnings, Quote, Redemption

ABI = "PaymentChannels"


class ChannelsFunctions:
    _contract: Contract

    def account_of(self, account: str) -> Balance:
        """What an account may withdraw or spend, and what its requests hold."""
        return record_of(Balance, self._contract.read("accountOf", account))

    def channel_id(self, quote: Quote) -> bytes:
        """The digest that the miner signs, which is the channel's id."""
        return bytes(self._contract.read("channelId", quote))

    def channel_of(self, channel: Channel) -> ChannelView:
        """Where a channel stands; all zero if there is none with this record."""
        return record_of(ChannelView, self._contract.read("channelOf", channel))

    def close(self, channel: Channel) -> Call[None]:
        """Refund what is not paid and free the lot; by anyone, when the notice is over.

        Reverts: UnknownChannel, NoticeNotOver. Emits ChannelClosed.
        """
        return self._contract.call("close", channel)

    def close_by_miner(self, channel: Channel, amount: int, signature: bytes) -> Call[None]:
        """Pay what the best voucher says, refund the rest at once and free the lot; by the
        miner.
        Reverts: UnknownChannel, NotChannelMiner; with a voucher that would pay
        VoucherAboveDeposit, InvalidSignature. Emits ChannelClosed.
        `amount`: Not above what was paid: no voucher is needed, and its signature not looked
        at.
        """
        return self._contract.call("closeByMiner", channel, amount, signature)

    def close_by_requester(self, channel: Channel) -> Call[None]:
        """End the channel's time now and free the lot; by the requester. The money stays for
        the notice.
        Reverts: UnknownChannel, ChannelOver, NotChannelRequester. Emits ChannelEnded.
        """
        return self._contract.call("closeByRequester", channel)

    def collect_earnings(self, miner: str) -> Call[None]:
        """Send all earnings to the payout address; by the miner or its payout.

        Reverts: NotRegistered, NotMinerOrPayout, NoEarnings, TransferFailed. Emits
        EarningsCollected.
        """
        return self._contract.call("collectEarnings", miner)

    def collect_fees(self, miner_ids: Sequence[int]) -> Call[None]:
        """Credit the treasury's account here with the fees of what channels have paid for
        miners; by anyone.
        Emits ChannelFeesCollected for each that has some.
        """
        return self._contract.call("collectFees", miner_ids)

    def deposit(self, amount: int) -> Call[None]:
        """Move `amount` of the caller's tokens into its account.

        Requires an allowance. A token that delivers another amount is refused. Reverts:
        ReentrancyGuardReentrantCall, ZeroAmount, AmountTooLarge, TransferFromFailed,
        DeliveryMismatch. Emits Deposited.
        """
        return self._contract.call("deposit", amount)

    def deposit_with_permit(
        self, amount: int, deadline: int, v: int, r: bytes, s: bytes
    ) -> Call[None]:
        """`deposit` with the allowance given by an ERC-2612 signature.

        A permit that fails does no harm, as when somebody has already used it: the allowance
        there is decides. Reverts: ReentrancyGuardReentrantCall, ZeroAmount, AmountTooLarge,
        TransferFromFailed, DeliveryMismatch. Emits Deposited.
        """
        return self._contract.call("depositWithPermit", amount, deadline, v, r, s)

    def earnings_of(self, miner_id: int) -> Earnings:
        """What can be collected of what channels have paid for a miner."""
        return record_of(Earnings, self._contract.read("earningsOf", miner_id))

    def fee_bps(self) -> int:
        """Share of what channels pay that is the fee, in basis points."""
        return int(self._contract.read("feeBps"))

    def market(self) -> str:
        """The market whose deals it judges; fixed at deployment."""
        return str(self._contract.read("market"))

    def nonce_of(self, requester: str) -> int:
        """That of the last channel that a requester opened; 0: none."""
        return int(self._contract.read("nonceOf", requester))

    def notice(self) -> int:
        """Seconds from the end of a channel's time until anybody may close it."""
        return int(self._contract.read("notice"))

    def open(
        self, quote: Quote, signature: bytes, deposit: int, max_price: int
    ) -> Call[tuple[bytes, int]]:
        """Open a channel with the caller's available money; by the quote's requester.

        With units, they are taken as a lot of the quote's class until the end. Without, the
        class is a judged one of which the miner has a valid offer, and nothing is kept. All
        lower nonces of the requester are void. Reverts: ForeignQuote, NotChannelRequester,
        QuoteExpired, TimeOutOfBounds, ZeroAddress, NonceTooLow, InvalidSignature, ZeroAmount,
        InsufficientAvailable, what `takeLot` of the market does; without units EnforcedPause,
        UnknownResource, ResourceRetired, ResourceNeedsUnits, BidBelowFloor, OfferExpired,
        AskAboveBid; DepositBelowReserve. Emits ChannelOpened.
        `signature`: Of the account that acts for the miner.
        `deposit`: In base units: at least a tenth of what the lot's whole time costs.
        `max_price`: Bid, in 10^-18 token per unit.
        """
        return self._contract.call("open", quote, signature, deposit, max_price)

    def redeem(self, channel: Channel, amount: int, signature: bytes) -> Call[None]:
        """Pay what a voucher says above what was paid; by anyone, until the channel is closed.

        Reverts: UnknownChannel, VoucherNotAbovePaid, VoucherAboveDeposit, InvalidSignature.
        Emits ChannelPaid.
        """
        return self._contract.call("redeem", channel, amount, signature)

    def redeem_many(self, redemptions: Sequence[Redemption]) -> Call[None]:
        """`redeem` for each that can be; the others are left out, and said.

        Emits ChannelPaid or RedemptionSkipped for each.
        """
        return self._contract.call("redeemMany", redemptions)

    def token(self) -> str:
        """The settlement token, fixed at deployment."""
        return str(self._contract.read("token"))

    def top_up(self, channel: Channel, amount: int, time: int, max_price: int) -> Call[None]:
        """Put in more money, and time at today's price; by the requester, while the channel's
        time runs.
        Reverts: UnknownChannel, ChannelOver, NotChannelRequester, ZeroAmount,
        InsufficientAvailable, TimeOutOfBounds, what `extendLot` of the market does,
        DepositBelowReserve. Emits ChannelToppedUp.
        `amount`: In base units; not zero.
        `time`: Seconds by which the end moves; 0: none.
        `max_price`: Bid for the time added, in 10^-18 token per unit.
        """
        return self._contract.call("topUp", channel, amount, time, max_price)

    def treasury(self) -> str:
        """The account here that receives the fees."""
        return str(self._contract.read("treasury"))

    def withdraw(self, to: str, amount: int) -> Call[None]:
        """Send `amount` of the caller's available balance to `to`: anybody but zero, the market
        and the token.
        Reverts: ZeroAmount, ZeroAddress, InvalidRecipient, InsufficientAvailable,
        TransferFailed. Emits Withdrawn.
        """
        return self._contract.call("withdraw", to, amount)
