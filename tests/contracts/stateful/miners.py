"""Rules for miners, their capacity and stake, and for everybody's money."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.contracts.stateful import choices
from tests.contracts.stateful.base import Base
from tests.contracts.stateful.choices import ASKS
from tests.contracts.stateful.world import DAY, FAY
from tests.harness.market import JOB, ZERO

PARTS = (1000, 1, 2, 3, 0, 10**9)
"""Of what somebody has: a thousandth, all, a half …; 0: half a token, which may be more."""


class Miners(Base):
    @rule(who=choices.which, sender=choices.anybody, own=choices.mostly, payout=choices.anybody)
    def register_miner(self, who: int, sender: str, own: bool, payout: str) -> None:
        self.act("register_miner", FAY if own else sender, payout)

    @rule(
        who=choices.which,
        resource=choices.resources,
        capacity=st.one_of(choices.units, st.sampled_from((None, -1))),
    )
    def register_resource(self, who: int, resource: int, capacity: int | None) -> None:
        """None: all that the stake can back; -1: one unit more."""
        miner = self.miner(who)
        if capacity is None or capacity < 0:
            capacity = self.affordable(miner, resource) + (capacity is not None)
        self.act("register_resource", miner, resource, capacity)

    @rule(
        who=choices.which,
        resource=choices.resources,
        capacity=st.one_of(choices.units, st.none()),
        by=st.one_of(st.sampled_from((None, None, None)), choices.anybody),
    )
    def lower_capacity(self, who: int, resource: int, capacity: int | None, by: str | None) -> None:
        """None: to what deals reserve."""
        address = self.miner(who)
        miner = self.model.miners[address]
        if capacity is None:
            capacity = miner.offer(resource).reserved
        self.act("lower_capacity", by or miner.payout, address, resource, capacity)

    @rule(
        who=choices.which,
        resource=choices.resources,
        units=choices.units,
        ask=st.sampled_from(ASKS),
        lasts=st.sampled_from((40 * DAY, 3600, 1, 0, -1)),
        verified_only=st.sampled_from((False, False, False, True)),
    )
    def publish_offer(
        self, who: int, resource: int, units: int, ask: int, lasts: int, verified_only: bool
    ) -> None:
        fields = units, ask, self.chain.time() + lasts, verified_only
        self.act("publish_offer", self.miner(who), resource, *fields)

    @rule(who=choices.which, resource=choices.resources, busy=st.booleans())
    def withdraw_offer(self, who: int, resource: int, busy: bool) -> None:
        """`busy`: while the miner works for somebody."""
        miner = self.miner(who)
        deals = [r for r in self.live() if self.model.deal_of(self.id_of(r)).miner_id]
        if busy and deals:
            request = self.nth(deals, who)
            miner, resource = self.miner_of(request, 0), request.resource
        self.act("withdraw_offer", miner, resource)

    @rule(who=choices.which, resource=choices.resources, sender=choices.anybody)
    def prune_offer(self, who: int, resource: int, sender: str) -> None:
        self.act("prune_offer", sender, self.miner(who), resource)

    # Money

    @rule(
        what=st.sampled_from(("deposit", "withdraw", "add_stake", "permit", "gift", "epoch")),
        who=choices.anybody,
        to=choices.anybody,
        part=st.sampled_from(PARTS),
    )
    def move_money(self, what: str, who: str, to: str, part: int) -> None:
        """In, out, or into stake: all, a part, or more than there is."""
        wallet, available = self.model.wallets[who], self.model.accounts[who].available
        amount = available // part if part else self.unit // 2
        match what:
            case "deposit":
                self.act("deposit", who, wallet // (part or 1) + (part == 2))
            case "permit":
                self.act("deposit_with_permit", who, self.unit * part, 0, 27, JOB, JOB)
            case "withdraw":
                self.act("withdraw", who, to if part else ZERO, amount + (part == 3))
            case "add_stake":
                miner = self.nth((*self.model.miners, to), part + len(to))
                self.act("add_stake", who, miner, amount)
            case "gift" if wallet:
                self.twin.gift(who, 1)
            case "epoch":
                self.act("advance_epoch", who)

    @rule(who=choices.which, part=st.sampled_from(PARTS), by=st.sampled_from((None, "", FAY)))
    def start_unbonding(self, who: int, part: int, by: str | None) -> None:
        """`by` empty: the payout."""
        address = self.miner(who)
        miner = self.model.miners[address]
        free = miner.stake - miner.pledged - miner.unbonding
        by = miner.payout if by == "" else by
        self.act("start_unbonding", by or address, address, free // (part or 1) + (part == 3))

    @rule(
        what=st.sampled_from(("withdraw_stake", "collect_earnings")),
        who=choices.which,
        by=st.one_of(st.sampled_from((None, None, None)), choices.anybody),
    )
    def take_out(self, what: str, who: int, by: str | None) -> None:
        address = self.miner(who)
        self.act(what, by or address, address)

    @rule(
        what=st.sampled_from(("set_payout", "name_successor")),
        who=choices.which,
        new=choices.anybody,
        own=choices.mostly,
        by=choices.anybody,
    )
    def hand_over(self, what: str, who: int, new: str, own: bool, by: str) -> None:
        address = self.miner(who)
        if what == "name_successor":
            self.heirs.append((address, new))
        self.act(what, self.model.miners[address].payout if own else by, address, new)

    @precondition(lambda machine: machine.heirs)
    @rule(which=choices.which)
    def succeed(self, which: int) -> None:
        who, heir = self.nth(self.heirs[::-1], which)
        self.act("succeed", heir, who)

    def miner(self, who: int) -> str:
        return self.nth([*self.model.miners], who)

    def affordable(self, account: str, resource: int) -> int:
        """The capacity that a miner's stake can back."""
        miner, kind = self.model.miners.get(account), self.model.classes.get(resource)
        if not miner or not kind:
            return 1
        present = miner.offer(resource).capacity
        pledge = self.model.scale.value_up(present, kind.stake_per_unit)
        free = miner.stake - miner.unbonding - miner.pledged + pledge
        capacity = free * 10**18 // (kind.stake_per_unit * self.unit)
        return min(capacity, 2**64 - 2)
