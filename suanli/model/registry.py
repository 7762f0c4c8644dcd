"""Miners, their stake, capacity and offers, as `contracts/market/MinerRegistry.sol`."""

from suanli.model.governance import Governance
from suanli.model.state import Miner, Offer
from suanli.protocol import ZERO_ADDRESS, Address, require

MAX_UNBONDING_DELAY = 60 * 86_400


class MinerRegistry(Governance):
    def __init__(
        self,
        address: Address,
        token: Address,
        decimals: int,
        time: int,
        owner: Address,
        unbonding_delay: int,
    ) -> None:
        super().__init__(address, token, decimals, time, owner)
        most = MAX_UNBONDING_DELAY
        require(unbonding_delay <= most, "OutOfBounds", unbonding_delay, 0, most)
        self.unbonding_delay = unbonding_delay
        self.miners: dict[Address, Miner] = {}
        self.miners_by_id: list[Miner] = []

    def register_miner(self, sender: Address, payout: Address) -> int:
        require(sender not in self.miners, "AlreadyRegistered", sender)
        self._require_recipient(payout)
        miner = Miner(sender, payout, miner_id=len(self.miners_by_id) + 1)
        self.miners[sender] = miner
        self.miners_by_id.append(miner)
        return miner.miner_id

    def set_payout(self, sender: Address, miner: Address, payout: Address) -> None:
        found = self._miner_for_payout(sender, miner)
        self._require_recipient(payout)
        found.payout, found.successor = payout, ZERO_ADDRESS
        self._begin_tenure(found)

    def name_successor(self, sender: Address, miner: Address, successor: Address) -> None:
        self._miner_for_payout(sender, miner).successor = successor

    def succeed(self, sender: Address, miner: Address) -> None:
        """The sender acts in the miner's place from now on."""
        found = self._miner(miner)
        require(sender == found.successor, "NotSuccessor", sender, found.successor)
        require(sender not in self.miners, "AlreadyRegistered", sender)
        del self.miners[miner]
        self.miners[sender] = found
        found.account, found.successor = sender, ZERO_ADDRESS
        self._begin_tenure(found)

    def add_stake(self, sender: Address, miner: Address, amount: int) -> None:
        found = self._miner(miner)
        require(amount != 0, "ZeroAmount")
        self._require_available(sender, amount)
        self.accounts[sender].available -= amount
        found.stake += amount

    def start_unbonding(self, sender: Address, miner: Address, amount: int) -> None:
        """Only the payout may add to what is on its way, since that starts the delay anew."""
        found = self._miner_for_owner(sender, miner)
        require(amount != 0, "ZeroAmount")
        first = found.unbonding == 0 or sender == found.payout
        require(first, "UnbondingAlready", found.unbonding_ends)
        free = found.stake - found.pledged - found.unbonding
        require(amount <= free, "InsufficientStake", free, amount)
        found.unbonding += amount
        found.unbonding_ends = self.time + self.unbonding_delay

    def withdraw_stake(self, sender: Address, miner: Address) -> None:
        found = self._miner_for_owner(sender, miner)
        amount = found.unbonding
        require(amount != 0, "NothingUnbonding", miner)
        require(self.time >= found.unbonding_ends, "StillUnbonding", found.unbonding_ends)
        found.unbonding = found.unbonding_ends = 0
        found.stake -= amount
        self._push(found.payout, amount)

    def collect_earnings(self, sender: Address, miner: Address) -> None:
        found = self._miner_for_owner(sender, miner)
        amount = found.earnings
        require(amount != 0, "NoEarnings", miner)
        found.collected += amount
        self._push(found.payout, amount)

    def register_resource(self, sender: Address, resource: int, capacity: int) -> None:
        miner = self._miner(sender)
        offer = miner.offers.get(resource, Offer())
        grows = capacity > offer.capacity
        stake_per_unit = (self._open_class if grows else self._class)(resource).stake_per_unit
        published = offer.published
        require(capacity >= published, "CapacityBelowPublished", capacity, published)
        elsewhere = miner.pledged - self.scale.value_up(offer.capacity, stake_per_unit)
        pledge = self.scale.value_up(capacity, stake_per_unit)
        free = miner.stake - elsewhere - miner.unbonding
        require(pledge <= free, "InsufficientStake", free, pledge)
        self._require_total(self.totals[resource].registered - offer.capacity + capacity)
        self._change_capacity(miner, resource, capacity)

    def lower_capacity(self, sender: Address, miner: Address, resource: int, capacity: int) -> None:
        """By the miner or its payout; an offer of more is withdrawn."""
        found = self._miner_for_owner(sender, miner)
        offer = found.offers.get(resource, Offer())
        require(capacity < offer.capacity, "CapacityNotLower", capacity, offer.capacity)
        withdrawn = offer.valid_until == 0
        least = offer.reserved if capacity < offer.published else offer.published
        require(capacity >= least, "CapacityBelowPublished", capacity, least)
        if capacity < offer.published and not withdrawn:
            self._withdraw_offer(found, resource)
        self._change_capacity(found, resource, capacity)

    def publish_offer(
        self,
        sender: Address,
        resource: int,
        published: int,
        ask: int,
        valid_until: int,
        verified_only: bool = False,
    ) -> None:
        miner = self._miner(sender)
        self._open_class(resource)
        offer = miner.offer(resource)
        require(published != 0, "ZeroAmount")
        require(published <= offer.capacity, "PublishedAboveCapacity", published, offer.capacity)
        require(published >= offer.reserved, "PublishedBelowReserved", published, offer.reserved)
        require(valid_until >= self.time, "OfferEndsInThePast", valid_until)
        self._require_total(self.totals[resource].published - offer.published + published)
        self._change_published(resource, offer, published)
        offer.ask, offer.valid_until, offer.verified_only = ask, valid_until, verified_only

    def withdraw_offer(self, sender: Address, resource: int) -> None:
        self._withdraw_offer(self._miner(sender), resource)

    def prune_offer(self, _sender: Address, miner: Address, resource: int) -> None:
        found = self._miner(miner)
        valid_until = found.offer(resource).valid_until
        require(self.time > valid_until, "OfferStillValid", valid_until)
        self._withdraw_offer(found, resource)

    def _withdraw_offer(self, miner: Miner, resource: int) -> None:
        """A withdrawn offer has published = reserved, until its last deal ends."""
        offer = miner.offer(resource)
        require(offer.valid_until != 0, "NoOffer", miner.account, resource)
        self._change_published(resource, offer, offer.reserved)
        offer.valid_until = 0

    def _require_reservable(self, miner: Miner, resource: int, units: int) -> Offer:
        offer = miner.offer(resource)
        require(self.time <= offer.valid_until, "OfferExpired", offer.valid_until)
        free = offer.published - offer.reserved
        require(units <= free, "InsufficientCapacity", free, units)
        return offer

    def _unreserve(self, miner: Miner, resource: int, units: int, units_lost: int) -> None:
        """Ends a deal's reservation and its demand; lost units leave the registry."""
        offer = miner.offer(resource)
        offer.reserved -= units
        self.totals[resource].demanded -= units
        unpublished = units if offer.valid_until == 0 else units_lost
        self._change_published(resource, offer, offer.published - unpublished)
        self._change_capacity(miner, resource, offer.capacity - units_lost)

    def _change_published(self, resource: int, offer: Offer, published: int) -> None:
        self.totals[resource].published += published - offer.published
        offer.published = published

    def _change_capacity(self, miner: Miner, resource: int, capacity: int) -> None:
        """Keeps pledged = sum over classes of capacity x stake per unit, each rounded up."""
        offer = miner.offer(resource)
        stake_per_unit = self.classes[resource].stake_per_unit
        miner.pledged -= self.scale.value_up(offer.capacity, stake_per_unit)
        miner.pledged += self.scale.value_up(capacity, stake_per_unit)
        self.totals[resource].registered += capacity - offer.capacity
        offer.capacity = capacity

    @staticmethod
    def _begin_tenure(miner: Miner) -> None:
        """Trust does not pass on, blame does."""
        miner.tenure += 1
        miner.completed = 0

    def _miner(self, account: Address) -> Miner:
        require(account in self.miners, "NotRegistered", account)
        return self.miners[account]

    def _miner_for_payout(self, sender: Address, miner: Address) -> Miner:
        found = self._miner(miner)
        require(sender == found.payout, "NotPayout", sender, found.payout)
        return found

    def _miner_for_owner(self, sender: Address, miner: Address) -> Miner:
        found = self._miner(miner)
        require(sender in (miner, found.payout), "NotMinerOrPayout", sender, miner)
        return found
