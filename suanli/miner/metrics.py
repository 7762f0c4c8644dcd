"""A miner's figures for Prometheus, out of its `status`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from suanli.base import metrics
from suanli.miner.core.stages import Stage

if TYPE_CHECKING:
    from prometheus_client.core import Metric

PRICE = 10**18


def figures(status: dict[str, Any]) -> Iterator[Metric]:
    """Amounts in tokens: floats, for charts and alarms, not for accounts. A stage without deals is
    0: not told, it would be a gap in a chart."""
    token = 10 ** int(status.get("decimals", 18))
    deals = Counter(deal["stage"] for deal in status["deals"])
    yield metrics.gauge(
        "suanli_miner_deals",
        "deals that it has, by stage",
        ("stage",),
        [((stage,), deals[stage]) for stage in Stage],
    )
    not_taken = Counter(one["reason"].split(":")[0] for one in status["not_taken"])
    yield metrics.gauge(
        "suanli_miner_not_taken",
        "requests not taken, of the newest ones, by reason",
        ("reason",),
        [((reason,), count) for reason, count in sorted(not_taken.items())],
    )
    yield metrics.gauge(
        "suanli_miner_units_owed",
        "units of deals that it is bound by",
        (),
        [((), status["units_owed"])],
    )
    yield metrics.counter(
        "suanli_miner_paid_deals", "deals that paid", (), [((), status["paid_deals"])]
    )
    yield metrics.counter(
        "suanli_miner_paid_tokens",
        "tokens that deals paid",
        (),
        [((), int(status["paid"]) / token)],
    )
    if "classes" not in status:
        return  # it has not seen the chain yet
    for name, about in (
        ("stake", "stake in the market, in tokens"),
        ("earnings", "earnings in the market to be collected, in tokens"),
    ):
        value = int(status[name]) / token
        yield metrics.gauge(f"suanli_miner_{name}_tokens", about, (), [((), value)])
    for name, about in (
        ("capacity", "units that it has"),
        ("published", "units that it offers"),
        ("reserved", "units that it has sold"),
    ):
        yield metrics.gauge(
            f"suanli_miner_{name}_units",
            about,
            ("class",),
            [((str(one["resource"]),), one[name]) for one in status["classes"]],
        )
    for name, about in (("ask", "its least price"), ("price", "the market's price")):
        yield metrics.gauge(
            f"suanli_miner_{name}_tokens",
            f"{about} of a unit, in tokens",
            ("class",),
            [((str(one["resource"]),), int(one[name]) / PRICE) for one in status["classes"]],
        )
    yield metrics.gauge(
        "suanli_miner_cases", "open cases of its deals", (), [((), len(status.get("cases", ())))]
    )
    yield metrics.gauge(
        "suanli_miner_block", "newest block that it has seen", (), [((), status["block"])]
    )
