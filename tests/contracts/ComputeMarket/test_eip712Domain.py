"""eip712Domain (ERC-5267): the domain that wallets show and sign."""

from tests.harness.evm import CHAIN_ID


def test_names_chain_and_market(world):
    domain = world.market.eip712Domain()
    assert domain.fields == b"\x0f"
    assert (domain.name, domain.version) == ("Suanli", "1")
    assert (domain.chainId, domain.verifyingContract) == (CHAIN_ID, world.market.address)
    assert (domain.salt, domain.extensions) == (b"\0" * 32, ())
