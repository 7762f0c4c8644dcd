"""What is heard of deals that are under way, and what is done when nothing is."""

from __future__ import annotations

from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest

from suanli.base.text import rough
from suanli.client import FellSilent, JobEvent, Progressed
from suanli.client.records import DealStage
from suanli.client.run.work_line import WorkLine
from tests.suanli.client.conftest import BOB, World


def test_how_far_a_deal_is_and_for_how_long_nothing_was_heard_of_it(world: World) -> None:
    miner = world.miner(BOB, delivers=False, tells=0).join()

    def wait() -> None:
        world.pass_time(4)
        miner.tells = {3: 1, 5: 2, 9: None}.get(world.waits, miner.tells)
        miner.delivers = world.waits == 40

    world.on_wait = wait
    happened: list[JobEvent] = []
    with closing(world.client(poll=4.0).submit(world.job(4), "500", duration=600)) as run:
        for event in run.events():
            if isinstance(event, Progressed | FellSilent):
                happened.append(event)
    heard = [e for e in happened if isinstance(e, Progressed)]
    assert [(e.deal, e.miner, e.tasks) for e in heard] == [(0, BOB.address, 4)] * len(heard)
    assert [e.done for e in heard] == [0, 0, 0, 1, 1, 2, 2, 2, 2]
    assert heard[0].left is None
    assert heard[-1].left == 600 - heard[-1].deadline, "half is done: as long again"
    quiet = [e for e in happened if isinstance(e, FellSilent)]
    assert [(e.seconds, e.done, e.tasks) for e in quiet] == [(32, 2, 4), (92, 2, 4)]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (48.4, "48 s"),
        (59.7, "1 min"),
        (190, "3 min 10 s"),
        (7_505, "2 h 5 min"),
        (86_401, "1 d"),
        (10**6, "11 d 13 h"),
    ],
)
def test_times_are_told_roughly(seconds: float, text: str) -> None:
    assert rough(seconds) == text


class Watched:
    """The line over parts of a job, as its run tells of them."""

    def __init__(self, *parts: tuple[int, DealStage, tuple[int, ...]]) -> None:
        self.now = 0.0
        self.parts = [
            SimpleNamespace(number=number, stage=stage, tasks=tasks, running=True)
            for number, stage, tasks in parts
        ]
        self.results: dict[int, Any] = {}
        self.unplaced: list[int] = []
        ledger = SimpleNamespace(results=lambda: self.results)
        run: Any = SimpleNamespace(
            live=lambda: self.parts, ledger=ledger, waiting=lambda: self.unplaced
        )
        self.line = WorkLine(run, lambda: self.now)

    def hear(self, part: int, done: int, left: float | None) -> list[str]:
        event = Progressed(part, BOB.address, done, 10, left, 190)
        return list(self.line.lines(event))


def test_a_line_now_and_then_says_how_deals_stand() -> None:
    watched = Watched((0, DealStage.CONFIRMED, (0, 1)), (1, DealStage.CONFIRMED, (2, 3)))
    first = "at work   deal 0: 0 of 10 tasks, deadline in 3 min 10 s"
    assert watched.hear(0, 0, None) == [], "nothing changed yet"
    assert watched.hear(0, 1, 27.0) == [first.replace("0 of", "1 of")], "of deal 1 nothing is known"
    watched.now = 4.0
    assert watched.hear(1, 5, 20.0) == [], "too soon"
    watched.now = 5.0
    (line,) = watched.hear(0, 2, 20.0)
    assert line.endswith("; deal 1: 5 of 10 tasks, deadline in 3 min 9 s; about 20 s left")
    watched.now = 44.0
    assert watched.hear(0, 2, 20.0) == [], "nothing changed"
    assert watched.hear(0, 9, 2.0) == [
        "at work   deal 0: 9 of 10 tasks, deadline in 3 min 10 s; deal 1: 5 of 10 tasks, not heard"
        " of for 40 s, deadline in 2 min 30 s"
    ]


def test_no_time_is_told_that_is_not_known() -> None:
    watched = Watched((0, DealStage.CONFIRMED, (0, 1)), (1, DealStage.OPEN, (2, 3)))
    watched.hear(0, 1, 27.0)
    assert watched.line.left() == "", "a deal is not taken yet"
    watched.parts.pop()
    assert watched.line.left() == "; about 27 s left"
    watched.unplaced = [4]
    assert watched.line.left() == "", "a task waits for a miner"
    watched.unplaced, watched.results = [], {0: None, 1: None}
    assert watched.line.left() == "", "nothing is left"


def test_silence_is_told_at_once() -> None:
    watched = Watched((0, DealStage.CONFIRMED, (0, 1)))
    assert list(watched.line.lines(FellSilent(0, BOB.address, 40.0, 3, 10, 190))) == [
        f"deal 0: {BOB.address[:10]} not heard of for 40 s, with 3 of 10 tasks done; its deadline"
        " is in 3 min 10 s"
    ]
