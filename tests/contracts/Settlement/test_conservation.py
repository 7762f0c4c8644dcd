"""Whatever the terms, prices, units and decimals, and whoever plays several parts: money adds up.

- paid + fee + refunded = what was locked
- slashed = compensation + court's share + pool's share
- each balance grows by exactly what is due to its holder in all its parts together
- in the end everybody can take out all that is theirs, and the market is empty
"""

from collections import Counter
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.market import (
    ALICE,
    BOB,
    CAROL,
    DAVE,
    MAX_UINT64,
    MAX_UINT80,
    MAX_UINT96,
    ROOT,
    World,
    value_down,
    value_up,
)

PEOPLE = (ALICE, BOB, CAROL, DAVE)
ENDS = ("settle", "accept", "accepted", "default", "release", "agree", "resolve", "silence")
MOST = 2**110  # base units that one deal or one stake may come to: both fit the market


class Play(NamedTuple):
    """One deal: who plays which part, its figures, its terms and how it ends."""

    decimals: int
    requester: str
    miner: str
    payout: str
    treasury: str
    pool: str
    court: str
    units: int
    used: int
    due: int
    slash: int
    spare: int
    bid: int
    ask: int
    stake_per_unit: int
    shares: dict[str, int]
    end: str
    withdrawn: bool


def numbers(most):
    """Of all sizes, from 0 to `most`."""
    return st.integers(0, most.bit_length()).flatmap(
        lambda bits: st.integers(min(most, 2**bits >> 1), min(most, 2**bits - 1))
    )


def prices(units, decimals):
    most = MOST * 10**18 // (10**decimals * units)
    return numbers(min(MAX_UINT96, most) - 1).map(lambda price: price + 1)


@st.composite
def plays(draw):
    person = st.sampled_from(PEOPLE)
    share = st.one_of(st.sampled_from([0, 1, 9_999, 10_000]), st.integers(0, 10_000))
    decimals = draw(st.sampled_from([6, 18, 24]))
    units = 1 + draw(numbers(MAX_UINT64 - 1))
    capacity = draw(st.integers(units, min(MAX_UINT64, 2 * units)))
    bid = draw(prices(units, decimals))
    releasing, defaulting, overturning = sorted(draw(share) for _ in range(3))
    used = draw(st.one_of(st.sampled_from([0, units]), st.integers(0, units)))
    return Play(
        decimals,
        *(draw(person) for _ in range(6)),
        units=units,
        used=used,
        due=draw(st.one_of(st.sampled_from([0, used]), st.integers(0, used))),
        slash=draw(st.one_of(st.just(overturning), st.integers(0, overturning))),
        spare=capacity - units,
        bid=bid,
        ask=draw(st.one_of(st.just(bid), st.integers(0, bid))),
        stake_per_unit=draw(prices(capacity, decimals)),
        shares={
            "feeBps": draw(st.integers(0, 1_000)),
            "releaseBps": releasing,
            "defaultBps": defaulting,
            "overturnBps": overturning,
            "compensationCap": draw(numbers(MAX_UINT80)),
            "courtBps": draw(share),
        },
        end=draw(st.sampled_from(ENDS)),
        withdrawn=draw(st.booleans()),
    )


@pytest.fixture(scope="module")
def worlds():
    return {decimals: World(decimals=decimals) for decimals in (6, 18, 24)}


def begin(world, play):
    """The deal, confirmed."""
    resource = world.add_class(stakePerUnit=play.stake_per_unit, floor=1, maxTaskUnits=MAX_UINT64)
    terms = world.add_terms(
        treasury=play.treasury, rewardPool=play.pool, court=play.court, **play.shares
    )
    world.register(
        play.miner,
        payout=play.payout,
        resource=resource,
        capacity=play.units + play.spare,
        ask=play.ask,
    )
    request = world.request(
        requester=play.requester,
        resource=resource,
        units=play.units,
        maxPrice=play.bid,
        terms=terms,
    )
    world.confirm(request, play.miner)
    if play.withdrawn:
        world.market.withdrawOffer(resource, sender=play.miner)
    return request


def finish(world, play, request):
    """The last receipt."""
    market = world.market
    if play.end == "release":
        return market.release(request, sender=play.miner)
    if play.end == "default":
        world.evm.advance(request.duration + 1)
        return market.claimDefault(request, sender=CAROL)
    if play.end == "agree":
        signature = world.sign_release(request, play.requester)
        return market.releaseByAgreement(request, signature, sender=play.miner)
    if play.end == "accepted":
        signature = world.sign_acceptance(request, ROOT, play.used, play.requester)
        return market.submitAccepted(request, ROOT, play.used, signature, sender=play.miner)
    market.submitResult(request, ROOT, play.used, sender=play.miner)
    if play.end == "accept":
        return market.acceptResult(request, ROOT, play.used, sender=play.requester)
    if play.end == "settle":
        world.evm.advance(86_401)
        return market.settle(request, sender=DAVE)
    market.freeze(request, sender=play.court)
    if play.end == "resolve":
        return market.resolve(request, play.due, play.slash, sender=play.court)
    market.setDue(request, play.due, sender=play.court)
    world.evm.advance(8 * 86_400 + 1)
    return market.settle(request, sender=DAVE)


