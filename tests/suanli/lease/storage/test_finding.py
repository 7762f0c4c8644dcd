"""Which miners are asked first to keep bytes, and what they tell of themselves."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from suanli.lease.errors import LeaseError
from suanli.lease.storage.deal import Space
from suanli.lease.storage.keeper.config import KeepingSpace
from suanli.lease.storage.keeper.selling import gas_cost, space_of, tell
from suanli.lease.storage.owner.finding import SpaceOffer, fitting, offers
from suanli.lease.user.ledger import SessionPlace
from suanli.protocol import Kind
from tests.harness.keeping import DAY, DEALS, DOMAIN, PRICE, REQUESTER, RESOURCE, SPACE


def offer(miner: int, price: int, **changes: int) -> SpaceOffer:
    place = SessionPlace(miner, REQUESTER.address, (), "", 1_000)
    return SpaceOffer(place, price, 10_000, replace(SPACE, **changes))


def test_whoever_makes_units_small_is_not_the_cheapest() -> None:
    seen = [
        offer(1, PRICE, unit=10**6, most=10**9),
        offer(2, 2 * PRICE, unit=10**9, most=10**9),
        offer(3, PRICE, unit=10**9, most=10**9),
    ]
    sizes = [
        [one.place.miner for one in fitting(seen, size, DAY, DAY, 1)] for size in (5, 5 * 10**8)
    ]
    assert sizes == [[1, 3, 2], [3, 2, 1]]


def test_what_is_too_much_to_be_taken_unpaid_is_not_brought() -> None:
    """A leaf of 1,024 bytes and its hash."""
    found = fitting([offer(1, PRICE, most=1_056), offer(2, PRICE, most=1_055)], 1_024, DAY, DAY, 1)
    assert [one.place.miner for one in found] == [1]


def test_whoever_would_pay_more_for_the_proof_than_it_earns_is_not_asked() -> None:
    """A unit's day is worth 100,000 base units; ten leaves and what each proof takes 40,000."""
    seen = [offer(1, PRICE), offer(2, 2 * PRICE)]
    found = [one.place.miner for one in fitting(seen, 1, DAY, 17_280, 10)]
    assert found == [2]  # 20,000 of the first, 40,000 of the second
    with pytest.raises(LeaseError) as refused:
        fitting(seen, 1, DAY, 17_279, 10)
    assert str(refused.value) == (
        "17279 seconds pay 0.019999 tokens, and a proof of 10 leaves 0.04 at least: name longer"
        " periods (--period) or fewer leaves (--leaves)"
    )


GIVEN = KeepingSpace(
    deals=DEALS,
    resource=RESOURCE,
    units=20,
    ask=Decimal("0.1"),
    collateral=Decimal(100),
    listen=None,
    addresses=("ws://203.0.113.7:8710",),
    disk=2 << 30,
)


def node(base_fee: int, tip: int | None) -> Any:
    return SimpleNamespace(
        head=lambda: SimpleNamespace(base_fee=base_fee, time=1_000), priority_fee=lambda: tip
    )


def test_a_proofs_gas_costs_what_the_chain_asks_or_the_file_says() -> None:
    assert gas_cost(node(3 * 10**9, 10**9), GIVEN) == Decimal("0.004")
    assert gas_cost(node(3 * 10**9, None), GIVEN) == Decimal("0.004")
    assert gas_cost(node(3 * 10**9, 0), replace(GIVEN, gas=Decimal(0))) == 0
    assert gas_cost(node(3 * 10**9, 0), replace(GIVEN, gas=Decimal(12))) == 12


def test_what_a_miner_tells_is_what_requesters_reckon_with() -> None:
    posted: list[Any] = []
    market: Any = SimpleNamespace(
        node=node(0, 10**9),
        resource_count=lambda: RESOURCE,
        resource_class=lambda _: SimpleNamespace(kind=Kind.LEASED, retired=False, unit_seconds=DAY),
        price_of=lambda _: PRICE,
        miner_account=lambda _: SimpleNamespace(miner_id=7),
        offer_of=lambda *_: SimpleNamespace(
            published=20, reserved=3, valid_until=2_000, ask=GIVEN.price
        ),
    )
    space = space_of(market, GIVEN, 6)
    # 75,000 and 37,000 gas at 0.001 tokens a million, in millionths of a token, rounded up
    assert space == Space(RESOURCE, 10**9, DAY, 3_600, 365 * DAY, PRICE, 6, 75, 37, 512 << 20)
    relay: Any = SimpleNamespace(
        post=posted.append, hostings=lambda _: [one.message for one in posted], ahead=None
    )
    tell(relay, DOMAIN, REQUESTER, GIVEN, space, b"\1" * 32)
    (found,) = offers(market, relay, RESOURCE, 6)
    assert (found.space, found.free, found.place.miner) == (space, 17, 7)
