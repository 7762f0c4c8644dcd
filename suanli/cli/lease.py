"""`suanli lease`: a machine of somebody else's, for a time, paid by the second."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import click

from suanli.base import amounts
from suanli.base.accounts import Account
from suanli.chain import Market, PaymentChannels
from suanli.cli.as_json import as_json as to_json
from suanli.cli.lease_console import Console, attended
from suanli.cli.leasing import (
    AtContract,
    alone_at,
    at_contract,
    board_of,
    channels_of,
    seconds_of,
    taking,
    tell,
)
from suanli.cli.options import (
    account_option,
    channels_option,
    fee_option,
    json_option,
    market_option,
    relay_option,
    rpc_option,
    state_option,
)
from suanli.cli.output import print_facts, print_table
from suanli.client import places
from suanli.lease.errors import LeaseError, Unreached
from suanli.lease.rate import Rate
from suanli.lease.sandbox.offer import GpuWish
from suanli.lease.user import finding, opening
from suanli.lease.user.archive import require_small
from suanli.lease.user.core import LeaseStage
from suanli.lease.user.ledger import LeaseLedger, SessionPlace, Wish, find, ledgers
from suanli.lease.user.onchain import RequesterChannels
from suanli.lease.user.run import LeaseRun, MinerLeft, RunServices
from suanli.protocol import RESERVED_PART, Quote, Signer

Reached = AtContract[RequesterChannels]
SOLD_BY = "miners of sessions"
SLIPPAGE = 105
"""Percent of the price seen that the channel may cost."""

WHERE = (
    rpc_option,
    market_option,
    relay_option,
    channels_option,
    account_option,
    fee_option,
    state_option,
)
_HOW = (
    click.option(
        "--class",
        "name",
        default="cpu",
        show_default=True,
        help="gpu, cpu, or the number of a leased class.",
    ),
    click.option("--units", default=1, show_default=True, type=click.IntRange(min=1)),
    click.option(
        "--for",
        "time_",
        metavar="TIME",
        default="20m",
        show_default=True,
        help="As 90s, 20m, 2h, 1d.",
    ),
    click.option("--budget", metavar="TOKENS", help="Most that it may cost."),
    click.option(
        "--max-price", metavar="TOKENS", help="Most for a unit.  [default: 5 % above now]"
    ),
    click.option("--gpu", metavar="MODEL", help="Words of the GPU's name."),
    click.option("--gpu-memory", type=int, metavar="GIB", help="Least memory of a GPU."),
    click.option("--miner", type=click.IntRange(min=1), help="This miner only, by its number."),
    click.option(
        "--upload",
        type=click.Path(exists=True, file_okay=False),
        help="A folder whose files go there.",
    ),
    click.option(
        "--download",
        type=click.Path(file_okay=False),
        help="A folder into which all files come back.",
    ),
    click.option("--through-relay", is_flag=True, help="Not straight to the miner."),
    click.option("--resume", metavar="LEASE", help="Take this one up again."),
)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@taking((*_HOW, *WHERE))
def run(command: tuple[str, ...], **flags: Any) -> None:
    """Run COMMAND on a miner's machine, and pay by the second.

    \b
    Example:
        suanli lease run --class gpu --for 20m --budget 5 --upload . --download out \\
            -- python3 train.py

    Its input, output and exit code are those of the program; Ctrl-C reaches it, three times end
    the lease. A broken connection is taken up again; after a crash: --resume LEASE.
    """
    if not command and not flags["resume"]:
        raise click.UsageError("say which program: suanli lease run … -- python3 train.py")
    _lease(command, tty=False, **flags)


@click.command()
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@taking((*_HOW, *WHERE))
def shell(command: tuple[str, ...], **flags: Any) -> None:
    """Open a terminal on a miner's machine; COMMAND is run there in place of a shell."""
    _lease(command or ("/bin/sh",), tty=True, **flags)


def reached_at(where: dict[str, Any]) -> AbstractContextManager[Reached]:
    def there(market: Market) -> PaymentChannels:
        return channels_of(market, where["channels"])

    return at_contract(where, SOLD_BY, there, RequesterChannels)


def _lease(command: tuple[str, ...], tty: bool, **flags: Any) -> None:
    with reached_at(flags) as reached:
        if flags["resume"]:
            ledger = find(reached.state, flags["resume"])
        else:
            ledger = _begun(reached, command, tty, flags)
            tell(f"lease {ledger.name}")
        try:
            with alone_at(ledger.folder, f"lease {ledger.name}"):
                code = _worked(reached, ledger, flags["through_relay"])
        finally:
            ledger.close()
    sys.exit(code)


