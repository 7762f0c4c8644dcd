"""Each function has its test file, and each of the market's own errors its test."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

from tests.harness.evm import ROOT, artifact

CONTRACTS = ROOT / "tests" / "contracts"
MODULES = (
    "Escrow",
    "MinerRegistry",
    "ResourceClasses",
    "TermsBook",
    "RequestBook",
    "Settlement",
    "Trials",
    "Leasing",
    "Multicall",
    "Succession",
    "Ownership",
    "Governance",
    "Extension",
)
PARTS = ("ComputeMarket", "MarketExtension")


def names(abi: list[dict], kind: str) -> set[str]:
    return {entry["name"] for entry in abi if entry["type"] == kind}


def interface(module: str) -> list[dict]:
    """The ABI of a module's interface, as compiled."""
    text = (ROOT / "interfaces" / f"I{module}.sol").read_text()
    build = json.loads((ROOT / "build" / "interfaces" / f"I{module}.json").read_text())
    assert build["source"] == text, f"I{module} changed: run `brownie compile`"
    return build["abi"]


def part(name: str) -> list[dict]:
    """The ABI of the market or its extension alone."""
    return json.loads((ROOT / "build" / "contracts" / f"{name}.json").read_text())["abi"]


@cache
def named() -> frozenset[str]:
    """Every word in quotes in the tests of functions: errors are written so, also in tables."""
    texts = [
        path.read_text()
        for path in CONTRACTS.rglob("test_*.py")
        if path != Path(__file__) and "stateful" not in path.parts
    ]
    return frozenset(re.findall(r'"(\w+)"', "\n".join(texts)))


@pytest.mark.parametrize("function", sorted(names(artifact("ComputeMarket").abi, "function")))
def test_each_function_has_its_file(function):
    assert len(list(CONTRACTS.glob(f"*/test_{function}.py"))) == 1


@pytest.mark.parametrize("error", sorted(names(artifact("ComputeMarket").abi, "error")))
def test_each_error_is_expected_somewhere(error):
    assert error in named()


@pytest.mark.parametrize("module", MODULES)
def test_each_declared_error_reaches_the_market(module):
    """An error that vanished from the market's ABI could not be decoded by tools."""
    thrown = set.union(*(names(part(name), "error") for name in PARTS))
    assert names(interface(module), "error") <= thrown


@pytest.mark.parametrize(
    ("model", "error"),
    [
        (model, error)
        for model in ("LinearPriceModel", "AdaptivePriceModel")
        for error in sorted(names(artifact(model).abi, "error"))
    ],
)
def test_each_error_of_a_price_model_is_expected(model, error):
    assert error in named()
