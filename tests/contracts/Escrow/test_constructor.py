"""Which settlement tokens a market can be deployed with."""

import pytest

from tests.harness.evm import Evm, reverts
from tests.harness.market import ALICE, BOB, ZERO, World, deploy_market


@pytest.mark.parametrize("decimals", [6, 7, 18, 23, 24])
@pytest.mark.spec("2.1")
def test_decimals_within_bounds(decimals):
    world = World(decimals)
    world.fund(ALICE, 5 * world.unit)
    world.market.withdraw(ALICE, 5 * world.unit, sender=ALICE)
    assert world.token.balanceOf(ALICE) == 5 * world.unit


@pytest.mark.parametrize("decimals", [0, 5, 25, 255])
@pytest.mark.spec("2.1", "10.1")
def test_decimals_out_of_bounds(decimals):
    evm = Evm()
    token = evm.deploy("LocalToken", decimals)
    with reverts("UnsupportedDecimals", decimals):
        deploy_market(evm, token.address)


@pytest.mark.parametrize("token", [ZERO, ALICE])
def test_token_without_code(token):
    with reverts("Empty"):
        deploy_market(Evm(), token)


@pytest.mark.parametrize(("decimals", "pledged"), [(6, 4_000_000), (24, 4 * 10**24)])
@pytest.mark.spec("1.3", "1.4")
def test_amounts_follow_the_decimals(decimals, pledged):
    world = World(decimals)
    world.register(BOB, capacity=2)
    assert world.market.minerStatus(BOB).pledged == pledged
    request = world.request(units=1, maxPrice=10**18 + 1)
    world.post(request)
    # 1.000000000000000001 token, rounded up
    assert world.account_of(ALICE) == (0, {6: 1_000_001, 24: 10**24 + 10**6}[decimals])
