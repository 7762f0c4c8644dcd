"""Rules for operators and the lots that they take."""

from __future__ import annotations

from dataclasses import astuple

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.contracts.stateful import choices
from tests.contracts.stateful.base import Base
from tests.contracts.stateful.choices import BIDS
from tests.contracts.stateful.world import DAY, OPERATORS

KEYS = tuple(bytes([number]) * 32 for number in range(4))
operators = st.sampled_from(OPERATORS)
keys = st.sampled_from(KEYS)
ends = st.sampled_from((3600, 1, 0, -1, DAY, 40 * DAY))


class Leases(Base):
    @rule(
        who=choices.which,
        operator=operators,
        longest=st.sampled_from((DAY, 0, 1, 3600, 365 * DAY, 365 * DAY + 1)),
        by=st.sampled_from(("payout", "payout", "miner", "operator")),
    )
    def permit(self, who: int, operator: str, longest: int, by: str) -> None:
        miner = self.nth([*self.model.miners], who)
        payout = self.model.miners[miner].payout
        sender = {"payout": payout, "miner": miner, "operator": operator}[by]
        self.act("permit_operator", sender, miner, operator, longest)

    @rule(
        who=choices.which,
        operator=operators,
        key=keys,
        resource=st.sampled_from((3, 3, 3, 3, 1, 9)),
        units=st.sampled_from((1, 100, 450, 451, 0)),
        bid=st.sampled_from((*BIDS, 0)),
        ends=ends,
    )
    def take_lot(
        self, who: int, operator: str, key: bytes, resource: int, units: int, bid: int, ends: int
    ) -> None:
        miner = self.nth(self.model.miners_by_id, who).miner_id
        until = self.chain.time() + ends
        self.act("take_lot", operator, key, miner, resource, units, bid, until)
        self.see(operator, key)

    @rule(operator=operators, key=keys, bid=st.sampled_from((*BIDS, 0)), ends=ends)
    def extend_lot(self, operator: str, key: bytes, bid: int, ends: int) -> None:
        until = max(self.model.lot_of(operator, key).busy_until, self.chain.time()) + ends
        self.act("extend_lot", operator, key, bid, until)
        self.see(operator, key)

    @rule(operator=operators, key=keys)
    def free_lot(self, operator: str, key: bytes) -> None:
        self.act("free_lot", operator, key)
        self.see(operator, key)

    @rule(sender=choices.anybody, operator=operators, lapsed=st.booleans())
    def prune_lots(self, sender: str, operator: str, lapsed: bool) -> None:
        if lapsed:
            now, lots = self.chain.time(), self.model.lots.values()
            self.chain.advance(max(min((lot.busy_until for lot in lots), default=0) - now, 0) + 1)
        self.act("prune_lots", sender, operator, list(KEYS))
        for key in KEYS:
            self.see(operator, key)

    def see(self, operator: str, key: bytes) -> None:
        found = self.chain.view(self.model.address, "lotOf", operator, key)
        assert tuple(found) == astuple(self.model.lot_of(operator, key))
