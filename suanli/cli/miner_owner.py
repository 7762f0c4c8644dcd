"""`suanli miner payout`, `successor`, `succeed`: what the owner of a miner does, and no daemon.

The payout's key stays off the miner's machine; the account of these commands is the payout, or the
successor that it named.
"""

from __future__ import annotations

from typing import Any

import click

from suanli.base.text import is_address
from suanli.chain import Market, contract_errors
from suanli.cli.asking import unlocked
from suanli.cli.options import acting
from suanli.client import ClientError, FoundMiner, find_miner, reach, sending
from suanli.protocol import ZERO_ADDRESS

_miner = click.argument("miner")


@click.command()
@_miner
@click.argument("address")
@acting
def payout(miner: str, address: str, account: str | None, **where: Any) -> None:
    """Name another payout for MINER.

    Stake and earnings of the miner (its number or address) go there. The account is the present
    payout. A successor that it named is void.
    """
    fee, found_at = where.pop("max_fee_gwei"), reach(relay="", **where)[0]
    found, key = find_miner(found_at, miner), unlocked(account)
    _require_payout(found_at, found, key.address)
    with sending(found_at, key, fee) as sender:
        sender.execute(found_at.set_payout(found.account, _address(address)))
    click.echo(f"stake and earnings of miner {found.number} go to {address.lower()} from now on")


@click.command()
@_miner
@click.argument("address", required=False)
@click.option("--none", is_flag=True, help="Nobody: void the one that was named.")
@acting
def successor(
    miner: str, address: str | None, none: bool, account: str | None, **where: Any
) -> None:
    """Let ADDRESS take the place of MINER, as when its key is lost.

    The account is the payout of the miner (its number or address). The successor then takes over by
    `suanli miner succeed`.
    """
    if none == (address is not None):
        raise click.UsageError("give the successor's ADDRESS, or --none")
    fee, found_at = where.pop("max_fee_gwei"), reach(relay="", **where)[0]
    found, key = find_miner(found_at, miner), unlocked(account)
    _require_payout(found_at, found, key.address)
    named = ZERO_ADDRESS if address is None else _address(address)
    with sending(found_at, key, fee) as sender:
        sender.execute(found_at.name_successor(found.account, named))
    if address is None:
        click.echo(f"miner {found.number} has no successor")
    else:
        click.echo(
            f"{named} may take over miner {found.number}: with its account, suanli miner succeed"
            f" {found.number}"
        )


@click.command()
@_miner
@acting
def succeed(miner: str, account: str | None, **where: Any) -> None:
    """Take the place of MINER, as its named successor.

    The miner's payout named this account for MINER (its number or address). Deals, stake, earnings
    and offers stay the miner's and are this account's from then on.
    """
    fee, found_at = where.pop("max_fee_gwei"), reach(relay="", **where)[0]
    found, key = find_miner(found_at, miner), unlocked(account)
    with sending(found_at, key, fee) as sender:
        try:
            sender.execute(found_at.succeed(found.account))
        except contract_errors.NotSuccessor as refused:
            raise ClientError(
                f"miner {found.number} has {_who(refused.successor)} as successor, not"
                f" {key.address.lower()}: its payout names one by suanli miner successor"
                f" {found.number} ADDRESS"
            ) from None
    click.echo(f"{key.address.lower()} acts for miner {found.number} from now on")


def _require_payout(market: Market, found: FoundMiner, acting_for: str) -> None:
    standing = market.miner_account(found.account)
    if standing is not None and standing.payout != acting_for.lower():
        raise ClientError(
            f"only the payout of miner {found.number} may, {standing.payout}: choose its key with"
            " --account"
        )


def _address(text: str) -> str:
    if not is_address(text) or int(text, 16) == 0:
        raise ClientError(f"{text!r} is no address: 0x and 40 hexadecimal digits are")
    return text.lower()


def _who(address: str) -> str:
    return "nobody" if address == ZERO_ADDRESS else address
