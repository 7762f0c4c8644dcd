"""Which miners are asked first to keep bytes."""

from __future__ import annotations

from dataclasses import replace

from suanli.lease.storage.owner.finding import SpaceOffer, fitting
from suanli.lease.user.ledger import SessionPlace
from tests.harness.keeping import DAY, PRICE, REQUESTER, SPACE


def test_whoever_makes_units_small_is_not_the_cheapest() -> None:
    seen = [
        SpaceOffer(
            SessionPlace(miner, REQUESTER.address, (), "", 1_000),
            price,
            10_000,
            replace(SPACE, unit=unit),
        )
        for miner, price, unit in ((1, PRICE, 10**6), (2, 2 * PRICE, 10**9), (3, PRICE, 10**9))
    ]
    sizes = [[one.place.miner for one in fitting(seen, size, DAY, DAY)] for size in (5, 5 * 10**8)]
    assert sizes == [[1, 3, 2], [3, 2, 1]]
