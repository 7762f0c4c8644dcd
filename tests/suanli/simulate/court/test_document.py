"""docs/verification.md: its tables are the ones that its command writes, and what its text says in
numbers follows from the same rules."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from suanli.simulate.court import (
    DealFacts,
    RulesInTokens,
    court_picture,
    court_scenarios,
    load_court,
)
from suanli.simulate.court.attacks import (
    YEARLY,
    AttackSetting,
    exhausted,
    heaviest,
    most_ground,
    places_of,
)
from suanli.simulate.court.chances import captured_share, noticed, undecided
from tools.verification_document import PLACE, TABLES, document, played

DOCS = Path(__file__).resolve().parents[4] / "docs"
PAGE = (DOCS / "verification.md").read_text()
TEXT = " ".join(PAGE.split())
RULES = RulesInTokens()
THIRD, FIFTH = Fraction(1, 3), Fraction(1, 5)


def test_the_tables_are_what_the_command_writes() -> None:
    found = {place[2]: place[0] for place in PLACE.finditer(PAGE)}
    assert found.keys() == TABLES.keys()
    for name, shown in found.items():
        if name != "simulated":
            assert shown == f"<!-- table: {name} -->\n{TABLES[name]()}", name


@pytest.mark.deep
def test_those_of_simulations_and_the_picture_are_too() -> None:
    assert document(PAGE) == PAGE
    assert (DOCS / "court.svg").read_text() == court_picture(played("court"))


def test_the_command_names_every_scenario_and_the_page_explains_it() -> None:
    command = re.search(r"suanli simulate (.*) --out", PAGE)
    assert command
    assert re.findall(r"--scenario (\S+)", command[1]) == court_scenarios()
    for name in court_scenarios():
        about = load_court(name).about
        assert f"| `{name}` | {about[0].lower()}{about[1:]}" in TEXT


def says(*texts: str) -> None:
    for text in texts:
        assert text in TEXT, text


def test_what_it_says_of_lying() -> None:
    """At break-even, N (1 + s) = 1."""
    says("At c = 0.6 the same lie loses 0.40", "found with 5 % only")
    assert 0.6 - Fraction(1, 3) * (1 + 2) == pytest.approx(-0.4)
    assert round(100 * noticed(1_000, 1, Fraction(1, 20))) == 5
    says("leave somebody who made up all of them 99.9 % of the pay")
    deal = DealFacts(1_000, 1_000)
    says("half of its collateral, two pays together", "0.2 % of what it earns")
    assert RULES.slash(deal, 1) == deal.collateral / 2 == deal.pay
    assert Fraction(1_000, 10**6) * 2 == Fraction(2, 1_000)


def test_what_it_says_of_juries() -> None:
    says("a try that fails costs 90 tokens", "in 4,400 appeals", "once in 28", "up to 2,400")
    assert RULES.deposit(DealFacts(10, 10)) + RULES.appeal_deposit() == 90
    assert round(1 / captured_share(FIFTH, 27), -2) == 4_400
    assert round(1 / captured_share(THIRD, 27)) == 28
    assert 2_400 < most_ground(RULES, THIRD) < 2_500
    says("it comes in 1.6 % of cases")
    assert round(1_000 * undecided(3, FIFTH, Fraction(1, 50))) == 16
    says("running 1.27 units", "from 4.6 units on")
    setting = AttackSetting(RULES, DealFacts(10, 10), Fraction(3, 10))
    assert [round(float(units), 2) for units in heaviest(setting)] == [1.27, 4.6]


def test_what_it_says_of_stalling() -> None:
    says("each of 191 juries", "16,100 tokens")
    setting = AttackSetting(RULES, DealFacts(10, 10), Fraction(3, 10))
    assert places_of(setting) == (600, 191)
    assert round(exhausted(setting).attacker, -2) == 16_100


def test_what_it_says_of_many_seats() -> None:
    says("are 100,000 tokens, or 440 of what they could earn")
    stake = 1_000 * RULES.seat_stake
    assert stake == 100_000
    assert round(stake * YEARLY * 8 / 365, -1) == 440


def test_what_it_says_of_defaults() -> None:
    says("a reversed majority of two loses 200, twice what is at risk")
    assert RULES.covered() * 2 == 2 * RULES.seat_stake
    says("two large juries and an appeal (22.5)")
    seats = 2 * RULES.large_jury + RULES.appeal_jury
    assert seats * RULES.seat_fee == Fraction(45, 2) <= RULES.bond
    says("in deals from 7.5 tokens on")
    cured = Fraction(RULES.cure_slash_bps, 10_000) * DealFacts(1, 15, Fraction(1, 2)).collateral
    assert cured == 3 == 2 * RULES.fee(RULES.jury)
    says("0.2 % of the pay a day")
    assert float(RULES.delay(DealFacts(1, 1_000), 1)) == pytest.approx(2)
    rows = dict(re.findall(r"^\| (`.*?) \| ([\d.,\s]+) \|", PAGE, re.MULTILINE))
    shown = {}
    for names, values in rows.items():
        fields = re.findall(r"`(\w+)`", names)
        shown |= dict(zip(fields, values.split(", "), strict=True))
    assert len(shown) == 15
    for name, value in shown.items():
        own = getattr(RULES, re.sub(r"([A-Z])", r"_\1", name).lower())
        scale = 10**18 if name == "delayRate" else 1
        assert own * scale == Fraction(value.replace(",", "")), name


@pytest.mark.deep
def test_what_it_says_of_simulations() -> None:
    says("one and a half times what it buys, and its friends a third of their stake a month")
    says("less than one deal in a thousand", "no challenge from honest requesters")
    flood = played("court-flood").figures
    assert -175 < flood["requester", "colluding"].profit < -140
    assert -40 < flood["juror", "colluding"].profit < -25
    assert flood["miner", "honest"].lost < 0.001
    assert flood["requester", "honest"].lost == 0
    says("about 5 % a year")
    assert 3.5 < played("court").figures["juror", "honest"].profit * 12 < 6.5
    assert played("court-third").figures["juror", "honest"].profit < 0
    careless = played("court-careless").figures
    lies = [careless["miner", kind].profit for kind in ("lazy", "cheating", "withholding")]
    assert all(0 < each < careless["miner", "honest"].profit for each in lies)
