"""Python functions through the market: called, paid, bounded by the budget, whoever answers."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import as_completed
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from suanli.client import BudgetTooSmall, Client, NobodyTakes
from suanli.engine import Task
from suanli.engine.host import Pool
from suanli.python import CannotTravel, GuestStopped
from suanli.python.guest.frames import ANSWER, CALL, MARK
from suanli.python.guest.values import encode
from tests.harness.doubles import exited
from tests.harness.functions import interpreter_pool
from tests.suanli.client.conftest import BOB, CAROL, TOKEN, World
from tests.suanli.python import work


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with interpreter_pool() as pool:
        yield pool


@pytest.fixture
def market(world: World, pool: Pool) -> Client:
    """With two miners, at a thousandth of a token for a unit."""
    for account in (BOB, CAROL):
        run = lambda task: pool.submit(task).result()  # noqa: E731
        world.miner(account, program=run, reads=True).join(capacity=500_000, ask=TOKEN // 1000)
    return world.client(executor=lambda _: nullcontext(pool))


def test_calls_are_made_and_paid(world: World, market: Client, capsys: Any) -> None:
    with market.executor(budget="2000", progress=True) as executor:
        futures = {executor.submit(work.uses_helpers, n): n for n in range(40)}
        found = {futures[done]: done.result() for done in as_completed(futures)}
        assert executor.submit(work.fail, 3).exception().args == ("too small", 3)
    assert found == {n: [(n + 10) * 10, 2 * n, 3, 2, "b"] for n in range(40)}
    report = executor.report
    assert (len(report.jobs), report.tasks, report.locked) == (2, 5, 0)
    kept = [path.stat().st_size for path in market.jobs_folder.rglob("*") if path.is_file()]
    assert max(kept) < 1 << 20, "the interpreter is not kept with each job"
    assert report.cost == world.spent() > 0
    said = capsys.readouterr().err.split("\r")[-1]
    assert said.startswith("41 calls, ")
    cost = f"5 tasks by 2 miners, {report.units:,} units cost {market.show(report.cost)}"
    assert str(report) == cost
    assert said.rstrip().endswith(f" s: {cost} of 2,000 {market.symbol}")


def test_nothing_is_bought_above_the_budget(world: World, market: Client) -> None:
    with market.executor(budget="1") as executor:
        future = executor.submit(work.square, 3)
        with pytest.raises(BudgetTooSmall) as refused:
            future.result()
    needed = market.show(refused.value.wanted)
    assert str(refused.value) == (
        f"these calls may cost {needed} at worst, 1 {market.symbol} of the budget are left: give"
        " the executor more (budget=…), or allow each call less (units=…)"
    )
    assert [entry.name for entry in refused.traceback][-1] == "__get_result"
    assert world.spent() == 0


def test_all_jobs_together_keep_within_the_budget(world: World, market: Client) -> None:
    """What a job cost, the next one has not; each may cost 5.9 at worst."""
    with market.executor(budget="6.5") as executor:
        ends = [executor.submit(work.square, 3).exception() for _ in range(2)]
    assert ends[0] is None
    assert isinstance(ends[1], BudgetTooSmall)
    assert 0 < executor.report.cost == world.spent() < 6 * TOKEN


def test_an_endless_call_costs_its_limit_and_nobody_elses_result(market: Client) -> None:
    with market.executor(budget="20000", units=1_500) as executor:
        futures = [executor.submit(work.endless, int(n == 3)) for n in range(6)]
        assert [future.result() for future in futures[:3]] == [0, 0, 0]
        with pytest.raises(GuestStopped, match="it used up its 1,500 units"):
            futures[3].result()
        assert [future.result() for future in futures[4:]] == [0, 0]


def test_without_miners(world: World, pool: Pool) -> None:
    client = world.client(executor=lambda _: nullcontext(pool))
    with client.executor(budget="2000", patience=0) as executor:
        future = executor.submit(work.square, 3)
        with pytest.raises(NobodyTakes) as refused:
            future.result()
        assert str(refused.value) == (
            "nobody takes 1 of the tasks:\n  there are no offers\n"
            "Offers come and go: try again, or see suanli market offers."
        )
        with pytest.raises(CannotTravel):
            executor.submit(work.uses_live, 3)


def lying_in(pool: Pool) -> Callable[[Task], Any]:
    """Runs tasks of one call that gives a small number, and says that it is 10."""

    def lie(task: Task) -> Any:
        result, answer = pool.submit(task).result(), ANSWER.size
        _, number, took, code, _, printed = ANSWER.unpack_from(result.stdout)
        value = encode(10)
        out = ANSWER.pack(MARK, number, took, code, len(value), printed) + value
        return replace(result, stdout=out + result.stdout[answer + len(value) :])

    return lie


def test_a_lie_that_is_looked_at_reaches_nobody(world: World, pool: Pool) -> None:
    world.miner(BOB, program=lying_in(pool), reads=True).join(capacity=500_000, ask=TOKEN // 2000)
    run = lambda task: pool.submit(task).result()  # noqa: E731
    world.miner(CAROL, program=run, reads=True).join(capacity=500_000, ask=TOKEN // 1000)
    world.on_wait = lambda: world.pass_time(20)
    client = world.client(executor=lambda _: nullcontext(pool))
    with client.executor(budget="900000", audit=1) as executor:
        futures = [executor.submit(work.square, n) for n in range(3)]
        assert [future.result() for future in futures] == [0, 1, 4]
    assert (executor.corrections, executor.report.miners) == ((), 1)


def test_a_result_that_proves_wrong_later_is_told(
    world: World, pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    """The liar falls silent, so that its task is given to another as well, and is first all the
    same: nobody looks at what it gives until the other one differs."""

    lie, right = lying_in(pool), lambda task: pool.submit(task).result()
    liar = world.miner(BOB, delivers=False, program=lie, reads=True).join(capacity=500_000)
    second = world.miner(CAROL, delivers=False, program=right, reads=True)

    def pass_time() -> None:
        world.pass_time(5)
        if world.waits == 2:
            second.join(capacity=500_000)
        liar.delivers = bool(second.taken)
        second.delivers = bool(liar.done)

    world.on_wait = pass_time
    client = world.client(executor=lambda _: nullcontext(pool), poll=5.0)
    with client.executor(budget="900000", audit=0, duration=900) as executor:
        future = executor.submit(work.square, 3)
        assert future.result() == 10
        assert executor.corrections == ()
    (correction,) = executor.corrections
    assert (correction.future, correction.right.result()) == (future, 9)
    assert "a result of square that was given before is wrong" in caplog.text


class Harmful:
    def __reduce__(self) -> Any:
        return (pytest.fail, ("a stranger's code ran",))


ANSWERS = (pickle.dumps(Harmful()), b"", b"l\xff\xff\xff\xff", b"x")


def answering(task: Task) -> Any:
    """A program that answers each call with bytes of ours."""
    at, out = 0, b""
    while at < len(task.stdin):
        number, _, size = CALL.unpack_from(task.stdin, at)
        at += CALL.size + size
        value = ANSWERS[number % len(ANSWERS)]
        out += ANSWER.pack(MARK, number, 1, 1, len(value), 0) + value
    return exited(out)


def test_a_stranger_answers_with_anything(world: World, pool: Pool) -> None:
    """Nobody looks, as most of the time: it is no value, and nothing else happens."""
    world.miner(BOB, program=answering, reads=True).join(capacity=500_000)
    client = world.client(executor=lambda _: nullcontext(pool))
    with client.executor(budget="900000", audit=0) as executor:
        futures = [executor.submit(work.square, 3) for _ in range(8)]
        for future in futures:
            with pytest.raises(GuestStopped, match="its answer can't be read"):
                future.result()
