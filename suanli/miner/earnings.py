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


def lines(days: list[Day], decimals: int) -> Iterator[str]:
    yield f"{'day':<10}  {'deals':>7}  {'paid':>16}"
    whole = Day("all", sum(d.deals for d in days), sum(d.paid for d in days))
    for day in [*days, whole]:
        yield f"{day.day:<10}  {day.deals:>7,}  {show(day.paid, decimals):>16}"
