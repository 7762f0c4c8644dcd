"""A juror's figures for Prometheus, out of its `status`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from suanli.base import metrics

if TYPE_CHECKING:
    from prometheus_client.core import Metric


def figures(status: dict[str, Any]) -> Iterator[Metric]:
    stages = Counter(one["stage"] for one in status["ballots"])
    yield metrics.gauge(
        "suanli_juror_ballots",
        "cases that it sits in, by stage",
        ("stage",),
        [((stage,), count) for stage, count in sorted(stages.items())],
    )
    yield metrics.counter(
        "suanli_juror_judged",
        "how its seats came off",
        ("how",),
        [((how,), count) for how, count in status["judged"].items()],
    )
    if "seats" in status:
        yield metrics.gauge(
            "suanli_juror_seats", "seats that it has", (), [((), len(status["seats"]))]
        )
        value = int(status["available"]) / 10 ** int(status["decimals"])
        about = "tokens in the court to be withdrawn"
        yield metrics.gauge("suanli_juror_available_tokens", about, (), [((), value)])
