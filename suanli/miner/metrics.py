"""A miner's figures for Prometheus, out of its `status`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from suanli.base import metrics

if TYPE_CHECKING:
    from prometheus_client.core import Metric

PRICE = 10**18


def figures(status: dict[str, Any]) -> Iterator[Metric]:
    """Amounts in tokens: floats, for charts and alarms, not for accounts."""
    token = 10 ** int(status.get("decimals", 18))
    deals = Counter(deal["stage"] for deal in status["deals"])
    yield metrics.gauge(
        "suanli_miner_deals",
        "deals that it has, by stage",
        ("stage",),
        [((stage,), count) for stage, count in sorted(deals.items())],
    )
    not_taken = Counter(one["reason"].split(":")[0] for one in status["not_taken"])
    yield metrics.gauge(
        "suanli_miner_not_taken",
        "requests not taken, of the newest ones, by reason",
        ("reason",),
        [((reason,), count) for reason, count in sorted(not_taken.items())],
    )
    yield metrics.gauge(
        "suanli_miner_units_owed", "units of live deals", (), [((), status["units_owed"])]
    )
    yield metrics.counter(
        "suanli_miner_paid_deals", "deals that paid", (), [((), status["paid_deals"])]
    )
    yield metrics.counter(
        "suanli_miner_paid_tokens", "what they paid", (), [((), int(status["paid"]) / token)]
    )
    if "classes" not in status:
        return  # it has not seen the chain yet
    for name, about in (
        ("stake", "stake in the market"),
        ("earnings", "earnings to be collected"),
    ):
        value = int(status[name]) / token
        yield metrics.gauge(f"suanli_miner_{name}_tokens", about, (), [((), value)])
    for name in ("capacity", "published", "reserved"):
        yield metrics.gauge(
            f"suanli_miner_{name}_units",
            f"units {name}",
            ("class",),
            [((str(one["resource"]),), one[name]) for one in status["classes"]],
        )
    for name, about in (("ask", "its least price"), ("price", "the market's price")):
        yield metrics.gauge(
            f"suanli_miner_{name}_tokens",
            f"{about} of a unit",
            ("class",),
            [((str(one["resource"]),), int(one[name]) / PRICE) for one in status["classes"]],
        )
    yield metrics.gauge(
        "suanli_miner_cases", "open cases of its deals", (), [((), len(status.get("cases", ())))]
    )
    yield metrics.gauge("suanli_miner_block", "newest block seen", (), [((), status["block"])])
