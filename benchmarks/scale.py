"""What a rollup holds of each flow, and what a large market would take of it.

    python -m benchmarks.scale   print the tables of docs/scale.md

Gas is that of gas-snapshot.json, bytes of calldata those of gas-parts.json; what rollups hold is
what their operators publish, as the document says.
"""

from __future__ import annotations

import json
import sys
from typing import NamedTuple

from benchmarks import floors
from benchmarks.gas import SNAPSHOT
from benchmarks.tracing import NONZERO

DAY = 86_400
MINERS, TASKS = 10**6, 10**8
"""Of the market that is reckoned; tasks a day."""


class Rollup(NamedTuple):
    """`block` and `sustained` in gas: what a block holds, and what a second may have day after day
    without fees that rise. A byte counts as `per_byte` gas, where its transactions have less."""

    name: str
    block: int
    sustained: int
    per_byte: int


ROLLUPS = (
    Rollup("Base", 375_000_000, 31_250_000, 139),
    Rollup("Arbitrum One", 32_000_000, 10_000_000, 0),
)
ENVELOPE = 100
"""Bytes of a transaction beside its calldata: signature, nonce, fees."""


class Cost(NamedTuple):
    """Of one: gas, and bytes that can't be compressed away."""

    gas: int
    told: int

    def on(self, rollup: Rollup) -> int:
        return max(self.gas, self.told * rollup.per_byte)


class Load(NamedTuple):
    """So many a day of something that costs so much each."""

    name: str
    cost: Cost
    daily: float


def gas() -> dict[str, int]:
    found: dict[str, int] = json.loads(SNAPSHOT.read_text())["flows"]
    return found


FLOWS = {
    "deal, signed, cooperative": ("signed-cooperative",),
    "deal, ten together, each": ("together-10-each",),
    "deal, posted, through the window": ("posted-optimistic",),
    "case before three jurors": ("challenge-to-verdict",),
    "channel of tasks, opened and closed": ("channel-open-judged", "channel-closeByMiner-judged"),
    "session's channel, opened and closed": ("channel-steps",),
    "period of a storage deal": ("storage-nameBlock", "storage-proof"),
    "offer, published": ("publishOffer",),
    "earnings, collected": ("collectEarnings",),
    "vote": ("vote-castVote",),
}
"""Of what each is made up, as the snapshot names it."""


def flows() -> dict[str, Cost]:
    of, parts = gas(), floors.kept()
    found = {}
    for name, calls in FLOWS.items():
        told = sum(_told(call, parts[call]) for call in calls)
        found[name] = Cost(sum(of[call] for call in calls), told)
    return found


def _told(name: str, spent: floors.Spent) -> int:
    told = spent.told // NONZERO + ENVELOPE * spent.counts["transaction"]
    return told // 10 if floors.TEN in name else told


def held() -> str:
    """How many of each flow a block holds and a day has room for, as Markdown."""
    names = " | ".join(f"{r.name}, a block | a day" for r in ROLLUPS)
    lines = [f"| flow | gas | {names} |", "|---|--:|" + "--:|--:|" * len(ROLLUPS)]
    for name, cost in flows().items():
        cells = " | ".join(
            f"{_rounded(r.block / cost.on(r))} | {_rounded(r.sustained * DAY / cost.on(r))}"
            for r in ROLLUPS
        )
        lines.append(f"| {name} | {_rounded(cost.gas)} | {cells} |")
    return "\n".join(lines)


def loads(tasks_each: int, offer_days: float) -> list[Load]:
    """Of the large market: `tasks_each` deal, offers that hold so many days and are renewed at
    half, earnings collected once a week, one case in ten thousand deals."""
    of = flows()
    deals = TASKS / tasks_each
    return [
        Load("deals", of["deal, ten together, each"], deals),
        Load("offers", of["offer, published"], MINERS * 2 / offer_days),
        Load("earnings", of["earnings, collected"], MINERS / 7),
        Load("cases", of["case before three jurors"], deals / 10_000),
    ]


MARKETS = {
    "100 tasks a deal, offers for a day": loads(100, 1),
    "100 tasks a deal, offers for a month": loads(100, 30),
    "1,000 tasks a deal, offers for a month": loads(1_000, 30),
}


def taken() -> str:
    """The share of each rollup that the large market would take, as Markdown."""
    names = " | ".join(r.name for r in ROLLUPS)
    parts = " | ".join(load.name for load in loads(1, 1))
    lines = [f"| | gas a day, 10⁹: {parts} | {names} |", "|---|" + "--:|" * (5 + len(ROLLUPS) - 1)]
    for name, found in MARKETS.items():
        cells = [f"{load.cost.gas * load.daily / 1e9:,.1f}" for load in found]
        for r in ROLLUPS:
            whole = sum(load.cost.on(r) * load.daily for load in found)
            cells.append(f"{whole / (r.sustained * DAY):.1%}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


class Served(NamedTuple):
    """So many a day of what has `size` bytes."""

    name: str
    daily: float
    size: int


TASKS_EACH = 100
DEALS = TASKS // TASKS_EACH
SERVED = (
    Served("announcements: a miner's class, every 200 s", MINERS * DAY / 200, 760),
    Served("messages of deals: request, claim, acceptance, one more", 4 * DEALS, 1_000),
    Served("blobs: inputs and outputs of a task", TASKS, 100_000),
    Served("the index's events: 2.5 a deal, offers for a day", 2.5 * DEALS + 2 * MINERS, 1_124),
    Served("ledgers of all requesters, a deal", DEALS, 700 + 60 * TASKS_EACH),
)
"""At 100 tasks a deal."""


def served() -> str:
    """What relay, index and requesters have to do, as Markdown."""
    lines = ["| | bytes each | a day | a second | MB a second | GB a day |", "|---|" + "--:|" * 5]
    for name, daily, size in SERVED:
        rate, whole = daily / DAY, daily * size
        cells = f"{size:,}", _rounded(daily), _rounded(rate), _short(whole / DAY / 1e6)
        lines.append(f"| {name} | {' | '.join(cells)} | {_short(whole / 1e9)} |")
    return "\n".join(lines)


def _short(number: float) -> str:
    """Two digits that count, or the whole number."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def _rounded(number: float) -> str:
    """Three digits that count."""
    digits = 10 ** max(len(str(int(number))) - 3, 0)
    return f"{round(number / digits) * digits:,}"


if __name__ == "__main__":
    print(held(), taken(), served(), sep="\n\n")
    sys.exit(0)
