"""What each call must pay at least: the sums, and that figures, document and snapshot agree."""

import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import floors, gas, tracing

PAGE = Path(__file__).parents[2] / "docs" / "gas.md"


def test_the_document_shows_the_table() -> None:
    assert floors.table(floors.kept()) in PAGE.read_text()


def test_the_parts_are_those_of_the_snapshot() -> None:
    snapshot = json.loads(gas.SNAPSHOT.read_text())["flows"]
    measured = {
        name: one.gas // (10 if floors.TEN in name else 1) for name, one in floors.kept().items()
    }
    assert gas.drifts({name: snapshot[name] for name in floors.MEASURED}, measured) == []


def test_every_flow_and_call_has_a_floor_that_it_does_not_fall_below() -> None:
    declared, found = floors.floors(), floors.kept()
    assert declared.keys() == found.keys() == floors.MEASURED.keys()
    for name, one in found.items():
        assert min(floors.above(one, declared[name])) >= 0, name
        assert declared[name].gas(one.told) + sum(floors.above(one, declared[name])) == one.gas


def test_what_lies_above_is_explained() -> None:
    declared = floors.floors()
    unexplained = [
        name
        for name, one in floors.kept().items()
        if floors.above(one, declared[name])[0] and not declared[name].buys
    ]
    assert unexplained == []


@pytest.mark.parametrize(
    ("listed", "count"), [("deal", 1), ("deal, 2 offers", 3), ("10 deals, money", 11), ("0", 0)]
)
def test_things_in_a_list_are_counted(listed: str, count: int) -> None:
    assert floors.times(listed) == count


def step(name: str, own: int, *stack: int, returned: int = 0) -> tracing.Step:
    return tracing.Step(name, own, returned, "0xa", [hex(word) for word in reversed(stack)])


@pytest.mark.parametrize(
    ("kind", "steps"),
    [
        ("read", [step("SLOAD", 2_100, 1), step("SLOAD", 100, 1)]),
        ("new", [step("SLOAD", 2_100, 1), step("SSTORE", 20_000, 1, 5)]),
        ("new", [step("SSTORE", 22_100, 1, 5), step("SSTORE", 100, 1, 6)]),
        ("changed", [step("SSTORE", 5_000, 1, 5)]),
        ("cleared", [step("SLOAD", 2_100, 1), step("SSTORE", 2_900, 1, 0, returned=4_800)]),
        ("restored", [step("SSTORE", 5_000, 1, 2), step("SSTORE", 100, 1, 1, returned=2_800)]),
    ],
)
def test_a_slot_is_of_the_kind_that_its_steps_make_it(kind: str, steps: list[tracing.Step]) -> None:
    found = tracing.sorted_by_kind(steps)
    assert found.counts == Counter({"transaction": 1, kind: 1})
    spent = sum(one.own - one.returned for one in steps)
    assert found.gas == tracing.PRICES["transaction"] + spent


def test_calls_are_told_apart_by_what_they_call() -> None:
    cold, warm = step("CALL", 2_600, 0, 0xB), step("STATICCALL", 100, 0, 0xB)
    found = tracing.sorted_by_kind([cold, warm, step("STATICCALL", 3_100, 0, 1)])
    assert found.counts == Counter({"transaction": 1, "account": 1, "signature": 1})
    assert found.computing == 200


def log(op: str, depth: int, gas: int, cost: int, *stack: int) -> dict[str, object]:
    words = [hex(word) for word in reversed(stack)]
    return {"op": op, "depth": depth, "gas": gas, "gasCost": cost, "stack": words, "refund": 0}


def test_a_calls_own_gas_is_what_its_steps_do_not_take() -> None:
    trace = [
        log("PUSH1", 1, 10_000, 3),
        log("CALL", 1, 9_997, 9_000, 0, 0xB),
        log("SLOAD", 2, 7_000, 2_100, 7),
        log("RETURN", 2, 4_900, 3),
        log("STOP", 1, 5_294, 0),
    ]
    found = [(one.name, one.own, one.address) for one in tracing.steps_of(trace, "0xa")]
    assert found == [
        ("PUSH1", 3, "0xa"),
        ("SLOAD", 2_100, "0xb"),
        ("RETURN", 3, "0xb"),
        ("CALL", 2_600, "0xa"),
        ("STOP", 0, "0xa"),
    ]


@pytest.mark.deep
def test_what_is_kept_is_what_traces_show() -> None:
    """`spent` fails where the parts of a trace are not all of its gas."""
    found, kept = floors.measure(), floors.kept()
    assert {name: one.counts for name, one in found.items()} == {
        name: one.counts for name, one in kept.items()
    }
    gases = {name: one.gas for name, one in found.items()}
    assert gas.drifts({name: one.gas for name, one in kept.items()}, gases) == []
