"""The table of legal moves: it holds what happens and nothing else, and what goes against it costs
no money."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from suanli.miner import core as c
from suanli.miner.core import MOVES, Act, Stage
from suanli.protocol import Leaf, State
from tests.harness.simulation import OFFER, PRICE, SETTINGS, START, Outside, id_of, request, view

TASKS = 2
PAIRS = sorted((before, after) for before in MOVES for after in MOVES[before])


class Walk:
    """Any observations, in any order, of a few deals: mostly such as make sense."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.core = c.Core(c.CoreState(SETTINGS))
        self.now = START
        self.seen: set[tuple[Stage, Stage]] = set()
        self.requests = [request(salt=n + 1, tasks=TASKS, confirm_by=START + 900) for n in range(3)]
        self.core.step(c.ChainRead(self.now, view(), {}))

    def go(self, steps: int) -> set[tuple[Stage, Stage]]:
        for _ in range(steps):
            self.now += self.random.choice((0, 0, 0, 1, 5, 30))
            self.core.step(self._observation())
            c.validate_state(self.core.state)
            for line in self.core.take_changes().lines:
                assert line.told is not c.Told.FAULT, line.because
                if "before" in line.more:
                    self.seen.add((Stage(line.more["before"]), Stage(line.more["stage"])))
        return self.seen

    def _observation(self) -> c.Observation:
        made = self.random.choice(self.requests)
        id_, now, deal = id_of(made), self.now, self.core.state.deals.get(id_of(made))
        if deal is None:
            if id_ in self.core.state.passed:  # anew, as if it were another one
                del self.core.state.passed[id_]
            lodged = self.random.random() < 0.7
            made = made._replace(confirm_by=now + 300)
            return c.RequestSeen(now, id_, made, b"\x01" if lodged else b"", lodged)
        result = deal.result
        choices = [
            lambda: c.TimePassed(now),
            lambda: self._read(id_),
            lambda: self._read(id_),
            lambda: c.CheckPassed(now, id_, c.Work(TASKS, made.units // TASKS)),
            lambda: c.CheckFailed(now, id_, c.Reason("data", "missing", final=False)),
            lambda: c.TaskDone(now, id_, Leaf(self.random.randrange(TASKS), 0, b"\x09" * 32, 5)),
            lambda: c.TaskStored(now, id_, self.random.randrange(TASKS)),
            lambda: c.LeavesStored(now, id_),
            lambda: c.ClaimAnswered(now, id_, self.random.random() < 0.5),
            lambda: c.TaskFailed(now, id_, 0, "out of order"),
            lambda: c.ActRefused(
                now, id_, self.random.choice(list(Act)), c.Reason("market", "no", final=False)
            ),
            lambda: c.TwinSeen(START - 10_000, id_, START - 10_000),
        ]
        if result is not None:
            said = (result.root, result.units_used, self.random.randbytes(1))
            choices += [lambda: c.AcceptanceSeen(now, id_, *said)] * 2
        return self.random.choice(choices)()

    def _read(self, id_: bytes) -> c.ChainRead:
        state = self.random.choice(
            [State.NONE, *[State.CONFIRMED] * 6, State.SUBMITTED, State.SETTLED]
        )
        mine = self.random.random() < 0.9
        due, at = (self.random.choice(seconds) for seconds in ((-200, 10, 300, 600), (-100, -10)))
        time = self.now + (due if state is State.CONFIRMED else at)
        chain = c.OnChain(state, mine, PRICE, time)
        offer = replace(OFFER, valid_until=self.now + 9_000)
        return c.ChainRead(self.now, view(offer=offer), {id_: chain})


def test_the_table_holds_what_happens_and_nothing_else() -> None:
    seen: set[tuple[Stage, Stage]] = set()
    for seed in range(150):
        seen |= Walk(seed).go(600)
    assert sorted(seen) == PAIRS


def without(monkeypatch: pytest.MonkeyPatch, before: Stage, after: Stage) -> None:
    """The table as if somebody had forgotten one move."""
    forgotten = {**MOVES, before: MOVES[before] - {after}}
    monkeypatch.setattr("suanli.miner.core.book.MOVES", forgotten)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_move_that_the_table_lacks_costs_no_money(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: Stage, after: Stage
) -> None:
    """The error is told, and the deal goes on from its facts: what is confirmed is paid or, where
    the machine is late, given back in time."""
    without(monkeypatch, before, after)
    outside = Outside(tmp_path, seed=5, repeats=0.2, reorganizations=0.01)
    for number in range(6):
        outside.post(request(salt=number + 1, units=40, tasks=2, confirm_by=START + 200))
        outside.run(15)
    outside.reorganizations = 0.0
    outside.run(500)
    done = (State.SETTLED, State.RELEASED)
    ends = {outside.deals[id_].state for id_, count in outside.confirmed.items() if count}
    assert ends <= set(done), ends
    faults = [line for line in outside.lines if line.told is c.Told.FAULT]
    expected = f"may not go from {before} to {after}"
    assert all(expected in line.because for line in faults)


def test_a_move_against_the_table_is_told_and_the_other_deals_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, Stage.RUNNING, Stage.UPLOADED)
    outside = Outside(tmp_path, seed=1)
    id_ = outside.post(request(salt=1, units=40, tasks=2))
    outside.run(100)
    assert outside.deals[id_].state is State.SETTLED
    assert outside.alarms == [
        f"internal error: 0x{id_.hex()[:8]} may not go from running to uploaded (all tasks are"
        " done, outputs and leaves are in the store); it goes on from what the chain says of it:"
        " please report this"
    ]
