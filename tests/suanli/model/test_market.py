"""The lifecycle by hand; `tests/contracts/stateful` compares it with the contracts step by step."""

from copy import deepcopy
from dataclasses import asdict
from inspect import ismodule

import pytest
from eth_account.messages import _hash_eip191_message, encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

import suanli.model
from suanli.model import Market, Signature
from suanli.protocol import (
    PRESETS,
    Acceptance,
    Domain,
    Kind,
    LinearPrice,
    Payment,
    Refused,
    Release,
    Request,
    ResourceClass,
    State,
    Terms,
)
from tests.harness.market import ACCEPTANCE_TYPE, RELEASE_TYPE, REQUEST_TYPE

TOKEN = 10**18
OWNER, ALICE, BOB, MODEL = (f"0x{i:040x}" for i in range(1, 5))
TREASURY, POOL, COURT, TOKEN_ADDRESS = (f"0x{i:040x}" for i in range(5, 9))
DOMAIN = Domain(1337, "0x" + "ab" * 20)
ROOT = b"\x01" * 32
NOW = 1_800_000_000


@pytest.fixture
def market():
    """Bob sells 1000 units at 2 tokens or more; Alice has 10,000 tokens."""
    market = Market(
        domain=DOMAIN, token=TOKEN_ADDRESS, decimals=18, time=NOW, owner=OWNER, unbonding_delay=60
    )
    market.price_models[MODEL] = LinearPrice(TOKEN, PRESETS["excess-demand"])
    judged = ResourceClass(MODEL, Kind.JUDGED, False, 1, TOKEN, 1000, 2**30, 0, 2**24)
    market.add_resource_class(OWNER, judged, "unit", [bytes(32)])
    terms = Terms(
        TREASURY, 100, 3600, False, COURT, 7200, 100, 5000, 10_000, POOL, 30 * TOKEN, 2000
    )
    market.add_terms(OWNER, terms)
    for account in (ALICE, BOB):
        market.wallets[account] = 10_000 * TOKEN
        market.deposit(account, 10_000 * TOKEN)
    market.register_miner(BOB, BOB)
    market.add_stake(BOB, BOB, 1000 * TOKEN)
    market.register_resource(BOB, 1, 1000)
    market.publish_offer(BOB, 1, 1000, 2 * TOKEN, NOW + 10_000)
    return market


@pytest.fixture
def request_():
    return Request(ALICE, 0, 1, 0, 100, 3 * TOKEN, NOW + 60, 600, 1, ROOT, 1)


def test_a_deal_through_the_window(market, request_):
    request_id = market.post_request(ALICE, request_)
    assert market.accounts[ALICE].locked == 300 * TOKEN
    assert market.confirm_request(BOB, request_) == 2 * TOKEN
    market.submit_result(BOB, request_, ROOT, 40)
    with pytest.raises(Refused, match=rf"DeadlineNotPassed\({NOW + 3600}\)"):
        market.settle(BOB, request_)
    market.time += 3601
    assert market.state_of(request_) == State.SETTLEABLE
    paid = Payment(79_200_000_000_000_000_000, 800_000_000_000_000_000, 220 * TOKEN)
    assert market.settle_many(OWNER, [request_, request_]) == [paid, State.SETTLED]
    assert market.deal_of(request_id).state == State.SETTLED
    assert market.miners[BOB].earnings == paid.paid
    assert market.accounts[TREASURY].available == paid.fee


def test_a_signed_deal_and_its_default(market, request_):
    signature = Signature(ALICE, market.request_id(request_))
    market.confirm_request(BOB, request_, signature)
    market.time += 601
    lost = market.claim_default(ALICE, request_)
    assert (lost.compensation, lost.court, lost.pool, lost.units_lost) == (
        30 * TOKEN,
        0,
        20 * TOKEN,
        50,
    )
    assert market.miners[BOB].stake == market.miners[BOB].pledged == 950 * TOKEN
    assert asdict(market.totals[1]) == {"registered": 950, "published": 950, "demanded": 0}


def test_an_overturned_result(market, request_):
    market.post_request(ALICE, request_)
    market.confirm_request(BOB, request_)
    market.submit_result(BOB, request_, ROOT, 100)
    market.freeze(COURT, request_)
    lost = market.resolve(COURT, request_, 0, 10_000).slash
    assert (lost.compensation, lost.court, lost.pool) == (
        30 * TOKEN,
        14 * TOKEN,
        56 * TOKEN,
    )
    assert market.state_of(request_) == State.OVERTURNED


@pytest.mark.parametrize("forged", [None, Signature(BOB, ROOT), Signature(ALICE, ROOT)])
def test_a_refusal_changes_nothing(market, request_, forged):
    before = deepcopy(vars(market))
    with pytest.raises(Refused, match="InvalidSignature") as refusal:
        market.confirm_request(BOB, request_, forged)
    assert refusal.value.arguments == (ALICE, market.request_id(request_))
    del before["_ids"]
    assert before == {name: value for name, value in vars(market).items() if name != "_ids"}


ADDRESS = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
DIGEST = st.binary(min_size=32, max_size=32)


def typed_digest(types, message):
    domain = {
        "name": "Suanli",
        "version": "1",
        "chainId": DOMAIN.chain_id,
        "verifyingContract": DOMAIN.market,
    }
    return bytes(_hash_eip191_message(encode_typed_data(domain, types, message)))


@given(
    st.builds(
        Request,
        requester=ADDRESS,
        miner=st.integers(0, 2**32 - 1),
        resource=st.integers(0, 2**32 - 1),
        runtime=st.integers(0, 2**16 - 1),
        units=st.integers(0, 2**64 - 1),
        max_price=st.integers(0, 2**96 - 1),
        confirm_by=st.integers(0, 2**40 - 1),
        duration=st.integers(0, 2**32 - 1),
        tasks=st.integers(0, 2**32 - 1),
        job=DIGEST,
        terms=st.integers(0, 2**32 - 1),
        flags=st.integers(0, 2**16 - 1),
        epoch=st.integers(0, 2**32 - 1),
        salt=st.integers(0, 2**64 - 1),
    ),
    DIGEST,
    st.integers(0, 2**64 - 1),
)
def test_digests_are_those_of_eip_712(request, root, units_used):
    """As eth_account, which wallets agree with, computes them."""
    names = [field["name"] for field in REQUEST_TYPE["Request"]]
    request_id = DOMAIN.request_id(request)
    assert request_id == typed_digest(REQUEST_TYPE, dict(zip(names, request, strict=True)))
    accepted = {"request": request_id, "root": root, "unitsUsed": units_used}
    signed = DOMAIN.digest(Acceptance(request_id, root, units_used))
    assert signed == typed_digest(ACCEPTANCE_TYPE, accepted)
    released = DOMAIN.digest(Release(request_id))
    assert released == typed_digest(RELEASE_TYPE, {"request": request_id})


def test_public_names():
    public = {name for name, value in vars(suanli.model).items() if not ismodule(value)}
    assert {name for name in public if name[0] != "_"} == set(suanli.model.__all__)
