"""What a step costs does not grow with what is there already."""

from __future__ import annotations

import sys

from suanli.miner import core as m
from suanli.miner.core import Core, CoreState, OnChain, Stage, Work, validate_state
from suanli.protocol import Leaf, State
from tests.harness.simulation import PRICE, SETTINGS, START, id_of, request, view

TASKS = 3_000


class Counter:
    """Counts function calls, which unlike seconds are the same on every machine."""

    def __enter__(self) -> Counter:
        self.calls = 0
        sys.setprofile(self._count)
        return self

    def _count(self, frame: object, event: str, argument: object) -> None:
        self.calls += event == "call"

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)


def test_a_deal_of_thousands_of_tasks_costs_the_same_for_each() -> None:
    core, now = Core(CoreState(SETTINGS)), START
    made = request(tasks=TASKS, units=TASKS // 5, duration=10_000)
    id_ = id_of(made)
    core.step(m.ChainRead(now, view(), {}))
    core.step(m.RequestSeen(now, id_, made, b"\x01", True))
    # Units are rounded up for each task; here they only keep the request within the capacity.
    core.step(m.CheckPassed(now, id_, Work(TASKS, 0)))
    confirmed = OnChain(State.CONFIRMED, True, PRICE, now + 10_000)
    waiting = core.step(m.ChainRead(now, view(), {id_: confirmed}))
    costs = []
    for _ in range(3):
        with Counter() as counter:
            for _ in range(TASKS // 3 - 10):
                task = next(i for i in waiting if isinstance(i, m.RunTask))
                waiting.remove(task)
                leaf = Leaf(task.index, 0, bytes(32), 0)
                waiting += core.step(m.TaskDone(now, id_, leaf))
                store = next(i for i in waiting if isinstance(i, m.StoreTask))
                waiting.remove(store)
                waiting += core.step(m.TaskStored(now, id_, store.leaf.index))
        costs.append(counter.calls)
    validate_state(core.state)
    assert core.state.deals[id_].stage is Stage.RUNNING
    assert max(costs) < 1.5 * min(costs), costs


def test_a_thousand_open_requests_cost_little_each() -> None:
    core, now = Core(CoreState(SETTINGS)), START
    core.step(m.ChainRead(now, view(), {}))
    for number in range(1_000):
        made = request(salt=number + 1, flags=1)  # waits for an attested identity
        core.step(m.RequestSeen(now, id_of(made), made, b"\x01", True))
    core.take_changes()
    with Counter() as counter:
        for second in range(10):
            core.step(m.TimePassed(now + second))
    assert counter.calls < 2 * 1_000 * 20, "two looks at each in ten seconds"
    assert not core.take_changes().deals, "nothing to write down"
