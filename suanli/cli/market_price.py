"""`suanli market update-price`: anybody may move a price that adapts by the time that passed."""

from __future__ import annotations

import click

from suanli.base import amounts
from suanli.cli.as_json import as_json as to_json
from suanli.cli.asking import unlocked
from suanli.cli.options import acting, json_option
from suanli.client import UpdatedPrice, adaptive_of, reach, sending, update_price


@click.command("update-price")
@click.option("--resource", type=int, default=1, show_default=True, help="Resource class.")
@json_option
@acting
def update(
    resource: int,
    as_json: bool,
    rpc: str | None,
    market: str | None,
    account: str | None,
    max_fee_gwei: str | None,
) -> None:
    """Update the price of a class that adapts; by any account, which pays the gas.

    Posted requests that bid less than the price, or have expired, are left out of the demand.
    """
    found, _ = reach(rpc, market, "")
    model = adaptive_of(found, resource)
    key = unlocked(account)
    with sending(found, key, max_fee_gwei) as sender:
        updated = update_price(found, model, resource, sender)
    click.echo(to_json(_facts(resource, updated)) if as_json else _told(resource, updated))


def _told(resource: int, updated: UpdatedPrice) -> str:
    left, utilization = updated.left_out, updated.utilization
    demanded = "nothing is for sale, nor demanded"
    if utilization is not None:
        demanded = f"{utilization / 10**7:.1f} % of what is for sale is demanded"
    without = f", without {left:,} units of posted requests that can't trade" if left else ""
    return (
        f"class {resource}: {amounts.show_price(updated.was)} → {amounts.show_price(updated.now)}"
        f" tokens a unit; {demanded}{without};"
        f" {updated.receipt.gas_used:,} gas"
    )


def _facts(resource: int, updated: UpdatedPrice) -> dict[str, object]:
    return {
        "resource": resource,
        "was": updated.was,
        "price": updated.now,
        "utilization": None if updated.utilization is None else updated.utilization / 10**9,
        "units_left_out": updated.left_out,
        "gas": updated.receipt.gas_used,
        "transaction": updated.receipt.transaction,
    }
