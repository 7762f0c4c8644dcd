"""`suanli market prune`, `advance-epoch`: what keeps a market, or one's own requests, tidy."""

from __future__ import annotations

from typing import Any

import click

from suanli.cli.asking import unlocked
from suanli.cli.flags import connected
from suanli.cli.options import acting, connection
from suanli.client import pruning, reach, sending


@click.command()
@acting
def prune(account: str | None, **where: Any) -> None:
    """Take expired offers and lapsed leases away, which the price counts until then.

    Anybody may, and pays for the gas.
    """
    fee, market = where.pop("max_fee_gwei"), reach(relay="", **where)[0]
    found = pruning.lapsed(market)
    if not (found.offers or found.lots):
        click.echo("nothing has lapsed")
        return
    with sending(market, unlocked(account), fee) as sender:
        gas = sum(sender.execute(call).gas_used for call in pruning.prunings(market, found))
    click.echo(f"pruned {len(found.offers):,} offers and {len(found.lots):,} leases, {gas:,} gas")


@click.command("advance-epoch")
@click.confirmation_option(
    prompt="Void all requests that this account signed and that no miner took yet?"
)
@connection
def advance_epoch(**where: Any) -> None:
    """Void all requests that this account signed so far and that are not on chain.

    For when a signed request, or the account's machine, got into wrong hands. Deals that miners
    confirmed go on; jobs that run sign what they still need anew.
    """
    with connected(**where) as client:
        epoch, call = client.market.epoch_of(client.requester), client.market.advance_epoch()
        client.funds.require_key("void its requests", [call])
        client.sender.execute(call)
        click.echo(f"requests signed in epoch {epoch:,} or before are void")
