"""The local token can be deployed on local chains only."""

import pytest

from tests.harness.evm import Evm, reverts


@pytest.mark.parametrize("chain_id", [1337, 31337])
@pytest.mark.parametrize("decimals", [6, 18, 24])
def test_local_chains(chain_id, decimals):
    token = Evm(chain_id).deploy("LocalToken", decimals)
    assert token.decimals() == decimals
    assert token.totalSupply() == 0


@pytest.mark.parametrize("chain_id", [1, 10, 56, 137, 1338, 42161, 11155111])
def test_live_chains(chain_id):
    with reverts("LocalChainsOnly", chain_id):
        Evm(chain_id).deploy("LocalToken", 18)
