"""The pure core: a table of moves, instructions that carry what they need, no half steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from suanli.client.errors import NobodyTakes
from suanli.client.events import Confirmed, DealEnded, Trouble
from suanli.client.options import Options
from suanli.client.plan import Candidate, Need
from suanli.client.records import DealStage
from suanli.client.run.core import (
    MOVES,
    IllegalStep,
    RunState,
    barred,
    validate_state,
)
from suanli.client.run.core import instructions as i
from suanli.client.run.core import observations as o
from suanli.client.run.core.book import RunBook
from suanli.protocol import State
from tests.harness.client_core import HEAD, RECORD, SETTING, core, deal, read


def test_every_stage_can_end_and_each_is_reached() -> None:
    assert MOVES.keys() == set(DealStage)
    assert all(DealStage.ENDED in MOVES[stage] for stage in set(DealStage) - {DealStage.ENDED})
    assert set().union(*MOVES.values()) == set(DealStage)
    assert not [stage for stage in DealStage if stage in MOVES[stage]]


@pytest.mark.parametrize("before", DealStage)
@pytest.mark.parametrize("after", DealStage)
def test_a_deal_moves_only_along_the_table(before: DealStage, after: DealStage) -> None:
    state = RunState(SETTING, 100, Options(), records={0: replace(RECORD, stage=before)})
    book = RunBook(state)
    if after in MOVES[before] or after is before:
        assert book.move(state.records[0], after).stage is after
        return
    with pytest.raises(IllegalStep, match=f"may not go from {before} to {after}"):
        book.move(state.records[0], after)
    assert (state.records[0].stage, bool(book.changes)) == (before, False)


def test_an_illegal_move_keeps_nothing_else_from_being_done(monkeypatch: Any) -> None:
    made = core(DealStage.OPEN)
    monkeypatch.setitem(dict(MOVES), DealStage.OPEN, frozenset())
    monkeypatch.setattr("suanli.client.run.core.book.MOVES", dict.fromkeys(DealStage, frozenset()))
    assert read(made, State.CONFIRMED) == []
    assert made.state.records[0].stage is DealStage.OPEN
    assert [type(error) for error in made.state.round.failed.values()] == [IllegalStep]


def test_what_changed_is_there_before_what_is_to_be_done() -> None:
    made = core(DealStage.OPEN)
    found = read(made, State.CONFIRMED)
    assert isinstance(found[0], i.Tell)
    assert found[0].event == Confirmed(0, RECORD.miner, 5, 2_500)
    assert found[1] == i.AskClaim(made.state.records[0], None)
    changes = made.take_changes()
    assert changes.records == {0: replace(RECORD, stage=DealStage.CONFIRMED)}
    assert not made.take_changes()


def test_a_deal_that_is_over_is_told_once() -> None:
    made = core(DealStage.OPEN)
    (told,) = read(made, State.RELEASED)
    assert told == i.Tell(DealEnded(0, RECORD.miner, "released", 0))
    assert made.step(o.DealRead(0.0, 0, HEAD, State.RELEASED)) == []


@pytest.mark.parametrize(
    "late",
    [
        o.Opened(0.0, 0),
        o.RejectionRead(0.0, 0, None),
        o.ClaimRead(0.0, 0, None, True),
        o.ProgressRead(0.0, 0, []),
        o.ActSent(0.0, 0, i.DealAct.ACCEPT, False, False),
    ],
)
def test_what_comes_late_does_no_harm(late: o.RunObservation) -> None:
    made = core(DealStage.CALLED)
    assert made.step(late) == []
    assert made.state.records[0].stage is DealStage.CALLED
    validate_state(made.state)


@pytest.mark.parametrize("can_post", [False, True])
def test_without_the_relay_it_goes_over_the_chain_only_if_the_data_does_too(can_post: bool) -> None:
    made = core(setting=replace(SETTING, can_post=can_post))
    assert read(made, State.NONE) == [i.Lodge(RECORD)]
    away = o.NotLodged(0.0, 0, OSError(), "it is away", refused=False)  # type: ignore[arg-type]
    found = made.step(away)
    if can_post:
        assert found[1] == i.Post(replace(RECORD, posted=True))
        assert made.take_changes().records[0].posted, "written down before"
    else:
        assert found == [i.Tell(Trouble("it is away"))]


def test_a_contract_account_is_asked_once_for_what_only_it_may_send() -> None:
    made = core(DealStage.CALLED, replace(SETTING, is_wallet=True))
    assert read(made, State.POSTED) == [i.AskWallet(made.state.records[0], i.DealAct.CANCEL)]
    assert read(made, State.POSTED) == []


def test_what_is_put_off_goes_elsewhere_only_once_its_miner_can_t_take_it_any_more() -> None:
    """Or both would be paid, if it took them at this very moment."""
    made, busy, idle = core(DealStage.OPEN, why="it is busy"), RECORD.miner, "0x" + "77" * 20
    offers = [Candidate(miner, 1, 100, 90_000) for miner in (busy, idle)]
    need = Need(bytes(32), 10, 1, 1, HEAD.time)
    for now in (0.0, 11.0):
        found = made.step(o.RoundBegun(now, HEAD, HEAD))
    assert found == [i.ReadOffers(i.Purpose.BUSY, Options())]
    found = made.step(o.OffersRead(11.0, i.Purpose.BUSY, -1, offers, need))
    assert found == [i.SendAct(made.state.records[0], i.DealAct.CANCEL)]
    made.step(o.ActSent(11.0, 0, i.DealAct.CANCEL, done=False, new=True))
    assert made.state.waiting() == [], "it was quicker"
    read(made, State.CANCELLED)
    assert made.state.waiting() == [0, 1]
    assert barred(made.state, [0]) == {0: {busy: "it refused these tasks: it is busy"}}


def test_what_a_contract_account_does_not_accept_is_settled_after_its_window() -> None:
    """Its miner may be gone, and the rest of the lock would never come back."""
    used = {"root": bytes([1] * 32), "units_used": 3, "acceptance": b"signed"}
    made = core(DealStage.ACCEPTED, replace(SETTING, is_wallet=True), **used)
    (record,) = made.state.records.values()
    ask = i.AskWallet(record, i.DealAct.ACCEPT)
    assert read(made, State.SUBMITTED) == [ask, i.PostAcceptance(record)]
    assert read(made, State.SETTLEABLE) == [i.SendAct(record, i.DealAct.SETTLE)]


def test_a_job_that_nothing_brings_on_ends_though_the_relay_is_away_at_times() -> None:
    """One deal waits for a miner that never collects; nobody takes the third task."""
    used = {"root": bytes([1] * 32), "units_used": 3, "acceptance": b"signed"}
    made = core(DealStage.ACCEPTED, replace(SETTING, tasks=3), **used)
    away = OSError("the relay is away")
    need = Need(bytes(32), 10, 1, 1, HEAD.time)
    for now in range(0, 400, 10):
        todo = made.step(o.RoundBegun(float(now), HEAD, HEAD))
        while not (todo and isinstance(todo[-1], i.Wait | i.GiveUp)):
            asked = next((x for x in todo if isinstance(x, i.ReadOffers | i.ReadDeal)), None)
            came: o.RunObservation = o.Continue(float(now))
            if isinstance(asked, i.ReadOffers):
                came = o.OffersRead(float(now), i.Purpose.TASKS, -1, [], need)
                if now % 30 == 0:
                    came = o.Failed(float(now), away, str(away), str(away), passing=True)
            elif isinstance(asked, i.ReadDeal):
                came = o.DealRead(float(now), 0, HEAD, State.OVERDUE, deal(State.OVERDUE))
            todo = made.step(came)
        if isinstance(todo[-1], i.GiveUp):
            break
    assert isinstance(todo[-1], i.GiveUp)
    assert isinstance(todo[-1].error, NobodyTakes)
