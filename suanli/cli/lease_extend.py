"""`suanli lease extend`: more time, or money, for a lease that runs."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any

import click

from suanli.base import amounts
from suanli.cli.lease import SLIPPAGE, WHERE, reached_at
from suanli.cli.leasing import alone_at, seconds_of, taking, tell
from suanli.lease.rate import Rate
from suanli.lease.user import opening
from suanli.lease.user.ledger import find


@click.command()
@click.argument("lease", required=False)
@click.option("--for", "time_", metavar="TIME", help="Time to add, as 90s, 20m, 2h, 1d.")
@click.option("--budget", metavar="TOKENS", help="Money to add.  [default: what the time costs]")
@click.option("--max-price", metavar="TOKENS", help="Most for a unit.  [default: 5 % above now]")
@taking(WHERE)
def extend(
    lease: str | None, time_: str | None, budget: str | None, max_price: str | None, **where: Any
) -> None:
    """Add time to LEASE at today's price, or money alone, while it runs; by default the last that
    is open.

    \b
    Example:
        suanli lease extend --for 10m
    """
    if not time_ and not budget:
        raise click.UsageError("say what to add: --for TIME, --budget TOKENS, or both")
    seconds = seconds_of(time_) if time_ else 0
    with reached_at(where) as reached, closing(find(reached.state, lease)) as ledger:
        chain, wish, place = reached.chain, ledger.wish, ledger.place
        market, decimals = reached.market, chain.token.decimals()
        ask = market.offer_of(place.account, wish.resource).ask
        price = max(market.price_of(wish.resource), ask) * SLIPPAGE // 100
        if max_price:
            price = amounts.parse(max_price, amounts.PRICE_DECIMALS)
        rate = Rate.of(price, wish.units, ledger.fact("unit_seconds"), decimals)
        amount = amounts.parse(budget, decimals) if budget else rate.amount_up(seconds * 1_000)
        with alone_at(ledger.folder, f"an extension of lease {ledger.name}", "extending"):
            if not opening.extend(ledger, chain, amount, seconds, price):
                tell("an extension that was interrupted is done; to add more say so again")
        done = ledger.extensions[-1]
        ends = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(done.ends))
        tell(f"lease {ledger.name}: {chain.token.show(done.amount)} more, ends {ends} UTC")
