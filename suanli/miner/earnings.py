"""What a miner earned, by day (UTC)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from suanli.base.amounts import show
from suanli.miner.journal import Paid


@dataclass(frozen=True)
class Day:
    """`paid` in base units, for so many deals."""

    day: str
    deals: int
    paid: int


def by_day(payments: Iterable[Paid]) -> list[Day]:
    """Days with payments, oldest first."""
    days: dict[str, Day] = {}
    for payment in payments:
        name = time.strftime("%Y-%m-%d", time.gmtime(payment.at))
        day = days.get(name, Day(name, 0, 0))
        days[name] = Day(name, day.deals + 1, day.paid + payment.amount)
    return [days[name] for name in sorted(days)]


def as_json(days: list[Day], decimals: int) -> dict[str, Any]:
    """Amounts in base units, as text."""
    return {
        "decimals": decimals,
        "days": [{"day": d.day, "settled": d.deals, "paid": str(d.paid)} for d in days],
        "settled": sum(d.deals for d in days),
        "paid": str(sum(d.paid for d in days)),
    }


def rows(days: list[Day], decimals: int) -> Iterator[tuple[str, str, str]]:
    """A table, its head first and the sum last."""
    yield "day", "deals", "paid"
    whole = Day("all", sum(d.deals for d in days), sum(d.paid for d in days))
    for day in [*days, whole]:
        yield day.day, f"{day.deals:,}", show(day.paid, decimals)
