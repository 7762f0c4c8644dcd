"""What the package promises: its names, and that it knows all the contracts know."""

from __future__ import annotations

import re
from dataclasses import fields
from types import ModuleType

import pytest

import suanli.chain
from suanli.chain import ContractError, Market, artifact, contract_errors, events
from suanli.chain.abi import Entry
from suanli.chain.contract import Contract
from suanli.protocol import Request

ABI = artifact("ComputeMarket").abi
ERRORS = sorted(ABI.errors.values(), key=lambda entry: entry.name)
OWNERS = {
    "acceptOwnership",
    "addResourceClass",
    "addTerms",
    "pause",
    "pendingOwner",
    "permitRuntime",
    "renounceOwnership",
    "retireResourceClass",
    "retireTerms",
    "setGuardian",
    "setIdentityVerifier",
    "setPriceModel",
    "transferOwnership",
    "unpause",
}
"""For governance: reached by `Contract.call`."""
COURTS = {"freeze", "thaw", "overturn"}
"""Only contracts can call these."""


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()


def test_all_is_what_is_public() -> None:
    exported = suanli.chain.__all__
    assert len(set(exported)) == len(exported)
    modules = {"contract_errors", "events"}
    public = {
        name
        for name, value in vars(suanli.chain).items()
        if not name.startswith("_") and (name in modules or not isinstance(value, ModuleType))
    }
    assert public == set(exported)


@pytest.mark.parametrize("entry", ERRORS, ids=lambda entry: entry.name)
def test_every_error_of_the_market_has_its_class_and_advice(entry: Entry) -> None:
    kind = getattr(contract_errors, entry.name)
    assert issubclass(kind, ContractError)
    values = dict.fromkeys(entry.names, 7)
    error = kind(entry.name, values)
    text = str(error)
    assert error.values == values
    assert text.endswith(f"[{entry.name}({', '.join(f'{name}=7' for name in entry.names)})]")
    assert ":" in text or "only" in text, "the advice says what to do"
    assert len(text) < 260


def test_no_class_is_for_an_error_that_no_contract_has() -> None:
    known = set(ABI.errors.values()) | set(artifact("LocalToken").abi.errors.values())
    names = {entry.name for entry in known}
    ours = {"ContractError", "ContractPanic", "ContractRevert", "UnknownContractError"}
    classes = {name for name, kind in vars(contract_errors).items() if isinstance(kind, type)}
    assert classes - ours <= names


def test_every_event_has_its_record() -> None:
    assert {entry.name for entry in ABI.events.values()} == set(events.CLASSES)


@pytest.mark.parametrize("entry", ABI.events.values(), ids=lambda entry: entry.name)
def test_records_have_the_events_fields_in_their_order(entry: events.EventEntry) -> None:
    record = [field.name for field in fields(events.CLASSES[entry.name])]
    renamed = {"from": "sender"}  # `from` is a keyword of Python's
    assert record == ["at"] + [renamed.get(name, snake(name)) for name in entry.names]


def test_every_function_has_its_binding() -> None:
    inherited = {"eip712Domain"} | OWNERS | COURTS
    wanted = {snake(name) for name in set(ABI.functions) - inherited}
    assert wanted <= set(vars(Market))


def test_requests_have_the_contracts_fields_in_their_order() -> None:
    (kind,) = ABI.functions["postRequest"].inputs
    assert kind.count(",") + 1 == len(Request._fields)


def test_an_unknown_function_is_named(market: Market) -> None:
    contract = Contract(market.node, market.address, "ComputeMarket")
    with pytest.raises(AttributeError, match="ComputeMarket has no function mine"):
        contract.read("mine")
