"""What a miner earned, by day (UTC) and class, and what its deals' transactions cost."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from suanli.base.amounts import show
from suanli.miner.journal import Day

ETHER_DECIMALS = 18
BAR = 40
"""Characters of the longest bar."""


def by_day(parts: Iterable[Day]) -> list[Day]:
    """Days and classes with payments, oldest first."""
    days: dict[tuple[str, int], Day] = {}
    for part in parts:
        key = part.day, part.resource
        days[key] = days[key] + part if key in days else part
    return [days[key] for key in sorted(days)]


def last(days: Sequence[Day], most: int | None) -> list[Day]:
    """Of the newest so many days with payments."""
    names = sorted({day.day for day in days})[-(most or 0) :]
    return [day for day in days if day.day in names]


def together(days: Sequence[Day]) -> Day:
    deals, paid, cost = (sum(getattr(d, name) for d in days) for name in ("deals", "paid", "cost"))
    return Day("all", 0, deals, paid, cost)


def as_json(days: Sequence[Day], decimals: int, ether: int | None = None) -> dict[str, Any]:
    """Amounts in base units and wei, as text; `ether` is what one costs, if nets are asked for."""
    told = [{"day": day.day, "resource": day.resource, **_sums(day, ether)} for day in days]
    return {"decimals": decimals, "days": told, **_sums(together(days), ether)}


def _sums(day: Day, ether: int | None) -> dict[str, Any]:
    found = {"settled": day.deals, "paid": str(day.paid), "wei": str(day.cost)}
    return found if ether is None else found | {"net": str(day.net(ether))}


def rows(days: Sequence[Day], decimals: int, ether: int | None = None) -> Iterator[tuple[str, ...]]:
    """A table, its head first and the sum last."""
    yield "day", "class", "deals", "paid", "gas, ether", *(() if ether is None else ("net",))
    for day in [*days, together(days)]:
        amounts = _amounts(day, decimals, ether)
        yield day.day, str(day.resource or ""), f"{day.deals:,}", *amounts


def as_csv(days: Sequence[Day], decimals: int, ether: int | None = None) -> str:
    """For spreadsheets: a head, and a line for each day and class; amounts are exact, without
    separators."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    net = () if ether is None else ("net",)
    writer.writerow(("day", "class", "deals", "paid", "gas_ether", *net))
    for d in days:
        amounts = _amounts(d, decimals, ether, places=ETHER_DECIMALS + decimals)
        plain = [amount.replace(",", "") for amount in amounts]
        writer.writerow((d.day, d.resource, d.deals, *plain))
    return out.getvalue()


def _amounts(day: Day, decimals: int, ether: int | None, places: int = 6) -> list[str]:
    found = [show(day.paid, decimals, places), show(day.cost, ETHER_DECIMALS, places)]
    return found if ether is None else [*found, show(day.net(ether), decimals, places)]


def chart(
    days: Sequence[Day], decimals: int, ether: int | None = None
) -> Iterator[tuple[str, str, str, str]]:
    """A bar for each day and class, as long as what it paid, or what gas left of that."""
    lengths = [day.paid if ether is None else day.net(ether) for day in days]
    most = max([1, *lengths])
    for day, length in zip(days, lengths, strict=True):
        bar = "█" * round(BAR * max(length, 0) / most)
        yield day.day, str(day.resource or ""), bar, show(length, decimals)
