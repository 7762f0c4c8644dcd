"""The core in a simulated world: what it promises, it keeps; what it keeps, survives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suanli.miner import core as m
from suanli.miner.core import Act, Core, CoreState, OnChain, Reason, Stage, Work, validate_state
from suanli.miner.core.onchain import KEPT
from suanli.protocol import ZERO_ADDRESS, Leaf, State
from suanli.protocol.views import Offer
from tests.harness.simulation import (
    OFFER,
    PRICE,
    REQUESTER,
    SETTINGS,
    START,
    TERMS,
    Outside,
    id_of,
    request,
    view,
)

DONE = (State.SETTLED, State.SUBMITTED)
requests = st.lists(
    st.builds(
        lambda tasks, size, duration, wait: request(
            tasks=tasks, units=tasks * size, duration=duration, confirm_by=START + wait
        ),
        tasks=st.integers(1, 12),
        size=st.integers(1, 60),
        duration=st.integers(60, 300),
        wait=st.integers(20, 200),
    ),
    min_size=1,
    max_size=8,
).map(lambda made: [one._replace(salt=number + 1) for number, one in enumerate(made)])
seeds = st.integers(0, 2**32)
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)


def lateness(outside: Outside) -> list[bytes]:
    """Deals confirmed that are neither done nor still in time."""
    return [
        id_
        for id_, deal in outside.deals.items()
        if deal.state is State.RELEASED
        or (deal.state is State.CONFIRMED and outside.now > deal.time)
    ]


@shared
@given(made=requests, seed=seeds, gaps=st.lists(st.integers(0, 40), min_size=8, max_size=8))
def test_what_is_confirmed_is_done_in_time(
    tmp_path: Path, made: list, seed: int, gaps: list
) -> None:
    """Even if every task takes its whole limit."""
    outside = Outside(tmp_path, seed, repeats=0.2)
    for one, gap in zip(made, gaps, strict=False):
        outside.post(one._replace(confirm_by=one.confirm_by + outside.now - START))
        outside.run(gap)
    outside.run(310)
    assert not lateness(outside)
    assert all(outside.deals[id_].state in DONE for id_ in outside.confirmed)
    assert all(count == 1 for count in outside.confirmed.values())
    assert all(count == 1 for count in outside.runs.values()), "a task was run twice"


@shared
@given(made=requests, seed=seeds)
def test_kills_lose_no_deal_and_repeat_no_finished_task(
    tmp_path: Path, made: list, seed: int
) -> None:
    outside = Outside(
        tmp_path,
        seed,
        kills=0.05,
        repeats=0.2,
        settings=SETTINGS.__class__(**{**vars(SETTINGS), "margin": 4.0}),
    )
    for one in made:
        outside.post(one)
    outside.run(420)
    outside.kills = 0.0
    outside.run(60)
    assert all(outside.deals[id_].state in DONE for id_ in outside.confirmed)
    assert all(count == 1 for count in outside.confirmed.values())


@shared
@given(made=requests, seed=seeds)
def test_reorganizations_change_nothing_in_the_end(tmp_path: Path, made: list, seed: int) -> None:
    outside = Outside(tmp_path, seed, reorganizations=0.05, repeats=0.2)
    for one in made:
        outside.post(one)
    outside.run(150)
    outside.reorganizations = 0.0
    outside.run(400)
    for id_, count in outside.confirmed.items():
        assert count in (0, 1)
        if count:
            assert outside.deals[id_].state in (*DONE, State.RELEASED)
    assert all(count == 1 for count in outside.runs.values()), "a task was run twice"


@shared
@given(made=requests, seed=seeds)
def test_draining_finishes_everything_and_leaves(tmp_path: Path, made: list, seed: int) -> None:
    outside = Outside(tmp_path, seed, kills=0.01)
    for one in made:
        outside.post(one)
    outside.run(60)
    outside.journal.note(draining=True)
    outside.hear(m.DrainAsked(outside.now))
    late = outside.post(request(salt=99, confirm_by=outside.now + 400))
    outside.run(500)
    assert outside.left
    assert outside.offer.valid_until == 0
    assert outside.earnings == 0
    assert outside.deals[late].state is State.NONE
    assert all(outside.deals[i].state in (State.SETTLED, State.RELEASED) for i in outside.confirmed)


# Any events at all

IDS = [id_of(request(salt=number)) for number in range(1, 4)]
TASKS = 3
ids = st.sampled_from(IDS)
leaves = st.builds(Leaf, st.integers(0, TASKS - 1), st.just(0), st.just(b"\x09" * 32), st.just(25))
states = st.builds(
    OnChain,
    st.sampled_from([s for s in State if s <= State.OVERTURNED]),
    st.booleans(),
    st.just(PRICE),
    st.integers(START, START + 200),
    st.integers(0, 1),
)
offers = st.builds(
    Offer,
    published=st.integers(0, 1_000),
    reserved=st.integers(0, 500),
    ask=st.just(PRICE),
    valid_until=st.sampled_from([0, START + 50, START + 10_000]),
    capacity=st.just(1_000),
)
reasons = st.builds(
    Reason, st.sampled_from(["taken", "data", "money", "signature"]), st.just("why"), st.booleans()
)
NOW = 0
events = st.one_of(
    st.builds(m.TimePassed, st.just(NOW)),
    st.builds(
        lambda offer, deals, earnings: m.ChainRead(
            NOW, view(offer=offer, earnings=earnings), deals
        ),
        offers,
        st.dictionaries(ids, states),
        st.integers(0, 1),
    ),
    st.builds(
        lambda number, lodged: m.RequestSeen(
            NOW,
            IDS[number],
            request(salt=number + 1, tasks=TASKS),
            b"\x01" if lodged else b"",
            lodged,
        ),
        st.integers(0, 2),
        st.booleans(),
    ),
    st.builds(m.RequestGone, st.just(NOW), ids, reasons),
    st.builds(m.CheckPassed, st.just(NOW), ids, st.just(Work(TASKS, 25))),
    st.builds(m.CheckFailed, st.just(NOW), ids, reasons),
    st.builds(m.ActRefused, st.just(NOW), ids, st.sampled_from(list(Act)), reasons),
    st.builds(m.TaskDone, st.just(NOW), ids, leaves),
    st.builds(m.TaskFailed, st.just(NOW), ids, st.integers(0, TASKS - 1), st.just("died")),
    st.builds(m.TaskStored, st.just(NOW), ids, st.integers(0, TASKS - 1)),
    st.builds(m.LeavesStored, st.just(NOW), ids),
    st.builds(m.ClaimAnswered, st.just(NOW), ids, st.booleans()),
    st.builds(
        m.AcceptanceSeen, st.just(NOW), ids, st.just(b"\x01" * 32), st.just(75), st.just(b"s")
    ),
    st.builds(m.DrainAsked, st.just(NOW), st.booleans()),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(-2, 20), events), max_size=60))
def test_no_order_of_events_breaks_the_state(heard: list) -> None:
    """Whatever comes, twice, late, never or in the wrong order."""
    core, now = Core(CoreState(SETTINGS)), START
    for passed, event in heard:
        now += passed
        object.__setattr__(event, "now", now)
        before = {id_: deal.stage for id_, deal in core.state.deals.items()}
        for instruction in core.step(event):
            check_instruction(core, before, instruction, now)
        validate_state(core.state)


def check_instruction(core: Core, before: dict, instruction: m.Instruction, now: int) -> None:
    """What must hold for anything that is asked for."""
    if isinstance(instruction, m.Send) and instruction.act is Act.CONFIRM:
        deal = core.state.deals[instruction.id]
        assert deal.work is not None
        assert instruction.key == f"confirm:0x{instruction.id.hex()}"
        if before.get(instruction.id) in (None, Stage.SEEN, Stage.CHECKING):
            assert deal.request.confirm_by >= now + SETTINGS.reserve
            assert not core.state.draining
    if isinstance(instruction, m.Send) and instruction.act is Act.SUBMIT_RESULT:
        assert core.state.deals[instruction.id].result is not None
    if isinstance(instruction, m.RunTask):
        deal = core.state.deals[instruction.id]
        assert instruction.index not in deal.leaves, "work is repeated"
        assert deal.chain is not None
        assert deal.chain.mine


# Why not


def core_with(**changes: object) -> Core:
    core = Core(CoreState(SETTINGS))
    core.step(m.ChainRead(START, view(**changes), {}))
    return core


def heard_of(core: Core, made: object) -> Iterator[Reason]:
    seen = m.RequestSeen(START, id_of(made), made, b"\x01", True)
    told = [i for i in core.step(seen) if isinstance(i, m.PostRejection)]
    return iter([i.reason for i in told])


@pytest.mark.parametrize(
    ("changes", "code", "final"),
    [
        ({"resource": 2}, "class", True),
        ({"miner": REQUESTER}, "miner", True),
        ({"max_price": PRICE - 1}, "price", True),
        ({"max_price": 0}, "price", True),
        ({"units": 1_001}, "capacity", True),
        ({"units": 901}, "capacity", False),
        ({"confirm_by": START + SETTINGS.reserve - 1}, "expired", True),
        ({"confirm_by": START - 1}, "expired", True),
        ({"flags": 1}, "verified", False),
        ({"terms": 9}, "terms", True),
        ({"terms": 2}, "terms", True),
        ({"terms": 3}, "terms", True),
        ({"duration": 60, "units": 800, "tasks": 800}, "time", True),
        ({"duration": 60, "units": 500, "tasks": 1}, "time", True),
    ],
)
def test_a_request_that_does_not_fit_is_refused_with_the_reason(
    changes: dict, code: str, final: bool
) -> None:
    terms = {
        1: TERMS,
        2: TERMS._replace(retired=True),
        3: TERMS._replace(court=ZERO_ADDRESS),
    }
    core = core_with(offer=replace(OFFER, reserved=100, valid_until=START + 9_999), terms=terms)
    (reason,) = heard_of(core, request(**changes))
    assert (reason.code, reason.final) == (code, final)
    kept = core.state.passed if final else core.state.deals
    assert len(kept) == 1


def test_a_paused_market_and_a_drained_miner_say_so() -> None:
    assert [r.code for r in heard_of(core_with(paused=True), request())] == ["paused"]
    core = core_with()
    core.step(m.DrainAsked(START))
    assert [r.code for r in heard_of(core, request())] == ["draining"]


def test_the_queue_counts() -> None:
    """What would fit alone is refused beside what is promised already."""
    core = core_with()
    busy = request(salt=1, units=800, tasks=80, duration=70)
    core.step(m.RequestSeen(START, id_of(busy), busy, b"\x01", True))
    core.step(m.CheckPassed(START, id_of(busy), Work(80, 10)))
    assert core.state.deals[id_of(busy)].stage is Stage.CONFIRMING
    (reason,) = heard_of(core, request(salt=2, units=150, tasks=15, duration=60))
    assert (reason.code, reason.final) == ("time", False)


def test_requesters_hear_of_a_reason_once() -> None:
    core = core_with()
    made = request(flags=1)
    assert len(list(heard_of(core, made))) == 1
    again = [core.step(m.TimePassed(START + 10 * n)) for n in range(1, 5)]
    assert not any(again)


def test_a_confirmation_lost_to_another_miner_is_let_go() -> None:
    core = core_with()
    made = request(miner=0)
    core.step(m.RequestSeen(START, id_of(made), made, b"\x01", True))
    core.step(m.CheckPassed(START, id_of(made), Work(4, 25)))
    refused = m.ActRefused(START, id_of(made), Act.CONFIRM, Reason("taken", "it is confirmed"))
    core.step(refused)
    assert id_of(made) in core.state.deals  # it may be this miner's own confirmation
    theirs = {id_of(made): OnChain(State.CONFIRMED, mine=False)}
    for now in (START, START + KEPT - 1):
        core.step(m.ChainRead(now, view(), theirs))
        assert core.state.deals[id_of(made)].stage is Stage.SEEN, "a reorganization may turn it"
        validate_state(core.state)
    core.step(m.ChainRead(START + KEPT, view(), theirs))
    assert core.state.passed[id_of(made)].reason.code == "taken"
