"""The daemon is killed at each point where it touches the outside, and goes on from its journal.

One whole deal for each point: before and after every transaction, every write to the journal, to
the stores and to the relay, every task.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from suanli.chain import HttpTransport, Market
from suanli.miner.journal import Journal
from suanli.miner.ports.relay import RelayPort
from suanli.protocol import State
from suanli.relay import HttpStore
from suanli.store import DirectoryStore
from tests.harness.bench import Bench, PythonExecutor, register
from tests.harness.local_chain import BOB, Controls
from tests.harness.world import Requester, World, manifest_of

TASKS = 2


class Killed(BaseException):
    """No handler of errors catches it, as none catches SIGKILL."""


class Guillotine:
    """Counts the points that are passed; falls at number `at`."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.at = -1

    def point(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) - 1 == self.at:
            raise Killed(name)

    def guard(
        self, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, when: str = ""
    ) -> None:
        original: Callable = getattr(owner, name)

        def guarded(*args, **options):
            elsewhere = threading.current_thread() is not threading.main_thread()
            if elsewhere or (when and when not in args):  # the relay is in this process, too
                return original(*args, **options)
            self.point(f"before {owner.__name__}.{name}")
            found = original(*args, **options)
            self.point(f"after {owner.__name__}.{name}")
            return found

        monkeypatch.setattr(owner, name, guarded)


@pytest.fixture
def guillotine(monkeypatch: pytest.MonkeyPatch) -> Guillotine:
    made = Guillotine()
    made.guard(monkeypatch, HttpTransport, "request", "eth_sendRawTransaction")
    made.guard(monkeypatch, Journal, "save")
    made.guard(monkeypatch, Journal, "own")
    made.guard(monkeypatch, DirectoryStore, "put")
    made.guard(monkeypatch, HttpStore, "put")
    made.guard(monkeypatch, RelayPort, "claim")
    made.guard(monkeypatch, PythonExecutor, "submit")
    return made


@pytest.fixture
def registered(world: World, tmp_path: Path) -> World:
    register(world.market, BOB, tmp_path)
    return world


class Story:
    """One deal by the signed path, accepted at once; the requester's part is not interrupted."""

    def __init__(self, world: World, folder: Path, guillotine: Guillotine) -> None:
        folder.mkdir()
        requester: Requester = world.requester
        manifest = manifest_of(TASKS)
        guillotine.at = -1
        world.forget_at_relay()
        requester.put(manifest)
        self.request = requester.request(manifest, BOB.address)
        self.id = requester.lodge(self.request)
        self.market: Market = world.market
        self.requester = requester
        self.bench = Bench(world.market, folder, HttpStore(requester.relay), requester.relay)
        self.kills = 0
        guillotine.passed.clear()

    def tell(self) -> None:
        """To the end, through the kill."""
        while True:
            try:
                self.bench.restart()
                self.bench.until(self.settled)
                return
            except Killed:
                self.kills += 1

    def settled(self) -> bool:
        for claim in self.requester.relay.claims(self.id):
            self.requester.accept(claim)
        return self.market.state_of(self.request) is State.SETTLED


def sent_by(story: Story) -> list[tuple[str, str]]:
    """All that the daemon wrote down to be sent."""
    database = sqlite3.connect(story.bench.folder / "sender.sqlite")
    rows = database.execute("SELECT name, status FROM entries ORDER BY id").fetchall()
    database.close()
    return rows


def first_of_each(points: list[str]) -> list[int]:
    """Numbers of the first passage of each point, and of the second to last."""
    first = {name: number for number, name in reversed(list(enumerate(points)))}
    return sorted({*first.values(), len(points) // 2, len(points) - 2})


@pytest.mark.parametrize(
    "choose",
    [
        pytest.param(first_of_each, id="the first of each"),
        pytest.param(lambda points: range(len(points)), id="all", marks=pytest.mark.deep),
    ],
)
def test_a_kill_at_any_point_changes_nothing(
    registered: World,
    tmp_path: Path,
    guillotine: Guillotine,
    choose: Callable[[list[str]], Iterable[int]],
) -> None:
    chain = Controls(registered.market.node)
    with chain.rollback():
        story = Story(registered, tmp_path / "whole", guillotine)
        story.tell()
        usual = sent_by(story)
        points = list(guillotine.passed)
    assert [name for name, _ in usual] == ["publishOffer", "confirmRequest", "submitAccepted"]
    assert story.bench.executor.runs.total() == TASKS
    assert len(set(points)) == 14
    for number in choose(points):
        name = f"{number}, {points[number]}"
        with chain.rollback():
            story = Story(registered, tmp_path / str(number), guillotine)
            guillotine.at = number
            story.tell()
            assert story.kills == 1, name
            assert [sent for sent, _ in sent_by(story)] == [sent for sent, _ in usual], name
            again = story.bench.executor.runs.total() - TASKS
            assert again <= TASKS, f"work done twice: {name}"
            account = registered.market.miner_account(BOB.address)
            assert account.earnings > 0, name
