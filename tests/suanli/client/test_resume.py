"""Killed at any step, a job is finished by `resume`, and no deal stays unpaid."""

from __future__ import annotations

import random
from contextlib import closing
from typing import Any

import pytest

from suanli.chain import Market, Node, Retrying, Transport, TransportError
from suanli.client import Client, DealEnded, JobBusy, TaskAccepted, UnknownJob
from suanli.client.ledger import Ledger
from suanli.client.records import DealStage
from suanli.protocol import State
from tests.suanli.client.conftest import BOB, CAROL, World, finish


class Killed(BaseException):
    """No handler of the code under test sees it coming."""


def kill_at(patch: pytest.MonkeyPatch, client: Client, step: int, after: bool) -> list[str]:
    """Die at the `step`-th act that lasts: before it is done, or right after. Returns the acts."""
    acts: list[str] = []

    def deadly(name: str, real: Any) -> Any:
        def act(*arguments: Any, **options: Any) -> Any:
            acts.append(name)
            doomed = len(acts) == step
            if doomed and not after:
                raise Killed
            answer = real(*arguments, **options)
            if doomed:
                raise Killed
            return answer

        return act

    for owner, names in (
        (Ledger, ("save",)),
        (client.sender, ("send",)),
        (client.relay, ("post",)),
    ):
        for name in names:
            patch.setattr(owner, name, deadly(name, getattr(owner, name)))
    return acts


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", range(1, 15))
def test_killed_at_every_step(
    world: World, monkeypatch: pytest.MonkeyPatch, step: int, after: bool
) -> None:
    world.miner(BOB).join()
    world.miner(CAROL).join()
    run = world.client().submit(world.job(4), budget="500")
    with monkeypatch.context() as patch:
        acts = kill_at(patch, run.session, step, after)
        try:
            list(run.events())
        except Killed:
            pass
        else:
            assert len(acts) < step, "it was not killed"
    run.close()
    again = world.client().run(run.id)
    finish(again)
    with closing(world.client().run(run.id)) as after_all:
        assert after_all.done
        assert not after_all.live()
        assert after_all.files()["all.txt"] == b"task 0\ntask 1\ntask 2\ntask 3\n"
        states = {world.market.state_of(part.request) for part in after_all.ledger.deals()}
        assert states <= {State.SETTLED, State.NONE}
        assert after_all.report.cost == world.spent() <= after_all.budget


def test_a_job_runs_once_at_a_time(world: World) -> None:
    world.miner(BOB).join()
    run = world.client().submit(world.job(2), budget="500")
    happening = run.events()
    next(happening)
    with pytest.raises(JobBusy, match="another process"):
        finish(world.client().run(run.id))
    happening.close()
    run.close()


def test_who_can_t_cancel_a_job_that_runs_changes_nothing(world: World) -> None:
    world.miner(BOB).join()
    client = world.client()
    run = client.submit(world.job(2), budget="500")
    happening = run.events()
    next(happening)
    with closing(client.run(run.id)) as other, pytest.raises(JobBusy):
        list(other.cancel())
    happening.close()
    run.close()
    with closing(client.run(run.id)) as again:
        assert not again.cancelled
        list(again.events())
        assert again.done


def test_unknown_jobs(world: World) -> None:
    with pytest.raises(UnknownJob, match="none yet"):
        world.client().run("nope")
    run = world.client().submit(world.job(2), budget="500")
    with pytest.raises(UnknownJob, match="there are"):
        world.client().run("zz")
    with pytest.raises(UnknownJob, match="is of"):
        world.client(account=CAROL).run(run.id)
    run.close()


def test_cancelled_before_anybody_took_it(world: World) -> None:
    world.miner(BOB, takes=False).join()
    run = world.client().submit(world.job(2), budget="500")
    happening = run.events()
    next(happening), next_open(run, happening)
    list(run.cancel())
    assert not run.live()
    assert [part.end for part in run.ledger.deals()] == ["cancelled"]
    assert world.spent() == 0
    run.close()


def test_what_a_miner_never_collects_is_taken_back_a_day_after_the_deadline(world: World) -> None:
    """By `cancel` only: until then the miner may come back."""
    world.miner(BOB, collects=False).join()
    client = world.client()
    run = client.submit(world.job(2), budget="500", patience=0)
    finish(run)
    with closing(client.run(run.id)) as again:
        (part,) = again.ledger.deals()
        world.pass_time(part.request.duration + 80_000)
        list(again.events())
        list(again.cancel())
        assert [part.stage for part in again.live()] == [DealStage.ACCEPTED]
        world.pass_time(10_000)
        (end,) = [event for event in again.cancel() if isinstance(event, DealEnded)]
        assert (end.how, end.why) == ("defaulted", "its miner never collected")
        assert again.done, "the results are kept"
    assert world.market.account_of(client.account.address).locked == 0
    assert world.spent() <= 0, "the miner's collateral compensates"


def next_open(run: Any, happening: Any) -> None:
    """Run until the request is lodged."""
    run.session.sleep = lambda _: (_ for _ in ()).throw(InterruptedError)
    with pytest.raises(InterruptedError):
        list(happening)
    run.session.sleep = lambda _: None


class Flaky:
    """A transport that loses a tenth of all questions."""

    def __init__(self, inner: Transport) -> None:
        self._inner, self._chance = inner, random.Random(7)

    def request(self, method: str, params: Any) -> Any:
        if self._chance.random() < 0.1:
            raise TransportError("the node is away")
        return self._inner.request(method, params)


def test_a_node_that_fails_now_and_then(world: World) -> None:
    world.miner(BOB).join()
    node = Node(Retrying(Flaky(world.node.transport), attempts=3, sleep=lambda _: None))
    client = world.client(market=Market(node, world.market.address))
    run = client.submit(world.job(4), budget="500")
    happened = list(run.events())
    assert run.done
    assert not run.live()
    assert len([e for e in happened if isinstance(e, TaskAccepted)]) == 4
    run.close()
    with closing(world.client().run(run.id)) as after_all:
        assert after_all.report.cost == world.spent()


def test_killed_while_it_submits_there_is_no_job(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.miner(BOB).join()
    client = world.client()
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "set_facts", _die)
        with pytest.raises(Killed):
            client.submit(world.job(2), budget="500")
    assert client.jobs() == []
    finish(client.submit(world.job(2), budget="500"))
    assert len(client.jobs()) == 1


def _die(*_: Any, **__: Any) -> None:
    raise Killed
