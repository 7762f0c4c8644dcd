"""What a rollup holds of each flow, and what a large market would take of it.

    python -m benchmarks.scale   print both tables of docs/scale.md

Gas is that of gas-snapshot.json; what rollups hold is what their operators publish, as the document
says.
"""

from __future__ import annotations

import json
import sys
from typing import NamedTuple

from benchmarks.gas import SNAPSHOT

DAY = 86_400
MINERS, TASKS = 10**6, 10**8
"""Of the market that is reckoned; tasks a day."""


class Rollup(NamedTuple):
    """`block` and `sustained` in gas: what a block holds, and what a second may have day after day
    without fees that rise; `seconds` of a block."""

    name: str
    seconds: float
    block: int
    sustained: int


ROLLUPS = (
    Rollup("Base", 2.0, 300_000_000, 30_000_000),
    Rollup("Arbitrum One", 0.25, 32_000_000, 10_000_000),
)


class Load(NamedTuple):
    """So many a day of something that costs `gas` each."""

    name: str
    gas: int
    daily: float


def gas() -> dict[str, int]:
    found: dict[str, int] = json.loads(SNAPSHOT.read_text())["flows"]
    return found


def flows(of: dict[str, int]) -> dict[str, int]:
    """Gas of each flow as a whole."""
    channel = of["channel-open-judged"] + of["channel-closeByMiner-judged"]
    return {
        "deal, signed, cooperative": of["signed-cooperative"],
        "deal, ten together, each": of["together-10-each"],
        "deal, posted, through the window": of["posted-optimistic"],
        "case before three jurors": of["challenge-to-verdict"],
        "channel of tasks, opened and closed": channel,
        "session's channel, opened and closed": of["channel-steps"],
        "period of a storage deal": of["storage-nameBlock"] + of["storage-proof"],
        "offer, published": of["publishOffer"],
        "earnings, collected": of["collectEarnings"],
        "vote": of["vote-castVote"],
    }


def held() -> str:
    """How many of each flow a block holds and a day has room for, as Markdown."""
    names = " | ".join(f"{r.name}, a block | a day" for r in ROLLUPS)
    lines = [f"| flow | gas | {names} |", "|---|--:|" + "--:|--:|" * len(ROLLUPS)]
    for name, cost in flows(gas()).items():
        cells = " | ".join(
            f"{_rounded(r.block / cost)} | {_rounded(r.sustained * DAY / cost)}" for r in ROLLUPS
        )
        lines.append(f"| {name} | {_rounded(cost)} | {cells} |")
    return "\n".join(lines)


def loads(tasks_each: int, offer_days: float) -> list[Load]:
    """Of the large market: `tasks_each` deal, offers that hold so many days and are renewed at
    half, earnings collected once a week, one case in ten thousand deals."""
    of = gas()
    deals = TASKS / tasks_each
    return [
        Load("deals", of["together-10-each"], deals),
        Load("offers", of["publishOffer"], MINERS * 2 / offer_days),
        Load("earnings", of["collectEarnings"], MINERS / 7),
        Load("cases", of["challenge-to-verdict"], deals / 10_000),
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
        cells = [f"{load.gas * load.daily / 1e9:,.1f}" for load in found]
        whole = sum(load.gas * load.daily for load in found)
        cells += [f"{whole / (r.sustained * DAY):.1%}" for r in ROLLUPS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _rounded(number: float) -> str:
    """Three digits that count."""
    digits = 10 ** max(len(str(int(number))) - 3, 0)
    return f"{round(number / digits) * digits:,}"


if __name__ == "__main__":
    print(held(), taken(), sep="\n\n")
    sys.exit(0)
