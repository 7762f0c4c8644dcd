"""The unbonding delay a market can be deployed with."""

import pytest

from tests.harness.evm import Evm, reverts
from tests.harness.market import MAX_UINT32, deploy_market

LONGEST = 60 * 86_400


def deploy(delay):
    evm = Evm()
    token = evm.deploy("LocalToken", 18)
    return deploy_market(evm, token.address, delay=delay)


@pytest.mark.parametrize("delay", [0, 1, LONGEST])
@pytest.mark.spec("10.1")
def test_within_bounds(delay):
    assert deploy(delay).unbondingDelay() == delay


@pytest.mark.parametrize("delay", [LONGEST + 1, MAX_UINT32])
@pytest.mark.spec("10.1")
def test_out_of_bounds(delay):
    with reverts("OutOfBounds", delay, 0, LONGEST):
        deploy(delay)
