"""What `suanli miner init` proposes to sell, and for how much."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from suanli.chain import Market, Token
from suanli.engine import Pool
from suanli.miner.config import TOKEN
from suanli.miner.measure import units_per_second
from suanli.miner.setup import NotReady
from suanli.model import Scale

HOUR = 3_600


def propose(
    market: Market,
    miner: str,
    given: Mapping[str, Any],
    capacity: int | None,
    ask: str | None,
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """The settings to write: those given, the measured speed, capacity and ask.

    The capacity is an hour's work, or less if the miner can't stake as much. The ask is nine
    tenths of the class's present price, and not below its floor.
    """
    if given["resource"] > (count := market.resource_count()):
        raise NotReady(f"there is no class {given['resource']}: the market has {count}")
    workers = int(given["workers"])
    with Pool(workers) as pool:
        speed = int(units_per_second(pool, workers))
    resource = market.resource_class(given["resource"])
    price = market.price_of(given["resource"])
    affordable = _affordable(market, miner, int(given["resource"]))
    proposed = max(9 * price // 10, resource.floor)
    hour = speed * workers * HOUR
    if capacity is None and affordable < hour:
        tell(
            f"an hour's work is {hour:,} units, the account's tokens are stake for {affordable:,}:"
            " send it more and raise capacity, to sell more at once"
        )
    return {
        **given,
        "chain_id": market.domain.chain_id,
        "capacity": capacity or min(speed * workers * HOUR, affordable or 1),
        "ask": ask or tokens_of(proposed),
        "units_per_second": speed,
    }


def _affordable(market: Market, miner: str, resource: int) -> int:
    """Units that the miner can register with what it has in the market and in its wallet."""
    token = Token(market.node, market.token())
    has = market.account_of(miner).available + token.balance_of(miner)
    known = market.miner_account(miner)
    if known is not None:
        has += market.miner_status(miner).free_stake - known.unbonding
    for_one = Scale(token.decimals()).value_up(1, market.resource_class(resource).stake_per_unit)
    registered = market.offer_of(miner, resource).capacity if known is not None else 0
    return registered + has // for_one


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
