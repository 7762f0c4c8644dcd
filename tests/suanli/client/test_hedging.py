"""Deals of miners that are gone or late are placed a second time; money stays within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from suanli.base import amounts
from suanli.client import (
    Corrected,
    DealEnded,
    JobEvent,
    MayDouble,
    Placed,
    Run,
    TaskAccepted,
    Trouble,
)
from suanli.client.records import DealStage
from suanli.engine import Result
from suanli.store import DirectoryStore
from tests.harness.doubles import exited
from tests.suanli.client.conftest import BOB, CAROL, Miner, World, program

STEP = 5
"""Seconds of every wait, by all clocks."""
GATHERED = b"".join(b"task %d\n" % task for task in range(4))


def told(run: Run) -> Iterator[JobEvent]:
    """The run's events, none of which may find more than the budget in use."""
    for event in run.events():
        assert run.reserved <= run.budget
        yield event


@contextmanager
def begun(world: World, **options: Any) -> Iterator[Run]:
    """A run of 4 tasks."""
    budget = options.pop("budget", "1000")
    usual = {"duration": 900, "audit": 0.0}
    client = world.client(poll=float(STEP))
    with closing(client.submit(world.job(4), budget, **usual | options)) as run:
        yield run


def passing(world: World, act: Any = lambda: None) -> None:
    def wait() -> None:
        world.pass_time(STEP)
        act()

    world.on_wait = wait


def doubled(happened: list[JobEvent]) -> list[tuple[int, int | None, str]]:
    return [(e.deal, e.doubles, e.miner) for e in happened if isinstance(e, Placed)]


def done(happened: list[JobEvent]) -> list[int]:
    return sorted(e.task for e in happened if isinstance(e, TaskAccepted))


def joined_later(world: World, **changes: Any) -> Miner:
    """It comes once the other has the tasks."""
    second = world.miner(CAROL, **changes)

    def act() -> None:
        if world.waits == 2:
            second.join()

    passing(world, act)
    return second


def test_tasks_of_a_dead_miner_are_done_by_another_before_its_deadline(world: World) -> None:
    dead = world.miner(BOB, delivers=False).join()
    joined_later(world)
    with begun(world) as run:
        begin = world.node.head().time
        happened = list(told(run))
        assert world.node.head().time < begin + 200
        assert doubled(happened) == [(0, None, BOB.address), (1, 0, CAROL.address)]
        (_, again) = [e for e in happened if isinstance(e, Placed)]
        assert (again.tasks, again.why) == (
            (0, 1, 2, 3),
            "its miner was not heard of for 1 min 4 s",
        )
        assert done(happened) == [0, 1, 2, 3]
        assert run.files() == {"all.txt": GATHERED}
        (left,) = run.live()
        assert (left.number, left.stage) == (0, DealStage.CONFIRMED)
        assert [deal.tasks for deal in run.report.deals] == [0, 4]
        assert run.reserved == left.lock + run.report.cost
        client, name = run.session, run.id
    world.pass_time(900)
    with closing(client.run(name)) as again_run:
        happened = list(told(again_run))
        assert [e.how for e in happened if isinstance(e, DealEnded)] == ["defaulted"]
        assert again_run.reserved == again_run.report.cost
    assert world.market.miner_status(dead.address).defaulted == 1


def test_both_are_paid_if_the_first_comes_back(world: World) -> None:
    late, second = world.miner(BOB, delivers=False).join(), world.miner(CAROL)

    def act() -> None:
        if world.waits == 2:
            second.join()
        late.delivers = bool(second.taken)

    passing(world, act)
    with begun(world) as run:
        happened = list(told(run))
        assert doubled(happened) == [(0, None, BOB.address), (1, 0, CAROL.address)]
        assert done(happened) == [0, 1, 2, 3], "each task once"
        ended = {e.deal: (e.how, e.cost) for e in happened if isinstance(e, DealEnded)}
        assert sorted(ended) == [0, 1]
        assert {how for how, _ in ended.values()} == {"settled"}
        assert [deal.tasks for deal in run.report.deals] == [4, 4]
        assert run.report.done == 4
        assert run.report.cost == sum(cost for _, cost in ended.values()) == run.reserved
        assert run.report.cost == world.spent()
        assert run.files() == {"all.txt": GATHERED}


