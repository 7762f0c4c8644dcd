"""`suanli market show`: a class at a glance, by a relay's index or by the chain alone."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from suanli.chain import Market, Node
from suanli.cli.chart import bars
from suanli.client import prices_lately
from suanli.protocol import Domain
from suanli.relay import PriceStep, RelayClient, RelayLied, RelayRefusal, prices_told
from tests.harness.local_chain import ALICE, trade
from tests.harness.logs import MARKET, Happenings, MadeUpChain, entry
from tests.suanli.client.conftest import BOB, TOKEN, World
from tests.suanli.client.test_commands import Shell

CONFIRMED = "0x" + entry(MARKET, "RequestConfirmed").topic.hex()
POINT = {"start": 60, "deals": 2, "units": "7", "close": "10000000000000000"}


def test_a_class_at_a_glance(world: World) -> None:
    shell = Shell(world)
    world.miner(BOB).join(ask=2 * TOKEN, capacity=500)
    trade(world.market, ALICE, BOB, 40, terms=1)
    for arguments in (("market",), ("market", "show", "--step", "minute", "--relay", "")):
        told = shell(*arguments, state=False)
        assert told.exit_code == 0, told.output
        price, supply = told.stdout.splitlines()[1:3]
        assert re.fullmatch(r"price       [0-9.]+ tokens a unit now; not below [0-9.]+", price)
        assert supply == "supply      500 units for sale, 0 of them in demand (0.0 %)"
        paid = re.search(r"^paid .*▄  2 tokens a unit$", told.stdout, re.M)
        sold = re.search(r"^sold .*▄ *up to 40 units$", told.stdout, re.M)
        assert paid is not None, told.stdout
        assert sold is not None, told.stdout
        assert "told by the newest 5,000 blocks" in told.stdout
        assert told.stdout.splitlines()[-1].startswith(f"{BOB.address}    2         500")
    found = json.loads(shell("market", "show", "--json", state=False).stdout)
    assert [offer["ask"] for offer in found["offers"]] == [str(2 * TOKEN)]
    assert found["prices"][-1]["price"] == str(2 * TOKEN)


def test_a_class_without_deals_and_offers(world: World) -> None:
    told = Shell(world)("market", "show", "--resource", "2", state=False)
    assert told.exit_code == 0, told.output
    assert "no deals in the last 2 d 12 h; told by the newest 5,000 blocks" in told.stdout
    assert told.stdout.splitlines()[-1] == "nobody offers anything now"


def test_one_that_is_not_there(world: World) -> None:
    told = Shell(world)("market", "show", "--resource", "9", state=False)
    assert told.exit_code == 1
    assert told.stderr.startswith("Error: there is no resource class 9")


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([], ""),
        ([None, None], "  "),
        ([5, None, 5], "▄ ▄"),
        ([0, 7, 14, None], "▁▄█ "),
        ([1, 2], "▁█"),
    ],
)
def test_bars(values: list[int | None], drawn: str) -> None:
    assert bars(values) == drawn


def relay(answer: Any, status: int = 200) -> RelayClient:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, content=answer))
    return RelayClient("http://relay.test", Domain(1, "0x" + "1" * 40), transport=transport)


def test_what_a_relay_tells() -> None:
    told = relay(json.dumps({"points": [POINT, POINT | {"close": None}]}))
    steps = prices_told(told, 1, "minute")
    assert steps == [PriceStep(60, 2, 7, 10**16), PriceStep(60, 2, 7, None)]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"points": 5}',
        '{"points": [{}]}',
        json.dumps({"points": [POINT | {"units": "many"}]}),
        json.dumps({"points": [POINT | {"start": None}]}),
        json.dumps({"points": [POINT | {"close": float("inf")}]}),
        "[" * 100_000,
        "x" * (1 << 20) + "x",
    ],
)
def test_what_is_no_answer(answer: str) -> None:
    with pytest.raises(RelayLied):
        prices_told(relay(answer), 1, "minute")


def test_a_relay_without_an_index() -> None:
    with pytest.raises(RelayRefusal):
        prices_told(relay('{"detail": "Not Found"}', 404), 1, "minute")


def test_by_the_chain_alone_it_is_what_an_index_makes_of_it() -> None:
    chain = MadeUpChain()
    Happenings(chain, 5).happen(80)
    found, told_by = prices_lately(Market(Node(chain), MARKET), None, 1, "minute", 60)
    assert told_by == "the newest 5,000 blocks"
    made = [
        (block.time, log) for block in chain.blocks for log in block.logs if log[2][0] == CONFIRMED
    ]
    assert sum(step.deals for step in found) == len(made) > 20
    assert [step.start for step in found] == sorted({at - at % 60 for at, _ in made})
