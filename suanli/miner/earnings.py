"""What a miner earned, by day (UTC) and class, and what its deals' transactions cost."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from suanli.base.amounts import show
from suanli.miner.journal import Paid

ETHER_DECIMALS = 18
BAR = 40
"""Characters of the longest bar."""


@dataclass(frozen=True)
class Day:
    """`paid` in base units, for so many deals of a class; `cost` in wei, of the transactions of
    these deals. Class 0: not known any more."""

    day: str
    resource: int
    deals: int
    paid: int
    cost: int


def by_day(payments: Iterable[Paid]) -> list[Day]:
    """Days and classes with payments, oldest first."""
    days: dict[tuple[str, int], Day] = {}
    for payment in payments:
        name = time.strftime("%Y-%m-%d", time.gmtime(payment.at))
        key = name, payment.resource
        day = days.get(key, Day(*key, 0, 0, 0))
        paid, cost = day.paid + payment.amount, day.cost + payment.cost
        days[key] = replace(day, deals=day.deals + 1, paid=paid, cost=cost)
    return [days[key] for key in sorted(days)]


def last(days: Sequence[Day], most: int | None) -> list[Day]:
    """Of the newest so many days with payments."""
    names = sorted({day.day for day in days})[-(most or 0) :]
    return [day for day in days if day.day in names]


def as_json(days: Sequence[Day], decimals: int) -> dict[str, Any]:
    """Amounts in base units and wei, as text."""
    return {
        "decimals": decimals,
        "days": [
            {
                "day": d.day,
                "resource": d.resource,
                "settled": d.deals,
                "paid": str(d.paid),
                "gas": str(d.cost),
            }
            for d in days
        ],
        "settled": sum(d.deals for d in days),
        "paid": str(sum(d.paid for d in days)),
        "gas": str(sum(d.cost for d in days)),
    }


def rows(days: Sequence[Day], decimals: int) -> Iterator[tuple[str, ...]]:
    """A table, its head first and the sum last."""
    yield "day", "class", "deals", "paid", "gas, ether"
    deals, paid, cost = (sum(getattr(d, name) for d in days) for name in ("deals", "paid", "cost"))
    for day in [*days, Day("all", 0, deals, paid, cost)]:
        yield (
            day.day,
            str(day.resource or ""),
            f"{day.deals:,}",
            show(day.paid, decimals),
            show(day.cost, ETHER_DECIMALS),
        )


def as_csv(days: Sequence[Day], decimals: int) -> str:
    """For spreadsheets: a head, and a line for each day and class; amounts without separators."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("day", "class", "deals", "paid", "gas_ether"))
    for d in days:
        plain = [show(amount, at).replace(",", "") for amount, at in _amounts(d, decimals)]
        writer.writerow((d.day, d.resource, d.deals, *plain))
    return out.getvalue()


def _amounts(day: Day, decimals: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return (day.paid, decimals), (day.cost, ETHER_DECIMALS)


def chart(days: Sequence[Day], decimals: int) -> Iterator[tuple[str, str, str]]:
    """A bar for each day, as long as what it paid, all classes together."""
    sums: dict[str, int] = {}
    for day in days:
        sums[day.day] = sums.get(day.day, 0) + day.paid
    most = max(sums.values(), default=1)
    for name, paid in sums.items():
        yield name, "█" * round(BAR * paid / most), show(paid, decimals)
