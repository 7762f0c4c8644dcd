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
from suanli.engine import units_per_second
from suanli.engine.host import Pool, served, usable
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
    workers = int(given["workers"])
    with Pool(workers, runtime=served(usable())[0]) as pool:
        speed = int(units_per_second(pool, workers))
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
        "units_per_second": speed,
    }


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
