"""Slashes of terms that take little: less than a cure costs otherwise, less than filers paid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suanli.protocol.court import CasePhase
from tests.contracts.Court import plays
from tests.contracts.Court.small import ANYBODY, FIRST, MINER, SECOND, TASKS, UNIT, Town
from tests.contracts.Court.stage import again, staged
from tests.contracts.Court.walk import Filing, Play, steps
from tests.harness.court_world import CourtWorld
from tests.harness.evm import Receipt
from tests.harness.market import Request

HAD = 1_000 * UNIT
COLLATERAL = TASKS * plays.UNITS * 2 * UNIT
SEATS = 3 * UNIT // 2
"""What a jury of three is paid."""
PARTS = "challenge", "answer", "reveal_secret", "commit_vote", "show_leaf", "reveal_vote"


def all_act(world: CourtWorld, town: Town, play: Play) -> None:
    """Parties and jurors do what the protocol wants, as far as no time must pass for it."""
    for name in PARTS:
        for step in [step for step in steps(town, play) if step.name == name]:
            again(world, town, play, step)


def pass_phase(world: CourtWorld, town: Town) -> None:
    for case_id in town.cases:
        wait(world, town.court.cases[case_id].deadline)
        world.court_call("advance", ANYBODY, Request(*town.request), case_id)


def wait(world: CourtWorld, until: int) -> None:
    world.advance(max(until + 1 - world.evm.time, 0))


def finish(world: CourtWorld, town: Town) -> Receipt:
    docket = town.court.dockets[town.market.request_id(town.request)]
    wait(world, docket.filing_until)
    return world.court_call("finish", ANYBODY, Request(*town.request))


@pytest.mark.spec("17.27")
def test_shares_of_too_small_a_slash_leave_nothing():
    """Two filers share an odd number of base units, far less than they paid for jurors."""
    world, town = staged((0,), 4, releaseBps=0, defaultBps=0, overturnBps=1, courtBps=9_999)
    play = Play(filings=(Filing(FIRST, 0), Filing(SECOND, 0)), votes=("right",))
    all_act(world, town, play)
    pass_phase(world, town)
    received = finish(world, town).event("DealFinished").args["received"]
    assert received == COLLATERAL // 10_000 * 9_999 // 10_000 == 3_999
    for case_id, refund in zip(town.cases, (1_999, 2_000), strict=True):
        request_id = town.market.request_id(town.request)
        receipt = world.court_call("collect", ANYBODY, request_id, case_id)
        assert receipt.event("RewardPaid").args["refund"] == refund
    assert (town.net(FIRST), town.net(SECOND)) == (HAD - SEATS + 1_999, HAD - SEATS + 2_000)
    assert tuple(world.judges.accountOf(world.judges.address)) == (0, 0)


@pytest.mark.spec("17.25")
def test_a_cure_costs_no_more_than_the_terms_allow():
    """Or it could not be finished at all, and whoever served late would lose nothing."""
    world, town = staged((), 4, releaseBps=0, defaultBps=0, overturnBps=500)
    late = Play(filings=(Filing(FIRST, 0, withheld=True),), votes=("nothing",))
    all_act(world, town, late)
    pass_phase(world, town)
    assert town.court.cases[town.cases[0]].phase == CasePhase.VOTING
    all_act(world, town, replace(late, votes=("right",)))
    pass_phase(world, town)
    assert town.court.rules.cure_slash_bps == 1_000
    found = finish(world, town).event("DealFinished").args
    assert (found["slashBps"], found["received"]) == (500, COLLATERAL // 20)
    assert town.market.miners[MINER].stake == 200 * UNIT - COLLATERAL // 20
