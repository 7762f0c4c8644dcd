"""token: the settlement token, fixed at deployment."""

import pytest


@pytest.mark.spec("2.1")
def test_names_the_token(world):
    assert world.market.token() == world.token.address
