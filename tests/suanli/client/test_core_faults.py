"""What a court can find of a refused result, and results that turn out to be right after all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from suanli.client.events import ClaimRefused, JobEvent
from suanli.client.records import DealStage, Fault
from suanli.client.run.core import RunCore
from suanli.client.run.core import instructions as i
from suanli.client.run.core import observations as o
from suanli.client.run.core.judging import JUDGE_AGAIN
from suanli.protocol import ZERO_ADDRESS, ZERO_DIGEST, Claim, Leaf, State, Terms, Tree, Trial
from suanli.verify import ResultRefused
from tests.harness.client_core import HEAD, RECORD, begin, core, deal

ROOT, OTHER = b"\x01" * 32, b"\x02" * 32
CLAIM = Claim(RECORD.miner, 5, bytes(32), ROOT, 2, ZERO_DIGEST)
LEAVES = [Leaf(n, 0, bytes(32), 1) for n in range(2)]
RIGHT = Leaf(1, 0, b"\x07" * 32, 1)
COURT = "0x" + "cc" * 20
TERMS = Terms(ZERO_ADDRESS, 0, 3_600, False, COURT, 3_600, 0, 0, 0, ZERO_ADDRESS, 0, 0)
WITHHELD = ResultRefused("withheld", "it is not there")
FAULT = Fault(ROOT, 2, 1, RIGHT)


def refused(fault: Fault | None = None, why: str = "wrong: so it is") -> RunCore:
    return core(DealStage.REFUSED, refused=why, fault=fault)


def submitted(
    made: RunCore,
    root: bytes = ROOT,
    court: bool = True,
    trial: Trial = Trial.NONE,
    now: float = 0.0,
) -> list[i.RunInstruction]:
    """What follows a look at the chain, where a result stands."""
    begin(made)
    state = State.SUBMITTED if trial is Trial.NONE else State.CHALLENGED
    found = replace(deal(state), root=root, units_used=2, trial=trial)
    return made.step(o.DealRead(now, 0, HEAD, state, found, TERMS, court))


def asked(found: list[i.RunInstruction]) -> bool:
    return any(isinstance(x, i.AskClaim) for x in found)


def told(found: list[i.RunInstruction]) -> list[JobEvent]:
    return [x.event for x in found if isinstance(x, i.Tell)]


def test_a_leaf_that_was_found_wrong_is_kept_with_the_right_one() -> None:
    made = core(DealStage.CONFIRMED)
    submitted(made)
    checked = i.Checked(CLAIM, LEAVES, [True, True])
    (wanted,) = made.step(o.Reran(0.0, 0, checked, (1,), {1: RIGHT}))
    assert isinstance(wanted, i.KeepEvidence)
    assert wanted.fault == FAULT
    found = made.step(o.EvidenceKept(0.0, 0, wanted.refused, Path("evidence"), wanted.fault))
    assert isinstance(told(found)[0], ClaimRefused)
    record = made.take_changes().records[0]
    assert (record.stage, record.fault) == (DealStage.REFUSED, FAULT)


@pytest.mark.parametrize(
    ("fault", "again"),
    [(None, True), (FAULT, False), (replace(FAULT, root=OTHER), True), (Fault(ROOT, 2), True)],
    ids=["nothing is known", "it is known", "another was submitted", "it may have come"],
)
def test_a_refused_result_is_judged_again_once_it_is_on_the_chain(
    fault: Fault | None, again: bool
) -> None:
    assert asked(submitted(refused(fault))) is again


def test_nobody_judges_again_what_no_court_judges() -> None:
    assert not asked(submitted(refused(), court=False))


def test_what_jurors_revealed_of_another_task_keeps_nobody_from_judging_again() -> None:
    """Else a cheat would have a friend challenge what is right, and be safe with the rest."""
    assert asked(submitted(refused(), trial=Trial.REVEALED))


def test_what_is_withheld_is_looked_for_now_and_then() -> None:
    made = refused(Fault(ROOT, 2))
    assert asked(submitted(made, now=1.0))
    assert not asked(submitted(made, now=JUDGE_AGAIN))
    assert asked(submitted(made, now=1.0 + JUDGE_AGAIN))


def test_what_nobody_can_fetch_is_a_fault_of_what_was_submitted() -> None:
    made = refused(why=str(WITHHELD))
    made.state.memory[0].missed_since = -1_000.0
    submitted(made)
    (wanted,) = made.step(o.ClaimRead(0.0, 0, None, True))
    assert isinstance(wanted, i.KeepEvidence)
    assert wanted.fault == Fault(ROOT, 2)
    kept = o.EvidenceKept(0.0, 0, ResultRefused("withheld", "it is not there"), Path("evidence"))
    found = made.step(replace(kept, fault=wanted.fault))
    assert told(found) == [], "it was told before"
    assert made.state.records[0].fault == Fault(ROOT, 2)


def test_a_leaf_that_is_wrong_by_itself_is_run_again_for_the_court() -> None:
    made = refused()
    submitted(made)
    wrong = ResultRefused("wrong", "its record can't be read", 1)
    (wanted,) = made.step(o.NotFetched(0.0, 0, CLAIM, wrong, LEAVES, progress=True))
    assert isinstance(wanted, i.Rerun)
    assert wanted.chosen == (1,)
    (kept,) = made.step(o.Reran(0.0, 0, wanted.checked, (1,), {1: RIGHT}))
    assert isinstance(kept, i.KeepEvidence)
    assert kept.fault == FAULT


def test_leaves_that_are_not_the_results_are_as_good_as_withheld() -> None:
    made = refused()
    submitted(made)
    wrong = ResultRefused("wrong", "the leaves have another root than the result")
    (wanted,) = made.step(o.NotFetched(0.0, 0, CLAIM, wrong, [], progress=True))
    assert isinstance(wanted, i.KeepEvidence)
    assert wanted.fault == Fault(ROOT, 2)


def test_a_sum_that_is_not_its_leaves_needs_no_jury() -> None:
    made, tree = refused(), Tree(LEAVES)
    submitted(made, tree.root)
    claim = CLAIM._replace(root=tree.root, units_used=9)
    wrong = ResultRefused("wrong", "the leaves sum to 2 units, the result says 9")
    (wanted,) = made.step(o.NotFetched(0.0, 0, claim, wrong, LEAVES, progress=True))
    assert isinstance(wanted, i.KeepEvidence)
    assert wanted.fault == Fault(tree.root, 9, proof=(LEAVES[0], tuple(tree.path(0))))


def test_a_result_that_came_after_all_is_accepted() -> None:
    made = refused(Fault(ROOT, 2), str(WITHHELD))
    submitted(made)
    checked = i.Checked(CLAIM, LEAVES, [True, True])
    found = made.step(o.AcceptanceSigned(0.0, 0, checked, (), b"signed"))
    record = made.state.records[0]
    assert (record.stage, record.refused, record.fault) == (DealStage.ACCEPTED, "", None)
    assert i.SendAct(record, i.DealAct.ACCEPT) in found
    assert made.state.results.keys() == {0, 1}
