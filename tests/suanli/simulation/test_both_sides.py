"""Miners and requesters, both cores against each other: lost, late and repeated messages,
reorganizations, kills, lies, silence. Whatever is drawn, the books are exact, no budget is passed,
no task is paid for twice, every job ends, and an honest miner's work is paid.

The quick tests have some 300 jobs, the deep ones 4,000. `python -m tests.harness.both 1000` tries
so many seeds more, and prints those that fail.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suanli.client import NobodyTakes
from suanli.client.events import ClaimRefused, Placed
from suanli.protocol import State
from tests.harness.both.miner import Manner
from tests.harness.both.plans import drawn
from tests.harness.both.town import JobPlan, Plan, Town

QUICK, DEEP = 150, 2_000
HONEST = Manner()


def lived(plan: Plan) -> Town:
    town = Town(plan)
    town.run()
    return town


def placed(town: Town) -> list[tuple[int, int | None]]:
    (job,) = town.jobs
    return [(e.deal, e.doubles) for e in job.events if isinstance(e, Placed)]


def ends(town: Town) -> list[str]:
    (job,) = town.jobs
    return [record.end for record in job.records]


@pytest.mark.parametrize("seed", range(0, QUICK, 25))
def test_whatever_goes_wrong(seed: int) -> None:
    for number in range(seed, seed + 25):
        lived(drawn(number))


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(QUICK, DEEP, 20))
def test_whatever_goes_wrong_in_many_worlds(seed: int) -> None:
    for number in range(seed, seed + 20):
        lived(drawn(number))


manners = st.builds(
    Manner,
    lies=st.sampled_from((0.0, 0.5)),
    withholds=st.booleans(),
    swaps=st.booleans(),
    silent_from=st.sampled_from((1 << 60, 1_000_040)),
    kills=st.sampled_from((0.0, 0.01)),
)
jobs = st.builds(
    JobPlan,
    tasks=st.integers(1, 6),
    budget=st.integers(5, 60),
    audit=st.sampled_from((0.0, 0.5, 1.0)),
    hedge=st.sampled_from((None, True, False)),
    kills=st.sampled_from((0.0, 0.01)),
    can_post=st.booleans(),
)
plans = st.builds(
    Plan,
    seed=st.integers(0, 1_000),
    miners=st.lists(manners, min_size=1, max_size=3).map(tuple),
    jobs=st.lists(jobs, min_size=1, max_size=2).map(tuple),
    trouble=st.sampled_from((0.0, 0.1)),
    depth=st.sampled_from((0, 3)),
    reorganizations=st.just(0.0),
)


@settings(deadline=None)
@given(plans)
def test_what_fails_is_made_small(plan: Plan) -> None:
    lived(plan)


def test_without_troubles_each_task_is_paid_once_and_nothing_is_run_twice() -> None:
    town = lived(Plan(1, (HONEST, HONEST), (JobPlan(tasks=6),)))
    (job,) = town.jobs
    assert job.core.state.done
    assert sorted(task for record in job.records for task in record.tasks) == list(range(6))
    assert set(ends(town)) == {"settled"}


def test_a_miner_that_falls_silent_has_its_tasks_done_by_another() -> None:
    silent = Manner(silent_from=1_000_012)
    town = lived(Plan(1, (silent, HONEST), (JobPlan(tasks=4, duration=600),)))
    (job,) = town.jobs
    assert job.core.state.done
    assert [deal for deal in placed(town) if deal[1] is not None] == [(2, 0)]
    assert ends(town) == ["defaulted", "settled", "settled"]


def test_a_liar_gets_nothing_where_all_is_run_again() -> None:
    town = lived(Plan(1, (Manner(lies=1.0), HONEST), (JobPlan(tasks=4, audit=1.0),)))
    (job,) = town.jobs
    refused = [event for event in job.events if isinstance(event, ClaimRefused)]
    assert [event.miner for event in refused] == [town.miners[0].account]
    assert job.core.state.done
    assert {kept.deal for kept in job.core.state.results.values()} == {1, 2}


def test_a_requester_that_vanishes_owes_an_honest_miner_nothing() -> None:
    town = lived(Plan(1, (HONEST,), (JobPlan(tasks=4, vanishes=12),)))
    (job,) = town.jobs
    states = [town.chain.market.deal_of(id_).state for id_ in town.requests]
    assert job.gone
    assert states == [State.SETTLED]
    assert town.miners[0].earned > 0


def test_a_job_that_nobody_takes_says_why() -> None:
    town = lived(Plan(1, (Manner(silent_from=0),), (JobPlan(),)))
    (job,) = town.jobs
    assert isinstance(job.why, NobodyTakes)
    assert job.records == []


def test_killed_everywhere_it_is_paid_once_all_the_same() -> None:
    for seed in range(8):
        town = lived(Plan(seed, (HONEST,), (JobPlan(tasks=3, kills=0.15),)))
        (job,) = town.jobs
        assert job.killed > 5
        assert job.core.state.done
