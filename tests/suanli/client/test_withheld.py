"""Withheld results before a real court, where another miner is there that would do the tasks again:
nobody is paid twice for them, and no deposit is lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from suanli.client import (
    CameLate,
    CaseEnded,
    CaseMoved,
    Challenged,
    Confirmed,
    DealEnded,
    JobEvent,
    Placed,
    Run,
    TaskAccepted,
)
from suanli.protocol import CaseStatus, State
from tests.harness.jury import NOTHING
from tests.harness.local_chain import ALICE
from tests.suanli.client.conftest import BOB, CAROL, Miner, World, finish
from tests.suanli.client.test_cases import Bench, begin, deployed, of_kind

__all__ = ["deployed"]
TASKS = 2


class Hiding:
    """Bob, who withholds; Carol, who is honest, and comes once he has the tasks; jurors, who find
    what is there."""

    def __init__(self, world: World) -> None:
        self.world, self.bench = world, Bench(world)
        self.kept: list[bytes] = []
        self.is_served = False
        self.bob = world.miner(BOB, on_chain=True, withholds=self._keep).join()
        self.carol = world.miner(CAROL, on_chain=True)
        self.bench.truth = self._find

    def _keep(self, data: bytes) -> bool:
        self.kept.append(data)
        return not self.is_served

    def serve(self) -> None:
        self.is_served = True
        salt = self.bench.run.job.salt
        for data in self.kept:
            self.world.blobs().put(salt + data)

    def _find(self, case: bytes, status: CaseStatus) -> bytes:
        there = self.is_served or self.carol.done
        return self.bench.right(case, status) if there else NOTHING

    def begin(self, **options: Any) -> Run:
        usual: dict[str, Any] = {"patience": 3.0, "hedge": False}
        return begin(self.world, self.bench, TASKS, **(usual | options))

    def play(
        self,
        run: Run,
        serves: Callable[[JobEvent], bool],
        ends: Callable[[JobEvent], bool] = lambda event: False,
    ) -> list[JobEvent]:
        happened: list[JobEvent] = []
        with closing(run):
            for event in run.events():
                happened.append(event)
                if isinstance(event, Confirmed) and event.miner == BOB.address:
                    self.carol.join()
                if serves(event) and not self.is_served:
                    self.serve()
                if ends(event):
                    break
        return happened


def never(event: JobEvent) -> bool:
    return False


def asked_for(event: JobEvent) -> bool:
    return isinstance(event, CaseMoved) and "has to serve" in event.what


def require_settled(hiding: Hiding, happened: list[JobEvent], *miners: Miner) -> None:
    """Each task has one result; these were paid, each once, and nothing is left at the court."""
    accepted = of_kind(happened, TaskAccepted)
    assert sorted(event.task for event in accepted) == [*range(TASKS)]
    paid = [event.miner for event in of_kind(happened, DealEnded) if event.cost]
    assert sorted(paid) == sorted(miner.address for miner in miners)
    left = hiding.bench.court.account_of(ALICE.address)
    assert (left.available, left.locked) == (0, 0)


def test_data_that_never_come_are_bought_elsewhere_once_the_court_has_found_so(
    world: World,
) -> None:
    hiding = Hiding(world)
    happened = hiding.play(hiding.begin(), never)
    require_settled(hiding, happened, hiding.carol)
    (ended,) = of_kind(happened, CaseEnded)
    assert (ended.how, ended.cost) == ("upheld", 0)
    assert not of_kind(happened, CameLate)
    states = [world.market.state_of(request) for request in hiding.bob.taken.values()]
    assert states == [State.OVERTURNED]


def test_data_that_jurors_asked_for_are_used_and_nobody_else_is_paid(world: World) -> None:
    hiding = Hiding(world)
    happened = hiding.play(hiding.begin(), asked_for)
    require_settled(hiding, happened, hiding.bob)
    assert len(of_kind(happened, Placed)) == 1
    assert of_kind(happened, CameLate) == [CameLate(0, BOB.address, TASKS, accepted=False)]
    (ended,) = of_kind(happened, CaseEnded)
    assert (ended.how, ended.cost) == ("rejected", 0)
    (deal,) = of_kind(happened, DealEnded)
    assert (deal.how, deal.why) == (
        "overturned",
        "its data came only when the court asked for it",
    )
    assert {event.miner for event in of_kind(happened, TaskAccepted)} == {BOB.address}


def test_data_that_come_before_a_jury_is_drawn_cost_nothing(world: World) -> None:
    hiding = Hiding(world)
    happened = hiding.play(hiding.begin(), lambda event: isinstance(event, Challenged))
    require_settled(hiding, happened, hiding.bob)
    assert len(of_kind(happened, Placed)) == 1
    assert of_kind(happened, CameLate) == [CameLate(0, BOB.address, TASKS, accepted=True)]
    (ended,) = of_kind(happened, CaseEnded)
    assert (ended.how, ended.cost) == ("void", 0)


def test_a_hurried_requester_pays_both_and_has_no_case(world: World) -> None:
    """What the second miner uploads is what the first one withholds."""
    hiding = Hiding(world)
    world.on_wait = lambda: world.pass_time(1)
    happened = hiding.play(hiding.begin(hedge=True), never)
    require_settled(hiding, happened, hiding.bob, hiding.carol)
    assert hiding.bench.filed() == []


@pytest.mark.parametrize("when", ["has to serve", "a second time", "the deal waits"])
def test_a_killed_client_uses_what_came_meanwhile(world: World, when: str) -> None:
    hiding = Hiding(world)
    run = hiding.begin()
    hiding.play(run, asked_for, lambda event: isinstance(event, CaseMoved) and when in event.what)
    client = world.client(poll=1.0)
    with closing(client.run(run.id)) as again:
        hiding.bench.run = again
        finish(again)
    with closing(client.run(run.id)) as over:
        (deal,) = over.ledger.deals()
        (filing,) = over.ledger.filings()
        assert (deal.end, deal.late, filing.end, filing.cost) == (
            "overturned",
            True,
            "rejected",
            0,
        )
        assert over.done
        assert over.report.deals[0].tasks == TASKS
        assert over.report.paid == deal.cost - over.report.fees > 0
