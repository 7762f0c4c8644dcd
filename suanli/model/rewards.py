"""Rewards for published capacity, as `contracts/RewardPool.sol`.

Amounts are base units, rates 10^-18 token per unit, times seconds since 1970.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from suanli.model.market import Market
from suanli.model.state import Miner
from suanli.protocol import BPS, ZERO_ADDRESS, ZERO_DIGEST, Address, require, reward

MOST_CLASSES = 8
MOST_FEE_SHARE = 5_000
MOMENTS = 4
DRAW_DELAY = 4
HASHES = 256
CLAIM_EPOCHS = 4
SETTLING_PART = 64
LONGEST_EPOCH = 30 * 86_400
BILLIONTH = 10**9
MOST_FEES = 2**64 - 1


class ClassWeight(NamedTuple):
    """An epoch's reward of a class is that of so many units."""

    resource: int
    units: int


@dataclass(frozen=True)
class RewardRules:
    """What is fixed at deployment: seconds; `local`: on a chain where nothing is worth anything."""

    treasury: Address
    epoch_length: int
    local: bool = True


@dataclass
class RewardEpoch:
    """What became of an epoch; `rules` 0: nothing was read in it."""

    rules: int = 0
    seed_block: int = 0
    drawn_at: int = 0
    returned: bool = False
    seed: bytes = ZERO_DIGEST
    wanted: int = 0
    granted: int = 0
    reserved: int = 0
    claimed: int = 0


@dataclass
class CapacitySeen:
    """What readings showed of a miner in a class, in units; `counts`: since when how many did."""

    counted: int = 0
    candidate: int = 0
    since: int = 0
    counts: list[tuple[int, int]] = field(default_factory=list)

    def see(self, seen: int, now: int, settling: int) -> None:
        settled = now >= self.since + settling
        self.counted = min(self.candidate if settled else self.counted, seen)
        if settled:
            self.candidate, self.since = seen, now
        else:
            self.candidate = min(self.candidate, seen)
        self.counts.append((now, self.counted))

    def at(self, moment: int) -> int:
        return _at(self.counts, moment, 0)


@dataclass
class FeesSeen:
    """Of a miner in an epoch, in 10^-9 token."""

    first: int = 0
    last: int = 0
    claimed: bool = False


