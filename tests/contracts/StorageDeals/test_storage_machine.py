"""Storage deals beside their model, under all that anybody may try; docs/invariants.md has the
list."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from suanli.protocol import LeafProof, Refused, StorageDeal, StorageQuote
from tests.harness.evm import Receipt, account
from tests.harness.market import ALICE, BOB, DAVE, GPU, OWNER, PRICE, STRANGER, TREASURY
from tests.harness.storage import DAY, HOUR, WINDOW, StorageWorld

HEIR = account("whoever acts for bob next")
MINERS, REQUESTERS = (BOB, DAVE), (ALICE, STRANGER)
FUNDS, BEHIND = 600, 300
"""Tokens of each requester, and of each miner."""
SIZES = (1, 1_024, 3_000)
OUTCOMES: Counter[str] = Counter()
"""Calls that were compared, by function or by error."""
EXPECTED = {
    *("open", "name_block", "prove", "settle", "close_by_miner", "close_by_requester"),
    *("add_collateral", "collect", "StorageNonceTooLow", "StorageQuoteExpired"),
    *("StorageQuoteNotSigned", "CollateralTooLow", "InsufficientAvailable", "NotKeeper"),
    *("NotOwnerOfBytes", "UnknownStorageDeal", "PeriodNotOver", "PeriodMissed"),
    *("PeriodNotMissed", "NamedAlready", "NotNamed", "NamedBlockNotThere", "NamedBlockGone"),
    *("LeafNotInFile", "InsufficientCapacity", "NotMinerOrPayout", "LotEndOutOfBounds"),
}
WORLDS: dict[int, StorageWorld] = {}
which = st.integers(0, 7)
seldom = st.sampled_from((False, False, True))


def built(decimals: int) -> StorageWorld:
    if decimals not in WORLDS:
        world = WORLDS[decimals] = StorageWorld(decimals)
        for miner, units in ((BOB, 8), (DAVE, 3)):
            world.keeper(miner, units, collateral=BEHIND * world.unit)
        for requester in REQUESTERS:
            world.fund_here(requester, FUNDS * world.unit)
        for size in SIZES:
            world.file(size)
    return WORLDS[decimals]


class StorageMachine(RuleBasedStateMachine):
    def __init__(self, decimals: int) -> None:
        super().__init__()
        self.world = built(decimals)
        self._rollback = self.world.rollback()
        self._rollback.__enter__()
        self.quotes: list[StorageQuote] = []
        self.known: list[StorageDeal] = []
        self.put_in = 2 * (FUNDS + BEHIND) * self.world.unit
        self.taken_out = 0

    def teardown(self) -> None:
        try:
            self.everybody_gets_what_is_theirs()
        finally:
            self._rollback.__exit__(None, None, None)

    # What anybody may do

    @rule(
        miner=which,
        requester=which,
        units=st.sampled_from((1, 1, 1, 2, 9)),
        period=st.sampled_from((WINDOW, WINDOW + 7, 3 * HOUR)),
        periods=st.sampled_from((1, 2, 3, 2_000)),
        tenths=st.sampled_from((20, 21, 30, 19)),
        ahead=st.sampled_from((1, 1, 1, 2, 0)),
        late=seldom,
    )
    def quote(
        self,
        miner: int,
        requester: int,
        units: int,
        period: int,
        periods: int,
        tenths: int,
        ahead: int,
        late: bool,
    ) -> None:
        """With collateral of so many tenths of a period's pay at the dearest price."""
        world, whose = self.world, REQUESTERS[requester % 2]
        size = SIZES[miner % len(SIZES)]
        pay = -(-units * period * world.unit // HOUR)
        quote = world.quote(
            world.file(size),
            self.acting(miner),
            whose,
            units=units,
            period=period,
            periods=periods,
            samples=1 + requester % 3,
            collateral=pay * tenths // 10,
            nonce=world.model_storage.nonce_of(whose) + ahead,
            max_price=PRICE,
            valid_until=world.evm.time + (0 if late else DAY),
        )
        self.quotes.append(quote)

    @rule(
        miner=which,
        requester=which,
        period=st.sampled_from((WINDOW, WINDOW + 7, 3 * HOUR)),
        periods=st.sampled_from((1, 2, 3)),
        tenths=st.sampled_from((20, 30, 19)),
    )
    def begin(self, miner: int, requester: int, period: int, periods: int, tenths: int) -> None:
        """With a quote of its own."""
        self.quote(miner, requester, 1, period, periods, tenths, 1, False)
        self.open(0, False, False)

    @rule(place=which, forged=seldom, thief=seldom)
    def open(self, place: int, forged: bool, thief: bool) -> None:
        if not self.quotes:
            return
        quote = self.quotes[-1 - place % min(len(self.quotes), 3)]
        signed = self.world.signed(quote, STRANGER if forged else self.acting(quote.miner - 1))
        receipt = self.call("open", BOB if thief else quote.requester, quote, signed)
        if receipt:
            record = receipt.event("StorageOpened").args["record"]
            self.known.append(StorageDeal(StorageQuote(*record[0]), *record[1:]))

    @rule(place=which, thief=seldom, due=st.sampled_from((True, True, False)))
    def name(self, place: int, thief: bool, due: bool) -> None:
        if deal := self.one(place):
            if due and deal in self.world.model_storage.deals:
                self.world.to_due(deal)
            sender = deal.quote.requester if thief else self.acting(deal.quote.miner - 1)
            self.call("name_block", sender, deal)

    @rule(
        place=which,
        blocks=st.sampled_from((2, 2, 0, 300)),
        wrong=seldom,
        due=st.sampled_from((True, True, False)),
    )
    def prove(self, place: int, blocks: int, wrong: bool, due: bool) -> None:
        if deal := self.one(place):
            if due:
                self.name(place, False, True)
            self.world.advance(0 if blocks == 0 else 12, blocks or 1)
            proofs = [LeafProof(b"", ())] * deal.quote.samples
            if not wrong and deal in self.world.model_storage.deals:
                with suppress(Refused):
                    self.world.model_storage.leaves_of(deal)
                    proofs = self.world.proofs(deal)
            self.call("prove", STRANGER, deal, proofs)

    @rule(place=which, late=st.booleans())
    def settle(self, place: int, late: bool) -> None:
        if deal := self.one(place):
            until = self.world.model_storage.standing_of(deal).until
            if late:
                self.world.advance(max(until + 1 - self.world.evm.time, 0))
            self.call("settle", DAVE, deal)

    @rule(place=which, by_miner=st.booleans(), thief=seldom)
    def close(self, place: int, by_miner: bool, thief: bool) -> None:
        if deal := self.one(place):
            miner, requester = self.acting(deal.quote.miner - 1), deal.quote.requester
            sender = TREASURY if thief else miner if by_miner else requester
            self.call("close_by_miner" if by_miner else "close_by_requester", sender, deal)

    @rule(miner=which, stranger=seldom, amount=st.sampled_from((1, 50, 400)))
    def money(self, miner: int, stranger: bool, amount: int) -> None:
        acting, given = self.acting(miner), amount * self.world.unit
        self.call("add_collateral", REQUESTERS[miner % 2], acting, given)
        self.call("collect", STRANGER if stranger else acting, acting, given)

    @rule(seconds=st.sampled_from((1, 60, HOUR, WINDOW, DAY)))
    def wait(self, seconds: int) -> None:
        self.world.advance(seconds)

    @rule(
        what=st.sampled_from(("pause", "prune", "permit", "withdraw", "sell", "succeed")),
        miner=which,
    )
    def of_the_market(self, what: str, miner: int) -> None:
        world, acting = self.world, self.acting(miner)
        ids = [world.id_of(deal) for deal in self.known]
        call = {
            "pause": ("pause", OWNER),
            "prune": ("prune_lots", STRANGER, world.address, ids),
            "permit": ("permit_operator", acting, acting, world.address, miner * HOUR),
            "withdraw": ("withdraw_offer", acting, GPU),
            "sell": ("publish_offer", acting, GPU, 3, PRICE * (1 + miner) // 8, 2**32 - 1, False),
        }.get(what)
        with suppress(Refused):
            if call:
                world.market_call(*call)
                if what == "pause":
                    self.open(0, False, False)
                    world.market_call("unpause", OWNER)
            elif acting == BOB:
                world.market_call("name_successor", BOB, BOB, HEIR)
                world.market_call("succeed", HEIR, BOB)

    # How

    def call(self, name: str, sender: str, *args: object) -> Receipt | None:
        try:
            receipt = self.world.call(name, sender, *args)
        except Refused as refused:
            OUTCOMES[refused.name] += 1
            return None
        OUTCOMES[name] += 1
        if name == "collect":
            self.taken_out += receipt.event("PurseCollected").args["amount"]
        return receipt

    def acting(self, miner: int) -> str:
        found: str = self.world.shadow.miners_by_id[miner % 2].account
        return found  # with its key

    def one(self, place: int) -> StorageDeal | None:
        """Mostly a live one; also ended ones, and one that never was."""
        if not self.known:
            return None
        if place < 6 and self.world.model_storage.deals:
            live = list(self.world.model_storage.deals)
            return live[place % len(live)]
        deal = self.known[place % len(self.known)]
        return deal._replace(pay=deal.pay + 1) if place == 7 else deal

    # What always holds

    @invariant()
    def solvency_and_conservation(self) -> None:
        model = self.world.model_storage
        owed = sum(kept.available for kept in model.accounts.values())
        owed += sum(purse.available + purse.locked for purse in model.purses.values())
        fee = self.world.rules.fee_bps
        for deal, keeping in model.deals.items():
            left = (deal.quote.periods - keeping.proved) * deal.pay
            owed += left + keeping.proved * (deal.pay * fee // 10_000)
        assert self.world.token.balanceOf(self.world.address) == owed
        assert owed + self.taken_out == self.put_in

    @invariant()
    def collateral_behind_each_deal(self) -> None:
        model = self.world.model_storage
        for miner in self.world.shadow.miners_by_id:
            deals = [deal for deal in model.deals if deal.quote.miner == miner.miner_id]
            assert all(deal.quote.collateral >= 2 * deal.pay for deal in deals)
            behind = sum(deal.quote.collateral for deal in deals)
            assert model.purses[miner.miner_id].locked == behind

    @invariant()
    def no_capacity_beyond_the_end(self) -> None:
        world = self.world
        live = {world.id_of(deal) for deal in world.model_storage.deals}
        assert all(key in live for _, key in world.shadow.lots)

    def everybody_gets_what_is_theirs(self) -> None:
        """Liveness: strangers settle all deals, all leave."""
        world, model = self.world, self.world.model_storage
        for deal in list(model.deals):
            until = model.standing_of(deal).until
            world.advance(max(until + 1 - world.evm.time, 0))
            told = world.call("settle", STRANGER, deal).event("StorageEnded").args
            assert told["compensation"] <= told["earned"] + told["fees"]
            all_of_it = told["earned"] + told["fees"] + told["refunded"]
            assert all_of_it == deal.quote.periods * deal.pay
        self.solvency_and_conservation()
        for miner in world.shadow.miners_by_id:
            if left := model.purses[miner.miner_id].available:
                world.call("collect", miner.account, miner.account, left)
        for holder in (*REQUESTERS, TREASURY):
            if left := model.accounts[holder].available:
                world.call("withdraw", holder, holder, left)
        assert world.token.balanceOf(world.address) == 0
        assert not world.shadow.lots
        assert world.shadow.totals[GPU].demanded == 0


def run(examples: int, steps: int, decimals: int) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(lambda: StorageMachine(decimals), settings=chosen)


@pytest.mark.spec("19.9", "19.10", "19.11", "19.12")
def test_storage_beside_its_model():
    OUTCOMES.clear()
    run(examples=90, steps=40, decimals=18)
    run(examples=25, steps=40, decimals=6)
    assert set(OUTCOMES) >= EXPECTED


@pytest.mark.deep
@pytest.mark.parametrize("decimals", [6, 18, 24])
def test_storage_beside_its_model_for_long(decimals):
    run(examples=400, steps=80, decimals=decimals)
