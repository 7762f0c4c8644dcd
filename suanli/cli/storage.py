"""`suanli storage`: files kept by miners, sealed, in copies, paid against proofs."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click

from suanli.base import amounts
from suanli.base.config import required
from suanli.chain import Market, StorageDeals, Token
from suanli.cli.as_json import as_json as to_json
from suanli.cli.leasing import AtContract, alone_at, at_contract, board_of, seconds_of, taking, tell
from suanli.cli.options import (
    account_option,
    fee_option,
    json_option,
    market_option,
    relay_option,
    rpc_option,
    state_option,
    storage_option,
)
from suanli.cli.output import print_table
from suanli.client import places
from suanli.lease.errors import LeaseError
from suanli.lease.storage.deal import Space
from suanli.lease.storage.owner import finding
from suanli.lease.storage.owner.ledger import (
    CopyStage,
    KeepWish,
    StorageLedger,
    files_in,
    find,
    ledgers,
)
from suanli.lease.storage.owner.onchain import OwnerDeals
from suanli.lease.storage.owner.work import Owner, OwnerServices
from suanli.lease.storage.sealing import sealed_size

SOLD_BY = "miners that keep bytes"
_WHERE = (
    rpc_option,
    market_option,
    relay_option,
    storage_option,
    account_option,
    fee_option,
    state_option,
)


class _StorageReach(AtContract[OwnerDeals]):
    def offers(self, resource: int | None) -> list[finding.SpaceOffer]:
        return finding.offers(self.market, self.relay, resource, self.chain.token.decimals())

    def owner(self, ledger: StorageLedger) -> Owner:
        def fitting(wish: KeepWish) -> list[finding.SpaceOffer]:
            size = sealed_size(wish.size)
            seen = self.offers(wish.resource)
            return finding.fitting(seen, size, wish.seconds, wish.period, wish.samples)

        on = self.market.domain, self.account, self.chain
        way = self.relay.urls, self.relay.ahead_of
        return Owner(ledger, OwnerServices(*on, fitting, tell, _MovedShown(), *way))

    @contextmanager
    def file(self, name: str) -> Iterator[tuple[StorageLedger, Owner]]:
        """Of this name, to itself."""
        with (
            closing(find(self.state, name)) as ledger,
            alone_at(ledger.folder, f"file {ledger.name}"),
        ):
            yield ledger, self.owner(ledger)


@contextmanager
def _reached(where: dict[str, Any]) -> Iterator[_StorageReach]:
    def there(market: Market) -> StorageDeals:
        return StorageDeals(market.node, required("storage", where["storage"]))

    with at_contract(where, SOLD_BY, there, OwnerDeals) as found:
        yield _StorageReach(**vars(found))


class _MovedShown:
    """Tells how much of a copy is there, now and then."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, have: int) -> None:
        if time.monotonic() - self._told > 5:
            self._told = time.monotonic()
            tell(f"{have / 1e6:,.0f} MB are there")


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option("--copies", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--for", "time_", metavar="TIME", default="7d", show_default=True, help="As 12h, 7d.")
@click.option("--period", metavar="TIME", default="1d", show_default=True, help="Between proofs.")
@click.option(
    "--leaves", default=4, show_default=True, type=click.IntRange(1, 16), help="In each proof."
)
@click.option("--class", "resource", type=click.IntRange(min=1), help="The class's number.")
@click.option("--max-price", metavar="TOKENS", help="Most for a unit.  [default: 5 % above now]")
@click.option("--resume", metavar="NAME", help="Go on with one that was begun.")
@taking(_WHERE)
def put(file: str | None, **flags: Any) -> None:
    """Keep FILE on miners' disks: sealed, each copy with a key of its own on another miner.

    The keys stay in the state folder: without it the file is lost. All money is put in now; what
    is not earned by proofs comes back.
    """
    if (file is None) == (flags["resume"] is None):
        raise click.UsageError("name a FILE, or --resume one that was begun")
    with _reached(flags) as reached:
        if file is None:
            name = find(reached.state, flags["resume"])
            name.close()
            ledger_name = name.name
        else:
            ledger_name = _begun(reached, Path(file), flags)
            tell(f"file {ledger_name}")
        with reached.file(ledger_name) as (ledger, owner):
            asyncio.run(owner.put())
            ends = time.strftime("%Y-%m-%d %H:%M", time.gmtime(owner.until()))
            tell(f"{ledger.wish.copies} copies are kept until {ends} UTC")
    click.echo(ledger_name)


def _begun(reached: _StorageReach, path: Path, flags: dict[str, Any]) -> str:
    """The name of a file's new ledger; nothing is sent."""
    seconds = seconds_of(flags["time_"])
    period, size = min(seconds_of(flags["period"]), seconds), path.stat().st_size
    wanted = sealed_size(size), seconds, period, flags["leaves"]
    seen = finding.fitting(reached.offers(flags["resource"]), *wanted)
    if len(seen) < flags["copies"]:
        raise LeaseError(
            f"{len(seen)} miners fit, for {flags['copies']} copies: ask for fewer (--copies)"
        )
    price = flags["max_price"]
    wish = KeepWish(
        str(path.absolute()),
        size,
        flags["copies"],
        seen[0].space.resource,
        seconds,
        period,
        flags["leaves"],
        amounts.parse(price, amounts.PRICE_DECIMALS) if price else 0,
    )
    with closing(StorageLedger(files_in(reached.state) / secrets.token_hex(5))) as ledger:
        ledger.begin(wish, int(time.time()))
        return ledger.name


@click.command("list")
@state_option
@json_option
def list_files(state: Path | None, as_json: bool) -> None:
    """List the files that were put from here, the oldest first; what is lost `verify` tells."""
    found = [_summary(one) for one in ledgers(places.state_folder(state))]
    if as_json:
        click.echo(to_json(found))
        return
    rows = [
        (
            one["name"],
            f"{one['size']:,}",
            f"{one['kept']}/{one['copies']}",
            one["until"],
            one["path"],
        )
        for one in found
    ]
    print_table(("file", "bytes", "copies", "until (UTC)", "from"), rows, right=(1, 2))


def _summary(ledger: StorageLedger) -> dict[str, Any]:
    wish, kept = ledger.wish, [one for one in ledger.copies if one.stage is CopyStage.OPEN]
    ends = max((one.deal.end_of(one.deal.quote.periods - 1) for one in kept), default=0)
    return {
        "name": ledger.name,
        "path": wish.path,
        "size": wish.size,
        "copies": wish.copies,
        "kept": len(kept),
        "miners": [one.keeper.miner for one in kept],
        "until": time.strftime("%Y-%m-%d %H:%M", time.gmtime(ends)) if ends else "-",
    }


@click.command()
@click.argument("name")
@click.option("--out", metavar="FILE", type=click.Path(), help="[default: its name, here]")
@taking(_WHERE)
def get(name: str, out: str | None, **where: Any) -> None:
    """Get file NAME back, each chunk checked; where a copy fails the next goes on."""
    with _reached(where) as reached, reached.file(name) as (ledger, owner):
        into = Path(out or Path(ledger.wish.path).name)
        if into.exists():
            raise LeaseError(f"{into} is there already: name another (--out)")
        asyncio.run(owner.get(into))
        tell(f"{ledger.wish.size:,} bytes are in {into}")


@click.command()
@click.argument("name")
@click.option(
    "--leaves", default=16, show_default=True, type=click.IntRange(1, 16), help="Of each copy."
)
@click.option("--repair", is_flag=True, help="Make lost copies again, on other miners.")
@click.option("--away", is_flag=True, help="Count a miner that can't be reached as lost.")
@taking(_WHERE)
def verify(name: str, leaves: int, repair: bool, away: bool, **where: Any) -> None:
    """Ask each copy of file NAME for leaves that nobody can foresee; exit 1 if one is lost."""
    with _reached(where) as reached, reached.file(name) as (ledger, owner):
        seen = asyncio.run(owner.verify(leaves))
        for one in seen:
            state = {True: "good", False: "LOST", None: "away"}[one.good]
            click.echo(f"copy {one.copy.number}  miner {one.copy.keeper.miner}  {state}  {one.why}")
            if away and one.good is None:
                owner.give_up(one.copy)
        if repair:
            made = asyncio.run(owner.repair())
            tell(f"{made} copies are made again" if made > 0 else "nothing is to be made again")
        if (missing := owner.missing()) > 0:
            raise LeaseError(
                f"{missing} of {ledger.wish.copies} copies are lost: --repair makes them again"
            )


@click.command()
@click.argument("name")
@click.option("--for", "time_", metavar="TIME", required=True, help="From now on, as 12h, 30d.")
@taking(_WHERE)
def extend(name: str, time_: str, **where: Any) -> None:
    """Keep file NAME for so long from now on; what a running deal has left comes back."""
    with _reached(where) as reached, reached.file(name) as (_, owner):
        done = asyncio.run(owner.extend(seconds_of(time_)))
        ends = time.strftime("%Y-%m-%d %H:%M", time.gmtime(owner.until()))
        tell(f"{done} copies are kept until {ends} UTC")


@click.command()
@click.argument("name")
@click.option("--copy", "number", type=click.IntRange(min=0), help="Only this one, as verify says.")
@taking(_WHERE)
def drop(name: str, number: int | None, **where: Any) -> None:
    """Let the miners forget file NAME, and forget its keys; periods that have begun are paid."""
    with _reached(where) as reached, reached.file(name) as (ledger, owner):
        if number is not None:
            asyncio.run(owner.drop_copy(number))
            tell(f"copy {number} is dropped; what was not paid: suanli storage withdraw")
            return
        asyncio.run(owner.drop())
        tell(f"file {ledger.name} is dropped; what was not paid: suanli storage withdraw")


@click.command("offers")
@click.option("--class", "resource", type=click.IntRange(min=1), help="The class's number.")
@json_option
@taking((rpc_option, market_option, relay_option))
def show_offers(resource: int | None, as_json: bool, **where: Any) -> None:
    """List who sells space now, the cheapest first."""
    market, relay = board_of(where, SOLD_BY)
    with closing(relay):
        decimals = Token(market.node, market.token()).decimals()
        found = finding.offers(market, relay, resource, decimals)
    if as_json:
        click.echo(to_json([_offer_json(one) for one in found]))
        return
    rows = [
        (
            str(one.place.miner),
            amounts.show_price(one.price),
            f"{one.space.unit:,} bytes for {one.space.unit_seconds} s",
            str(one.free),
            f"{one.space.least_period} s",
            _least_pay(one.space),
        )
        for one in found
    ]
    head = "miner", "price", "a unit", "free", "period, least", "a period pays at least"
    print_table(head, rows, right=(0, 1, 3, 4))


def _least_pay(space: Space) -> str:
    proof, leaf = (amounts.show(one, space.decimals, 18) for one in (space.proof, space.leaf))
    return f"{proof} + {leaf} a leaf" if space.proof else "-"


def _offer_json(one: finding.SpaceOffer) -> dict[str, Any]:
    return {
        "miner": one.place.miner,
        "account": one.place.account,
        "resource": one.space.resource,
        "price": one.price,
        "free": one.free,
        "unit": one.space.unit,
        "unit_seconds": one.space.unit_seconds,
        "period": one.space.least_period,
        "longest": one.space.longest,
        "proof": one.space.proof,
        "leaf": one.space.leaf,
        "addresses": list(one.place.addresses),
    }


@click.command()
@taking(_WHERE)
def withdraw(**where: Any) -> None:
    """Take what is available in the storage deals to the account's wallet."""
    with _reached(where) as reached:
        amount = reached.chain.withdraw()
        click.echo(f"{reached.chain.token.show(amount)} to {reached.account.address}", err=True)
