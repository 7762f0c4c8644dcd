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
from suanli.simulate.world import TOKEN
from tools.verification_document import played

HONEST = CourtScenario(
    "honest",
    "nobody cheats",
    days=60.0,
    miners=MinerCounts(20, 0, 0, 0, 0),
    requesters=RequesterCounts(20, 0, 0, 0),
    jurors=JurorCounts(60, 0, 0, 0),
)


@pytest.mark.parametrize("name", court_scenarios())
def test_the_books_add_up(name: str) -> None:
    """What one loses another gains, but for work, gas, and what results are worth; and the shadow
    market's money is where the books say."""
    scenario = replace(load_court(name), days=40.0)
    world, people, books = set_up(scenario, seed=3)
    staked = sum(miner.stake for miner in world.market.miners_by_id)
    for _ in range(scenario.steps):
        world.market.time += world.step
        people.act()
    people.finish()
    assert sum(books.profit.values()) == pytest.approx(books.made - books.spent, abs=1e-6)
    market = world.market
    accounts = sum(each.available + each.locked for each in market.accounts.values())
    assert market.held == world.minted
    assert accounts + sum(m.stake + m.earnings for m in market.miners_by_id) == market.held
    assert sum(each.locked for each in market.accounts.values()) == 0
    ends = {deal.state for deal in market.deals.values()}
    assert ends == {State.SETTLED, State.OVERTURNED}
    assert staked
    # What the court received is what the books took from miners.
    overturned = sum(miner.overturned for miner in market.miners_by_id)
    assert overturned == sum(n for (_, what), n in books.counts.items() if what == "overturned")
    assert market.accounts[world.treasury].available / TOKEN == pytest.approx(
        books.profit["nobody", "treasury"]
    )


def test_slashes_in_the_books_are_the_shadow_markets() -> None:
    scenario = replace(load_court("court"), days=40.0)
    world, people, _ = set_up(scenario, seed=5)
    taken: list[float] = []
    judge = people.courtroom.judge

    def noted(case, own):
        ruling = judge(case, own)
        if ruling.found is not None and ruling.found.name == "WRONG":
            taken.append(case.slash)
        return ruling

    people.courtroom.judge = noted
    for _ in range(scenario.steps):
        world.market.time += world.step
        people.act()
    people.finish()
    assert len(taken) > 20
    assert world.market.accounts[world.court].available / TOKEN == pytest.approx(sum(taken))


def test_the_same_seed_gives_the_same() -> None:
    scenario = replace(load_court("court"), days=20.0)
    first, again = (play_court(scenario, 7).courses for _ in range(2))
    assert first == again != play_court(scenario, 8).courses


def test_among_the_honest_nobody_is_judged() -> None:
    played = play_court(HONEST, 1)
    assert played.figures["miner", "honest"].lost == 0
    assert played.figures["juror", "honest"].profit == 0
    assert played.figures["miner", "honest"].profit > 0
    assert played.figures["requester", "honest"].profit > 0


@pytest.mark.parametrize("name", ["court", "court-third", "court-flood", "court-careless"])
def test_who_is_honest_gains_most(name: str) -> None:
    """With a third of the seats colluding honest jurors lose, too, but less than all that vote or
    stay away otherwise than lazily."""
    figures = played(name).figures
    for role in ("miner", "requester"):
        own = {kind: each.profit for (whose, kind), each in figures.items() if whose == role}
        assert max(own, key=own.__getitem__) == "honest", own
    jurors = {kind: each.profit for (whose, kind), each in figures.items() if whose == "juror"}
    assert jurors["colluding"] < jurors["absent"] < jurors["honest"]
    if name != "court-third":
        assert jurors["lazy"] < 0 < jurors["honest"]


def test_a_flipped_bit_ruins_no_miner() -> None:
    """One result of a thousand wrong: a deal in ten is lost, two deals' pay each."""
    careful = replace(HONEST, tasks=(100,), days=120.0)
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
