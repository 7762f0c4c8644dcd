"""A lie about a Python task: the client finds it, a jury runs the call again and says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from suanli.protocol import CaseOutcome, CasePhase, State
from tests.integration.test_disputes import LONGEST, town
from tests.suanli.python import work

pytestmark = pytest.mark.deep


def test_a_jury_runs_calls_again(tmp_path: Path) -> None:
    with town(tmp_path, "lazy") as lying, lying.net.client() as market:
        options = {"min_window": 60, "audit": 1.0, "hedge": False, "patience": 30.0}
        with market.executor(budget="3000", units=400, **options) as executor:
            futures = [executor.submit(work.seeded, n) for n in range(4)]
            found = [future.result() for future in futures]
        assert [numbers[2] for numbers in found] == [0, 1, 2, 3]
        assert executor.corrections == ()
        cases = lying.cases()
        assert cases.keys() == {"miner-1"}
        deal, case = cases["miner-1"]
        lying.await_end([deal])
        judged = lying.court.case_of(case)
        assert (judged.phase, judged.outcome) == (CasePhase.UPHELD, CaseOutcome.WRONG)
        assert lying.market.deal_of(deal).state is State.OVERTURNED
        assert lying.verdict_took(case) < LONGEST