def _begun(
    reached: Reached, command: tuple[str, ...], tty: bool, flags: dict[str, Any]
) -> LeaseLedger:
    market, units, gpu = reached.market, flags["units"], None
    if flags["gpu"] or flags["gpu_memory"]:
        gpu = GpuWish(flags["gpu"] or "", (flags["gpu_memory"] or 0) << 30)
    found = finding.fitting(
        finding.of_class(market, reached.relay, flags["name"]), units, gpu, flags["miner"]
    )
    for offer in found:
        try:
            return _with(reached, offer, command, tty, flags)
        except Unreached as error:
            tell(f"miner {offer.miner}: {error}")
    raise LeaseError("no miner that fits can be reached: try again, or name a relay it listens at")


def _with(
    reached: Reached,
    offer: finding.LeaseOffer,
    command: tuple[str, ...],
    tty: bool,
    flags: dict[str, Any],
) -> LeaseLedger:
    """A lease of this miner. Raises Unreached."""
    market, chain, units = reached.market, reached.chain, flags["units"]
    resource = offer.hosting.resource
    seconds, unit_seconds = seconds_of(flags["time_"]), market.resource_class(resource).unit_seconds
    price = offer.price * SLIPPAGE // 100
    if flags["max_price"]:
        price = amounts.parse(flags["max_price"], amounts.PRICE_DECIMALS)
    decimals = chain.token.decimals()
    whole = Rate.of(price, units, unit_seconds, decimals).amount_up(seconds * 1_000)
    budget = amounts.parse(flags["budget"], decimals) if flags["budget"] else whole
    if budget * RESERVED_PART < whole:
        least = chain.token.show(-(-whole // RESERVED_PART))
        raise LeaseError(
            f"{chain.token.show(budget)} are less than the reserved time costs in any case,"
            f" {least}: put in more, or lease for less time"
        )
    wish = Wish(
        resource=resource,
        units=units,
        seconds=seconds,
        budget=min(budget, whole),
        price=price,
        argv=command,
        tty=tty,
        upload=str(Path(flags["upload"]).absolute()) if flags["upload"] else "",
        download=str(Path(flags["download"]).absolute()) if flags["download"] else "",
        disk=offer.room.disk * units,
    )
    if wish.upload:
        require_small(Path(wish.upload), offer.room.disk * units)

    def dial(key: Signer) -> opening.MinerDial:
        return _ways(reached, offer.place, key, None, flags["through_relay"])

    begin = opening.begin(
        reached.state, market.domain, chain, reached.account, offer.place, wish, unit_seconds, dial
    )
    ledger = asyncio.run(begin)
    tell(
        f"miner {offer.miner}: {offer.room.show()}; {amounts.show_price(offer.price)} a unit,"
        f" {chain.token.show(wish.budget)} at most"
    )
    return ledger


def _worked(reached: Reached, ledger: LeaseLedger, through_relay: bool) -> int:
    """The exit code."""
    chain = reached.chain
    if ledger.stage is LeaseStage.CLOSED:
        raise LeaseError(f"lease {ledger.name} is over")
    opening.open_channel(ledger, chain)
    told, code, error = True, 1, None
    if ledger.stage is LeaseStage.OPEN:
        try:
            code = asyncio.run(_session(reached, ledger, through_relay))
        except LeaseError as found:
            told, error = not isinstance(found, MinerLeft), found
    opening.settle(ledger, chain, told, tell)
    tell(_bill(ledger, chain))
    if error is not None:
        raise error
    return code


def _bill(ledger: LeaseLedger, chain: RequesterChannels) -> str:
    paid = ledger.fact("payments") or {"signed": 0}
    show = chain.token.show
    return f"vouchers {show(paid['signed'])} of {show(ledger.budget)}"


async def _session(reached: Reached, ledger: LeaseLedger, through_relay: bool) -> int:
    record, place = ledger.record, ledger.place
    assert record is not None
    domain, key = reached.market.domain, Account.from_key(ledger.fact("key"))
    decimals = await asyncio.to_thread(reached.chain.token.decimals)
    console = Console(ledger.wish.tty)
    ways = _ways(reached, place, key, record.quote, through_relay, tell)
    made = LeaseRun(
        ledger,
        opening.rate_of(ledger, decimals),
        domain.digest(record.quote),
        RunServices(domain, key, ways, console, tell),
    )
    async with attended(made, console):
        return await made.run()


def _ways(
    reached: Reached,
    place: SessionPlace,
    key: Signer,
    quote: Quote | None,
    through_relay: bool,
    said: Callable[[str], None] = lambda text: None,
) -> opening.MinerDial:
    domain, relay = reached.market.domain, reached.relay
    return opening.MinerDial(
        domain, place, relay.urls, key, quote, through_relay, said, relay.ahead_of
    )


# What there is


@click.command("offers")
@click.option("--class", "name", default="cpu", show_default=True, help="gpu, cpu, or a number.")
@json_option
@taking((rpc_option, market_option, relay_option))
def show_offers(name: str, as_json: bool, **where: Any) -> None:
    """List who leases a class now, the cheapest first."""
    market, relay = board_of(where, SOLD_BY)
    with closing(relay):
        found = finding.of_class(market, relay, name)
    if as_json:
        click.echo(to_json([_offer_json(one) for one in found]))
        return
    rows = [
        (str(one.miner), amounts.show_price(one.price), str(one.free), one.room.show())
        for one in found
    ]
    print_table(("miner", "price", "free", "a unit's room"), rows, right=(0, 1, 2))


def _offer_json(one: finding.LeaseOffer) -> dict[str, Any]:
    return {
        "miner": one.miner,
        "account": one.account,
        "price": one.price,
        "ask": one.ask,
        "free": one.free,
        "addresses": list(one.place.addresses),
        "step_ms": one.place.step,
        "room": vars(one.room) | {"gpus": [vars(kind) for kind in one.room.gpus]},
    }


@click.command("list")
@state_option
@json_option
def list_leases(state: Path | None, as_json: bool) -> None:
    """List the leases that were begun from here, the oldest first."""
    found = [_summary(one) for one in ledgers(places.state_folder(state))]
    if as_json:
        click.echo(to_json(found))
        return
    rows = [
        (one["name"], one["stage"], str(one["miner"]), one["begun"], " ".join(one["command"])[:40])
        for one in found
    ]
    print_table(("lease", "stage", "miner", "begun (UTC)", "command"), rows, right=(2,))


def _summary(ledger: LeaseLedger) -> dict[str, Any]:
    wish, place, paid = ledger.wish, ledger.place, ledger.fact("payments") or {}
    return {
        "name": ledger.name,
        "stage": ledger.stage.value,
        "miner": place.miner,
        "resource": wish.resource,
        "units": wish.units,
        "seconds": ledger.seconds,
        "begun": time.strftime("%Y-%m-%d %H:%M", time.gmtime(ledger.fact("begun"))),
        "budget": ledger.budget,
        "signed": paid.get("signed", 0),
        "used_ms": paid.get("used", 0),
        "phase": ledger.progress.phase,
        "code": ledger.progress.code,
        "command": list(wish.argv),
    }


@click.command()
@click.argument("lease", required=False)
@taking(WHERE)
@json_option
def status(lease: str | None, as_json: bool, **where: Any) -> None:
    """Show where LEASE stands, here and on chain; by default the last that is open."""
    with reached_at(where) as reached:
        ledger = find(reached.state, lease)
        found = _summary(ledger)
        if (record := ledger.record) is not None:
            view = reached.chain.view(record)
            found |= {"chain": view.status.name.lower(), "paid": view.paid, "ends": view.ends}
        ledger.close()
        show = reached.chain.token.show
    if as_json:
        click.echo(to_json(found))
        return
    print_facts(_facts(found, show))


def _facts(found: dict[str, Any], show: Callable[[int], str]) -> Iterator[tuple[str, str]]:
    """In words of users; `show` tells an amount."""
    yield from ((name, found[name]) for name in ("name", "stage"))
    yield "miner", str(found["miner"])
    yield "leases", f"{found['units']} of class {found['resource']} for {found['seconds']:,} s"
    yield "begun", f"{found['begun']} UTC"
    yield "budget", show(found["budget"])
    yield "vouchers", f"{show(found['signed'])}, for {found['used_ms'] / 1_000:,.1f} s served"
    if "chain" in found:
        ends = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(found["ends"]))
        yield "on chain", found["chain"] + (f", ends {ends} UTC" if found["ends"] else "")
        yield "redeemed", show(found["paid"])
    yield "at", found["phase"] + ("" if found["code"] is None else f", exit code {found['code']}")
    yield "command", " ".join(found["command"])


@click.command()
@click.argument("lease", required=False)
@taking(WHERE)
def close(lease: str | None, **where: Any) -> None:
    """End LEASE now, and get back what the miner did not earn; by default the last that is open."""
    with reached_at(where) as reached:
        ledger = find(reached.state, lease)
        try:
            with alone_at(ledger.folder, f"lease {ledger.name}"):
                if ledger.stage is LeaseStage.QUOTED:
                    ledger.move(LeaseStage.CLOSED)
                opening.open_channel(ledger, reached.chain)
                opening.settle(ledger, reached.chain, False, tell)
                tell(f"lease {ledger.name} is {ledger.stage}; {_bill(ledger, reached.chain)}")
        finally:
            ledger.close()


@click.command()
@taking(WHERE)
def withdraw(**where: Any) -> None:
    """Take what is available in the payment channels to the account's wallet."""
    with reached_at(where) as reached:
        amount = reached.chain.withdraw()
        click.echo(f"{reached.chain.token.show(amount)} to {reached.account.address}", err=True)
