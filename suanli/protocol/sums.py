"""What follows from a record of the market: `Offer` has what `OfferSums` adds."""


class DealSums:
    units_used: int
    due_set: bool
    units_due: int

    @property
    def units_paid(self) -> int:
        """Unless the requester accepts: what the court set as due, or what was claimed."""
        return self.units_due if self.due_set else self.units_used


class MinerStatusSums:
    stake: int
    pledged: int

    @property
    def free_stake(self) -> int:
        """Stake behind no capacity; the part that is unbonding included."""
        return self.stake - self.pledged


class OfferSums:
    published: int
    reserved: int

    @property
    def free(self) -> int:
        """Units that can still be taken; slashing may leave less published than reserved."""
        return max(self.published - self.reserved, 0)
