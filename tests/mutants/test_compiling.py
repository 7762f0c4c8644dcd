"""Mutants are compiled without optimizing, which has less room for variables on the stack."""

from tests.mutants.operators import ROOT
from tests.mutants.run import compile_in


def test_the_contracts_compile_without_optimizing():
    assert compile_in(ROOT)["ComputeMarket"]
