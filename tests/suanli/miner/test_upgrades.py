"""A daemon is stopped with deals in every stage, and another version of it goes on with them: the
next one, or the former one again. A version has runtimes of its own, and packages of the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from suanli.engine import EngineUnavailable, Runtime, runtime_id
from suanli.miner.core import Stage
from suanli.protocol import Request, State
from tests.harness.bench import Bench, PythonExecutor
from tests.harness.local_chain import BOB, Controls
from tests.harness.world import World, lodged, manifest_of, settled

FORMER, NEXT = runtime_id(Runtime.FAST), runtime_id(Runtime.PORTABLE)
WAYS = [pytest.param((FORMER, NEXT), id="forwards"), pytest.param((NEXT, FORMER), id="back")]
Deal = tuple[Request, bytes]


class Engine(PythonExecutor):
    """Of a version: it runs its own runtime, and those that are kept here."""

    def __init__(self, *ids: bytes) -> None:
        super().__init__()
        self.ids = ids

    def of(self, runtime: bytes) -> PythonExecutor:
        if runtime not in self.ids:
            raise EngineUnavailable("another version's")
        return super().of(runtime)


class Upgrade:
    """`first`, then `second`: which runtime a version brings. The first knows its own alone."""

    def __init__(self, world: World, bench: Bench, first: bytes, second: bytes) -> None:
        self.world, self.bench, self.first, self.second = world, bench, first, second
        self.begin(first)

    def begin(self, *ids: bytes) -> Engine:
        """Another process, of the version that runs these."""
        changes = {"runtimes": ids, "patience": 30}
        self.bench.settings = self.bench.settings.__class__(**(vars(self.bench.settings) | changes))
        self.bench.executor = engine = Engine(*ids)
        self.bench.silent = set()
        self.bench.restart()
        return engine

    def lodge(self, tasks: int = 2, **changes: int) -> Deal:
        return lodged(self.world, manifest_of(tasks, runtime=self.first), **changes)

    def stage(self, deal: Deal) -> Stage | None:
        found = self.bench.daemon.core.state.deals.get(deal[1])
        return None if found is None else found.stage

    def until(self, deal: Deal, stage: Stage, rounds: int = 90) -> None:
        self.bench.until(lambda: self.stage(deal) is stage, rounds)

    def check_one(self) -> None:
        """The data of one request is fetched and looked at."""
        self.bench.daemon._fetch_lane.step()
        self.bench.round()

    def accept(self, deal: Deal) -> None:
        (claim,) = self.world.requester.relay.claims(deal[1])
        self.world.requester.accept(claim)

    def send_nothing(self) -> None:
        """From now on, until the other version begins."""
        self.bench.daemon._chain.want = lambda send: None

    def pass_time(self, seconds: int) -> None:
        chain = Controls(self.world.market.node)
        chain.evm_increaseTime(seconds)
        chain.mine()


@pytest.fixture(params=WAYS)
def upgrade(registered: World, bench: Bench, request: pytest.FixtureRequest) -> Upgrade:
    return Upgrade(registered, bench, *request.param)


def all_of(looks: list[Callable[[], bool]]) -> Callable[[], bool]:
    """Each is looked at each time."""
    return lambda: sum(look() for look in looks) == len(looks)


def test_deals_whose_work_is_not_done_yet(upgrade: Upgrade) -> None:
    """Checking, confirming, running, uploaded. What was not confirmed yet goes on, too; tasks that
    were done stay done."""
    bench = upgrade.bench
    bench.silent = {"fetch"}
    deals = [upgrade.lodge(tasks) for tasks in (2, 3, 4, 5)]
    bench.until(lambda: all(upgrade.stage(deal) is Stage.CHECKING for deal in deals))
    bench.silent = {"fetch", "relay"}
    upgrade.check_one()
    upgrade.until(deals[0], Stage.UPLOADED)
    bench.executor.holds = True
    upgrade.check_one()
    upgrade.until(deals[1], Stage.RUNNING)
    bench.until(lambda: bench.executor.held)
    bench.silent = {"fetch", "relay", "chain"}
    upgrade.check_one()
    stages = [upgrade.stage(deal) for deal in deals]
    assert stages == [Stage.UPLOADED, Stage.RUNNING, Stage.CONFIRMING, Stage.CHECKING]

    engine = upgrade.begin(upgrade.second, upgrade.first)
    bench.until(all_of([settled(upgrade.world, *deal) for deal in deals]), rounds=90)
    assert set(engine.asked) == {upgrade.first}
    assert engine.runs.total() == 3 + 4 + 5


def test_deals_whose_work_is_done(upgrade: Upgrade) -> None:
    """Offered, accepted, submitting, submitted, settling: nothing of them is run again."""
    bench, market = upgrade.bench, upgrade.world.market
    settling = upgrade.lodge()
    upgrade.until(settling, Stage.SUBMITTED)
    upgrade.pass_time(market.terms_of(1).challenge_window - 60)
    submitted = upgrade.lodge()
    upgrade.until(submitted, Stage.SUBMITTED)
    submitting, accepted = upgrade.lodge(), upgrade.lodge(duration=86_400)
    upgrade.until(accepted, Stage.OFFERED)
    upgrade.send_nothing()
    upgrade.accept(accepted)
    upgrade.until(accepted, Stage.ACCEPTED)
    upgrade.until(submitting, Stage.SUBMITTING)
    upgrade.until(settling, Stage.SETTLING)
    found = [upgrade.stage(deal) for deal in (settling, submitted, submitting, accepted)]
    assert found == [Stage.SETTLING, Stage.SUBMITTED, Stage.SUBMITTING, Stage.ACCEPTED]

    engine = upgrade.begin(upgrade.second, upgrade.first)
    late = upgrade.lodge()
    bench.until(settled(upgrade.world, *accepted))
    bench.until(settled(upgrade.world, *late))
    upgrade.pass_time(market.terms_of(1).challenge_window + 1)
    waiting = (settling, submitted, submitting)
    bench.until(lambda: all(market.state_of(one) is State.SETTLED for one, _ in waiting))
    assert engine.runs.total() == 2, "what came after the upgrade"


def test_a_result_that_is_offered(upgrade: Upgrade) -> None:
    deal = upgrade.lodge()
    upgrade.until(deal, Stage.OFFERED)
    engine = upgrade.begin(upgrade.second, upgrade.first)
    upgrade.bench.until(settled(upgrade.world, *deal))
    assert not engine.runs


def test_a_deal_that_can_not_be_done_in_time_is_given_back(upgrade: Upgrade) -> None:
    """Releasing, when the version changes."""
    bench = upgrade.bench
    bench.executor.holds = True
    deal = upgrade.lodge()
    bench.until(lambda: bench.executor.held)
    upgrade.send_nothing()
    upgrade.until(deal, Stage.RELEASING, rounds=200)
    engine = upgrade.begin(upgrade.second, upgrade.first)
    bench.until(lambda: upgrade.world.market.state_of(deal[0]) is State.RELEASED)
    assert not engine.runs


def test_without_the_former_runtime_a_deal_is_given_back_not_lost(upgrade: Upgrade) -> None:
    """Whoever takes its package away by hand."""
    bench = upgrade.bench
    bench.executor.holds = True
    deal = upgrade.lodge()
    bench.until(lambda: bench.executor.held)
    upgrade.begin(upgrade.second)
    bench.until(lambda: upgrade.world.market.state_of(deal[0]) is State.RELEASED, rounds=200)
    assert upgrade.world.market.miner_status(BOB.address).defaulted == 0
