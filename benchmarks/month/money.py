"""Where every base unit is, and what the miners say that they earned, beside the chain."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.month.town import MonthTown
from benchmarks.town import Books, all_events, books
from suanli.chain import Event, events
from suanli.juror.setup import find_court
from tests.harness.coins import Coins, CoinsLost

Days = dict[tuple[str, int], tuple[int, int]]
"""By day and class: deals, and base units that they paid."""


def wrongs(town: MonthTown, found: Books) -> list[str]:
    """What does not add up; empty if all does."""
    court = find_court(town.market)
    wrong = [*found.wrongs]
    try:
        Coins(town.market, court, {who: who for who in found.people})
    except CoinsLost as lost:
        wrong.append(str(lost))
    past = all_events(town.market)
    for name in ("miner-1", "miner-2"):
        miner = town.keys.find(name).address
        account = town.market.miner_account(miner)
        assert account is not None
        number = account.miner_id
        paid, collected = paid_by_day(town, past, number), _collected(past, number)
        wrong += differences(name, paid, told(town, name))
        whole = sum(amount for _, amount in paid.values())
        if whole != collected + account.earnings:
            wrong.append(
                f"{name} was paid {whole}, collected {collected} and has {account.earnings}"
            )
    return wrong


def look(town: MonthTown) -> Books:
    return books(town.market, town.addresses())


def paid_by_day(town: MonthTown, past: Sequence[Event], miner: int) -> Days:
    """By the chain."""
    classes: dict[bytes, int] = {}
    paid: dict[tuple[str, int], list[int]] = defaultdict(list)
    for event in past:
        if isinstance(event, events.RequestConfirmed):
            classes[event.id] = event.resource
        elif not isinstance(event, events.RequestSettled | events.RequestOverturned):
            continue
        elif event.miner_id == miner and event.paid:
            paid[_day(town, event), classes[event.id]].append(event.paid)
    return {key: (len(amounts), sum(amounts)) for key, amounts in paid.items()}


def told(town: MonthTown, name: str) -> Days:
    """By the miner."""
    config = str(town.miner_config(int(name[-1])))
    child = town.suanli("earnings", "miner", "earnings", "--config", config, "--json", account=name)
    child.process.wait(60)
    found: Mapping[str, Any] = json.loads(child.said())
    return {
        (day["day"], day["resource"]): (day["settled"], int(day["paid"])) for day in found["days"]
    }


def differences(name: str, chain: Days, miner: Days) -> list[str]:
    return [
        f"{name} says of {day}, class {resource}: {miner.get((day, resource), (0, 0))} (deals, base"
        f" units), the chain {chain.get((day, resource), (0, 0))}"
        for day, resource in sorted(chain.keys() | miner.keys())
        if chain.get((day, resource)) != miner.get((day, resource))
    ]


def _collected(past: Sequence[Event], miner: int) -> int:
    return sum(
        event.amount
        for event in past
        if isinstance(event, events.EarningsCollected) and event.miner_id == miner
    )


def _day(town: MonthTown, event: Event) -> str:
    block = town.node.block(event.at.block)
    assert block is not None, "an event of a block that is not there"
    return time.strftime("%Y-%m-%d", time.gmtime(block.time))
