"""Agreement with eth_account is tested in `tests/contracts/test_signatures.py`."""

import pytest
from eth_utils import keccak

from tests.harness.market import ALICE, BOB, MAX_UINT64, MAX_UINT96, Request, deploy_market

TYPE = (
    "Request(address requester,uint32 miner,uint32 resource,uint16 runtime,uint64 units,"
    "uint96 maxPrice,uint40 confirmBy,uint32 duration,uint32 tasks,bytes32 job,uint32 terms,"
    "uint16 flags,uint32 epoch,uint64 salt)"
)


def word(value):
    if isinstance(value, bytes):
        return value
    number = int(value, 16) if isinstance(value, str) else value
    return number.to_bytes(32, "big")


@pytest.mark.spec("5.1")
def test_is_the_eip_712_digest_written_out(world):
    """By hand, from EIP-712's text: domain, type and fields, with no library in between."""
    request = world.request(
        miner=2**32 - 1, runtime=2**16 - 1, maxPrice=MAX_UINT96, salt=MAX_UINT64
    )
    domain = keccak(
        keccak(
            text="EIP712Domain(string name,string version,uint256 chainId,"
            "address verifyingContract)"
        )
        + keccak(text="Suanli")
        + keccak(text="1")
        + word(1337)
        + word(world.market.address)
    )
    struct = keccak(keccak(text=TYPE) + b"".join(map(word, request)))
    assert world.request_id(request) == keccak(b"\x19\x01" + domain + struct)


@pytest.mark.parametrize("field", Request._fields)
@pytest.mark.spec("5.1")
def test_every_field_counts(world, field):
    request = world.request()
    value = getattr(request, field)
    other = {bytes: b"\x01" * 32, int: 1 + value if isinstance(value, int) else 0}.get(
        type(value), BOB
    )
    assert world.request_id(request) != world.request_id(request._replace(**{field: other}))


def test_does_not_depend_on_what_happened(world):
    request = world.request()
    before = world.request_id(request)
    world.market.postRequest(request, sender=ALICE)
    world.market.advanceEpoch(sender=ALICE)
    world.evm.advance(10**6)
    assert world.request_id(request) == before


@pytest.mark.spec("5.1")
def test_differs_between_markets(world):
    request = world.request()
    other = deploy_market(world.evm, world.token.address, ALICE, 0, sender=ALICE)
    assert bytes(other.requestId(request)) != world.request_id(request)