class RewardPool:
    """The pool of a market; `hash_of` tells the hash of a block, `block` is the present one.

    Every public function of the contract is here, with the caller as the first argument, and does
    what the contract does or raises Refused.
    """

    def __init__(
        self,
        market: Market,
        address: Address,
        owner: Address,
        rules: RewardRules,
        fee_share_bps: int,
        weights: Sequence[ClassWeight],
        hash_of: Callable[[int], bytes],
    ) -> None:
        self.market, self.address, self.owner = market, address, owner
        self._require_recipient(rules.treasury)
        least = SETTLING_PART if rules.local else 86_400
        most = min(LONGEST_EPOCH, market.unbonding_delay)
        length = rules.epoch_length
        require(least <= length <= most, "OutOfBounds", length, least, most)
        self.treasury, self.genesis, self.epoch_length = rules.treasury, market.time, length
        self.settling = length // SETTLING_PART
        self.block, self.hash_of = 0, hash_of
        self.free = self.reserved = 0
        self.fee_share_bps = 0
        self.rules: list[tuple[ClassWeight, ...]] = []
        self.epochs: defaultdict[int, RewardEpoch] = defaultdict(RewardEpoch)
        self.fees: dict[tuple[int, int], FeesSeen] = {}
        self.seen: defaultdict[tuple[int, int, int], CapacitySeen] = defaultdict(CapacitySeen)
        self.rates: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        self._set_rules(fee_share_bps, weights)

    @property
    def held(self) -> int:
        return self.market.wallets[self.address]

    @property
    def current_epoch(self) -> int:
        return (self.market.time - self.genesis) // self.epoch_length

    def set_rules(
        self, sender: Address, fee_share_bps: int, weights: Sequence[ClassWeight]
    ) -> None:
        require(sender == self.owner, "OwnableUnauthorizedAccount", sender)
        self._set_rules(fee_share_bps, weights)

    def grant(self, sender: Address, amount: int) -> None:
        """The pool's allowance is taken for granted."""
        require(amount != 0, "ZeroAmount")
        require(amount <= self.market.wallets[sender], "TransferFromFailed")
        self.market.wallets[sender] -= amount
        self.market.wallets[self.address] += amount
        self.free += amount

    def collect(self, _sender: Address) -> None:
        fees = self.market.accounts[self.address].available
        require(fees != 0, "ZeroAmount")
        kept = fees * self.fee_share_bps // BPS
        self.free += kept
        for to, amount in ((self.address, kept), (self.treasury, fees - kept)):
            if amount:
                self.market.withdraw(self.address, to, amount)

    def read(self, _sender: Address, miner_ids: Sequence[int]) -> None:
        epoch = self.current_epoch
        miners = [self._miner(miner_id) for miner_id in miner_ids]
        record = self.epochs[epoch]
        record.rules = record.rules or len(self.rules)
        for miner in miners:
            paid = miner.fees_paid
            self.fees.setdefault((epoch, miner.miner_id), FeesSeen(paid)).last = paid
        for weight in self.rules[record.rules - 1]:
            self._read_class(epoch, weight.resource, miners)

    def prepare_draw(self, _sender: Address, epoch: int) -> None:
        ends = self._start(epoch + 1)
        require(self.market.time >= ends, "EpochNotOver", epoch, ends)
        record = self.epochs[epoch]
        require(record.rules != 0, "EpochNotRead", epoch)
        require(record.drawn_at == 0, "AlreadyDrawn", epoch)
        named = record.seed_block
        require(named == 0 or self.block > named + HASHES, "DrawPending", epoch, named)
        record.seed_block = self.block + DRAW_DELAY

    def draw(self, _sender: Address, epoch: int) -> None:
        record = self.epochs[epoch]
        require(record.drawn_at == 0, "AlreadyDrawn", epoch)
        named = record.seed_block
        require(named != 0, "DrawNotPrepared", epoch)
        require(self.block > named, "DrawPending", epoch, named)
        require(self.block <= named + HASHES, "DrawNotPrepared", epoch)
        record.seed, record.drawn_at = self.hash_of(named), self.market.time
        record.wanted = sum(
            self._size(epoch, weight, moment)
            for weight in self.rules[record.rules - 1]
            for moment in self.moments(epoch)
        )
        record.granted = min(record.wanted, self.free)
        limits = [fees.last - fees.first for (when, _), fees in self.fees.items() if when == epoch]
        most = self.market.scale.value_down(sum(limits), BILLIONTH) // 2
        bound = most if sum(limits) <= MOST_FEES else record.granted
        record.reserved = min(record.granted, bound)
        self.free -= record.reserved
        self.reserved += record.reserved

    def claim(self, _sender: Address, epoch: int, miner_id: int) -> int:
        """Base units paid to the miner's payout."""
        record = self._drawn(epoch)
        ends = self._claims_end(record)
        require(self.market.time <= ends, "ClaimsEnded", epoch, ends)
        fees = self.fees.get((epoch, miner_id), FeesSeen())
        require(not fees.claimed, "AlreadyClaimed", epoch, miner_id)
        amount = self.reward_of(epoch, miner_id)
        require(amount != 0, "NothingDue", epoch, miner_id)
        payout = self._miner(miner_id).payout
        self._require_recipient(payout)
        fees.claimed = True
        record.claimed += amount
        self.reserved -= amount
        self.market.wallets[self.address] -= amount
        self.market.wallets[payout] += amount
        return amount

    def return_unclaimed(self, _sender: Address, epoch: int) -> None:
        record = self._drawn(epoch)
        ends = self._claims_end(record)
        require(self.market.time > ends, "ClaimsNotEnded", epoch, ends)
        require(not record.returned, "AlreadyReturned", epoch)
        record.returned = True
        self.reserved -= record.reserved - record.claimed
        self.free += record.reserved - record.claimed

    def limit_of(self, epoch: int, miner_id: int) -> int:
        """Half of the fees that its deals paid between its readings, in base units."""
        fees = self.fees.get((epoch, miner_id), FeesSeen())
        paid = min(fees.last - fees.first, MOST_FEES)
        return self.market.scale.value_down(paid, BILLIONTH) // 2

    def reward_of(self, epoch: int, miner_id: int) -> int:
        record = self._drawn(epoch)
        parts = sum(
            self._part(epoch, miner_id, weight, moment)
            for weight in self.rules[record.rules - 1]
            for moment in self.moments(epoch)
        )
        return min(parts, self.limit_of(epoch, miner_id))

    def moments(self, epoch: int) -> list[int]:
        """Those drawn."""
        seed = self._drawn(epoch).seed
        return [
            self._start(epoch)
            + int.from_bytes(keccak(encode(["bytes32", "uint256"], [seed, number])), "big")
            % self.epoch_length
            for number in range(MOMENTS)
        ]

    def _set_rules(self, fee_share_bps: int, weights: Sequence[ClassWeight]) -> None:
        require(fee_share_bps <= MOST_FEE_SHARE, "OutOfBounds", fee_share_bps, 0, MOST_FEE_SHARE)
        require(len(weights) <= MOST_CLASSES, "TooManyClasses", MOST_CLASSES)
        last = 0
        for weight in weights:
            require(weight.resource > last, "ResourceNotAscending", weight.resource)
            require(weight.resource in self.market.classes, "UnknownResource", weight.resource)
            require(weight.units != 0, "ZeroAmount")
            last = weight.resource
        self.fee_share_bps = fee_share_bps
        self.rules.append(tuple(weights))

    def _read_class(self, epoch: int, resource: int, miners: Sequence[Miner]) -> None:
        price, now = self.market.price_of(resource), self.market.time
        for miner in miners:
            offer = miner.offer(resource)
            sells = now <= offer.valid_until and offer.ask <= price
            seen = self.seen[epoch, miner.miner_id, resource]
            seen.see(offer.published if sells else 0, now, self.settling)
        totals = self.market.totals[resource]
        rate = reward(totals.published, totals.demanded, price)
        self.rates[epoch, resource].append((now, rate))

    def _part(self, epoch: int, miner_id: int, weight: ClassWeight, moment: int) -> int:
        record, size = self.epochs[epoch], self._size(epoch, weight, moment)
        counted = self.seen[epoch, miner_id, weight.resource].at(moment)
        if size == 0 or counted == 0:
            return 0
        units = self._units(epoch, weight.resource, moment)
        return record.granted * size // record.wanted * counted // units

    def _size(self, epoch: int, weight: ClassWeight, moment: int) -> int:
        """The reward of a class for a moment, if anything counts then."""
        if self._units(epoch, weight.resource, moment) == 0:
            return 0
        rate = _at(self.rates[epoch, weight.resource], moment, 0)
        return self.market.scale.value_down(weight.units, rate) // MOMENTS

    def _units(self, epoch: int, resource: int, moment: int) -> int:
        """Counted by nobody in the contract: summed up anew here."""
        return sum(
            seen.at(moment)
            for (when, _, which), seen in list(self.seen.items())
            if (when, which) == (epoch, resource)
        )

    def _miner(self, miner_id: int) -> Miner:
        known = 1 <= miner_id <= len(self.market.miners_by_id)
        require(known, "UnknownMiner", miner_id)
        return self.market.miners_by_id[miner_id - 1]

    def _drawn(self, epoch: int) -> RewardEpoch:
        require(self.epochs[epoch].drawn_at != 0, "NotDrawn", epoch)
        return self.epochs[epoch]

    def _start(self, epoch: int) -> int:
        return self.genesis + epoch * self.epoch_length

    def _claims_end(self, record: RewardEpoch) -> int:
        return record.drawn_at + CLAIM_EPOCHS * self.epoch_length

    def _require_recipient(self, to: Address) -> None:
        require(to != ZERO_ADDRESS, "ZeroAddress")
        require(to not in (self.address, self.market.token), "InvalidRecipient", to)


def _at(history: list[tuple[int, int]], moment: int, otherwise: int) -> int:
    """What a history of (since when, value) says of a moment."""
    place = bisect_right(history, moment, key=lambda entry: entry[0])
    return history[place - 1][1] if place else otherwise
