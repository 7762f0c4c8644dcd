"""token: the settlement token, fixed at deployment."""


def test_names_the_token(world):  # SPEC 2.1
    assert world.market.token() == world.token.address