def test_a_double_that_nobody_took_is_taken_back(world: World) -> None:
    late, second = world.miner(BOB, delivers=False).join(), world.miner(CAROL, takes=False)

    def act() -> None:
        if world.waits == 2:
            second.join()
        late.delivers = late.delivers or world.waits == 20

    passing(world, act)
    with begun(world, confirm_within=3_600) as run:
        happened = list(told(run))
        assert doubled(happened) == [(0, None, BOB.address), (1, 0, CAROL.address)]
        ended = {e.deal: (e.how, e.why) for e in happened if isinstance(e, DealEnded)}
        assert ended == {0: ("settled", ""), 1: ("cancelled", "its tasks are done")}
        assert run.reserved == run.report.cost == world.spent()


def test_the_budget_bounds_what_is_doubled(world: World) -> None:
    world.miner(BOB, delivers=False).join()
    second = joined_later(world)
    lock = world.client().quote(world.job(4)).worst
    assert lock is not None
    budget = amounts.show(lock + lock // 2, 18, 18)
    with begun(world, budget=budget) as run:
        happened = list(told(run))
        (may,) = [e for e in happened if isinstance(e, MayDouble)]
        assert (may.most, may.late) == (lock // 2, False)
        placed = [e for e in happened if isinstance(e, Placed)]
        assert [(e.doubles, len(e.tasks)) for e in placed[:2]] == [(None, 4), (0, 2)]
        (said,) = [e.why for e in happened if isinstance(e, Trouble)]
        assert said.startswith("2 tasks of deal 0 can't be placed a second time though its miner")
        assert done(happened) == [0, 1, 2, 3], "the rest after the default"
        assert second.done


def test_no_more_is_told_than_the_job_may_cost_once_more(world: World) -> None:
    world.miner(BOB).join()
    worst = world.client().quote(world.job(4)).worst
    assert worst is not None
    with begun(world, budget=amounts.show(10 * worst, 18, 18)) as run:
        (may,) = [e for e in told(run) if isinstance(e, MayDouble)]
        assert may.most == worst


@pytest.mark.parametrize(("hedge", "parts"), [(None, 1), (False, 1), (True, 2)])
def test_a_late_deal_is_doubled_only_on_wish(world: World, hedge: bool | None, parts: int) -> None:
    """It takes 8 s at worst by the miner's speed; it says that it is alive."""
    late, second = world.miner(BOB, delivers=False, tells=1).join(), world.miner(CAROL)

    def act() -> None:
        if world.waits == 2:
            second.join()
        late.delivers = late.delivers or world.waits == 60

    passing(world, act)
    with begun(world, hedge=hedge) as run:
        happened = list(told(run))
        placed = [e for e in happened if isinstance(e, Placed)]
        assert len(placed) == parts
        assert all(e.why.endswith("8 s were expected") for e in placed[1:])
        assert done(happened) == [0, 1, 2, 3]


def test_nothing_is_doubled_against_the_wish(world: World) -> None:
    world.miner(BOB, delivers=False).join()
    joined_later(world)
    with begun(world, hedge=False) as run:
        happened = list(told(run))
        assert not [e for e in happened if isinstance(e, MayDouble)]
        assert [e.doubles for e in happened if isinstance(e, Placed)] == [None, None]
        ended = [e.how for e in happened if isinstance(e, DealEnded)]
        assert ended == ["defaulted", "settled"]


def test_without_a_relay_a_deal_is_doubled_long_after_its_time(world: World) -> None:
    world.shared = DirectoryStore(world.folder / "shared")
    world.miner(BOB, delivers=False, on_chain=True).join()
    joined_later(world, on_chain=True)
    with begun(world) as run:
        happened = []
        for event in told(run):
            world.wire.cut = world.wire.cut or isinstance(event, MayDouble)
            happened.append(event)
        placed = [e for e in happened if isinstance(e, Placed)]
        assert [e.doubles for e in placed] == [None, 0]
        # By the chain's clock, which also goes by itself.
        assert re.fullmatch(r"it is not done after 1 min \d+ s", placed[1].why)


def test_where_two_miners_differ_the_task_is_run_again(world: World) -> None:
    def lie(task: Any) -> Result:
        return exited(b"made up") if task.args[0] == "2" else program(task)

    liar, second = world.miner(BOB, delivers=False, program=lie).join(), world.miner(CAROL)
    second.delivers = False

    def act() -> None:
        if world.waits == 2:
            second.join()
        liar.delivers = bool(second.taken)
        second.delivers = bool(liar.done)

    passing(world, act)
    with begun(world) as run:
        happened = list(told(run))
        assert [e for e in happened if isinstance(e, Corrected)] == [Corrected(2, CAROL.address)]
        assert done(happened) == [0, 1, 2, 3]
        assert run.files() == {"all.txt": GATHERED}
        assert run.ledger.results()[2].deal == 1
        assert run.ledger.results()[1].deal == 0, "what both found stays the first one's"
