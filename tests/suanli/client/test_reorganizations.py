"""What a reorganization undoes is done again: no result is told twice, no miner goes unpaid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from suanli.client import ClaimRefused, DealEnded, JobEvent, Placed, Run, TaskAccepted
from suanli.client.records import DealStage
from suanli.client.run import checking
from suanli.client.run.core import barred, owed
from suanli.protocol import State
from suanli.store import DirectoryStore
from tests.harness.doubles import exited
from tests.suanli.client.conftest import BOB, CAROL, Miner, World, program


def undo(world: World, block: int) -> None:
    """All blocks after this one vanish, with their transactions."""
    depth = world.node.head().number - block
    world.chain.anvil_reorg(depth, [])


class Story:
    """A job of three tasks at one miner, which collects nothing until it is told to; `accepted`:
    how many results the requester had when everything since the beginning was undone."""

    def __init__(self, world: World, **options: Any) -> None:
        self.world = world
        self.miner: Miner = world.miner(BOB, collects=False).join()
        self.start = world.node.head().number
        self.run: Run = world.client().submit(world.job(3), budget="1000", **options)
        self.events: list[JobEvent] = []
        self._happens = self.run.events()

    def until_accepted(self) -> None:
        for event in self._happens:
            self.events.append(event)
            if self.tasks == [0, 1, 2]:
                return

    def to_the_end(self) -> None:
        self.miner.collects = True
        self.events += self._happens

    @property
    def tasks(self) -> list[int]:
        return [event.task for event in self.events if isinstance(event, TaskAccepted)]

    @property
    def ends(self) -> list[str]:
        return [event.how for event in self.events if isinstance(event, DealEnded)]

    def is_paid_once(self) -> bool:
        assert self.run.done
        assert self.run.files()["all.txt"] == b"task 0\ntask 1\ntask 2\n"
        assert self.world.market.account_of(self.run.session.account.address).locked == 0
        assert self.world.market.miner_status(BOB.address).completed == 1
        # 9 units at 1 token: the deposit's rest is still the requester's.
        return self.world.spent() == self.run.report.cost == self.run.reserved == 9 * 10**18


@pytest.fixture
def story(world: World) -> Iterator[Story]:
    made = Story(world)
    with closing(made.run):
        yield made


def test_an_undone_deal_is_confirmed_anew_and_paid_once(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deposit is undone, too. What was checked is not checked again."""
    checked: list[object] = []
    fetch = checking.fetch_tree
    monkeypatch.setattr(
        checking, "fetch_tree", lambda *given: checked.append(given) or fetch(*given)
    )
    story.until_accepted()
    undo(story.world, story.start)
    story.to_the_end()
    assert story.tasks == [0, 1, 2]
    assert story.ends == ["settled"]
    assert len(checked) == 1
    assert story.is_paid_once()


def test_a_failed_confirmation_does_not_void_what_was_accepted(story: Story) -> None:
    """The miner confirmed before the deposit was there again, and said so."""
    story.until_accepted()
    undo(story.world, story.start)
    story.miner.reason = "chain: confirmRequest failed: the node does not say why"
    waits = story.world.waits

    def relent() -> None:
        if story.world.waits > waits + 5:
            story.miner.reason = ""

    story.world.on_wait = relent
    story.to_the_end()
    assert story.ends == ["settled"]
    assert story.is_paid_once()


def test_a_deal_that_can_t_be_confirmed_any_more_is_made_anew(story: Story) -> None:
    story.until_accepted()
    undo(story.world, story.start)
    story.world.pass_time(3_600)
    story.miner.tell()
    story.to_the_end()
    assert story.tasks == [0, 1, 2], "none is told twice"
    assert story.ends == ["expired", "settled"]
    placed = [event for event in story.events if isinstance(event, Placed)]
    assert [(event.miner, event.tasks) for event in placed] == [(BOB.address, (0, 1, 2))] * 2
    assert story.is_paid_once()


def test_it_is_made_anew_once_only(story: Story) -> None:
    """A miner that is gone is not waited for: the job is done all the same."""
    story.until_accepted()
    undo(story.world, story.start)
    story.miner.takes = False
    story.world.on_wait = lambda: story.world.pass_time(30)
    story.to_the_end()
    assert story.ends == ["expired", "expired"]
    assert story.run.done
    assert story.run.reserved == 0 == story.world.spent()


def test_undone_deals_are_made_anew_within_the_budget_together(world: World) -> None:
    for account in (BOB, CAROL):
        world.miner(account, collects=False).join(capacity=20)
    start = world.node.head().number
    with closing(world.client().submit(world.job(4), budget="1000", audit=0.0)) as run:
        happens = run.events()
        while len(run.ledger.results()) < 4:
            next(happens)
        undo(world, start)
        world.pass_time(3_600)
        first, second = run.ledger.deals()
        while run.ledger.live():
            next(happens)
        assert first.lock == second.lock
        run.core.state.budget = first.lock + second.lock - 1
        assert len(owed(run.core.state)) == 1
        next(event for event in happens if isinstance(event, Placed))
        assert run.reserved == first.lock


