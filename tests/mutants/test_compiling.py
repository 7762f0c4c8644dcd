"""What the mutants need of the contracts: their lines, and that they compile without optimizing,
which has less room for variables on the stack."""

import pytest

from tests.mutants.operators import ROOT
from tests.mutants.run import compile_in, read_list


@pytest.mark.deep
def test_the_contracts_compile_without_optimizing():
    assert compile_in(ROOT)["ComputeMarket"]


def test_each_line_that_is_to_be_changed_is_there():
    for mutant in read_list():
        text = (ROOT / mutant.file).read_text()
        assert mutant.apply(text) != text
