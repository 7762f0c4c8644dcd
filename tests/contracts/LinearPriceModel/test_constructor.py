"""Which parameters a linear price model can be deployed with; they never change."""

import pytest

from tests.harness.evm import Evm, reverts
from tests.harness.market import MAX_UINT96

MAX_WEIGHT = 2**127 - 1


@pytest.mark.parametrize(
    ("base", "weights", "floor", "cap"),
    [
        (0, (0, 0, 0), 0, 0),
        (5, (1, -2, 3), 4, 6),
        (MAX_UINT96, (MAX_WEIGHT, -MAX_WEIGHT, MAX_WEIGHT), MAX_UINT96, MAX_UINT96),
    ],
)
def test_keeps_its_parameters(base, weights, floor, cap):
    model = Evm().deploy("LinearPriceModel", base, weights, floor, cap)
    found = (model.registeredWeight(), model.publishedWeight(), model.demandedWeight())
    assert (model.base(), found, model.floor(), model.cap()) == (base, weights, floor, cap)


@pytest.mark.spec("10.1")
def test_refuses_a_floor_above_the_cap():
    with reverts("FloorAboveCap", 6, 5):
        Evm().deploy("LinearPriceModel", 5, (0, 0, 0), 6, 5)


@pytest.mark.parametrize("position", range(3))
@pytest.mark.parametrize("weight", [MAX_WEIGHT + 1, -MAX_WEIGHT - 1, 2**255 - 1, -(2**255)])
@pytest.mark.spec("10.1")
def test_refuses_weights_that_could_overflow(position, weight):
    weights = [0, 0, 0]
    weights[position] = weight
    with reverts("WeightTooLarge", weight):
        Evm().deploy("LinearPriceModel", 5, weights, 0, 5)