def test_what_was_refused_before_is_called_back(world: World) -> None:
    """Its miner must not confirm it a second time; and gets nothing more of the job."""

    def cheat(task: Any) -> Any:
        return exited(b"made up") if task.args[0] == "0" else program(task)

    world.miner(BOB, program=cheat).join(ask=10**18 // 2)
    start = world.node.head().number
    with closing(world.client().submit(world.job(2), budget="1000", audit=1.0)) as run:
        happens = run.events()
        assert any(isinstance(event, ClaimRefused) for event in happens)
        (part,) = run.ledger.deals()
        assert part.stage is DealStage.REFUSED
        undo(world, start)
        world.miners[0].takes = False
        world.miner(CAROL).join()
        ends = {e.miner: e.how for e in happens if isinstance(e, DealEnded)}
        assert ends == {BOB.address: "cancelled", CAROL.address: "settled"}
        assert world.market.state_of(part.request) is State.CANCELLED
        assert run.done
    again = run.session.run(run.id)
    with closing(again):
        again.core.state.begun_at = len(again.ledger.deals())  # as once it goes on
        assert BOB.address in barred(again.core.state, [0])[0]


class Rivals:
    """Bob is asked first; when his deal is over, Carol may be. The budget is for one of them."""

    def __init__(self, world: World, **options: Any) -> None:
        self.world = world
        self.bob = world.miner(BOB, delivers=False).join(ask=10**18 // 2)
        self.carol = world.miner(CAROL, takes=False).join(ask=10**18 * 3 // 2, workers=1)
        self.client = world.client(**options)
        self.most = 0

    def events(self, run: Run) -> Iterator[JobEvent]:
        for event in run.events():
            self.most = max(self.most, self.locked)
            yield event

    @property
    def locked(self) -> int:
        return self.world.market.account_of(self.client.account.address).locked


def test_a_release_that_is_undone_is_followed_again(world: World) -> None:
    """Seen, placed again perhaps; then the block with the release vanishes."""
    rivals = Rivals(world)
    bob = rivals.bob
    released: list[int] = []

    def wait() -> None:
        if bob.taken and not released:
            (request,) = bob.taken.values()
            released.append(world.node.head().number)
            bob.sender.execute(world.market.release(request))

    world.on_wait = wait
    with closing(rivals.client.submit(world.job(2), budget="30")) as run:
        ends = []
        for event in rivals.events(run):
            if isinstance(event, DealEnded):
                ends.append((event.miner, event.how))
                if event.how == "released":
                    undo(world, released[0])
                    rivals.carol.takes = bob.delivers = True
        assert (BOB.address, "released") in ends
        assert (BOB.address, "settled") in ends
        assert run.done
        assert rivals.most <= run.budget
        assert rivals.locked == 0


def test_a_late_block_that_is_undone_ends_nothing(world: World) -> None:
    """In its place comes one in time, with the confirmation."""
    world.miner(BOB, takes=False).join()
    passed: list[int] = []
    with closing(world.client().submit(world.job(2), budget="50", confirm_within=60)) as run:

        def wait() -> None:
            (part,) = run.ledger.deals()
            late = part.request.confirm_by + 1
            if part.stage is DealStage.OPEN and not passed:
                world.chain.evm_setNextBlockTimestamp(late)
                world.chain.mine()
                passed.append(world.waits)
            elif passed and world.waits == passed[0] + 2:
                assert part.stage is DealStage.OPEN
                world.chain.anvil_rollback(1)
                world.chain.evm_setNextBlockTimestamp(late - 1)
                world.miners[0].takes = True

        world.on_wait = wait
        ends = [event.how for event in run.events() if isinstance(event, DealEnded)]
        assert ends == ["settled"]


def test_lateness_is_judged_by_the_block_that_was_read(world: World) -> None:
    """The head is late already; the confirmation is not deep enough to be seen."""
    bob = world.miner(BOB, takes=False).join()
    client = world.client(confirmations=3)
    client.sender._sleep = lambda _: world.chain.mine()
    taken: list[bytes] = []
    with closing(client.submit(world.job(2), budget="50", confirm_within=60, patience=0)) as run:

        def wait() -> None:
            (part,) = run.ledger.deals()
            if part.stage is DealStage.OPEN and not taken:
                world.chain.evm_setNextBlockTimestamp(part.request.confirm_by - 2)
                bob.takes = True
                bob.step()
                taken.extend(bob.taken)
                world.pass_time(100)
            world.chain.mine()

        world.on_wait = wait
        list(run.events())
        assert run.done
        assert len(run.ledger.deals()) == 1


def test_a_deal_confirmed_anew_costs_what_it_costs_then(world: World) -> None:
    bob = world.miner(BOB, delivers=False).join()
    with closing(world.client().submit(world.job(2), budget="500")) as run:

        def wait() -> None:
            (part,) = run.ledger.deals()
            if part.stage is not DealStage.CONFIRMED or bob.delivers:
                return
            undo(world, world.node.head().number - 1)
            assert world.market.state_of(part.request) is State.NONE
            day = world.node.head().time + 86_400
            dearer = world.market.publish_offer(1, 1_000, 10**18 * 105 // 100, day, False)
            bob.sender.execute(dearer)
            bob.sender.execute(world.market.confirm_request(part.request, part.signature))
            bob.delivers = True

        world.on_wait = wait
        list(run.events())
        assert run.reserved == world.spent() == 6 * 10**18 * 105 // 100


def test_a_posted_deal_that_is_undone_for_good_is_made_anew(world: World) -> None:
    """Without a relay: its request is called back once it is late, and its miner offered again."""
    world.shared = DirectoryStore(world.folder / "shared")
    world.wire.cut = True
    bob = world.miner(BOB, collects=False).join()
    with closing(world.client(relay=None).submit(world.job(2), budget="500")) as run:
        before: list[int] = []

        def wait() -> None:
            part = run.ledger.deals()[-1]
            if part.stage is DealStage.OPEN and not before:
                before.append(world.node.head().number - 1)  # its miner just took it
            elif part.stage is DealStage.ACCEPTED and len(before) == 1:
                undo(world, before[0])
                before.append(0)
                bob.takes = False
                world.pass_time(3_600)
            elif part.number == 1:
                bob.takes = bob.on_chain = True

        world.on_wait = wait
        ends = [event.how for event in run.events() if isinstance(event, DealEnded)]
        assert ends == ["cancelled", "settled"]
        assert run.done
