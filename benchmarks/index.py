"""How fast the index catches up from nothing, and how long a question takes then.

    python -m benchmarks.index [--deals 100000] [--database postgresql://…]

The chain is made up: its logs come as JSON's bytes, as a node's answer has them, and making them is
not counted. Each question is asked many times through the API's handlers, answers as JSON included.
Times are of the processor, but for PostgreSQL's, whose server works beside. docs/index.md has the
figures.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import func, select

from suanli.chain import Node
from suanli.relay.server.index import scores
from suanli.relay.server.index.indexer import Indexer
from suanli.relay.server.index.queries import Queries
from suanli.relay.server.index.queries.live import ClassNow
from suanli.relay.server.index.shapes import ResourceClassShape
from suanli.relay.server.index.store import IndexStore, open_engine
from suanli.relay.server.index.tables import DEALS, HISTORY
from tests.harness.logs import PRICE, ROLES, Happenings, MadeUpChain, MadeUpConstants

LEAST_RATE, MOST_TIME = 2_000, 0.020
"""Events a second, and seconds for a question: what it is to reach."""
LIVE = 1_000
"""Deals that are not over."""
A_BLOCK = 40
"""Events."""
MINERS = 200
ASKED = 60
"""Times that each question is asked."""


adapter = cache(TypeAdapter)


class Answering:
    """The made-up chain as a node far away: what it does is not counted, reading its answer is."""

    def __init__(self, chain: MadeUpChain) -> None:
        self._chain, self.spent = chain, 0.0

    def request(self, method: str, params: Sequence[Any]) -> Any:
        began = time.process_time()
        answer = json.dumps(self._chain.request(method, params))
        self.spent += time.process_time() - began
        return json.loads(answer)


class Now:
    """What only the chain of now would tell."""

    paused = False

    def __init__(self) -> None:
        self.classes = {1: ClassNow(PRICE, "0x" + "d" * 40, False)}

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def made(deals: int) -> MadeUpChain:
    """A market of so many deals, most of which are over; one in a hundred ends badly."""
    chain = MadeUpChain()
    world = Happenings(chain, 1, miners=MINERS)
    rare = (world.default, world.post, world.cancel, world.challenge, world.overturn)
    rare += (world.offer, world.move_money, world.take_lot, world.free_lot)
    for number in range(deals):
        if len(chain.blocks[-1].logs) >= A_BLOCK:
            chain.mine()
        world.confirm()
        if len(world.state.live) > LIVE:
            if number % 2:
                world.submit()
                world.settle()
            else:
                world.settle_accepted()
        if number % 100 == 0:
            rare[number // 100 % len(rare)]()
    return chain


def questions(queries: Queries, store: IndexStore) -> dict[str, Callable[[], Any]]:
    with store.reading() as connection:
        middle = select(DEALS).where(DEALS.c.price.is_not(None)).limit(1)
        deal = connection.execute(middle.offset(5_000)).mappings().one()
        newest = connection.execute(select(func.max(HISTORY.c.at))).scalar_one()
    id_, requester = "0x" + deal["id"].hex(), "0x" + deal["requester"].hex()
    nothing = dict.fromkeys(("resource", "requester", "miner_id", "state"))
    deep = str(newest // 2)
    return {
        "status": queries.status,
        "config": queries.config,
        "classes": queries.classes,
        "prices by the minute": lambda: queries.prices(1, "minute", 0, 1 << 40),
        "prices by the day": lambda: queries.prices(1, "day", 0, 1 << 40),
        "offers, cheapest": lambda: queries.offers(1, "open", 0, "ask", 50, None),
        "offers by score": lambda: queries.offers(None, None, 0, "-score", 50, None),
        "estimate": lambda: queries.estimate(1, 1_000, 10, None, None, None),
        "deals, newest": lambda: queries.deals(nothing, 50, None),
        "deals, half way back": lambda: queries.deals(nothing, 50, deep),
        "deals overturned": lambda: queries.deals(nothing | {"state": "overturned"}, 50, None),
        "deals challenged": lambda: queries.deals(nothing | {"state": "challenged"}, 50, None),
        "deals of a requester": lambda: queries.deals(nothing | {"requester": requester}, 50, None),
        "deals of a miner, settled": lambda: queries.deals(
            nothing | {"miner_id": 7, "state": "settled"}, 50, None
        ),
        "a deal": lambda: queries.deal(id_),
        "requests": lambda: queries.requests(nothing, 50, None),
        "miners": lambda: queries.miners(50, None),
        "a miner": lambda: queries.miner(7),
        "cases": lambda: queries.cases(
            dict.fromkeys(("deal", "miner_id", "filer", "open")), 50, None
        ),
        "channels": lambda: queries.channels(
            dict.fromkeys(("requester", "miner_id", "open")), 50, None
        ),
        "an account": lambda: queries.account(requester),
        "history, newest": lambda: queries.history(
            dict.fromkeys(("about", "id", "name")), 50, None
        ),
        "history of a miner": lambda: queries.history(
            {"about": "miner", "id": "7", "name": None}, 50, None
        ),
        "history of defaults": lambda: queries.history(
            {"about": None, "id": None, "name": "RequestDefaulted"}, 50, None
        ),
    }


def written(answer: Any) -> bytes:
    """As FastAPI writes it."""
    kind: Any = list[ResourceClassShape] if isinstance(answer, list) else type(answer)
    return adapter(kind).dump_json(answer)


def timed(ask: Callable[[], Any], clock: Callable[[], float]) -> list[float]:
    found = []
    for _ in range(ASKED):
        began = clock()
        written(ask())
        found.append(clock() - began)
    return sorted(found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--database", help="PostgreSQL's; its tables are dropped")
    arguments = parser.parse_args()
    clock = time.perf_counter if arguments.database else time.process_time
    chain = made(arguments.deals)
    gc.freeze()  # what a node far away would have
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "index.sqlite"
        engine = open_engine(arguments.database or file)
        store = IndexStore(engine, {"made": str(time.time())}, 1)
        node = Answering(chain)
        constants = MadeUpConstants()
        indexer = Indexer(Node(node), store, constants, ROLES)
        began = clock()
        while not indexer.step():
            pass
        took = clock() - began - node.spent
        events = sum(len(block.logs) for block in chain.blocks)
        rate = events / took
        load = os.getloadavg()[0]
        print(f"{arguments.deals:,} deals, {events:,} events in {len(chain.blocks):,} blocks")
        print(f"caught up in {took:.1f} s: {rate:,.0f} events/s (at least {LEAST_RATE:,})")
        if not arguments.database:
            size = sum(part.stat().st_size for part in Path(folder).iterdir())
            print(f"{size / 2**20:,.0f} MiB, {size / events:,.0f} bytes an event")
        began = clock()
        scores.refresh(store, constants.scale, chain.blocks[-1].time)
        print(f"scores of all miners: {clock() - began:.2f} s, load {load:.1f}\n")
        live: Any = Now()
        queries = Queries({}, store, constants.scale, lambda: indexer.progress, live, None)
        worst = 0.0
        for name, ask in questions(queries, store).items():
            if name == "config":
                continue  # asked once a page, and of what the benchmark does not have
            times = timed(ask, clock)
            worst = max(worst, times[-1])
            middle, last = statistics.median(times), times[-1]
            print(f"{name:28} {1000 * middle:6.1f} ms, at most {1000 * last:6.1f}")
        print(f"\nworst {1000 * worst:.1f} ms (under {1000 * MOST_TIME:.0f})")
        store.close()


if __name__ == "__main__":
    main()
