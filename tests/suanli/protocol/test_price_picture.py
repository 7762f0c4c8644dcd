"""The committed picture is the one the script draws, of the prices the contract would give."""

from pathlib import Path

import pytest

from scripts import price_picture
from suanli.protocol import PRESETS
from tests.harness.evm import Evm

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "prices.svg"


def test_the_committed_picture_is_current():
    assert COMMITTED.read_text() == price_picture.picture(), "run: python -m scripts.price_picture"


@pytest.mark.parametrize("preset", PRESETS)
def test_the_points_are_the_contracts(preset):
    weights = [price_picture.ALPHA * weight for weight in PRESETS[preset]]
    bounds = price_picture.FLOOR, price_picture.CAP
    contract = Evm().deploy("LinearPriceModel", price_picture.BASE, weights, *bounds)
    registered, published = price_picture.REGISTERED, price_picture.PUBLISHED
    for units, price in price_picture.by_demand(preset):
        assert contract.price(registered, published, units) == price
    for units, price in price_picture.by_supply(preset):
        assert contract.price(registered, units, price_picture.DEMANDED) == price
