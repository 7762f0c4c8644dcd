"""What `suanli miner init` proposes to sell, and for how much."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from suanli.chain import Market, Token
from suanli.daemon import NotReady
from suanli.deployment import TOKEN
from suanli.engine import EngineUnavailable, runtime_id, units_per_second
from suanli.engine.cluster import Cluster
from suanli.engine.host import Pool, served, usable
from suanli.miner.opening import CLUSTER_SECONDS
from suanli.miner.staking import an_hours_work, means_of, shortfall


def propose(
    market: Market,
    miner: str,
    given: Mapping[str, Any],
    capacity: int | None,
    ask: str | None,
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """The settings to write: those given, the measured speed, capacity and ask.

    Without a given one the capacity is "auto": an hour's work, as far as the stake covers it. The
    ask is nine tenths of the class's present price, and not below its floor.
    """
    if given["resource"] > (count := market.resource_count()):
        raise NotReady(f"there is no class {given['resource']}: the market has {count}")
    workers, speed = measured(given)
    resource = market.resource_class(given["resource"])
    price = market.price_of(given["resource"])
    proposed = max(9 * price // 10, resource.floor)
    token, units = Token(market.node, market.token()), capacity or an_hours_work(speed, workers)
    number = int(given["resource"])
    if why := shortfall(units, means_of(market, miner, number), miner, token, number):
        tell(why)
    return {
        **given,
        "chain_id": market.domain.chain_id,
        "capacity": capacity or "auto",
        "ask": ask or tokens_of(proposed),
        **({} if "executor" in given else {"units_per_second": speed}),
    }


def measured(given: Mapping[str, Any]) -> tuple[int, int]:
    """How many tasks run at a time, and units a second of each: here, or on the cluster that is
    given as `executor`.

    Raises:
        EngineUnavailable: no machine of the cluster is there.
    """
    runtime = served(usable())[0]
    if "executor" not in given:
        workers = int(given["workers"])
        with Pool(workers, runtime=runtime) as pool:
            return workers, int(units_per_second(pool, workers))
    with Cluster(given["executor"], [runtime_id(runtime)], measured=True) as cluster:
        if missing := cluster.wait(CLUSTER_SECONDS):
            raise EngineUnavailable(missing)
        machines = cluster.machines
    return sum(one.places for one in machines), int(min(one.speed for one in machines))


def tokens_of(price: int) -> str:
    """A price in tokens, exactly."""
    text = f"{Decimal(price) / TOKEN:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def write(path: Path, settings: Mapping[str, Any]) -> None:
    """As TOML, where whole numbers and text look as in JSON."""
    lines = ["# Other settings and what they mean: docs/mining.md\n"]
    for name, value in settings.items():
        lines.append(f"{name} = {json.dumps(value)}\n")
    path.write_text("".join(lines))
