"""The market and its model under everything anybody may try, in the process."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from suanli.model import Market
from tests.contracts.stateful.explore import failing_seeds, run_seed
from tests.contracts.stateful.invariants import GOVERNANCE, INVARIANTS, TRANSITIONS
from tests.contracts.stateful.machine import MarketMachine
from tests.contracts.stateful.twin import Twin, camel
from tests.harness.citations import cited
from tests.harness.evm import artifact

DEEP_STEPS = 200_000
ROOT = Path(__file__).resolve().parents[3]


def run(examples: int, steps: int) -> Counter[str]:
    """Calls made and compared, by function, or by error."""
    Twin.outcomes.clear()
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],  # to explain costs minutes
        suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no failure
    )
    run_state_machine_as_test(MarketMachine, settings=chosen)
    return Counter(Twin.outcomes)


def report(capsys, outcomes: Counter[str]) -> None:
    with capsys.disabled():
        refused = sum(count for name, count in outcomes.items() if name[0].isupper())
        print(
            f"\n{outcomes.total():,} steps beside the model, {refused:,} of them refused: ", end=""
        )


@pytest.mark.spec(*cited([*INVARIANTS.values()]))
def test_market_beside_its_model(capsys):
    outcomes = run(examples=120, steps=100)
    report(capsys, outcomes)
    assert set(outcomes) >= set(TRANSITIONS) - {"settle_many"}


def test_seeds_that_failed_before_pass():
    """And one that never did, so that there is something to see that they are run at all."""
    for number in (1, *failing_seeds()):
        assert run_seed(number).total() > 1_000


@pytest.mark.deep
def test_market_beside_its_model_for_long(capsys):
    """Nothing that the machine can do is left out, at this length."""
    outcomes = run(examples=1_200, steps=150)
    report(capsys, outcomes)
    assert outcomes.total() >= DEEP_STEPS
    assert set(outcomes) >= mutating_functions() | set(TRANSITIONS)


def mutating_functions() -> set[str]:
    """Of the contract, in the model's spelling."""
    model = {camel(name): name for name in dir(Market) if name[0] != "_"}
    changing = [
        entry["name"]
        for entry in artifact("ComputeMarket").abi
        if entry["type"] == "function" and entry["stateMutability"] != "view"
    ]
    assert set(changing) <= set(model)
    return {model[name] for name in changing}


def test_the_model_has_every_function_of_the_contract():
    assert mutating_functions() >= GOVERNANCE | set(TRANSITIONS)


def test_the_document_lists_the_invariants():
    text = " ".join((ROOT / "docs" / "invariants.md").read_text().split())
    for title, check in INVARIANTS.items():
        number, name = title.split(". ")
        assert (
            f"{number}. **{name}** (`{check.__name__}`): {' '.join(check.__doc__.split())}" in text
        )
    assert text.count("**") == 2 * len(INVARIANTS)
