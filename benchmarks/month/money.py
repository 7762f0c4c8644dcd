"""Where every base unit is, and what the miners say that they earned, beside the chain."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from benchmarks.month.town import MonthTown
from benchmarks.town import Books, all_events, books
from suanli.chain import Event, events
from suanli.devnet import Child
from suanli.juror.setup import find_court
from suanli.miner.earnings import by_day
from suanli.miner.journal import Journal
from suanli.protocol import MinerAccount
from tests.harness.coins import Coins, CoinsLost

MINERS = ("miner-1", "miner-2")
Days = dict[tuple[str, int], tuple[int, int]]
"""By day and class: deals, and base units that they paid."""


def wrongs(town: MonthTown, found: Books) -> list[str]:
    """What does not add up; empty if all does."""
    wrong = [*found.wrongs]
    try:
        Coins(town.market, find_court(town.market), {who: who for who in found.people})
    except CoinsLost as lost:
        wrong.append(str(lost))
    asked = {name: _ask(town, name) for name in MINERS}
    for name, child in asked.items():
        paid = _paid(town, name)
        wrong += differences(name, paid, told(child)) + _not_collected(town, name, paid)
    return wrong


def is_noted(town: MonthTown) -> bool:
    """Whether miners have noted all that they were paid."""
    return all(_paid(town, name) == _noted(town, name) for name in MINERS)


def _paid(town: MonthTown, name: str) -> Days:
    return paid_by_day(town, all_events(town.market), _account(town, name).miner_id)


def _noted(town: MonthTown, name: str) -> Days:
    journal = Journal.beside(town.folder / name / "miner-data")
    assert journal is not None
    with closing(journal):
        days = by_day(journal.days())
    return {(day.day, day.resource): (day.deals, day.paid) for day in days}


def _not_collected(town: MonthTown, name: str, paid: Days) -> list[str]:
    account, whole = _account(town, name), sum(amount for _, amount in paid.values())
    collected = _collected(all_events(town.market), account.miner_id)
    if whole == collected + account.earnings:
        return []
    return [f"{name} was paid {whole}, collected {collected} and has {account.earnings}"]


def _account(town: MonthTown, name: str) -> MinerAccount:
    found = town.market.miner_account(town.keys.find(name).address)
    assert found is not None
    return found


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


def _ask(town: MonthTown, name: str) -> Child:
    config = str(town.miner_config(int(name[-1])))
    command = ("miner", "earnings", "--config", config, "--json")
    return town.suanli(f"earnings-{name}", *command, account=name)


def told(child: Child) -> Days:
    """By the miner."""
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
