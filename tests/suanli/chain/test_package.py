"""What the package promises: its names, and that it knows all the contracts know."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import get_type_hints

import pytest

from suanli.chain import ContractError, Court, Market, Position, artifact, contract_errors, events
from suanli.chain.abi import AbiEntry, EventEntry
from suanli.chain.contract import _CLASSES, Contract, known_errors
from suanli.chain.errors import _advice, attribute
from suanli.chain.generated import court_functions
from suanli.chain.generated.functions import ABI as NAME
from suanli.chain.logs import CLASSES
from suanli.chain.typed import record_of
from suanli.protocol import Request, State

ABI, COURT_ABI = artifact(NAME).abi, artifact(court_functions.ABI).abi
ERRORS = sorted(known_errors().values(), key=lambda entry: entry.name)
ADVICE = _advice()


def kind_of(name: str) -> type[ContractError]:
    return _CLASSES[name]


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()


@pytest.mark.parametrize("entry", ERRORS, ids=lambda entry: entry.name)
def test_every_error_has_its_class_and_advice(entry: AbiEntry) -> None:
    values = {name: bytes([number]) for number, name in enumerate(entry.names)}
    shown = ", ".join(f"{name}=0x{value.hex()}" for name, value in values.items())
    error = kind_of(entry.name)(entry.name, values)
    assert isinstance(error, ContractError)
    assert error.values == values
    assert str(error).endswith(f" [{entry.name}({shown})]")
    assert str(error).startswith(ADVICE[entry.name].split("{")[0])
    assert ":" in ADVICE[entry.name] or "only" in ADVICE[entry.name], "the advice says what to do"
    assert len(str(error)) < 260


def test_no_advice_is_for_an_error_that_no_contract_has() -> None:
    assert set(ADVICE) - {"unknown"} == {entry.name for entry in known_errors().values()}


def test_arguments_of_errors_are_attributes() -> None:
    error = contract_errors.ResultMismatch("ResultMismatch", {"root": b"r", "unitsUsed": 7})
    assert (error.root, error.units_used) == (b"r", 7)
    assert contract_errors.StringTooLong("StringTooLong", {"str": "long"}).str_ == "long"


@pytest.mark.parametrize("entry", ERRORS, ids=lambda entry: entry.name)
def test_errors_annotate_their_arguments(entry: AbiEntry) -> None:
    annotated = list(get_type_hints(kind_of(entry.name)))
    assert annotated in ([attribute(name) for name in entry.names], [])
    assert annotated or not entry.names or entry.name in ("Error", "Panic")


EVENTS = COURT_ABI.events | ABI.events
for beside in ("PaymentChannels", "StorageDeals"):
    EVENTS |= artifact(beside).abi.events


def test_every_event_has_its_record() -> None:
    assert {entry.name for entry in EVENTS.values()} == set(CLASSES)


@pytest.mark.parametrize("entry", EVENTS.values(), ids=lambda entry: entry.name)
def test_records_have_the_events_fields_in_their_order(entry: EventEntry) -> None:
    record = [field.name for field in fields(CLASSES[entry.name])]
    renamed = {"from": "sender"}  # `from` is a keyword of Python's
    assert record == ["at"] + [renamed.get(name, snake(name)) for name in entry.names]


def test_every_function_has_its_binding() -> None:
    wanted = {snake(name) for name in set(ABI.functions) - {"eip712Domain"}}
    assert wanted <= set(dir(Market))
    assert {snake(name) for name in COURT_ABI.functions} <= set(dir(Court))


def test_structs_and_enums_are_typed() -> None:
    at = Position(5, 0, bytes(32), "0x" + "00" * 32)
    request = Request(*([0] * len(Request._fields)))  # type: ignore[arg-type]
    posted = record_of(events.RequestPosted, (at, b"id", "0x", 1, tuple(request)))
    assert isinstance(posted.request, Request)
    assert record_of(events.SettlementSkipped, (at, b"id", 4)).state is State.SETTLED
    with pytest.raises(ValueError, match="99 is not a valid State"):
        record_of(events.SettlementSkipped, (at, b"id", 99))


def test_requests_have_the_contracts_fields_in_their_order() -> None:
    (kind,) = ABI.functions["postRequest"].inputs
    assert kind.count(",") + 1 == len(Request._fields)


def test_an_unknown_function_is_named(market: Market) -> None:
    contract = Contract(market.node, market.address, "ComputeMarket")
    with pytest.raises(AttributeError, match="ComputeMarket has no function mine"):
        contract.read("mine")
