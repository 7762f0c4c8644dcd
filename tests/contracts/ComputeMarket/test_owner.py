"""owner: governance, given at deployment."""

import pytest

from tests.harness.evm import Evm, reverts
from tests.harness.market import OWNER, ZERO, deploy_market


def test_is_the_one_of_deployment(world):
    assert world.market.owner() == OWNER


@pytest.mark.spec("10.1")
def test_can_not_be_nobody():
    evm = Evm()
    token = evm.deploy("LocalToken", 18)
    with reverts("OwnableInvalidOwner", ZERO):
        deploy_market(evm, token.address, ZERO)


@pytest.mark.parametrize("function", ["pendingOwner", "guardian"])
def test_other_roles_start_empty(function):
    evm = Evm()
    token = evm.deploy("LocalToken", 18)
    market = deploy_market(evm, token.address)
    assert getattr(market, function)() == ZERO
