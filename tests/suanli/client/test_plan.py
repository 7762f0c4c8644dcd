"""The plan's properties, for any offers, budget and history."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.client.plan import Candidate, Need, plan
from suanli.engine import Runtime, runtime_id
from suanli.miner.core.judge import Load, seconds_needed
from suanli.protocol import Scale
from suanli.reputation import WEIGHT, MinerRecord
from suanli.schedule import Pace

NOW = 1_800_000_000
RUNTIME = b"\x01" * 32
TOKEN = 10**18
SCALE = Scale(18)
NEED = Need(RUNTIME, 10, TOKEN, TOKEN // 100, NOW)

paces = st.builds(
    Pace,
    workers=st.integers(1, 4),
    speed=st.integers(1, 50),
    margin=st.integers(100, 400),
    reserve=st.integers(0, 120),
)
candidates = st.builds(
    Candidate,
    miner=st.integers(0, 7).map(lambda n: f"0x{n:040x}"),
    ask=st.integers(0, 3 * TOKEN),
    free=st.integers(0, 200),
    valid_until=st.sampled_from([NOW - 1, NOW + 30, NOW + 3_600]),
    pace=st.none() | paces,
    owed=st.integers(0, 10**6),
    runtimes=st.sampled_from([(RUNTIME,), (), (b"\x02" * 32,), (b"\x02" * 32, RUNTIME)]),
    completed=st.integers(0, 20),
    defaulted=st.integers(0, 3),
    overturned=st.integers(0, 2),
    verified=st.booleans(),
    verified_only=st.booleans(),
    busy=st.floats(0, 60),
    record=st.none()
    | st.builds(
        MinerRecord, st.floats(0, 100 * TOKEN), st.sampled_from([0.0, TOKEN / 100, 1.0 * TOKEN])
    ),
)
offers = st.lists(candidates, max_size=6, unique_by=lambda c: c.miner)
needs = st.builds(
    replace,
    st.just(NEED),
    price=st.integers(0, 4 * TOKEN),
    most_price=st.none() | st.integers(1, 4 * TOKEN),
    duration=st.none() | st.integers(60, 600),
    confirm_within=st.none() | st.integers(5, 120),
    verified_only=st.booleans(),
    verified=st.booleans(),
    weight=st.sampled_from([0.0, WEIGHT, 1.0]),
)
barred = st.dictionaries(
    st.integers(0, 19),
    st.dictionaries(st.integers(0, 7).map(lambda n: f"0x{n:040x}"), st.sampled_from("abcd")),
)


@given(st.integers(0, 20), offers, needs, st.integers(0, 500 * TOKEN), barred)
def test_every_plan_keeps_the_rules(count, found, need, budget, shut_out):
    made = plan(range(count), found, need, SCALE, budget, shut_out)
    by_miner = {c.miner: c for c in found}
    placed = [task for part in made.parts for task in part.tasks]
    assert sorted([*placed, *made.unplaced]) == list(range(count)), "each task once"
    assert made.lock <= budget
    assert len({part.miner for part in made.parts}) == len(made.parts)
    for part in made.parts:
        candidate = by_miner[part.miner]
        assert part.miner not in made.objections
        assert need.objection(candidate) is None
        assert candidate.ask <= part.bid <= (need.most_price or part.bid)
        assert part.units == len(part.tasks) * need.units <= candidate.free
        assert part.lock == SCALE.value_up(part.units, part.bid)
        assert not any(part.miner in shut_out.get(task, ()) for task in part.tasks)
        assert part.duration == (need.duration or part.duration)
        if candidate.pace is not None:
            # As its daemon judges it, busy with what it has of this job.
            load = Load(part.units, need.units, 0)
            assert part.seconds == seconds_needed(load, [], candidate.pace)
            assert candidate.pace.allowed(part.seconds + candidate.busy) <= part.duration + 1e-6
            assert candidate.pace.reserve < part.confirm_within
    assert made == plan(range(count), found, need, SCALE, budget, shut_out)


@given(offers, needs)
def test_whoever_gets_nothing_of_a_large_job_has_a_reason(found, need):
    made = plan(range(300), found, need, SCALE, 10**30)
    given_something = {part.miner for part in made.parts}
    assert given_something | made.objections.keys() == {c.miner for c in found}


def miner(number: int, **changes) -> Candidate:
    pace = Pace(changes.pop("workers", 1), changes.pop("speed", 10))
    usual = Candidate(f"0x{number:040x}", TOKEN, 1_000, NOW + 3_600, pace, runtimes=(RUNTIME,))
    return replace(usual, **changes)


def shares(*found: Candidate, tasks: int = 30, budget: int = 10**30) -> list[int]:
    made = plan(range(tasks), found, NEED, SCALE, budget)
    by_miner = {part.miner: len(part.tasks) for part in made.parts}
    return [by_miner.get(c.miner, 0) for c in found]


def test_all_finish_together():
    assert shares(miner(1), miner(2, speed=20)) == [10, 20]
    assert shares(miner(1), miner(2, workers=2)) == [10, 20]
    assert shares(miner(1, busy=10.0), miner(2)) == [10, 20]


def test_a_miner_that_failed_gets_less():
    bad, good = shares(miner(1, completed=1, defaulted=2), miner(2))
    assert 0 < bad < good


def proven(number: int, merit: float, blame: float = 0.0, **changes) -> Candidate:
    return miner(number, record=MinerRecord(merit * TOKEN, blame * TOKEN), **changes)


def test_a_newcomer_gets_nearly_as_much_and_comes_last_among_equals():
    """Within the default weight, in work and in price."""
    new, old = proven(1, 0, free=10**6), proven(2, 1e6, free=10**6)
    assert shares(new, old, tasks=1) == [0, 1]
    assert shares(new, old, tasks=1_000) == [499, 501]
    assert shares(replace(new, pace=Pace(1, 10.1)), old, tasks=1) == [1, 0], "1 % faster"
    one = SCALE.value_up(10, NEED.bid(miner(1)))
    assert shares(new, replace(old, ask=TOKEN * 1001 // 1000), tasks=1, budget=2 * one) == [0, 1]
    assert shares(new, replace(old, ask=TOKEN * 101 // 100), tasks=1, budget=one) == [1, 0]


def test_blame_counts_whatever_the_weight_and_not_at_all_without():
    """A blame of the unit, a tenth of what the job may cost, halves the score."""
    cost = 300
    new, bad = proven(1, 0), proven(2, 0, cost / 10)
    assert shares(new, bad) == [20, 10]
    assert shares(new, proven(2, cost / 10, cost / 10)) == [15, 15]
    off = plan(range(30), [new, bad], replace(NEED, weight=0.0), SCALE, 10**30)
    assert [len(part.tasks) for part in off.parts] == [15, 15]


def test_the_more_a_job_may_cost_the_more_merit_it_takes():
    small = plan(range(1), [proven(1, 1)], NEED, SCALE, 10**30).scores
    large = plan(range(100), [proven(1, 1)], NEED, SCALE, 10**30).scores
    assert small[miner(1).miner] == 0.1 + 0.9 / 2
    assert large[miner(1).miner] == pytest.approx(0.1 + 0.9 / 101)


def test_where_the_budget_is_short_the_cheaper_one_takes_it():
    cheap = SCALE.value_up(300, NEED.bid(miner(1)))
    dear = miner(2, ask=2 * TOKEN)
    assert shares(miner(1), dear, budget=cheap) == [30, 0]
    assert min(shares(miner(1), dear)) > 0


def test_a_greedy_miner_gets_nothing_while_others_ask_less():
    greedy = miner(2, ask=3 * TOKEN)
    made = plan(range(30), [miner(1), greedy], NEED, SCALE, 10**30)
    assert [part.miner for part in made.parts] == [miner(1).miner]
    assert made.objections[greedy.miner].startswith("dear: asks 3, the usual is 1")
    assert shares(greedy) == [30], "alone it makes the price"
    allowed = plan(
        range(30), [miner(1), greedy], replace(NEED, most_price=9 * TOKEN), SCALE, 10**30
    )
    assert len(allowed.parts) == 2


def test_an_absurdly_cheap_offer_does_not_make_the_others_dear():
    """It is the model's price that they are held against then."""
    assert min(shares(miner(1, ask=1), miner(2, ask=2 * TOKEN), miner(3, ask=TOKEN))) > 0


