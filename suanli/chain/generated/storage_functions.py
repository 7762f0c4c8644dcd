"""Functions of the storage, typed: views are read, others are calls to be sent.

Amounts in base units, prices in 10^-18 token per unit, times in seconds since 1970.

Written by `make abi` from the contracts' build: change those, not this.
"""

from __future__ import annotations

from collections.abc import Sequence

from suanli.chain.contract import Call, Contract
from suanli.chain.typed import record_of
from suanli.protocol import Balance, LeafProof, StorageDeal, StorageQuote, StorageView

ABI = "StorageDeals"


class StorageFunctions:
    _contract: Contract

    def account_of(self, account: str) -> Balance:
        """What an account may withdraw or spend, and what its requests hold."""
        return record_of(Balance, self._contract.read("accountOf", account))

    def add_collateral(self, miner: str, amount: int) -> Call[None]:
        """Give of the caller's available money to a miner's purse, for collateral; by anyone.

        It leaves to the miner's payout. Reverts: NotRegistered, ZeroAmount,
        InsufficientAvailable. Emits CollateralAdded.
        """
        return self._contract.call("addCollateral", miner, amount)

    def close_by_miner(self, deal: StorageDeal) -> Call[None]:
        """Give the deal up, as if the next period were missed; by the miner.

        Reverts: UnknownStorageDeal, NotKeeper. Emits StorageEnded, and LotFreed in the market.
        """
        return self._contract.call("closeByMiner", deal)

    def close_by_requester(self, deal: StorageDeal) -> Call[None]:
        """Drop the bytes; by the requester. All periods that have begun are paid, proved or
        not.
        Reverts: UnknownStorageDeal, NotOwnerOfBytes, PeriodMissed. Emits StorageEnded, and
        LotFreed in the market.
        """
        return self._contract.call("closeByRequester", deal)

    def collect(self, miner: str, amount: int) -> Call[None]:
        """Send what is free of a miner's purse to its payout; by the miner or its payout.

        Reverts: NotRegistered, NotMinerOrPayout, ZeroAmount, InsufficientAvailable,
        ZeroAddress, InvalidRecipient. Emits PurseCollected.
        """
        return self._contract.call("collect", miner, amount)

    def deal_id(self, quote: StorageQuote) -> bytes:
        """The digest that the miner signs, which is the deal's id."""
        return bytes(self._contract.read("dealId", quote))

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

    def fee_bps(self) -> int:
        """Share of what channels pay that is the fee, in basis points."""
        return int(self._contract.read("feeBps"))

    def leaves_of(self, deal: StorageDeal) -> tuple[int, ...]:
        """The leaves to be shown, in order; some may be the same.

        Reverts: UnknownStorageDeal, NotNamed, NamedBlockNotThere, NamedBlockGone.
        """
        return tuple(self._contract.read("leavesOf", deal))

    def market(self) -> str:
        """The market whose deals it judges; fixed at deployment."""
        return str(self._contract.read("market"))

    def name_block(self, deal: StorageDeal) -> Call[None]:
        """Name the next block, whose hash draws the leaves of the period that is over; by the
        miner, once a period.
        By nobody else: the hash is gone 256 blocks later, and there is no second one. Reverts:
        UnknownStorageDeal, NotKeeper, PeriodNotOver, PeriodMissed, NamedAlready. Emits
        LeavesNamed.
        """
        return self._contract.call("nameBlock", deal)

    def nonce_of(self, requester: str) -> int:
        """That of the last channel that a requester opened; 0: none."""
        return int(self._contract.read("nonceOf", requester))

    def open(self, quote: StorageQuote, signature: bytes) -> Call[tuple[bytes, int]]:
        """Open a deal with the caller's available money for all periods, and collateral of the
        miner's purse; by the quote's requester.
        The units are taken as a lot of the quote's class until the last period is over. All
        lower nonces of the requester are void. Reverts: ForeignStorageQuote, NotOwnerOfBytes,
        StorageQuoteExpired, EmptyFile, PeriodOutOfBounds, PeriodsOutOfBounds,
        SamplesOutOfBounds, StorageNonceTooLow, StorageQuoteNotSigned, what `takeLot` does,
        ZeroAmount, CollateralTooLow, InsufficientAvailable. Emits LotTaken in the market,
        StorageOpened.
        `signature`: Of the account that acts for the miner.
        Returns: id The deal's.
        Returns: pay For each period, in base units: price × units × period / the class's
        `unitSeconds`, rounded up.
        """
        return self._contract.call("open", quote, signature)

    def prove(self, deal: StorageDeal, proofs: Sequence[LeafProof]) -> Call[None]:
        """Show the leaves drawn, by which the period is paid, and after the last one the deal
        ends; by anyone.
        Reverts: UnknownStorageDeal, PeriodMissed, NotNamed, NamedBlockNotThere, NamedBlockGone,
        WrongSamples, LeafNotInFile. Emits PeriodProved; with the last one StorageEnded, and
        LotFreed in the market.
        """
        return self._contract.call("prove", deal, proofs)

    def purse_of(self, miner_id: int) -> tuple[int, int]:
        """What a miner has here, in base units: free to be collected or put behind deals, and
        behind deals.
        """
        return tuple(self._contract.read("purseOf", miner_id))

    def settle(self, deal: StorageDeal) -> Call[None]:
        """End a deal of which a period was not proved in time; by anyone.

        Reverts: UnknownStorageDeal, PeriodNotMissed. Emits StorageEnded, and LotFreed in the
        market.
        """
        return self._contract.call("settle", deal)

    def standing_of(self, deal: StorageDeal) -> StorageView:
        """Where a deal stands; all zero if there is none with this record."""
        return record_of(StorageView, self._contract.read("standingOf", deal))

    def token(self) -> str:
        """The settlement token, fixed at deployment."""
        return str(self._contract.read("token"))

    def treasury(self) -> str:
        """The account here that receives the fees."""
        return str(self._contract.read("treasury"))

    def window(self) -> int:
        """Seconds after a period in which it is proved."""
        return int(self._contract.read("window"))

    def withdraw(self, to: str, amount: int) -> Call[None]:
        """Send `amount` of the caller's available balance to `to`: anybody but zero, the market
        and the token.
        Reverts: ZeroAmount, ZeroAddress, InvalidRecipient, InsufficientAvailable,
        TransferFailed. Emits Withdrawn.
        """
        return self._contract.call("withdraw", to, amount)
