"""What it costs to move the default price by a tenth for an hour, in the market of the document.

docs/pricing.md states these figures; the test reads them there.
"""

import json
import math
import re
from pathlib import Path

import pytest

from suanli.deployment.parameters import local_classes
from suanli.protocol import PRESETS, Scale, linear_price
from tests.harness.evm import account
from tests.harness.market import ALICE, BOB, World

ROOT = Path(__file__).resolve().parents[3]
TOKEN = 10**18
HOUR = 3_600
MALLORY = account("mallory")
R, R_P, R_D = 1_000, 800, 500

MOVE = r"([\d.]+) → ([\d.]+) tokens a unit: (\d+) units, ([\d.]+) tokens "

CPU = local_classes()[0]


def documented(pattern: str) -> list[float]:
    text = " ".join((ROOT / "docs" / "pricing.md").read_text().split())
    match = re.search(pattern, text)
    assert match, f"docs/pricing.md has nothing like {pattern!r}"
    return [float(number.replace(",", "")) for number in match.groups()]


def price(published: int, demanded: int) -> int:
    return linear_price(
        R,
        published,
        demanded,
        base=CPU.price.base,
        alpha=CPU.price.alpha,
        weights=PRESETS["excess-demand"],
        floor=CPU.price.floor,
        cap=CPU.price.cap,
    )


def units_to_move_a_tenth() -> int:
    return math.ceil(price(R_P, R_D) / 10 / CPU.price.alpha)


@pytest.fixture
def market():
    """The default class with 1000 units registered, 800 published and 500 demanded."""
    world = World()
    weights = [CPU.price.alpha * weight for weight in PRESETS["excess-demand"]]
    model = world.evm.deploy(
        "LinearPriceModel", CPU.price.base, weights, CPU.price.floor, CPU.price.cap
    )
    world.resource = world.add_class(
        priceModel=model.address,
        floor=CPU.floor,
        stakePerUnit=CPU.stake_per_unit,
        maxTaskUnits=CPU.max_task_units,
    )
    world.register(BOB, resource=world.resource, capacity=R, published=R_P, ask=TOKEN // 2)
    world.post(world.request(resource=world.resource, units=R_D, requester=ALICE, maxPrice=TOKEN))
    assert world.market.priceOf(world.resource) == price(R_P, R_D)
    return world


@pytest.mark.spec("12.4")
def test_raising_it_for_an_hour_costs_only_capital_and_gas(market):
    """One request at the floor that nobody can confirm, since it names a miner that is none."""
    units = units_to_move_a_tenth()
    before = market.market.priceOf(market.resource)
    request = market.request(
        resource=market.resource,
        units=units,
        requester=MALLORY,
        miner=99,
        maxPrice=CPU.floor,
        confirmBy=market.evm.time + HOUR,
    )
    market.post(request)
    locked = market.account_of(MALLORY)[1]
    market.evm.advance(HOUR)
    assert market.market.priceOf(market.resource) * 10 >= before * 11
    market.market.cancelRequest(request, sender=MALLORY)
    assert market.market.priceOf(market.resource) == before
    market.market.withdraw(MALLORY, locked, sender=MALLORY)
    assert market.token.balanceOf(MALLORY) == locked
    assert locked == Scale(18).value_up(units, CPU.floor)
    assert documented(
        r"([\d.]+) → ([\d.]+) tokens a unit: (\d+) units, ([\d.]+) tokens locked"
    ) == [
        before / TOKEN,
        price(R_P, R_D + units) / TOKEN,
        units,
        locked / TOKEN,
    ]


def test_one_unit_less_does_not_move_it_a_tenth():
    before = price(R_P, R_D)
    assert price(R_P, R_D + units_to_move_a_tenth() - 1) * 10 < before * 11


def test_lowering_it_for_an_hour_costs_only_capital_and_gas(market):
    """Supply that nobody will take, at an ask without end; the stake comes back with a delay."""
    units = units_to_move_a_tenth()
    before = market.market.priceOf(market.resource)
    market.register(MALLORY, resource=market.resource, capacity=units, ask=2**88 - 1)
    staked = market.market.minerStatus(MALLORY).stake
    market.evm.advance(HOUR)
    assert market.market.priceOf(market.resource) * 10 <= before * 9
    market.market.withdrawOffer(market.resource, sender=MALLORY)
    assert market.market.priceOf(market.resource) == before
    market.market.registerResource(market.resource, 0, sender=MALLORY)
    market.market.startUnbonding(MALLORY, staked, sender=MALLORY)
    market.evm.advance(market.market.unbondingDelay())
    market.market.withdrawStake(MALLORY, sender=MALLORY)
    assert market.token.balanceOf(MALLORY) == staked
    assert documented(
        r"([\d.]+) → ([\d.]+) tokens a unit: (\d+) units, ([\d.]+) tokens staked"
    ) == [
        before / TOKEN,
        price(R_P + units, R_D) / TOKEN,
        units,
        staked / TOKEN,
    ]


def test_what_a_deal_pays_stays_within_ask_and_bid(market):
    """However far the model's price is moved."""
    ask, bid = TOKEN // 2, 9 * TOKEN // 10
    fake = market.request(
        resource=market.resource,
        units=10**6,
        tasks=10,
        requester=MALLORY,
        maxPrice=CPU.floor,
        miner=99,
    )
    market.post(fake)
    assert market.market.priceOf(market.resource) == CPU.price.cap
    request = market.request(resource=market.resource, maxPrice=bid)
    assert ask <= market.confirm(request, BOB).value == bid


def test_the_gas_is_as_documented():
    flows = json.loads((ROOT / "benchmarks" / "gas-snapshot.json").read_text())["flows"]
    spent = flows["postRequest"] + flows["cancelRequest-posted"]
    assert documented(r"post and cancel: about ([\d,]+) gas") == [round(spent, -4)]
