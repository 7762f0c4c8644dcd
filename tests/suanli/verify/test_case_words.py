"""A case in plain words, whatever it waits for."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from suanli.protocol import CaseOutcome, CasePhase
from suanli.verify.case_words import about, case_told, next_told, silence_told
from tests.suanli.client.test_core_cases import DOCKET, STATUS


@pytest.mark.parametrize(
    ("change", "told", "then"),
    [
        (
            {"phase": CasePhase.ANSWERING},
            "the miner has to show its leaf",
            "the miner loses if it does not",
        ),
        (
            {"phase": CasePhase.VOTING, "committed": 2},
            "3 jurors run the task: 2 have voted",
            "who does not vote pays a penalty",
        ),
        (
            {"phase": CasePhase.VOTING, "round": 2, "second": True, "seats": 27},
            "27 jurors run the task on appeal, a second time, since data was served: 0 have voted",
            "who does not vote pays a penalty",
        ),
        (
            {"phase": CasePhase.DECIDED, "outcome": CaseOutcome.WRONG},
            "the jury found the miner's result wrong; the loser may appeal",
            "then it is closed",
        ),
        (
            {"phase": CasePhase.UPHELD, "outcome": CaseOutcome.UNAVAILABLE},
            "the miner lost: the jury could not get the data",
            "",
        ),
        ({"phase": CasePhase.UPHELD}, "the miner lost", ""),
    ],
)
def test_what_it_waits_for(change: dict[str, object], told: str, then: str) -> None:
    status = replace(STATUS, **change)
    assert (case_told(status), silence_told(status)) == (told, then)


def test_there_are_words_for_everything() -> None:
    for phase, outcome, round_ in product(CasePhase, CaseOutcome, range(3)):
        status = replace(STATUS, phase=phase, outcome=outcome, round=round_)
        assert case_told(status)
        is_waiting = CasePhase.NONE < phase < CasePhase.REJECTED
        assert bool(silence_told(status)) == is_waiting
    assert "withheld" in about(replace(STATUS, withheld=True))
    assert about(STATUS) == "task 1 of the deal: its result is said to be wrong"


@pytest.mark.parametrize(
    ("change", "now", "told"),
    [
        ({"open": 2}, 3_000, "the deal waits for 2 more cases"),
        ({"open": 0}, 1_940, "the deal waits for 1 min: others may still challenge"),
        ({"open": 0}, 2_001, "anybody may finish the deal"),
        ({"open": 0, "finished": True}, 2_001, ""),
        ({"open": 0, "frozen": False}, 2_001, ""),
    ],
)
def test_what_follows_an_end(change: dict[str, object], now: int, told: str) -> None:
    status = replace(STATUS, phase=CasePhase.UPHELD)
    assert next_told(status, replace(DOCKET, **change), now) == told
