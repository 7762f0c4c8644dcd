"""`suanli rewards`: what a market's pool pays miners for capacity on offer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from suanli.base import amounts
from suanli.base.text import percent
from suanli.chain import Market, RewardPool, Token
from suanli.cli.as_json import as_json as to_json
from suanli.cli.asking import unlocked
from suanli.cli.options import acting, json_option, market_option, rpc_option
from suanli.cli.output import print_facts, print_table
from suanli.client import find_miner, jobs, reach, sending
from suanli.client import rewards as pools

_pool_option = click.option(
    "--pool", metavar="ADDRESS", help="The pool.  [default: the treasury of the newest terms]"
)
_miners = click.argument("miners", nargs=-1, required=True, metavar="MINER...")
_epoch_option = click.option(
    "--epoch", type=click.IntRange(min=0), help="Which.  [default: the last one]"
)
_over_option = click.option(
    "--epoch", type=click.IntRange(min=0), help="Which.  [default: all that are over]"
)


def _where(command: Any) -> Any:
    return _pool_option(rpc_option(market_option(command)))


def _acting(command: Any) -> Any:
    return _pool_option(acting(command))


@click.command()
@click.option("--miner", metavar="MINER", help="Of this miner too, by number or address.")
@json_option
@_where
def show(miner: str | None, as_json: bool, pool: str | None, **where: Any) -> None:
    """Say what the pool holds and rewards, and what a miner has to expect of it."""
    market, found = _reached(pool, **where)
    epoch = found.current_epoch()
    facts: dict[str, Any] = {
        "pool": found.address,
        "available": found.free(),
        "locked": found.reserved(),
        "fee_share_bps": found.fee_share_bps(),
        "epoch": epoch,
        "ends": found.start_of(epoch + 1),
        "classes": [weight._asdict() for weight in found.weights_of(epoch)],
    }
    if miner is not None:
        number, account = find_miner(market, miner)
        seen = [
            {
                "resource": each["resource"],
                **found.observed(epoch, number, each["resource"])._asdict(),
            }
            for each in facts["classes"]
        ]
        about = {
            "miner": number,
            "seen": seen,
            "limit": found.limit_of(epoch, number),
            "notes": [
                f"class {each['resource']}: {why}"
                for each in facts["classes"]
                if (why := pools.why_nothing(market, account, each["resource"]))
            ],
        }
        facts |= about | {"rewards": _rewards(found, number)}
    if as_json:
        click.echo(to_json(facts))
        return
    _print(market, facts)


def _rewards(pool: RewardPool, miner: int) -> list[dict[str, int]]:
    """To be claimed."""
    sender = pool.address  # whoever claims, it is for the miner
    return [
        {"epoch": epoch, "amount": pool.reward_of(epoch, miner)}
        for epoch in pools.claimable(pool, miner, sender)
    ]


def _print(market: Market, facts: dict[str, Any]) -> None:
    money = _money(market)
    shown = {
        "pool": facts["pool"],
        "free": money(facts["available"]),
        "reserved for claims": money(facts["locked"]),
        "keeps of fees": percent(facts["fee_share_bps"]),
        "epoch": f"{facts['epoch']}, until {jobs.date(facts['ends'])}",
    }
    if "miner" in facts:
        shown["most for the miner, by its fees so far"] = money(facts["limit"])
    print_facts(shown.items())
    if not facts["classes"]:
        click.echo("no class is rewarded")
    elif "miner" not in facts:
        rows = [(str(each["resource"]), f"{each['units']:,}") for each in facts["classes"]]
        print_table(("class", "weight in units"), rows, right=(0, 1))
    else:
        table = [
            (str(one["resource"]), f"{one['counted']:,}", f"{one['candidate']:,}")
            for one in facts["seen"]
        ]
        print_table(("class", "units that count", "seen last"), table, right=(0, 1, 2))
    for note in facts.get("notes", ()):
        click.echo(note)
    for reward in facts.get("rewards", ()):
        click.echo(f"epoch {reward['epoch']}: {money(reward['amount'])} to claim")


@click.command()
@_miners
@_acting
def read(miners: tuple[str, ...], account: str | None, pool: str | None, **where: Any) -> None:
    """Let the pool see what MINERs sell now, by number or address.

    Anybody may, of all miners. What it sees twice, a 64th of an epoch apart, counts, unless it saw
    less in between.
    """
    fee = where.pop("max_fee_gwei")
    market, found = _reached(pool, **where)
    numbers = [find_miner(market, miner).number for miner in miners]
    with sending(market, unlocked(account), fee) as sender:
        sender.execute(found.read(numbers))
    epoch = found.current_epoch()
    rows = [
        (str(number), str(weight.resource), f"{seen.counted:,}", f"{seen.candidate:,}")
        for number in numbers
        for weight in found.weights_of(epoch)
        for seen in [found.observed(epoch, number, weight.resource)]
    ]
    print_table(("miner", "class", "units that count", "seen last"), rows, right=(0, 1, 2, 3))


@click.command()
@_epoch_option
@_acting
def draw(epoch: int | None, account: str | None, pool: str | None, **where: Any) -> None:
    """Draw the moments that decide an epoch that is over: in two steps, by anybody.

    The first names a block a little ahead, the second uses its hash. Fees that the market holds for
    the pool are fetched before.
    """
    fee = where.pop("max_fee_gwei")
    market, found = _reached(pool, **where)
    epoch = max(found.current_epoch() - 1, 0) if epoch is None else epoch
    record = found.epoch(epoch)
    with sending(market, unlocked(account), fee) as sender:
        named = record.seed_block
        if not named or market.node.head().evm_number > named + pools.HASHES:
            sender.execute(found.prepare_draw(epoch))
            named = found.epoch(epoch).seed_block
            click.echo(
                f"block {named} decides epoch {epoch}: run this again once it is there, within"
                f" {pools.HASHES} blocks"
            )
            return
        if market.account_of(found.address).available:
            sender.execute(found.collect())
        sender.execute(found.draw(epoch))
    granted = _money(market)(found.epoch(epoch).granted)
    click.echo(f"epoch {epoch} is drawn: {granted} for miners, each up to half of its fees")


@click.command()
@_miners
@_acting
def claim(miners: tuple[str, ...], account: str | None, pool: str | None, **where: Any) -> None:
    """Send MINERs' rewards to their payouts: of all drawn epochs, by anybody."""
    fee = where.pop("max_fee_gwei")
    market, found = _reached(pool, **where)
    key, money = unlocked(account), _money(market)
    with sending(market, key, fee) as sender:
        for number in [find_miner(market, miner).number for miner in miners]:
            epochs = list(pools.claimable(found, number, key.address))
            for epoch in epochs:
                sender.execute(found.claim(epoch, number))
                told = money(found.reward_of(epoch, number))
                click.echo(f"miner {number}, epoch {epoch}: {told} paid")
            if not epochs:
                click.echo(f"miner {number} has nothing to claim")


