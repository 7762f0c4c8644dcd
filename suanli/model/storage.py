"""Storage deals, as `contracts/StorageDeals.sol`; docs/SPECIFICATION.md, section 19.

Amounts are base units, prices 10^-18 token per unit, times seconds since 1970.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from suanli.model.escrow import Escrow
from suanli.model.market import Market
from suanli.model.state import Account, Signature
from suanli.protocol import (
    LONGEST_STORAGE,
    MOST_SAMPLES,
    ZERO_ADDRESS,
    Address,
    LeafProof,
    StorageDeal,
    StorageQuote,
    StorageStatus,
    StorageView,
    drawn_leaves,
    holds_leaf,
    require,
    share_down,
)

MOST_FEE_BPS = 1_000
MOST_WINDOW = 7 * 86_400
HASHES = 256
LEAST_LOST = 2
"""Periods' pay that a missed one costs at least."""


class StorageRules(NamedTuple):
    """Fixed at deployment; `local`: on a chain where nothing is worth anything."""

    treasury: Address
    fee_bps: int
    window: int
    local: bool = True


@dataclass
class Keeping:
    """What changes of a deal; `named` 0: no block is."""

    proved: int = 0
    named: int = 0


class StorageDeals(Escrow):
    """Every public function of the contract, with the caller as the first argument: it does what
    the contract does, or raises Refused and does nothing. `hash_of` tells the hash of a block,
    `block` is the present one."""

    def __init__(
        self,
        market: Market,
        address: Address,
        rules: StorageRules,
        hash_of: Callable[[int], bytes],
    ) -> None:
        super().__init__(address, market.token, market.scale.decimals, market.time)
        self.market, self.wallets, self.rules = market, market.wallets, rules
        self.hash_of, self.block = hash_of, 0
        self._require_recipient(rules.treasury)
        require(rules.fee_bps <= MOST_FEE_BPS, "OutOfBounds", rules.fee_bps, 0, MOST_FEE_BPS)
        least = 1 if rules.local else 3_600
        fits = least <= rules.window <= MOST_WINDOW
        require(fits, "OutOfBounds", rules.window, least, MOST_WINDOW)
        self.deals: dict[StorageDeal, Keeping] = {}
        self.nonces: defaultdict[Address, int] = defaultdict(int)
        self.purses: defaultdict[int, Account] = defaultdict(Account)
        """By the miner's number."""

    @property
    def now(self) -> int:
        return self.market.time

    def deal_id(self, quote: StorageQuote) -> bytes:
        return self.market.domain.digest(quote)

    def nonce_of(self, requester: Address) -> int:
        return self.nonces[requester]

    def standing_of(self, deal: StorageDeal) -> StorageView:
        found = self.deals.get(deal)
        if found is None:
            return StorageView(StorageStatus.NONE, 0, 0, 0, 0)
        over, until = deal.end_of(found.proved), self._until(deal, found)
        status = StorageStatus.KEPT if self.now < over else StorageStatus.DUE
        if self.now > until:
            status = StorageStatus.MISSED
        return StorageView(status, found.proved, found.named, over, until)

    def leaves_of(self, deal: StorageDeal) -> list[int]:
        id_ = self.deal_id(deal.quote)
        return drawn_leaves(deal.quote, id_, self._seed(self._known(deal).named))

    def add_collateral(self, sender: Address, miner: Address, amount: int) -> None:
        number = self._number(miner)
        require(amount != 0, "ZeroAmount")
        self._require_available(sender, amount)
        self.accounts[sender].available -= amount
        self.purses[number].available += amount

    def collect(self, sender: Address, miner: Address, amount: int) -> None:
        number = self._number(miner)
        payout = self.market.miners[miner].payout
        require(sender in (miner, payout), "NotMinerOrPayout", sender, miner)
        require(amount != 0, "ZeroAmount")
        self._require_recipient(payout)
        self._require_purse(number, miner, amount)
        self.purses[number].available -= amount
        self._push(payout, amount)

    def open(self, sender: Address, quote: StorageQuote, signature: Signature) -> tuple[bytes, int]:
        """The deal's id, and what a period is paid."""
        id_ = self.deal_id(quote)
        self._require_quote(sender, quote, signature)
        ends = self.now + quote.period * quote.periods
        lot = self.address, id_, quote.miner, quote.resource, quote.units, quote.max_price, ends
        price, unit_seconds = self.market.take_lot(*lot)
        pay = self.scale.rent_up(quote.units * quote.period, price, unit_seconds)
        try:
            require(pay != 0, "ZeroAmount")
            self._require_available(sender, pay * quote.periods)
            least = LEAST_LOST * pay
            require(quote.collateral >= least, "CollateralTooLow", quote.collateral, least)
            self._require_purse(quote.miner, self._account(quote.miner), quote.collateral)
        except Exception:
            self.market.free_lot(self.address, id_)
            raise
        self.nonces[sender] = quote.nonce
        self.accounts[sender].available -= pay * quote.periods
        purse = self.purses[quote.miner]
        purse.available -= quote.collateral
        purse.locked += quote.collateral
        self.deals[StorageDeal(quote, pay, self.now)] = Keeping()
        return id_, pay

    def name_block(self, sender: Address, deal: StorageDeal) -> None:
        keeping = self._known(deal)
        self._require_miner(sender, deal)
        over = deal.end_of(keeping.proved)
        require(self.now >= over, "PeriodNotOver", over)
        self._require_not_missed(deal, keeping)
        require(keeping.named == 0, "NamedAlready", keeping.named)
        keeping.named = self.block + 1

    def prove(self, _sender: Address, deal: StorageDeal, proofs: Sequence[LeafProof]) -> None:
        keeping, quote = self._known(deal), deal.quote
        self._require_not_missed(deal, keeping)
        leaves = drawn_leaves(quote, self.deal_id(quote), self._seed(keeping.named))
        require(len(proofs) == len(leaves), "WrongSamples", len(proofs), len(leaves))
        for place, (leaf, proof) in enumerate(zip(leaves, proofs, strict=True)):
            held = holds_leaf(quote.root, quote.size, leaf, proof.data, proof.path)
            require(held, "LeafNotInFile", place, leaf)
        keeping.proved, keeping.named = keeping.proved + 1, 0
        self.purses[quote.miner].available += deal.pay - self._fee(deal)
        if keeping.proved == quote.periods:
            self._end(deal, quote.periods, 0)

    def settle(self, _sender: Address, deal: StorageDeal) -> None:
        keeping = self._known(deal)
        until = self._until(deal, keeping)
        require(self.now > until, "PeriodNotMissed", until)
        self._end(deal, keeping.proved, deal.quote.collateral)

    def close_by_miner(self, sender: Address, deal: StorageDeal) -> None:
        keeping = self._known(deal)
        self._require_miner(sender, deal)
        self._end(deal, keeping.proved, deal.quote.collateral)

    def close_by_requester(self, sender: Address, deal: StorageDeal) -> None:
        keeping, requester = self._known(deal), deal.quote.requester
        require(sender == requester, "NotOwnerOfBytes", sender, requester)
        self._require_not_missed(deal, keeping)
        begun = min((self.now - deal.opened_at) // deal.quote.period + 1, deal.quote.periods)
        earned = (begun - keeping.proved) * (deal.pay - self._fee(deal))
        self.purses[deal.quote.miner].available += earned
        self._end(deal, begun, 0)

    def _end(self, deal: StorageDeal, paid: int, lost: int) -> None:
        quote = deal.quote
        refunded, compensation = (quote.periods - paid) * deal.pay, min(lost, paid * deal.pay)
        kept = paid * self._fee(deal) + lost - compensation
        self.accounts[self.rules.treasury].available += kept
        self.accounts[quote.requester].available += refunded + compensation
        purse = self.purses[quote.miner]
        purse.locked -= quote.collateral
        purse.available += quote.collateral - lost
        del self.deals[deal]
        self.market.free_lot(self.address, self.deal_id(quote))

    def _fee(self, deal: StorageDeal) -> int:
        return share_down(deal.pay, self.rules.fee_bps)

    def _require_quote(self, sender: Address, quote: StorageQuote, signature: Signature) -> None:
        require(quote.storage_deals == self.address, "ForeignStorageQuote", quote.storage_deals)
        require(sender == quote.requester, "NotOwnerOfBytes", sender, quote.requester)
        require(self.now <= quote.valid_until, "StorageQuoteExpired", quote.valid_until)
        require(quote.size != 0, "EmptyFile")
        least, most = self.rules.window, LONGEST_STORAGE
        fits = least <= quote.period <= most
        require(fits, "PeriodOutOfBounds", quote.period, least, most)
        most = LONGEST_STORAGE // quote.period
        require(0 < quote.periods <= most, "PeriodsOutOfBounds", quote.periods, 1, most)
        fits = 0 < quote.samples <= MOST_SAMPLES
        require(fits, "SamplesOutOfBounds", quote.samples, 1, MOST_SAMPLES)
        last = self.nonces[sender]
        require(quote.nonce > last, "StorageNonceTooLow", quote.nonce, last)
        account, id_ = self._account(quote.miner), self.deal_id(quote)
        valid = account != ZERO_ADDRESS and signature == Signature(account, id_)
        require(valid, "StorageQuoteNotSigned", account, id_)

    def _require_purse(self, number: int, miner: Address, amount: int) -> None:
        available = self.purses[number].available
        require(amount <= available, "InsufficientAvailable", miner, available, amount)

    def _require_miner(self, sender: Address, deal: StorageDeal) -> None:
        number = deal.quote.miner
        require(sender == self._account(number), "NotKeeper", sender, number)

    def _require_not_missed(self, deal: StorageDeal, keeping: Keeping) -> None:
        until = self._until(deal, keeping)
        require(self.now <= until, "PeriodMissed", until)

    def _until(self, deal: StorageDeal, keeping: Keeping) -> int:
        return deal.end_of(keeping.proved) + self.rules.window

    def _seed(self, named: int) -> bytes:
        require(named != 0, "NotNamed")
        require(self.block > named, "NamedBlockNotThere", named)
        require(self.block <= named + HASHES, "NamedBlockGone", named)
        return self.hash_of(named)

    def _known(self, deal: StorageDeal) -> Keeping:
        require(deal in self.deals, "UnknownStorageDeal", self.deal_id(deal.quote))
        return self.deals[deal]

    def _number(self, miner: Address) -> int:
        require(miner in self.market.miners, "NotRegistered", miner)
        return self.market.miners[miner].miner_id

    def _account(self, miner_id: int) -> Address:
        found = self.market.miners_by_id
        return found[miner_id - 1].account if 0 < miner_id <= len(found) else ZERO_ADDRESS