def test_the_bid_is_the_quote_and_slippage():
    assert NEED.bid(miner(1, ask=2 * TOKEN)) == 2 * TOKEN * 105 // 100
    assert replace(NEED, price=3 * TOKEN).bid(miner(1)) == 3 * TOKEN * 105 // 100
    assert replace(NEED, most_price=TOKEN).bid(miner(1)) == TOKEN


def test_what_unplaced_tasks_would_need():
    short = plan(range(10), [miner(1)], NEED, SCALE, 0)
    assert (short.parts, len(short.unplaced)) == ((), 10)
    assert short.least == SCALE.value_up(100, NEED.bid(miner(1)))
    assert plan(range(10), [], NEED, SCALE, 0).least is None


def test_each_objection_says_why():
    told = {
        "runtime: it runs portable, 0202020202020202… only, the job is for": (
            miner(1, runtimes=(runtime_id(Runtime.PORTABLE), b"\x02" * 32)),
            NEED,
        ),
        "the job is for fast": (miner(1), replace(NEED, runtime=runtime_id(Runtime.FAST))),
        "offer expired": (miner(1, valid_until=NOW - 1), NEED),
        "offer ends too soon": (miner(1, valid_until=NOW + 1), NEED),
        "ask above bid: 1 against 0.5": (miner(1), replace(NEED, most_price=TOKEN // 2)),
        "below the class's floor": (miner(1, ask=0), replace(NEED, most_price=1)),
        "capacity: 9 units are free": (miner(1, free=9), NEED),
        "deadline too near: with one task it wants 135 s, 120 s are allowed": (
            miner(1, speed=1, busy=70.0),
            replace(NEED, duration=120),
        ),
        "it keeps 15 s for the chain, 15 s are allowed (--confirm-within 60 is enough)": (
            miner(1),
            replace(NEED, confirm_within=15),
        ),
        "not verified": (miner(1, verified=False), replace(NEED, verified_only=True)),
        "for verified requesters: the verifier of the terms does not call this account verified": (
            miner(1, verified_only=True),
            replace(NEED, verified=False),
        ),
    }
    for why, (candidate, need) in told.items():
        assert why in (need.objection(candidate) or "")


def test_the_duration_is_what_the_miner_wants_and_a_quarter_more_of_the_time() -> None:
    (part,) = plan(range(4), [miner(1)], NEED, SCALE, 10**30).parts
    assert (part.seconds, part.duration, part.confirm_within) == (4.0, 60, 60)
    slow = miner(1, pace=Pace(2, 0.1, 300, 100))
    (part,) = plan(range(4), [slow], NEED, SCALE, 10**30).parts
    assert (part.seconds, part.duration, part.confirm_within) == (250.0, 1_038, 145)
    (part,) = plan(range(4), [replace(slow, owed=100)], NEED, SCALE, 10**30).parts
    assert part.duration == 1_038 + 1_875, "behind the units that it owes others"
    (part,) = plan(range(4), [replace(slow, pace=None)], NEED, SCALE, 10**30).parts
    assert (part.seconds, part.duration, part.confirm_within) == (None, 3_600, 60)


def test_a_duration_that_is_named_gets_only_what_fits() -> None:
    short = replace(NEED, duration=60)
    assert [len(p.tasks) for p in plan(range(90), [miner(1)], short, SCALE, 10**30).parts] == [30]
    assert [
        len(p.tasks) for p in plan(range(90), [miner(1, workers=2)], short, SCALE, 10**30).parts
    ] == [59]


def test_a_miner_that_no_task_may_go_to_has_the_reasons() -> None:
    why = {task: {miner(1).miner: f"reason {task % 5}"} for task in range(10)}
    made = plan(range(10), [miner(1)], NEED, SCALE, 10**30, why)
    assert made.objections == {miner(1).miner: "reason 0; reason 1; reason 2"}
    del why[9]
    (part,) = plan(range(10), [miner(1)], NEED, SCALE, 10**30, why).parts
    assert part.tasks == (9,)


LARGE = replace(NEED, module=97_000_000, program=b"large" * 6)
HAS = (b"other" * 6, LARGE.program)


def test_a_large_module_gives_the_miner_time_to_compile_it():
    unknown = Candidate("0xa", 1, 1, NOW)
    assert LARGE.confirm_within_for(unknown) == 60 + 194
    assert LARGE.confirm_within_for(replace(unknown, compile_rate=500_000)) == 60 + 388
    has = replace(unknown, compile_rate=500_000, programs=HAS)
    assert LARGE.confirm_within_for(has) == 60 + 19, "it may have to fetch it"
    assert replace(LARGE, confirm_within=15).confirm_within_for(unknown) == 15


def test_who_has_the_program_compiled_begins_earlier():
    """Tasks of a second each; the other compiles for 97 s first."""
    has = miner(2, programs=HAS)
    made = plan(range(10), [miner(1), has], LARGE, SCALE, 10**30)
    assert [(p.miner, len(p.tasks), p.first_use) for p in made.parts] == [(has.miner, 10, 0)]
    made = plan(range(90), [miner(1, compile_rate=9_700_000), has], LARGE, SCALE, 10**30)
    assert [(len(p.tasks), p.first_use) for p in made.parts] == [(50, 0.0), (40, 10.0)]
    busy = miner(1, busy=3.0)
    (part,) = plan(range(2), [busy], LARGE, SCALE, 10**30).parts
    assert part.first_use == 0, "it has some of this job"


def test_what_can_not_be_compiled_in_the_time_allowed_is_not_offered():
    short = replace(LARGE, confirm_within=90)
    assert short.objection(miner(1)) is None, "how fast it compiles is not known"
    assert short.objection(miner(1, compile_rate=1_000_000, programs=HAS)) is None
    why = (
        "too short to confirm: it compiles the program first, about 97 s, and 90 s are allowed"
        " (--confirm-within 254 is enough)"
    )
    assert short.objection(miner(1, compile_rate=1_000_000)) == why


# What the court can judge


def test_a_deal_is_no_larger_than_what_the_court_can_judge() -> None:
    """A task puts 10 × (1.05 + 2) tokens at stake."""
    offer = Candidate("0x1", TOKEN, 1_000, NOW + 3_600)
    for judged, placed in ((305 * TOKEN // 10, 1), (92 * TOKEN, 3), (None, 20)):
        need = replace(NEED, judged=judged, stake=2 * TOKEN)
        assert [
            len(part.tasks) for part in plan(range(20), [offer], need, SCALE, 10**30).parts
        ] == [placed]


def test_what_the_court_can_t_judge_at_all_is_not_bought() -> None:
    offer = Candidate("0x1", TOKEN, 1_000, NOW + 3_600)
    need = replace(NEED, judged=30 * TOKEN, stake=2 * TOKEN)
    made = plan(range(2), [offer], need, SCALE, 10**30)
    assert (made.parts, made.unplaced) == ((), (0, 1))
    assert made.objections["0x1"] == (
        "court: a task puts 30.5 tokens at stake, and it can judge 30 now (--no-court does not ask"
        " it)"
    )
