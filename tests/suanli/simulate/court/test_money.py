"""What `rules` and `attacks` say of money is what the shadow court does, case by case."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from suanli.protocol import CaseOutcome
from suanli.simulate.court import (
    CourtScenario,
    DealFacts,
    JurorCounts,
    MinerCounts,
    RequesterCounts,
    RulesInTokens,
    set_up,
)
from suanli.simulate.court.attacks import AttackSetting, attacks
from suanli.simulate.court.trials import TradedWork
from suanli.simulate.court.world import CourtWorld

RULES = RulesInTokens()
NOBODY = CourtScenario(
    "one",
    "one deal at a time",
    deals_a_day=1e-9,
    tasks=(10,),
    away=0.0,
    flips=0.0,
    fee_bps=0,
    miners=MinerCounts(1, 0, 0, 0, 0, 0),
    requesters=RequesterCounts(1, 0, 0, 0),
    jurors=JurorCounts(60, 0, 0, 0),
)
DEAL = DealFacts(10, 10)
LOSSES = {attack.name: attack for attack in attacks(AttackSetting(RULES, DEAL, Fraction(3, 10)))}


def judged(scenario: CourtScenario, seed: int = 1) -> tuple[CourtWorld, TradedWork]:
    """One challenged deal of the only miner and the only requester."""
    world, people = set_up(scenario, seed)
    work = people.deal(people.requesters[0], people.miners[0], 10)
    people.submit(work, challenged=True)
    people.finish()
    return world, work


def gained(scenario: CourtScenario) -> dict[str, float]:
    """Money alone, in tokens, by role."""
    world, _ = judged(scenario)
    money = {who: has - world.books.given[who] for who, has in world.holdings().items()}
    return {who[0]: amount / 10**18 for who, amount in money.items() if amount}


def test_right_work_challenged() -> None:
    """The deposit feeds jurors, then the miner, for its delay, and nobody."""
    found = gained(replace(NOBODY, requesters=RequesterCounts(0, 0, 1, 0)))
    deposit, pay = float(RULES.deposit(DEAL)), float(DEAL.pay)
    assert found["requester"] == pytest.approx(-deposit - pay)
    assert found["juror"] == pytest.approx(3 * float(RULES.seat_fee))
    delay = found["miner"] - pay
    assert 0 < delay <= float(RULES.delay(DEAL, 1))
    attack = LOSSES["a requester challenges right work"]
    assert float(attack.attacker) == pytest.approx(deposit + 1.7 * 0.4 * 0.5)
    assert found["nobody"] == pytest.approx(deposit - delay - 1.5)


def test_a_lie_challenged() -> None:
    """Whoever files the right leaf gets all back, and the reward."""
    found = gained(replace(NOBODY, miners=MinerCounts(0, 0, 1, 0, 0, 0)))
    assert found["requester"] == pytest.approx(float(RULES.reward_cap))
    assert found["miner"] == pytest.approx(-float(RULES.slash(DEAL, 1)))
    assert found["juror"] == pytest.approx(1.5)


def test_withheld_data_challenged() -> None:
    found = gained(replace(NOBODY, miners=MinerCounts(0, 0, 0, 1, 0, 0)))
    assert found["miner"] == pytest.approx(-float(DEAL.collateral))
    assert found["requester"] == pytest.approx(float(RULES.reward_cap))
    lost = LOSSES["a miner withholds its data"]
    assert float(lost.attacker) == float(DEAL.collateral + DEAL.pay)


def test_data_served_when_jurors_ask() -> None:
    """The filer is whole again out of the slash, and its result is paid."""
    found = gained(replace(NOBODY, miners=MinerCounts(0, 0, 0, 0, 1, 0)))
    cured = float(DEAL.collateral) * RULES.cure_slash_bps / 10_000
    assert found["miner"] == pytest.approx(float(DEAL.pay) - cured)
    assert found["requester"] == pytest.approx(-float(DEAL.pay))
    assert found["juror"] == pytest.approx(1.5)
    lost = LOSSES["a miner withholds, and serves when jurors ask"]
    assert lost.attacker > cured > lost.victim


def test_an_appeal_that_is_lost() -> None:
    """By a cheat with friends, of whom none sits here."""
    found = gained(replace(NOBODY, miners=MinerCounts(0, 0, 0, 0, 0, 1)))
    crowded = RULES.fee(RULES.appeal_jury, Fraction(10 * 3, 2 * 60))
    lost = RULES.slash(DEAL, 1) + 2 * RULES.bond + crowded
    assert found["miner"] == pytest.approx(-float(lost))
    assert found["juror"] == pytest.approx(30 * 0.5)
    assert found["requester"] == pytest.approx(float(RULES.reward_cap))


def test_a_captured_jury_reversed() -> None:
    """A third of the seats takes one jury of four: the miner appeals, and they lose their seats."""
    seats = JurorCounts(40, 0, 0, 20)
    scenario = replace(NOBODY, requesters=RequesterCounts(0, 0, 0, 1), jurors=seats)
    for seed in range(20):
        world, work = judged(scenario, seed)
        first, *_, last = world.court.cases[work.case].rounds
        if first.outcome == CaseOutcome.WRONG and last.outcome == CaseOutcome.STANDS:
            assert world.books.counts[("miner", "honest"), "appealed"] == 1
            lost = [s for s in world.court.seats.values() if s.penalties == 255]
            assert len(lost) in (2, 3)
            money = world.holdings()["miner", "honest"] - world.books.given["miner", "honest"]
            assert money > DEAL.pay * 10**18
            return
    pytest.fail("no jury was captured")
