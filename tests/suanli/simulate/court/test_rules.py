"""What cases cost, and what each attack does: who quarrels, stalls, grinds or lies loses by it."""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction

import pytest

from suanli.deployment import LOCAL_COURT, TermsParameters
from suanli.deployment.court import court_rules
from suanli.model import CourtRules, chance, slash_share
from suanli.simulate.court import DealFacts, RulesInTokens, load_court, set_up
from suanli.simulate.court.attacks import (
    AttackSetting,
    attacks,
    bribed,
    exhausted,
    grinding,
    heaviest,
    most_ground,
)
from suanli.simulate.court.chances import captured_share

RULES = RulesInTokens()
COST = Fraction(3, 10)
DEALS = [DealFacts(tasks, units) for tasks, units in ((1, 1), (2, 8), (30, 30), (1_000, 1_000))]


def test_the_small_jury_judges_what_its_stake_covers() -> None:
    """Three seats, in two cases each, cover 100 tokens one and a half times."""
    assert RULES.covered() == 100
    assert RULES.first_jury(DealFacts(1, 33)) == 3
    assert RULES.first_jury(DealFacts(1, 34)) == 9


def test_a_bond_pays_all_juries_that_a_case_can_have() -> None:
    dearest = 2 * RULES.large_jury + RULES.appeal_jury
    assert RULES.bond >= dearest * RULES.seat_fee
    assert [RULES.deposit(DealFacts(10, 10), number) for number in range(3)] == [26.5, 51.5, 101.5]
    assert RULES.appeal_deposit() == 63.5


def test_the_fee_rises_with_the_square_of_what_is_taken() -> None:
    fees = [RULES.fee(3, Fraction(taken, 4)) for taken in range(5)]
    assert fees == [Fraction(3, 2), Fraction(3, 2) * Fraction(16, 9), 6, 24, 24]


def test_slashes() -> None:
    deal = DealFacts(20, 20)
    assert [RULES.slash(deal, wrong) for wrong in (1, 2, 3, 4, 20)] == [20, 20, 30, 40, 40]
    assert RULES.default(deal) == 12
    lenient = replace(RULES, least_slash_bps=1_000)
    assert lenient.slash(DealFacts(1_000, 1_000), 1) == 600


@pytest.mark.parametrize("tasks", [1, 2, 10, 50, 1_000])
@pytest.mark.parametrize("wrong", [1, 2])
def test_audits_go_by_the_slash_that_the_court_takes(tasks: int, wrong: int) -> None:
    if wrong <= tasks:
        deal = DealFacts(tasks, tasks)
        assert float(RULES.slash(deal, wrong) / deal.collateral) == slash_share(tasks, wrong)


@pytest.mark.parametrize("completed", [0, 8, 10**6])
@pytest.mark.parametrize("tasks", [*range(1, 40), 100, 1_000])
def test_cheating_loses_at_the_default_audit_share(tasks: int, completed: int) -> None:
    """Whatever it makes up, against computing it, where that costs nine tenths of the pay."""
    odds = chance(0.05, tasks, completed, 1, 2)
    deal = DealFacts(tasks, tasks)
    for wrong in {1, 2, 3, tasks // 2, tasks} - {0}:
        if wrong <= tasks:
            found = 1 - (1 - odds) ** wrong
            assert 0.9 * wrong < found * float(deal.pay + RULES.slash(deal, 1))


def test_one_flipped_bit_in_a_thousand_tasks_costs_two_such_deals_pay() -> None:
    deal = DealFacts(1_000, 1_000)
    assert deal.pay + RULES.slash(deal, 1) == 2 * deal.pay
    assert RULES.slash(deal, 1) == deal.collateral / 2


@pytest.mark.parametrize("deal", DEALS)
@pytest.mark.parametrize("share", [Fraction(0), Fraction(1, 10), Fraction(1, 5)])
def test_who_attacks_loses_at_least_what_its_victim_does(deal: DealFacts, share: Fraction) -> None:
    for attack in attacks(AttackSetting(RULES, deal, COST, share=share)):
        assert attack.attacker >= attack.victim, attack.name
        assert attack.attacker > 0, attack.name


def test_jurors_run_tasks_that_are_not_too_heavy() -> None:
    field = AttackSetting(RULES, DealFacts(1, 5), COST)
    paid, forced = heaviest(field)
    assert (paid, forced) == (Fraction(38, 30), Fraction(46, 10))
    loss = {attack.name: attack.attacker for attack in attacks(field)}
    assert loss["a juror does not run the task"] < 0


def test_grinding_loses_as_long_as_it_says() -> None:
    share = Fraction(1, 3)
    most = most_ground(RULES, share)
    rules = replace(RULES, cover_bps=0)

    def gained(pay: int) -> Fraction:
        return -grinding(AttackSetting(rules, DealFacts(1_000, pay), COST, share=share)).attacker

    assert gained(int(most)) < 0
    gas = (
        2
        * Fraction(17, 10)
        * Fraction(2, 5)
        * rules.seat_fee
        / captured_share(share, rules.appeal_jury)
    )
    assert gained(int(most + gas) + 1) > 0


def test_bribes_cost_more_than_friends_do() -> None:
    field = AttackSetting(RULES, DealFacts(10, 10), COST)
    assert bribed(field).attacker > grinding(field).attacker


def test_filling_the_places_costs_a_bond_for_each_jury_twice() -> None:
    attack = exhausted(AttackSetting(RULES, DealFacts(10, 10), COST, seats=30))
    dearest = RULES.fee(3, Fraction(1))
    assert attack.attacker > 11 * (2 * RULES.bond + dearest + RULES.fee(3))


@pytest.mark.parametrize("tasks", [1, 5, 10, 1_000])
def test_the_smallest_deal_pays_its_jury_and_its_filers(tasks: int) -> None:
    least = RULES.smallest(tasks)
    deal = DealFacts(tasks, tasks, stake=least / tasks)
    assert RULES.slash(deal, 1) == RULES.fee(RULES.jury) + RULES.reward_cap


def test_the_defaults_are_those_of_a_local_chain() -> None:
    """Of the court and of the terms that name it."""
    own, terms = LOCAL_COURT, TermsParameters()
    deployed = CourtRules(*court_rules(own, "sink"))
    world, _ = set_up(replace(load_court("court"), days=1.0), seed=1)
    simulated = world.court.rules
    for name in (field.name for field in fields(CourtRules)):
        if name != "sink":
            assert getattr(simulated, name) == getattr(deployed, name), name
    found = world.market.terms[1]
    for name in ("verdict_by", "default_bps", "overturn_bps", "court_bps", "challenge_window"):
        assert getattr(found, name) == getattr(terms, name), name
    assert found.verdict_by >= own.least_verdict
