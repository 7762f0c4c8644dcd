"""A relay's index, asked over HTTP and compared with the chain."""

from __future__ import annotations

import json
from typing import Any

import httpx

from suanli.chain import Market


def get(url: str, path: str, **query: Any) -> Any:
    answer = httpx.get(f"{url}/api/v1/{path}", params=query, trust_env=False, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def listen_until(url: str, block: int) -> list[Any]:
    """The entries that were told until the index had read so far; without a look at a clock."""
    told: list[Any] = []
    client = httpx.Client(trust_env=False, timeout=60)
    with client, client.stream("GET", f"{url}/api/v1/events") as events:
        name = ""
        for line in events.iter_lines():
            kind, _, rest = line.partition(": ")
            if kind == "event":
                name = rest
            elif kind == "data" and name == "entry":
                told.append(json.loads(rest))
            elif kind == "data" and name == "block" and json.loads(rest)["block"] >= block:
                return told
    raise AssertionError("the stream has ended")


def agrees(url: str, market: Market) -> None:
    """The index has read all and says what the contract's views say."""
    listen_until(url, market.node.head().number)
    for kind in get(url, "classes"):
        supply = market.supply_of(kind["resource"])
        assert int(kind["registered"]) == supply.registered
        assert int(kind["published"]) == supply.published
        assert int(kind["demanded"]) == supply.demanded
        if not kind["retired"]:
            assert int(kind["price"]) == market.price_of(kind["resource"])
    for offer in get(url, "offers", limit=200)["items"]:
        found = market.offer_of(offer["miner"], offer["resource"])
        for name in ("published", "reserved", "ask", "capacity"):
            assert int(offer[name]) == getattr(found, name)
        assert offer["valid_until"] == found.valid_until
    for miner in get(url, "miners", limit=200)["items"]:
        _miner_agrees(miner, market)


def _miner_agrees(miner: Any, market: Market) -> None:
    status, account = market.miner_status(miner["miner"]), market.miner_account(miner["miner"])
    assert account is not None
    for name in ("stake", "pledged"):
        assert int(miner[name]) == getattr(status, name)
    for name in ("tenure", "completed", "defaulted", "overturned"):
        assert miner[name] == getattr(status, name)
    assert int(miner["earned"]) == status.earned_total
    assert int(miner["collectable"]) == account.earnings
    assert int(miner["unbonding"]) == account.unbonding
    assert miner["payout"] == account.payout
