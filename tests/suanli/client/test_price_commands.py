"""`suanli market update-price`: what it moves, leaves out and prints, and when it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from suanli.chain import Contract, PriceController, Sender
from suanli.client import pricing
from suanli.protocol import Request
from tests.harness.local_chain import CHEAP, DEPLOYER, WINDOW, let_adapt
from tests.suanli.client.conftest import ALICE, BOB, CAROL, TOKEN, World
from tests.suanli.client.test_commands import Shell

FOR_SALE = 1_000


@pytest.fixture
def shell(world: World) -> Shell:
    return Shell(world)


@pytest.fixture
def model(world: World) -> PriceController:
    """Class 1's price adapts, from a token a unit; Bob sells a thousand units."""
    world.miner(BOB).join(capacity=FOR_SALE, ask=TOKEN // 100)
    return let_adapt(world.market)


def post(world: World, units: int, bid: int, **changes: Any) -> Request:
    """By Carol, whoever takes it."""
    made = Request(
        **{
            "requester": CAROL.address,
            "miner": 0,
            "resource": 1,
            "runtime": 0,
            "units": units,
            "max_price": bid,
            "confirm_by": world.node.head().time + 10 * WINDOW,
            "duration": 600,
            "tasks": units,
            "job": bytes([units % 256]) * 32,
            "terms": 1,
        }
        | changes
    )
    with world.client(account=CAROL) as client:
        client.funds.make_available("", units * bid // 1)
    Sender(world.node, CAROL, fees=CHEAP, poll_every=0.01).execute(world.market.post_request(made))
    return made


def test_a_price_falls_while_little_is_taken(
    world: World, shell: Shell, model: PriceController
) -> None:
    """Within an hour of nobody's demand by e^(-0.8 * 3600 * 5.73e-6), 1.6 %."""
    world.pass_time(WINDOW)
    told = shell("market", "update-price", state=False)
    assert told.exit_code == 0, told.output
    price = model.state().price
    assert 983_600_000_000_000_000 < price < 983_700_000_000_000_000
    (line,) = told.stdout.splitlines()
    assert line.startswith("class 1: 1 → 0.9836")
    assert " tokens a unit; 0.0 % of what is for sale is demanded; " in line
    assert line.endswith(" gas")


def test_hollow_requests_are_left_out(world: World, shell: Shell, model: PriceController) -> None:
    """What bids less than the price, or has expired; what was cancelled is no demand at all."""
    post(world, 300, TOKEN // 2)
    post(world, 200, 2 * TOKEN, confirm_by=world.node.head().time + 60)
    post(world, 400, 2 * TOKEN)
    gone = post(world, 50, TOKEN // 2)
    sender = Sender(world.node, CAROL, fees=CHEAP, poll_every=0.01)
    sender.execute(world.market.cancel_request(gone))
    world.pass_time(WINDOW)
    told = shell("market", "update-price", "--json", state=False)
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["units_left_out"] == "500"
    assert (found["resource"], found["was"]) == (1, str(TOKEN))
    assert found["price"] == str(model.state().price)
    assert found["utilization"] == 0.4
    assert model.state().lowest == 400_000_000


def test_no_more_are_left_out_than_fit_a_block(
    world: World, shell: Shell, model: PriceController, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that say most come first."""
    monkeypatch.setattr(pricing, "MOST_LEFT_OUT", 1)
    post(world, 100, TOKEN // 2)
    post(world, 200, TOKEN // 2)
    told = shell("market", "update-price", state=False)
    assert "; 10.0 % of what is for sale is demanded, without 200 units of posted" in told.stdout


def test_where_nothing_is_sold_nor_demanded_nothing_moves(world: World, shell: Shell) -> None:
    """The contract counts that as its target: a reader would take it for demand."""
    let_adapt(world.market, 2)
    world.pass_time(WINDOW)
    told = shell("market", "update-price", "--resource", "2", state=False).stdout
    assert told.startswith("class 2: 1 → 1 tokens a unit; nothing is for sale, nor demanded; ")
    again = shell("market", "update-price", "--resource", "2", "--json", state=False).stdout
    assert json.loads(again)["utilization"] is None
    rows = json.loads(shell("market", "prices", "--json", state=False).stdout)
    assert [row["adapts"] for row in rows] == [False, True, False, False, False]
    table = shell("market", "prices", state=False).stdout.splitlines()
    assert [line.split()[2] for line in table] == ["adapts", "no", "yes", "no", "no", "no"]


def test_a_price_that_does_not_adapt(shell: Shell) -> None:
    told = shell("market", "update-price", "--resource", "2", state=False)
    assert (told.exit_code, told.stderr) == (
        1,
        "Error: the price of class 2 follows supply and demand at once: nothing is to be updated\n",
    )


def test_a_class_that_there_is_not(shell: Shell) -> None:
    told = shell("market", "update-price", "--resource", "9", state=False)
    assert told.exit_code == 1
    assert told.stderr.startswith("Error: there is no resource class 9")


def test_a_model_of_another_class_is_none(world: World, model: PriceController) -> None:
    """It would move by that class's demand, whichever names it."""
    sender = Sender(world.node, DEPLOYER, fees=CHEAP, poll_every=0.01)
    sender.execute(world.market.set_price_model(2, model.address))
    assert PriceController.of(world.market, 2) is None


def test_quotes_are_the_contract_s(world: World, shell: Shell, model: PriceController) -> None:
    """Between updates, too: a client asks the model, at the time of the newest block."""
    world.pass_time(WINDOW)
    (row, *_) = json.loads(shell("market", "prices", "--json", state=False).stdout)
    contract = Contract(world.node, model.address, "AdaptivePriceModel")
    price = contract.read("price", FOR_SALE, FOR_SALE, 0)
    assert row["price"] == str(price)
    with world.client() as client:
        quote = client.quote(world.job(3))
    assert quote.price == price < TOKEN
    assert ALICE.address == client.requester
