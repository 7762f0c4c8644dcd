"""A juror's figures for Prometheus, out of its `status`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from suanli.base import metrics
from suanli.juror.core.stages import BallotStage
from suanli.protocol import Assessment

if TYPE_CHECKING:
    from prometheus_client.core import Metric


def figures(status: dict[str, Any]) -> Iterator[Metric]:
    """What did not happen yet is 0: a counter that begins at 1 would hide its first increase."""
    judged = status["judged"]
    stages = Counter(one["stage"] for one in status["ballots"])
    yield metrics.gauge(
        "suanli_juror_ballots",
        "cases that it sits in, by stage",
        ("stage",),
        [((stage,), stages[stage]) for stage in BallotStage if stage is not BallotStage.OVER],
    )
    yield metrics.counter(
        "suanli_juror_judged",
        "seats in cases that ended, by what that did to them",
        ("how",),
        [((how,), judged.get(how, 0)) for how in (kind.name.lower() for kind in Assessment)],
    )
    if "seats" in status:
        yield metrics.gauge(
            "suanli_juror_seats", "seats that it has", (), [((), len(status["seats"]))]
        )
        value = int(status["available"]) / 10 ** int(status["decimals"])
        about = "tokens in the court to be withdrawn"
        yield metrics.gauge("suanli_juror_available_tokens", about, (), [((), value)])
