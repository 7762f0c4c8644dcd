"""What is run again: enough that no lie pays, and nothing that a miner could tell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.client import Options, TaskAccepted
from suanli.model import break_even, chance, slash_share
from suanli.verify import drawn, expected_reruns
from tests.suanli.client.conftest import BOB, CAROL, World, finish

SECRET = bytes(range(32))


@pytest.mark.parametrize(
    ("share", "tasks", "completed", "bid", "slashed", "odds"),
    [
        (0.0, 5, 0, 1, 0, 0.0),
        (1.0, 5, 99, 1, 2, 1.0),
        (0.05, 1, 0, 1, 100, 0.55),
        (0.05, 20, 0, 1, 100, 0.05 + 1 / 20),
        (0.05, 20, 8, 1, 100, 0.05 + 1 / 40),
        (0.05, 1_000, 0, 1, 100, 0.05 + 1 / 1_000),
        (0.05, 1, 10**9, 1, 3, 0.25),
        (0.01, 2, 10**9, 7, 9, 0.25),
        (0.01, 10, 10**9, 1, 2, 1 - 0.5**0.1),
        (0.01, 1_000, 10**9, 1, 2, 0.01),
        (0.05, 1, 10**9, 1, 0, 0.5),
        (0.01, 10, 10**9, 1, 0, 0.1),
        (0.9, 1, 0, 1, 0, 1.0),
    ],
)
def test_the_chance_of_each_task(
    share: float, tasks: int, completed: int, bid: int, slashed: int, odds: float
) -> None:
    assert chance(share, tasks, completed, bid, slashed) == pytest.approx(odds)


@given(st.integers(1, 40), st.integers(1, 100), st.integers(1, 300), st.integers(0, 100))
def test_no_number_of_lies_pays(tasks: int, bid: int, slashed: int, completed: int) -> None:
    """But where half of the tasks at most are run again, and more would be needed. One of the lies
    is proven, whatever their number."""
    odds = chance(0.01, tasks, completed, bid, slashed)
    for_one = slashed * slash_share(tasks, 1)
    if break_even(tasks, bid, for_one) > 0.5:
        assert odds >= 0.5
        return
    for lies in range(1, tasks + 1):
        unfound = (1 - odds) ** lies
        lost = (tasks - lies) * bid + tasks * for_one
        assert unfound * lies * bid <= (1 - unfound) * lost + 1e-9 * bid


@pytest.mark.parametrize("tasks", [*range(1, 60), 100, 1_000])
def test_with_a_newcomer_lying_about_all_is_worse_than_a_default(tasks: int) -> None:
    """At a stake of two prices, of which a default loses 30 %; less slash would not do."""
    odds = chance(0.05, tasks, 0, 1, 2)
    unfound = (1 - odds) ** tasks

    def lying(slashed: float) -> float:
        return unfound - (1 - unfound) * 2 * slashed

    assert lying(slash_share(tasks, 1)) < -0.3 * 2
    if tasks == 10:
        assert lying(slash_share(tasks, 1, least=0.4, factor=1)) > -0.3 * 2
    if tasks == 9:
        assert lying(slash_share(tasks, 1, factor=4)) > -0.3 * 2


def test_the_slash_grows_with_the_share_of_what_is_wrong() -> None:
    assert [slash_share(20, wrong) for wrong in (1, 2, 3, 4, 5)] == [0.5, 0.5, 0.75, 1, 1]
    assert slash_share(1, 1) == 1
    assert slash_share(1_000, 1) == 0.5


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_miner_with_more_deals_is_checked_no_more(fewer: int, more: int) -> None:
    low, high = sorted((fewer, more))
    assert chance(0.05, 10, low, 1, 5) >= chance(0.05, 10, high, 1, 5)


def test_draws_are_the_same_again_and_others_for_another_deal() -> None:
    tasks, good = range(1_000), [True] * 1_000
    first = drawn(SECRET, 0, tasks, 0.1, good, 1_000)
    assert first == drawn(SECRET, 0, tasks, 0.1, good, 1_000)
    again, other = (
        drawn(SECRET, 1, tasks, 0.1, good, 1_000),
        drawn(b"x", 0, tasks, 0.1, good, 1_000),
    )
    for found in (first, again, other):
        assert 60 < len(found) < 140
    assert len(set(first) & set(again)) < 40
    assert len(set(first) & set(other)) < 40


def test_one_task_of_the_job_is_certain_and_failed_ones_are() -> None:
    deals = [drawn(SECRET, part, [part], 1e-9, [True], 50) for part in range(50)]
    assert sum(map(len, deals)) == 1
    assert drawn(SECRET, 7, [4, 5, 6], 0.0, [True, False, True], 50) == [1]
    assert drawn(SECRET, 7, [4, 5, 6], 1.0, [True] * 3, 50) == [0, 1, 2]


def test_what_is_expected() -> None:
    assert expected_reruns([(10, 0.0)]) == 0
    assert expected_reruns([(10, 1.0), (5, 1.0)]) == 15
    assert expected_reruns([(1, 0.55), (1, 0.55)]) == pytest.approx(1.1 + 0.45)
    assert expected_reruns([]) == 0


def test_two_tasks_in_two_deals_are_not_both_run_again(world: World) -> None:
    world.miner(BOB).join()
    world.miner(CAROL).join()
    counts = []
    for secret in ("01" * 32, "02" * 32, "03" * 32, "04" * 32):
        run = world.client().submit(world.job(2), budget="500")
        run.ledger.set_facts(secret=secret)
        run.close()
        run = world.client().run(run.id)
        happened = finish(run)
        done = [e for e in happened if isinstance(e, TaskAccepted)]
        assert {e.miner for e in done} == {BOB.address, CAROL.address}
        counts.append(sum(e.audited for e in done))
    assert min(counts) == 1
    assert all(1 <= count <= 2 for count in counts)


def test_the_chance_goes_by_what_the_chain_tells_and_is_kept(world: World) -> None:
    world.miner(BOB).join()
    client = world.client()
    odds = []
    for _ in range(2):
        run = client.submit(world.job(4), budget="500")
        for _event in run.events():
            pass
        odds += [part.audit for part in run.ledger.deals()]
        run.close()
    assert odds == [0.05 + 1 / 4, pytest.approx(0.05 + 1 / (1 + 1 / 8) / 4)]


def test_a_quote_tells_how_many(world: World) -> None:
    world.miner(BOB).join()
    quote = world.client().quote(world.job(4))
    assert quote.audited == pytest.approx(4 * 0.3 + 0.7)
    assert world.client().quote(world.job(4), Options(audit=0.0)).audited == 0