@click.command()
@click.argument("amount")
@_acting
def grant(amount: str, account: str | None, pool: str | None, **where: Any) -> None:
    """Give the pool AMOUNT tokens of the account's; nobody gets them back."""
    fee = where.pop("max_fee_gwei")
    market, found = _reached(pool, **where)
    key, token = unlocked(account), Token(market.node, market.token())
    units = amounts.parse(amount, token.decimals())
    with sending(market, key, fee) as sender:
        pools.grant(found, token, units, sender)
    click.echo(f"{token.show(units)} granted; the pool now has {token.show(found.free())} free")


@click.command("return-unclaimed")
@_over_option
@_acting
def return_unclaimed(
    epoch: int | None, account: str | None, pool: str | None, **where: Any
) -> None:
    """Make free for later rewards what nobody claimed in time, by anybody.

    Of one epoch, or of all whose claims have ended.
    """
    fee = where.pop("max_fee_gwei")
    market, found = _reached(pool, **where)
    epochs = list(pools.returnable(found)) if epoch is None else [epoch]
    key, money = unlocked(account), _money(market)
    with sending(market, key, fee) as sender:
        for number in epochs:
            record = found.epoch(number)
            sender.execute(found.return_unclaimed(number))
            click.echo(f"epoch {number}: {money(record.reserved - record.claimed)} are free again")
    if not epochs:
        click.echo(
            "nothing is to be returned: of no epoch is anything left whose claims have ended"
        )


def _reached(pool: str | None, rpc: str | None, market: str | None) -> tuple[Market, RewardPool]:
    found, _ = reach(rpc, market, "")
    return found, pools.pool_of(found, pool)


def _money(market: Market) -> Callable[[int], str]:
    return Token(market.node, market.token()).show
