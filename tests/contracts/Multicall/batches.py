"""Calls as batches carry them."""

from typing import Any

from tests.harness.evm import Function
from tests.harness.market import CPU, World


def call(function: Function, *arguments: Any) -> bytes:
    """Its data."""
    return bytes(function.codec.call_data(arguments))


def changed(world: World, miner: str) -> tuple[Any, ...]:
    """What the market knows of a miner."""
    market = world.market
    views = market.minerStatus(miner), market.minerAccount(miner), market.offerOf(miner, CPU)
    return (*views, market.supplyOf(CPU), world.account_of(miner))
