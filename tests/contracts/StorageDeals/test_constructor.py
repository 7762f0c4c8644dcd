"""What a deployment refuses."""

import pytest

from suanli.model import StorageDeals, StorageRules
from suanli.protocol import Refused
from tests.harness.evm import Evm, reverts
from tests.harness.market import TREASURY, ZERO, deploy_market

GOOD = StorageRules(TREASURY, 250, 3_600)


@pytest.mark.spec("19.1")
@pytest.mark.parametrize(
    "changes", [{"fee_bps": 0}, {"fee_bps": 1_000}, {"window": 1}, {"window": 7 * 86_400}]
)
def test_takes_what_is_at_the_bounds(world, changes):
    rules = GOOD._replace(**changes)
    made = world.evm.deploy("StorageDeals", world.market.address, *rules[:3])
    assert (made.feeBps(), made.window()) == rules[1:3]
    StorageDeals(world.shadow, made.address, rules, lambda _: b"")


@pytest.mark.spec("19.1")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"fee_bps": 1_001}, ("OutOfBounds", 1_001, 0, 1_000)),
        ({"window": 0}, ("OutOfBounds", 0, 1, 7 * 86_400)),
        ({"window": 7 * 86_400 + 1}, ("OutOfBounds", 7 * 86_400 + 1, 1, 7 * 86_400)),
        ({"treasury": ZERO}, ("ZeroAddress",)),
    ],
)
def test_refuses(world, changes, error):
    rules = GOOD._replace(**changes)
    with reverts(*error):
        world.evm.deploy("StorageDeals", world.market.address, *rules[:3])
    with pytest.raises(Refused) as refused:
        StorageDeals(world.shadow, world.address, rules, lambda _: b"")
    assert (refused.value.name, *refused.value.arguments) == error


@pytest.mark.spec("19.1")
def test_off_local_chains_the_window_is_an_hour_at_least():
    """Where it is short a miner that restarts would lose."""
    evm = Evm(chain_id=1)
    market = deploy_market(evm, evm.deploy("FixedToken").address)
    with reverts("OutOfBounds", 3_599, 3_600, 7 * 86_400):
        evm.deploy("StorageDeals", market.address, TREASURY, 250, 3_599)
    evm.deploy("StorageDeals", market.address, TREASURY, 250, 3_600)
