"""Each function of the interface names the errors it reverts with and the events it emits.

What the compiler knows of the code tells which those are: all that the function and what it calls
can throw or emit.
"""

import re
from functools import cache

import pytest

from tests.contracts.ComputeMarket.test_coverage import PARTS, names, part
from tests.harness.solidity import market, nodes

UNTOLD = {"OnlyThroughMarket", "InsufficientLocked", "AmountTooLarge"}
"""Of a call past the market; and of books that don't add up, unless where money comes in."""
MONEY_IN = {"deposit", "depositWithPermit"}


@cache
def documented():
    """The text of each function of the interface."""
    sources = market()
    found = {}
    for base in sources.contract("IComputeMarket")["linearizedBaseContracts"]:
        for node in sources.declared[base]["nodes"]:
            if node["nodeType"] == "FunctionDefinition":
                text = (node.get("documentation") or {}).get("text", "")
                found[node["name"]] = " ".join(text.split())
    return found


@cache
def implemented():
    sources = market()
    found = {name: node for part in PARTS for name, node in sources.functions(part).items()}
    return {name: sources.reached(node) for name, node in found.items()}


@cache
def all_events():
    declared = market().trees.values()
    return {node["name"] for node in nodes(list(declared)) if node["nodeType"] == "EventDefinition"}


# As compiled before: to compile them here would take seconds of every start of the tests.
FUNCTIONS = sorted(set().union(*(names(part(name), "function") for name in PARTS)) - {"extension"})


def test_all_functions_are_there():
    assert set(documented()) - {"extension"} == set(implemented()) == set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_names_its_errors(name):
    listed = re.search(r"Reverts: ([\w, ]+)\.", documented()[name])
    untold = UNTOLD - ({"AmountTooLarge"} if name in MONEY_IN else set())
    expected = set(implemented()[name][0]) - untold
    assert set(listed.group(1).split(", ") if listed else ()) == expected


@pytest.mark.parametrize("name", FUNCTIONS)
def test_names_its_events(name):
    told = re.search(r"Emits (.*)", documented()[name])
    words = set(re.findall(r"\w+", told.group(1))) if told else set()
    assert words & all_events() == set(implemented()[name][1])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_says_what_it_is_for(name):
    assert len(documented()[name].split(" Reverts:")[0].split()) > 3
