"""What follows from a record of the market: `Offer` has what `OfferSums` adds."""


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
