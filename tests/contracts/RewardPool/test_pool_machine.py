"""The pool beside its model, under all that anybody may try; every base unit is accounted for."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from suanli.model import ClassWeight
from suanli.protocol import Refused
from tests.harness.evm import account
from tests.harness.market import ALICE, BOB, CPU, CPU_LARGE, DAVE, OWNER, PRICE, STRANGER
from tests.harness.rewards import EPOCH, SETTLING, RewardWorld

EVE = account("eve, a miner")
MINERS = (BOB, DAVE, EVE)
OUTCOMES: Counter[str] = Counter()
"""Calls that were compared, by function or by error."""
EXPECTED = {
    *("read", "grant", "collect", "set_rules"),
    *("prepare_draw", "draw", "claim", "return_unclaimed"),
    *("EpochNotOver", "EpochNotRead", "AlreadyDrawn", "DrawPending", "DrawNotPrepared"),
    *("NotDrawn", "AlreadyClaimed", "NothingDue", "ClaimsEnded", "ClaimsNotEnded"),
    *("AlreadyReturned", "OwnableUnauthorizedAccount", "ZeroAmount"),
}
RULES = (
    (5_000, (ClassWeight(CPU, 40), ClassWeight(CPU_LARGE, 7))),
    (1_234, (ClassWeight(CPU, 2**40),)),
    (0, ()),
)
WORLDS: dict[int, RewardWorld] = {}
miners = st.sampled_from(MINERS)


def built(decimals: int) -> RewardWorld:
    """Bob and Dave sell one class, Eve both."""
    if decimals not in WORLDS:
        world = WORLDS[decimals] = RewardWorld(decimals)
        world.miner(BOB, 90)
        world.miner(DAVE, 140, ask=PRICE // 2)
        world.miner(EVE, 30)
        world.miner(EVE, 70, resource=CPU_LARGE)
        world.give(STRANGER, 10**30)
    return WORLDS[decimals]


class PoolMachine(RuleBasedStateMachine):
    def __init__(self, decimals: int) -> None:
        super().__init__()
        self.world = built(decimals)
        self._rollback = self.world.rollback()
        self._rollback.__enter__()
        self.came = self.left = 0

    def teardown(self) -> None:
        """Everybody gets what is theirs, and the rest is free: nothing is left over."""
        try:
            self.empty()
        finally:
            self._rollback.__exit__(None, None, None)

    def empty(self) -> None:
        world = self.world
        last = world.end_epoch()
        for epoch in (*range(last + 1), last):
            self.call("prepare_draw", STRANGER, epoch)
        world.advance(60, 5)
        for epoch in range(last + 1):
            self.call("draw", STRANGER, epoch)
            for miner in (1, 2, 3, 1, 2, 3):
                self.call("claim", STRANGER, epoch, miner)
        world.advance(4 * EPOCH + 1)
        for epoch in (*range(last + 1), 0, last):
            self.call("return_unclaimed", STRANGER, epoch)
        self.nothing_is_made_or_lost()
        assert world.pool.reserved() == 0
        assert world.pool.free() == world.token.balanceOf(world.pool.address)

    def call(self, name: str, sender: str, *args: object) -> None:
        free, reserved = self.world.model_pool.free, self.world.model_pool.reserved
        try:
            self.world.pool_call(name, sender, *args)
        except Refused as refused:
            OUTCOMES[refused.name] += 1
            return
        OUTCOMES[name] += 1
        change = self.world.model_pool.free + self.world.model_pool.reserved - free - reserved
        self.came += max(change, 0)
        self.left += max(-change, 0)
        assert change == 0 or (name in ("grant", "collect") if change > 0 else name == "claim")

    @rule(seconds=st.sampled_from((1, SETTLING, SETTLING, EPOCH // 3, EPOCH, 4 * EPOCH)))
    def wait(self, seconds: int) -> None:
        self.world.advance(seconds, max(seconds // 12, 1))

    @rule(
        miner=miners,
        units=st.sampled_from((0, 1, 20, 30)),
        ask=st.sampled_from((0, PRICE // 2, 2 * PRICE)),
    )
    def sell(self, miner: str, units: int, ask: int) -> None:
        offer = self.world.shadow.miners[miner].offer(CPU)
        if units or offer.valid_until:
            self.world.sell(miner, units, ask)

    @rule(miner=miners, units=st.sampled_from((1, 7, 20)))
    def trade(self, miner: str, units: int) -> None:
        offer = self.world.shadow.miners[miner].offer(CPU)
        if units <= offer.published and offer.valid_until and offer.ask <= PRICE:
            self.world.deal(miner, units, ALICE)

    @rule(numbers=st.lists(st.sampled_from((1, 2, 3)), max_size=4))
    def read(self, numbers: list[int]) -> None:
        self.call("read", STRANGER, numbers)

    @rule()
    def read_all_twice(self) -> None:
        for _ in range(2):
            self.call("read", STRANGER, [1, 2, 3])
            self.world.advance(SETTLING)

    @rule(amount=st.sampled_from((0, 1, 999, 10**7, 10**20)))
    def grant(self, amount: int) -> None:
        self.call("grant", STRANGER, amount)

    @rule()
    def collect(self) -> None:
        self.call("collect", STRANGER)

    @rule(rules=st.sampled_from(RULES), sender=st.sampled_from((OWNER, OWNER, STRANGER)))
    def change_rules(self, rules: tuple, sender: str) -> None:
        self.call("set_rules", sender, *rules)

    @rule(
        name=st.sampled_from(("prepare_draw", "draw", "return_unclaimed")),
        ago=st.sampled_from((0, 1, 1, 1, 2, 5, 6)),
    )
    def step(self, name: str, ago: int) -> None:
        self.call(name, STRANGER, max(self.world.model_pool.current_epoch - ago, 0))

    @rule(ago=st.sampled_from((1, 1, 2, 5, 6)), miner=st.sampled_from((1, 2, 3, 9)))
    def claim(self, ago: int, miner: int) -> None:
        self.call("claim", STRANGER, max(self.world.model_pool.current_epoch - ago, 0), miner)

    @rule()
    def draw_the_last(self) -> None:
        epoch = self.world.end_epoch()
        self.call("prepare_draw", STRANGER, epoch)
        self.world.advance(60, 5)
        self.call("draw", STRANGER, epoch)

    @invariant()
    def nothing_is_made_or_lost(self) -> None:
        pool = self.world.model_pool
        assert self.came - self.left == pool.free + pool.reserved
        for epoch, record in pool.epochs.items():
            assert record.claimed <= record.reserved <= record.granted <= record.wanted
            if record.drawn_at and not record.returned:
                due = sum(self.world.reward(epoch, miner) for miner in (1, 2, 3))
                assert due <= record.reserved


def run(examples: int, steps: int, decimals: int) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(lambda: PoolMachine(decimals), settings=chosen)


@pytest.mark.spec("16.1", "16.3", "16.4", "16.5", "16.6", "16.7", "16.10")
def test_pool_beside_its_model():
    OUTCOMES.clear()
    run(examples=25, steps=40, decimals=18)
    run(examples=15, steps=30, decimals=6)
    assert set(OUTCOMES) >= EXPECTED


@pytest.mark.deep
@pytest.mark.parametrize("decimals", [6, 18, 24])
def test_pool_beside_its_model_for_long(decimals):
    run(examples=500, steps=80, decimals=decimals)
