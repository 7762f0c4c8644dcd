"""Scenarios of the court played: books that add up, the same for the same seed, and who gains."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suanli.protocol import State
from suanli.simulate.court import (
    CourtScenario,
    JurorCounts,
    MinerCounts,
    RequesterCounts,
    court_scenarios,
    load_court,
    play_court,
    set_up,
)
from tools.verification_document import played

HONEST = CourtScenario(
    "honest",
    "nobody cheats",
    days=60.0,
    miners=MinerCounts(20, 0, 0, 0, 0, 0),
    requesters=RequesterCounts(20, 0, 0, 0),
    jurors=JurorCounts(60, 0, 0, 0),
)


@pytest.mark.parametrize("name", court_scenarios())
def test_the_books_add_up(name: str) -> None:
    """All money is somebody's, at each moment; in the end nothing is locked but seats' stakes."""
    scenario = replace(load_court(name), days=15.0)
    world, people = set_up(scenario, seed=3)
    market, court, books = world.market, world.court, world.books
    for step in range(scenario.steps):
        world.pass_time(world.step)
        people.act()
        if step % 10 == 0:
            assert sum(world.holdings().values()) == world.minted == sum(books.given.values())
            assert market.held + court.held == world.minted
    people.finish()
    holdings = world.holdings()
    assert sum(holdings.values()) == world.minted
    gained = sum(books.profit(who, holdings) for who in holdings)
    spent = sum(books.made.values()) - sum(books.spent.values())
    assert gained == pytest.approx(spent, abs=1e-6)
    assert {deal.state for deal in market.deals.values()} == {State.SETTLED, State.OVERTURNED}
    assert not any(account.locked for account in market.accounts.values())
    seats = sum(court.stake_of(seat) for seat in court.seats.values())
    assert sum(account.locked for account in court.accounts.values()) == seats
    assert court.occupied == court.waiting == 0
    overturned = sum(miner.overturned for miner in market.miners_by_id)
    assert overturned == sum(n for (_, what), n in books.counts.items() if what == "overturned")


def test_there_are_as_many_seats_as_before() -> None:
    """Who lost one takes another, and gets back what is left of the first."""
    scenario = replace(load_court("court-third"), days=20.0)
    world, people = set_up(scenario, seed=1)
    for _ in range(scenario.steps):
        world.pass_time(world.step)
        people.act()
    assert world.court.staying == 300
    assert world.court.positions > 300
    people.finish()
    world.pass_time(8 * 86_400)
    people.trials.act()
    assert len(world.court.seats) == 300


def test_the_same_seed_gives_the_same() -> None:
    scenario = replace(load_court("court"), days=10.0)
    first, again = (play_court(scenario, 7).courses for _ in range(2))
    assert first == again != play_court(scenario, 8).courses


def test_among_the_honest_nobody_is_judged() -> None:
    played = play_court(HONEST, 1)
    assert played.figures["miner", "honest"].lost == 0
    assert played.figures["juror", "honest"].profit == 0
    assert played.figures["miner", "honest"].profit > 0
    assert played.figures["requester", "honest"].profit > 0


@pytest.mark.deep
@pytest.mark.parametrize("name", ["court", "court-third", "court-flood", "court-careless"])
def test_who_is_honest_gains_most(name: str) -> None:
    """With a third of the seats colluding honest jurors lose, too."""
    figures = played(name).figures
    for role in ("miner", "requester"):
        own = {kind: each.profit for (whose, kind), each in figures.items() if whose == role}
        assert max(own, key=own.__getitem__) == "honest", own
    jurors = {kind: each.profit for (whose, kind), each in figures.items() if whose == "juror"}
    assert jurors["colluding"] < jurors["absent"] < jurors["honest"]
    if name != "court-third":
        assert jurors["lazy"] < 0 < jurors["honest"]


def test_in_three_weeks_too() -> None:
    figures = play_court(replace(load_court("court"), days=20.0), 4).figures
    for role in ("miner", "requester"):
        own = {kind: each.profit for (whose, kind), each in figures.items() if whose == role}
        assert max(own, key=own.__getitem__) == "honest", own


def test_a_flipped_bit_ruins_no_miner() -> None:
    """One result of a thousand wrong: a deal in ten is lost, two deals' pay each."""
    careful = replace(HONEST, tasks=(100,), days=60.0)
    slips = replace(careful, flips=1e-3, audit=1.0)
    sound, slipping = (play_court(each, 2).figures["miner", "honest"] for each in (careful, slips))
    assert sound.lost == 0
    assert 0.05 < slipping.lost < 0.2
    assert slipping.profit > sound.profit / 2


def test_without_seats_enough_nobody_is_judged_and_all_is_paid() -> None:
    """As when all are taken: a challenge is not refused, but it finds no jury."""
    few = replace(load_court("court"), days=10.0, jurors=JurorCounts(2, 0, 0, 0))
    figures = play_court(few, 1).figures
    assert figures["miner", "cheating"].lost == 0
    assert figures["requester", "honest"].lost in (None, 1)
