"""The court beside its model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from suanli.model import CourtRules
from tests.contracts.Court.invariants import ALWAYS, AT_LAST
from tests.contracts.Court.machine import OUTCOMES, CourtMachine
from tests.harness.court_world import RULES

ROOT = Path(__file__).resolve().parents[3]
SHORT = {
    *("challenge", "answer", "reveal_secret", "commit_vote", "reveal_vote", "show_leaf"),
    *("advance", "finish", "settle", "join", "leave", "vacate", "withdraw"),
    "WrongPhase",
}
"""What even the short run comes by."""
LONG = SHORT | {
    *("commit_secret", "record_hash", "seize_seat", "appeal", "collect", "prove_false"),
    *("accept_result", "set_payout", "PhaseOver", "NoStepDue", "CaseExists", "NumberTooHigh"),
    *("FilingOpen", "NothingFrozen", "NothingToCollect", "NothingFalse", "NothingCommitted"),
    *("StillSeated", "AlreadyDone", "HashMissed", "NoVote", "VotedAlready", "TaskOutOfRange"),
}


def run(examples: int, steps: int, rules: CourtRules) -> None:
    machine = type("Machine", (CourtMachine,), {"rules_of_court": rules})
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        phases=[Phase.explicit, Phase.generate],  # steps are long: to shrink takes minutes
        report_multiple_bugs=False,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(machine, settings=chosen)


def test_the_document_lists_the_invariants():
    text = " ".join((ROOT / "docs" / "invariants.md").read_text().split())
    for check in (*ALWAYS, AT_LAST):
        assert f"`{check.__name__}`: {' '.join(check.__doc__.split())}" in text


def test_court_beside_its_model():
    OUTCOMES.clear()
    run(examples=14, steps=30, rules=RULES)
    assert set(OUTCOMES) >= SHORT


@pytest.mark.deep
@pytest.mark.parametrize("jury", [1, 3])
def test_court_beside_its_model_for_long(jury, capsys):
    """What is rarer than all this has tests of its own."""
    OUTCOMES.clear()
    run(examples=300, steps=50, rules=replace(RULES, jury=jury))
    with capsys.disabled():
        print(f"\n{OUTCOMES.total():,} steps beside the model, a jury of {jury}: ", end="")
    assert set(OUTCOMES) >= LONG
