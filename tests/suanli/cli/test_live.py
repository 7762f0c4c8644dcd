"""A run's bars on a terminal, and its lines everywhere."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from suanli.cli.live import Bars, show
from suanli.client import Confirmed, DealEnded, FellBack, JobEvent, Progressed
from tests.suanli.cli.test_output import terminal

MINER = "0x" + "ab" * 20


def run() -> Any:
    session = SimpleNamespace(show=lambda units: f"{units} SLT")
    return SimpleNamespace(
        id="f00d",
        tasks=4,
        session=session,
        show=session.show,
        reserved=55,
        live=list,
        ledger=SimpleNamespace(results=dict),
    )


def happened() -> list[JobEvent]:
    return [
        Confirmed(0, MINER, 10**18, 1_000),
        Progressed(0, MINER, 1, 4, 90.0, 600),
        FellBack("the relay is away"),
        DealEnded(0, MINER, "settled", 7, ""),
    ]


def test_lines_and_no_bars_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    show(run(), [event for event in happened() if not isinstance(event, Progressed)])
    assert capsys.readouterr().err.splitlines() == [
        f"deal 0: {MINER[:10]} took it at 1 a unit",
        "going on over the chain: the relay is away",
        f"deal 0: {MINER[:10]} settled, paid 7 SLT",
    ]


def test_bars_below_the_lines_on_a_terminal() -> None:
    with terminal() as shown:
        show(run(), happened())
    assert "job f00d" in shown.getvalue()
    assert "going on over the chain: the relay is away" in shown.getvalue()


def test_a_deal_has_a_bar_while_it_is_at_work() -> None:
    confirmed, progressed, *_, ended = happened()
    with terminal():
        bars = Bars(run())
        bars.take(progressed)  # confirmed in an earlier run
        (_, deal) = bars._drawn.tasks
        assert (deal.description, deal.completed, deal.total) == ("deal 0 0xabababab", 1, 4)
        assert deal.fields["more"] == "about 1 min 30 s left, deadline in 10 min"
        job, *_ = bars._drawn.tasks
        summed = "1 deal at work, 55 SLT locked or spent"
        assert job.fields["more"] == f"{summed}, about 1 min 30 s left"
        bars.take(ended)
        assert job.fields["more"] == "0 deals at work, 55 SLT locked or spent"
        bars.take(ended)  # said twice does no harm
        assert len(bars._drawn.tasks) == 1
        bars.take(confirmed)
        assert len(bars._drawn.tasks) == 2