def due(world, play, request):
    """(what each available balance gains, what the miner earns, what it loses of its stake)"""
    locked = value_up(play.units, play.bid, play.decimals)
    price, shares = world.deal(request).price, play.shares
    gains = Counter()
    paying = {"resolve": play.due, "silence": play.due}
    paying |= dict.fromkeys(("settle", "accept", "accepted"), play.used)
    payment = value_down(paying.get(play.end, 0), price, play.decimals)
    fee = payment * shares["feeBps"] // 10_000
    gains[play.requester] += locked - payment
    gains[play.treasury] += fee
    slashing = {
        "release": shares["releaseBps"],
        "default": shares["defaultBps"],
        "resolve": play.slash,
    }
    collateral = value_down(play.units, play.stake_per_unit, play.decimals)
    slashed = collateral * slashing.get(play.end, 0) // 10_000
    most = shares["compensationCap"] if play.end != "release" else 0
    cap = value_down(1, most, play.decimals)
    compensation = min(slashed, cap, value_down(play.units, price, play.decimals))
    court = 0
    if play.end == "resolve":
        court = (slashed - compensation) * shares["courtBps"] // 10_000
    gains[play.requester] += compensation
    gains[play.court] += court
    gains[play.pool] += slashed - compensation - court
    return gains, payment - fee, slashed


def available(world):
    return Counter({person: world.account_of(person)[0] for person in PEOPLE})


def total(world, play):
    """All that the market owes."""
    accounts = sum(sum(world.account_of(person)) for person in PEOPLE)
    miner = world.market.minerAccount(play.miner)
    return accounts + miner.earnings + world.market.minerStatus(play.miner).stake


def empty(world, play, request):
    """Everyone leaves with all that is theirs."""
    market, miner = world.market, play.miner
    if not play.withdrawn:
        market.withdrawOffer(request.resource, sender=miner)
    market.registerResource(request.resource, 0, sender=miner)
    if stake := market.minerStatus(miner).stake:
        market.startUnbonding(miner, stake, sender=miner)
        world.evm.advance(market.unbondingDelay())
        market.withdrawStake(miner, sender=play.payout)
    if market.minerAccount(miner).earnings:
        market.collectEarnings(miner, sender=play.payout)
    for person, amount in available(world).items():
        if amount:
            market.withdraw(person, amount, sender=person)


@given(play=plays())
@pytest.mark.spec("8.1", "8.3", "8.5")
def test_the_money_adds_up(worlds, play):
    world = worlds[play.decimals]
    with world.evm.rollback():
        request = begin(world, play)
        locked = world.lock_of(request)
        assert world.account_of(play.requester)[1] == locked
        assert total(world, play) == world.held()
        assert play.ask <= world.deal(request).price <= play.bid
        before = available(world)
        stake = world.market.minerStatus(play.miner).stake
        gains, earned, lost = due(world, play, request)

        receipt = finish(world, play, request)

        assert available(world) == before + gains
        assert world.account_of(play.requester)[1] == 0
        assert world.market.minerAccount(play.miner).earnings == earned
        status = world.market.minerStatus(play.miner)
        assert status.stake == stake - lost >= status.pledged
        assert total(world, play) == world.held()
        for event in receipt.events:
            amounts = event.args
            if event.name in ("RequestSettled", "RequestOverturned"):
                assert amounts["paid"] + amounts["fee"] + amounts["refunded"] == locked
            if event.name == "StakeSlashed":
                shared = ("compensation", "courtShare", "poolShare")
                assert sum(amounts[share] for share in shared) == lost

        offer = world.market.offerOf(play.miner, request.resource)
        supply = world.market.supplyOf(request.resource)
        assert (offer.reserved, supply.demanded) == (0, 0)
        assert supply.registered == offer.capacity == status.computePower
        assert supply.published == offer.published <= offer.capacity
        assert status.pledged == value_up(offer.capacity, play.stake_per_unit, play.decimals)

        empty(world, play, request)
        assert world.held() == 0
        assert tuple(world.market.supplyOf(request.resource)) == (0, 0, 0, 0)


@pytest.mark.parametrize("decimals", [6, 18, 24])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.spec("12.3")
def test_one_person_in_all_parts(worlds, decimals, end):
    """Requester, miner, payout, treasury, reward pool and court at once."""
    shares = {
        "feeBps": 1_000,
        "releaseBps": 3_333,
        "defaultBps": 6_667,
        "overturnBps": 10_000,
        "compensationCap": 10**18 // 3,
        "courtBps": 3_333,
    }
    figures = (777, 333, 222, 5_000, 111, 10**18 // 3, 10**18 // 7, 10**18 // 11)
    play = Play(decimals, *[BOB] * 6, *figures, shares, end, False)
    world = worlds[decimals]
    with world.evm.rollback():
        request = begin(world, play)
        held = world.held()
        finish(world, play, request)
        assert total(world, play) == held == world.held()
        empty(world, play, request)
        assert world.held() == 0
