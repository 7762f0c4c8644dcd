"""Capacity taken in lots by operators that a miner permits, as `contracts/market/Leasing.sol`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from suanli.model.registry import MinerRegistry
from suanli.protocol import Address, Kind, Lot, clear, require

LONGEST_LOT = 365 * 86_400

NO_LOT = Lot(0, 0, 0, 0)


class Leasing(MinerRegistry):
    """`lots` by their operator and the key that it gave them, until they are freed."""

    def __init__(self, *parameters: Any) -> None:
        super().__init__(*parameters)
        self.lots: dict[tuple[Address, bytes], Lot] = {}
        self.longest: dict[tuple[int, Address], int] = {}

    def permit_operator(
        self, sender: Address, miner: Address, operator: Address, longest: int
    ) -> None:
        """By the payout; the miner itself may only permit less."""
        miner_id = self._miner(miner).miner_id
        more = longest > self.longest_lot(miner_id, operator)
        (self._miner_for_payout if more else self._miner_for_owner)(sender, miner)
        require(longest <= LONGEST_LOT, "OutOfBounds", longest, 0, LONGEST_LOT)
        self.longest[miner_id, operator] = longest

    def longest_lot(self, miner_id: int, operator: Address) -> int:
        """How far ahead the operator may take capacity, in seconds; 0: not at all."""
        return self.longest.get((miner_id, operator), 0)

    def lot_of(self, operator: Address, lot: bytes) -> Lot:
        return self.lots.get((operator, lot), NO_LOT)

    def take_lot(
        self,
        sender: Address,
        lot: bytes,
        miner_id: int,
        resource: int,
        units: int,
        max_price: int,
        busy_until: int,
    ) -> tuple[int, int]:
        """The price of a unit, between the miner's ask and `max_price`; how long a unit lasts."""
        self._when_not_paused()
        require(units != 0, "ZeroAmount")
        self._require_lease(sender, miner_id, resource, max_price, self.time, busy_until)
        require((sender, lot) not in self.lots, "LotExists", sender, lot)
        miner = self.miners_by_id[miner_id - 1]
        offer = self._require_reservable(miner, resource, units)
        require(offer.ask <= max_price, "AskAboveBid", offer.ask, max_price)
        price = clear(self._price(resource, 0), offer.ask, max_price)
        self._require_total(self.totals[resource].demanded + units)
        offer.reserved += units
        self.totals[resource].demanded += units
        self.lots[sender, lot] = Lot(miner_id, resource, units, busy_until)
        return price, self.classes[resource].unit_seconds

    def extend_lot(
        self, sender: Address, lot: bytes, max_price: int, busy_until: int
    ) -> tuple[int, int]:
        """The price of a unit for the time added; how long a unit lasts."""
        self._when_not_paused()
        require((sender, lot) in self.lots, "NoLot", sender, lot)
        old = self.lots[sender, lot]
        require(self.time <= old.busy_until, "LotLapsed", old.busy_until)
        bounds = (old.busy_until, busy_until)
        self._require_lease(sender, old.miner_id, old.resource, max_price, *bounds)
        offer = self._require_reservable(self.miners_by_id[old.miner_id - 1], old.resource, 0)
        require(offer.ask <= max_price, "AskAboveBid", offer.ask, max_price)
        self.lots[sender, lot] = replace(old, busy_until=busy_until)
        price = clear(self._price(old.resource, old.units), offer.ask, max_price)
        return price, self.classes[old.resource].unit_seconds

    def free_lot(self, sender: Address, lot: bytes) -> None:
        """Nothing happens if there is none, as when somebody pruned it."""
        found = self.lots.pop((sender, lot), None)
        if found:
            miner = self.miners_by_id[found.miner_id - 1]
            self._unreserve(miner, found.resource, found.units, 0)

    def prune_lots(self, _sender: Address, operator: Address, lots: Sequence[bytes]) -> None:
        """Only those that have lapsed."""
        for lot in lots:
            if self.time > self.lot_of(operator, lot).busy_until:
                self.free_lot(operator, lot)

    def _require_lease(
        self,
        operator: Address,
        miner_id: int,
        resource: int,
        max_price: int,
        present: int,
        busy_until: int,
    ) -> None:
        """The operator may take the class's capacity until then; `present`: a lot's end, or now."""
        kind = self._open_class(resource)
        require(kind.kind == Kind.LEASED, "ResourceNotLeased", resource)
        require(max_price >= kind.floor, "BidBelowFloor", max_price, kind.floor)
        longest = self.longest_lot(miner_id, operator)
        require(longest != 0, "OperatorNotPermitted", miner_id, operator)
        latest = self.time + longest
        fits = present < busy_until <= latest
        require(fits, "LotEndOutOfBounds", busy_until, present + 1, latest)
