"""`suanli job run --channel`: a job's tasks run by miners for vouchers, as they come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import click

from suanli.base import amounts
from suanli.cli.job_where import Where
from suanli.cli.leasing import at_contract, channels_of, tell
from suanli.client import Options
from suanli.engine import EngineError
from suanli.engine.host import pool_by
from suanli.job import Job
from suanli.lease.swarm.hiring import Hiring, SwarmWish
from suanli.lease.swarm.link import AHEAD, MOST_WORKERS
from suanli.lease.swarm.purses import Purses
from suanli.lease.swarm.user import Swarm
from suanli.lease.user.onchain import RequesterChannels
from suanli.protocol import Scale

HOURS = 24
"""For which a channel is open, at most: closed at the end of the job."""
TRADE_OFF = (
    "each task is paid as it comes. No deal stands behind it: no collateral, no court, no refund."
    " {share} of the tasks, and each miner's first, are run again here; at stake are {ahead} tasks"
    " for each worker of a miner, and what it lied about before it is found"
)
SEALED = (
    "sealed: tasks and results go over TLS between here and each miner, and to no store; each miner"
    " reads what it runs"
)


@contextmanager
def by_channel(
    job: Job, miners: int, channels: str | None, flags: dict[str, Any]
) -> Iterator[Where]:
    """What runs the job; the channels are settled when it is left without an error."""
    if flags["budget"] is None:
        raise click.UsageError("say what it may cost: --budget TOKENS")
    audit = Options().audit if flags["audit"] is None else flags["audit"]
    if not 0 <= audit <= 1:
        raise click.UsageError("--audit is a share of the tasks, from 0 to 1")
    with at_contract(
        flags, "miners of swarms", lambda market: channels_of(market, channels), RequesterChannels
    ) as reached:
        market, chain, account = reached.market, reached.chain, reached.account
        decimals = chain.token.decimals()
        folder = reached.state / "swarms" / job.digest.hex()[:16]
        purses = Purses(folder, Scale(decimals))
        with closing(purses), pool_by(job.manifest.runtime, 1) as own:
            hiring = Hiring(market, reached.relay, chain, account, purses, tell)
            wish = SwarmWish(
                resource=flags["resource"] or Options().resource,
                runtime=job.manifest.runtime,
                seconds=HOURS * 3_600,
                budget=amounts.parse(flags["budget"], decimals),
                miners=miners,
                most_price=_price(flags["max_price"]),
            )
            hired = hiring.hire(wish)
            if job.seal or flags["seal"]:
                tell(SEALED)
            tell(TRADE_OFF.format(share=f"{audit:.0%}", ahead=AHEAD))
            for place, held in hired:
                price, deposit = amounts.show_price(held.record.price), held.record.deposit
                tell(f"miner {place.miner}: {price} a unit, {chain.token.show(deposit)} at most")
            swarm = Swarm(hired, job.manifest.runtime, market.domain, purses, own, audit, tell)
            try:
                yield Where(swarm, len(hired), AHEAD * MOST_WORKERS * len(hired))
            except EngineError:
                _settle(swarm, hiring, chain)
                raise
            finally:
                swarm.close()
            _settle(swarm, hiring, chain)


def _settle(swarm: Swarm, hiring: Hiring, chain: RequesterChannels) -> None:
    swarm.end()
    paid = hiring.settle()
    tasks = sum(link.tasks for link in swarm.links)
    kept = f", {swarm.kept} were here before" if swarm.kept else ""
    tell(f"{chain.token.show(paid)} paid for {tasks} tasks by {len(swarm.links)} channels{kept}")


def _price(given: str | None) -> int:
    """In 10^-18 token per unit; 0: it was not given."""
    return amounts.parse(given, amounts.PRICE_DECIMALS) if given else 0
