"""Scenarios played: the same for the same seed, books that add up, and what shocks do."""

from dataclasses import replace

import pytest

from suanli.protocol import State
from suanli.simulate import PRICES, MarketWorld, PriceChoice, build, built_in, load, simulate
from suanli.simulate.run import play
from suanli.simulate.world import RESOURCE, TERMS

ADAPTIVE, SHORTAGE = PriceChoice("adaptive"), PriceChoice("excess-demand")


def check_books(world: MarketWorld) -> None:
    """Each token and each unit is somewhere, once."""
    market = world.market
    accounts = market.accounts.values()
    owed = sum(account.available + account.locked for account in accounts)
    owed += sum(miner.stake + miner.earnings for miner in market.miners_by_id)
    assert world.minted == owed == market.held
    offers = [miner.offer(RESOURCE) for miner in market.miners_by_id]
    posted = {key for key, deal in market.deals.items() if deal.state == State.POSTED}
    assert posted == world.posted.keys()
    totals = market.totals[RESOURCE]
    assert totals.registered == sum(offer.capacity for offer in offers)
    assert totals.published == sum(offer.published for offer in offers)
    waiting = sum(request.units for request in world.posted.values())
    assert totals.demanded == sum(offer.reserved for offer in offers) + waiting
    locked = sum(market.lock_of(request) for request in world.posted.values())
    assert locked <= sum(account.locked for account in accounts)


def check_fees(world: MarketWorld) -> None:
    """The treasury has its share of what deals paid, rounded down for each."""
    fee_bps = world.market.terms[TERMS].fee_bps
    fees = world.market.accounts[world.treasury].available
    earned = sum(miner.earned_total for miner in world.market.miners_by_id)
    deals = sum(miner.completed for miner in world.market.miners_by_id)
    due = earned + fees
    assert 0 <= due * fee_bps / 10_000 - fees <= deals + due / 10**15


@pytest.mark.parametrize("price", PRICES)
def test_the_books_add_up_at_each_step(scenario, price):
    world, populations, record = build(scenario, PriceChoice(price), seed=3)
    for step in range(scenario.steps):
        play(world, populations, record)
        if step % 8 == 0:
            check_books(world)
    check_books(world)
    check_fees(world)
    assert record.deals > 20


def test_the_same_seed_gives_the_same(scenario):
    assert simulate(scenario, ADAPTIVE, 5) == simulate(scenario, ADAPTIVE, 5)


def test_another_seed_gives_another_course(calm):
    assert simulate(calm, SHORTAGE, 5).samples != simulate(calm, SHORTAGE, 6).samples


def test_all_prices_see_the_same_jobs(calm):
    """What is sold and lost adds up to what came, which no price changes."""
    came = set()
    for price in PRICES:
        world, populations, record = build(calm, PriceChoice(price), seed=4)
        for _ in range(calm.steps):
            play(world, populations, record)
        requesters = populations[-1]
        still = sum(job.units for job in requesters.waiting)
        came.add(record.units_sold + record.units_unmet + record.units_priced_out + still)
    assert len(came) == 1


def test_nobody_pays_more_than_it_is_worth_or_gets_less_than_it_asks(scenario):
    world, populations, record = build(scenario, SHORTAGE, seed=2)
    asks = {seller.number: seller.ask for seller in populations[0].sellers}
    for _ in range(scenario.steps):
        play(world, populations, record)
    deals = [deal for deal in world.market.deals.values() if deal.miner_id]
    assert deals
    assert all(deal.price >= asks[deal.miner_id] for deal in deals)
    assert record.surplus > 0


def test_who_fakes_demand_moves_the_linear_price_and_not_the_adaptive_one(fake):
    honest = replace(fake, fakes=())

    def moved(price: PriceChoice) -> float:
        """By how much it is dearer at most while the demand is faked."""
        pairs = zip(
            simulate(fake, price, 1).samples, simulate(honest, price, 1).samples, strict=True
        )
        return max(there.price / here.price for there, here in pairs if 24 <= there.hour < 25)

    assert moved(SHORTAGE) > 1.3
    assert moved(ADAPTIVE) == 1.0


def test_the_faker_has_all_of_its_money_back(fake):
    world, populations, record = build(fake, SHORTAGE, seed=1)
    locks = []
    for _ in range(fake.steps):
        play(world, populations, record)
        locks.append(world.market.accounts[populations[2]._account].locked)
    faker = world.market.accounts[populations[2]._account]
    assert faker.locked == 0 < faker.available
    assert faker.available == max(locks)


def test_miners_leave_where_nothing_is_paid(calm):
    poor = replace(calm, demand=replace(calm.demand, value=0.2), days=10.0)
    samples = simulate(poor, ADAPTIVE, 1).samples
    assert samples[-1].published < samples[0].published / 3


def test_miners_come_where_much_is_paid(calm):
    rich = replace(calm, supply=replace(calm.supply, present=0.3, agility=1.0), days=5.0)
    samples = simulate(rich, ADAPTIVE, 1).samples
    assert samples[-1].published > samples[0].published * 1.5


def test_miners_that_are_away_come_back(calm):
    away = replace(load("exodus").shocks[0], day=0.5, hours=12.0, away=1.0)
    samples = simulate(replace(calm, shocks=(away,)), SHORTAGE, 1).samples
    meanwhile = [sample for sample in samples if 18.5 <= sample.hour < 24]
    assert {sample.published for sample in meanwhile} == {0}
    assert samples[-1].published > samples[0].published / 2


def test_progress_is_told_each_step(calm):
    steps = []
    simulate(calm, SHORTAGE, 1, lambda: steps.append(1))
    assert len(steps) == calm.steps == 96


def test_ten_thousand_requesters_are_not_too_many(calm):
    """All the money of the world has its bound in the market: they have what they would pay."""
    crowd = replace(calm, demand=replace(calm.demand, requesters=10_000), days=0.1)
    assert simulate(crowd, ADAPTIVE, 1).deals > 0


@pytest.mark.deep
@pytest.mark.parametrize("name", built_in())
def test_the_books_add_up_in_whole_scenarios(name):
    world, populations, record = build(load(name), ADAPTIVE, seed=1)
    for step in range(world.scenario.steps):
        play(world, populations, record)
        if step % 48 == 0:
            check_books(world)
    check_books(world)
    check_fees(world)
