"""Channels beside their model, under all that anybody may try; docs/invariants.md has the list."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from suanli.protocol import LONGEST_CHANNEL, Channel, Quote, Refused
from tests.harness.channels import HOUR, NOTICE, SIGNER, ChannelWorld
from tests.harness.evm import account
from tests.harness.market import ALICE, BOB, CPU, DAVE, GPU, OWNER, PRICE, STRANGER, TREASURY

HEIR = account("whoever acts for bob next")
MINERS, REQUESTERS = (BOB, DAVE), (ALICE, STRANGER)
FUNDS = 200
"""Tokens of each requester."""
OUTCOMES: Counter[str] = Counter()
"""Calls that were compared, by function or by error."""
EXPECTED = {
    *("open", "top_up", "redeem", "redeem_many", "close"),
    *("close_by_miner", "close_by_requester", "collect_earnings", "collect_fees"),
    *("NonceTooLow", "QuoteExpired", "InvalidSignature", "DepositBelowReserve"),
    *("UnknownChannel", "ChannelOver", "NoticeNotOver", "VoucherNotAbovePaid"),
    *("VoucherAboveDeposit", "NotChannelMiner", "NotChannelRequester", "InsufficientCapacity"),
    *("NoEarnings", "EnforcedPause", "LotEndOutOfBounds", "AskAboveBid"),
}
WORLDS: dict[int, ChannelWorld] = {}
which = st.integers(0, 7)
shares = st.sampled_from((0, 1, 499, 500, 999, 1_000, 1_001))
"""Thousandths of what was put in."""


def built(decimals: int) -> ChannelWorld:
    """Bob and Dave lease GPUs out, Bob sells tasks, too."""
    if decimals not in WORLDS:
        world = WORLDS[decimals] = ChannelWorld(decimals)
        world.lessor(BOB, 8)
        world.lessor(DAVE, 3, PRICE // 2, longest=2 * HOUR)
        world.miner(BOB, 100, PRICE, CPU)
        for requester in REQUESTERS:
            world.fund_here(requester, FUNDS * world.unit)
    return WORLDS[decimals]


class ChannelMachine(RuleBasedStateMachine):
    def __init__(self, decimals: int) -> None:
        super().__init__()
        self.world = built(decimals)
        self._rollback = self.world.rollback()
        self._rollback.__enter__()
        self.quotes: list[Quote] = []
        self.known: list[Channel] = []
        self.best: dict[Channel, int] = {}
        """The greatest valid voucher that the miner was given, in base units."""
        self.put_in = 2 * FUNDS * self.world.unit
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
        units=st.sampled_from((0, 1, 1, 3, 9)),
        duration=st.sampled_from((HOUR, 1, HOUR // 7, 3 * HOUR, LONGEST_CHANNEL)),
        ahead=st.sampled_from((1, 1, 2, 0)),
    )
    def quote(self, miner: int, requester: int, units: int, duration: int, ahead: int) -> None:
        whose = REQUESTERS[requester % 2]
        nonce = self.world.model.nonce_of(whose) + ahead
        self.note(miner, whose, units=units, duration=duration, nonce=nonce)

    def note(self, miner: int, whose: str, **changes: int) -> None:
        terms = {"resource": GPU if changes["units"] else CPU, **changes}
        until = self.world.evm.time + HOUR
        self.quotes.append(self.world.quote(self.acting(miner), whose, valid_until=until, **terms))

    @rule(
        miner=which,
        requester=which,
        units=st.sampled_from((1, 1, 2, 0, 9)),
        duration=st.sampled_from((HOUR, HOUR // 7, HOUR, 3 * HOUR)),
        tenths=st.sampled_from((10, 13, 1)),
        bid=st.sampled_from((3 * PRICE, 3 * PRICE, PRICE // 2)),
    )
    def begin(
        self, miner: int, requester: int, units: int, duration: int, tenths: int, bid: int
    ) -> None:
        """With a quote of its own."""
        self.note(miner, REQUESTERS[requester % 2], units=units, duration=duration)
        self.open(0, tenths, bid, False, False)

    @rule(
        place=which,
        tenths=st.sampled_from((1, 1, 2, 10, 30)),
        bid=st.sampled_from((3 * PRICE, 3 * PRICE, PRICE, PRICE // 4)),
        forged=st.sampled_from((False, False, False, False, True)),
        thief=st.sampled_from((False, False, False, True)),
    )
    def open(self, place: int, tenths: int, bid: int, forged: bool, thief: bool) -> None:
        if not self.quotes:
            return
        quote = self.quotes[-1 - place % len(self.quotes)]
        units = max(quote.units, 1) * quote.duration * tenths
        deposit = max(units * self.world.unit // HOUR // 10, 1)
        signed = self.world.signed(quote, STRANGER if forged else self.acting(quote.miner - 1))
        sender = BOB if thief else quote.requester
        receipt = self.call("open", sender, quote, signed, deposit, bid)
        if receipt:
            record = receipt.event("ChannelOpened").args["record"]
            channel = Channel(Quote(*record[0]), *record[1:])
            assert PRICE // 4 <= channel.price <= bid
            self.known.append(channel)
            self.best[channel] = 0

    @rule(
        place=which,
        amount=st.sampled_from((PRICE, PRICE, 0, 1, 300 * PRICE)),
        time=st.sampled_from((60, 0, HOUR, LONGEST_CHANNEL)),
        thief=st.sampled_from((False, False, False, True)),
    )
    def top_up(self, place: int, amount: int, time: int, thief: bool) -> None:
        if channel := self.one(place):
            sender = BOB if thief else channel.quote.requester
            given = amount * self.world.unit // PRICE or min(amount, 1)
            self.call("top_up", sender, channel, given, time, 3 * PRICE)

    @rule(place=which, share=shares, forged=st.sampled_from((False, False, False, True)))
    def redeem(self, place: int, share: int, forged: bool) -> None:
        if channel := self.one(place):
            amount = self.sign(channel, share, forged)
            signer = STRANGER if forged else SIGNER
            self.call(
                "redeem", STRANGER, channel, amount, self.world.voucher(channel, amount, signer)
            )

    @rule(places=st.lists(st.tuples(which, shares), max_size=4), wrong=st.booleans())
    def redeem_many(self, places: list[tuple[int, int]], wrong: bool) -> None:
        listed = []
        for place, share in places:
            if channel := self.one(place):
                amount = self.sign(channel, share, False)
                voucher = self.world.voucher(channel, amount)
                listed.append((channel, amount, voucher))
                if wrong:
                    listed.append((self.one(place + 1), amount, voucher))
        self.call("redeem_many", STRANGER, listed)

    @rule(place=which, share=shares, by=st.sampled_from(("miner", "miner", "requester")))
    def close_by_miner(self, place: int, share: int, by: str) -> None:
        if channel := self.one(place):
            amount = self.sign(channel, share, False)
            acting = self.acting(channel.quote.miner - 1)
            sender = acting if by == "miner" else channel.quote.requester
            voucher = self.world.voucher(channel, amount)
            self.call("close_by_miner", sender, channel, amount, voucher)

    @rule(place=which, by=st.sampled_from(("requester", "requester", "miner")))
    def close_by_requester(self, place: int, by: str) -> None:
        if channel := self.one(place):
            sender = channel.quote.requester if by == "requester" else BOB
            self.call("close_by_requester", sender, channel)

    @rule(place=which)
    def close(self, place: int) -> None:
        if channel := self.one(place):
            self.call("close", DAVE, channel)

    @rule(place=which)
    def close_late(self, place: int) -> None:
        if channel := self.one(place):
            if standing := self.world.model.channels.get(channel):
                self.world.advance(max(standing.ends + NOTICE + 1 - self.world.evm.time, 0))
            self.call("close", STRANGER, channel)

    @rule(miner=which, stranger=st.booleans())
    def collect(self, miner: int, stranger: bool) -> None:
        acting = self.acting(miner)
        self.call("collect_earnings", STRANGER if stranger else acting, acting)
        self.call("collect_fees", STRANGER, [1, 2, 9, 1])

    @rule(seconds=st.sampled_from((1, 60, 600, HOUR // 2, HOUR, NOTICE)))
    def wait(self, seconds: int) -> None:
        self.world.advance(seconds)

    @rule(
        what=st.sampled_from(
            (*("pause", "prune", "prune", "ask", "cheap", "permit", "withdraw"), "succeed")
        ),
        miner=which,
        then=st.booleans(),
    )
    def of_the_market(self, what: str, miner: int, then: bool) -> None:
        world, acting = self.world, self.acting(miner)
        ids = [world.message_domain.digest(channel.quote) for channel in self.known]
        call = {
            "pause": ("pause", OWNER),
            "prune": ("prune_lots", STRANGER, world.address, ids),
            "ask": ("publish_offer", acting, GPU, 3, PRICE * (2 + miner % 3), 2**32 - 1, False),
            "cheap": ("publish_offer", acting, GPU, 3, PRICE // 4, 2**32 - 1, False),
            "permit": ("permit_operator", acting, acting, world.address, miner * HOUR),
            "withdraw": ("withdraw_offer", acting, GPU),
        }.get(what)
        try:
            if call:
                world.market_call(*call)
                if what == "pause":
                    self.begin(miner, 0, int(then), HOUR, 10, 3 * PRICE)
                    world.market_call("unpause", OWNER)
            elif acting == BOB:
                world.market_call("name_successor", BOB, BOB, HEIR)
                world.market_call("succeed", HEIR, BOB)
        except Refused:
            return

    # How

    def call(self, name: str, sender: str, *args: object) -> object:
        try:
            receipt = self.world.call(name, sender, *args)
        except Refused as refused:
            OUTCOMES[refused.name] += 1
            return None
        OUTCOMES[name] += 1
        if name == "collect_earnings":
            self.taken_out += receipt.event("EarningsCollected").args["amount"]
        return receipt

    def acting(self, miner: int) -> str:
        return self.world.shadow.miners_by_id[miner % 2].account

    def one(self, place: int) -> Channel | None:
        """Mostly an open one; also closed ones, and one that never was."""
        if not self.known:
            return None
        if place < 6 and self.world.model.channels:
            return list(self.world.model.channels)[place % len(self.world.model.channels)]
        channel = self.known[place % len(self.known)]
        return channel._replace(price=channel.price + 1) if place == 7 else channel

    def sign(self, channel: Channel, share: int, forged: bool) -> int:
        """The requester's voucher for so much of what is there, which the miner keeps."""
        standing = self.world.model.channels.get(channel)
        amount = (standing.deposit if standing else channel.deposit) * share // 1_000
        if standing and amount <= standing.deposit and not forged:
            self.best[channel] = max(self.best[channel], amount)
        return amount

    # What always holds

    @invariant()
    def solvency_and_conservation(self) -> None:
        model = self.world.model
        owed = sum(kept.available for kept in model.accounts.values())
        owed += sum(model.due.values()) + sum(model.fees.values())
        owed += sum(each.deposit - each.paid for each in model.channels.values())
        assert self.world.token.balanceOf(self.world.address) == owed
        assert owed + self.taken_out == self.put_in
        assert all(0 <= each.paid <= each.deposit for each in model.channels.values())

    @invariant()
    def no_capacity_beyond_the_end(self) -> None:
        world = self.world
        open_ends = {
            world.message_domain.digest(channel.quote): standing.ends
            for channel, standing in world.model.channels.items()
        }
        for (operator, key), lot in world.shadow.lots.items():
            assert operator == world.address
            assert lot.busy_until == open_ends[key]

    def everybody_gets_what_is_theirs(self) -> None:
        """Liveness: miners redeem their best vouchers, strangers close, all leave."""
        world, model = self.world, self.world.model
        for channel in list(model.channels):
            before, best = model.channels[channel].paid, self.best[channel]
            if best > before:
                voucher = world.voucher(channel, best)
                world.call("redeem", STRANGER, channel, best, voucher)
        last = max((each.ends for each in model.channels.values()), default=0)
        world.advance(max(last + NOTICE + 1 - world.evm.time, 0))
        for channel, standing in list(model.channels.items()):
            deposit, best = standing.deposit, self.best[channel]
            receipt = world.call("close", STRANGER, channel)
            told = receipt.event("ChannelClosed").args
            assert told["paid"] >= best
            assert told["paid"] + told["refunded"] == deposit
        self.solvency_and_conservation()
        world.call("collect_fees", STRANGER, [1, 2])
        for miner in world.shadow.miners_by_id:
            if model.due[miner.miner_id]:
                world.call("collect_earnings", miner.account, miner.account)
        for holder in (*REQUESTERS, TREASURY):
            if amount := model.accounts[holder].available:
                world.call("withdraw", holder, holder, amount)
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
    run_state_machine_as_test(lambda: ChannelMachine(decimals), settings=chosen)


@pytest.mark.spec("18.6", "18.9", "18.11", "18.12", "18.13")
def test_channels_beside_their_model():
    OUTCOMES.clear()
    run(examples=80, steps=40, decimals=18)
    run(examples=30, steps=40, decimals=6)
    assert set(OUTCOMES) >= EXPECTED


@pytest.mark.deep
@pytest.mark.parametrize("decimals", [6, 18, 24])
def test_channels_beside_their_model_for_long(decimals):
    run(examples=400, steps=80, decimals=decimals)
