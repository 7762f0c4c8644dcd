"""Fixed at deployment: market, treasury, fee, notice."""

import pytest

from tests.harness.channels import FEE_BPS, NOTICE
from tests.harness.evm import Evm, reverts
from tests.harness.market import TREASURY, ZERO, deploy_market

MONTH = 30 * 86_400


def deploy(world, **changes):
    usual = {
        "market": world.market.address,
        "treasury": TREASURY,
        "fee": FEE_BPS,
        "notice": NOTICE,
    }
    return world.evm.deploy("PaymentChannels", *(usual | changes).values())


@pytest.mark.spec("18.1")
def test_tells_what_is_fixed(world):
    channels = world.channels
    assert (channels.market(), channels.token()) == (world.market.address, world.token.address)
    fixed = channels.treasury(), channels.feeBps(), channels.notice()
    assert fixed == (TREASURY, FEE_BPS, NOTICE)


@pytest.mark.spec("18.1")
def test_within_bounds(world):
    for notice in (1, MONTH):
        deploy(world, notice=notice, fee=1_000)
    for notice in (0, MONTH + 1):
        with reverts("OutOfBounds", notice, 1, MONTH):
            deploy(world, notice=notice)
    with reverts("OutOfBounds", 1_001, 0, 1_000):
        deploy(world, fee=1_001)
    with reverts("ZeroAddress"):
        deploy(world, treasury=ZERO)
    with reverts("InvalidRecipient", world.token.address):
        deploy(world, treasury=world.token.address)


@pytest.mark.spec("18.1")
def test_off_local_chains_the_notice_is_an_hour_at_least():
    evm = Evm(chain_id=1)
    market = deploy_market(evm, evm.deploy("FixedToken").address)
    with reverts("OutOfBounds", 3_599, 3_600, MONTH):
        evm.deploy("PaymentChannels", market.address, TREASURY, FEE_BPS, 3_599)
    evm.deploy("PaymentChannels", market.address, TREASURY, FEE_BPS, 3_600)
