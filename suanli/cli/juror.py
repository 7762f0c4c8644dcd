"""`suanli juror …`: a thin skin over `suanli.juror`."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suanli.cli import daemons, running
from suanli.cli.asking import prompt
from suanli.cli.options import json_option
from suanli.cli.output import print_facts

if TYPE_CHECKING:
    from suanli.juror.config import JurorConfig

_config = daemons.config_option("juror")


def _word(_context: click.Context, _parameter: click.Parameter, value: str) -> bytes:
    text = value.removeprefix("0x")
    with suppress(ValueError):
        if len(text) == 64:
            return bytes.fromhex(text)
    raise click.BadParameter(f"{value!r} is not 32 bytes in hexadecimal")


@click.command()
@daemons.init_options("juror")
@click.option(
    "--seats", type=click.IntRange(1, 1_000), default=1, show_default=True, help="Seats to take."
)
def init(path: Path, force: bool, seats: int, **given: Any) -> None:
    """Find the market's court, say what a seat costs, and write a juror's file.

    \b
    Example:
        suanli juror init --market 0x5fbd… --relay http://127.0.0.1:8646 --account judge
    """
    from suanli.chain import Market, Token, connect
    from suanli.juror.setup import find_court

    usual = daemons.first_settings(path, force, ", where the data of deals is", given)
    store = usual.pop("store")
    served = Market(connect(usual["rpc"]), usual["market"])
    court, token = find_court(served), Token(served.node, served.token())
    values = {
        **usual,
        "court": court.address,
        "chain_id": served.domain.chain_id,
        "seats": seats,
        "stores": [store] if store and store != "relay" else [],
    }
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in values.items()]
    path.write_text("# Other settings and what they mean: docs/judging.md\n" + "".join(lines))
    print_facts((name, str(value)) for name, value in values.items())
    rules = court.rules()
    click.echo(
        f"Each seat takes a stake of {token.show(rules.seat_stake)}; a case pays"
        f" {token.show(rules.seat_fee)}.",
        err=True,
    )
    click.echo(f"Written to {path}. Next: suanli juror run --config {path}", err=True)


@click.command()
@_config
@json_option
def check(path: Path, as_json: bool) -> None:
    """Say what is missing before this juror can work. Exit code 1 if anything is."""
    from suanli.juror.checks import examine
    from suanli.juror.config import read

    daemons.print_findings(examine(read(path), prompt), as_json)


@click.command()
@_config
@running.running_options
def run(path: Path, **watched: Any) -> None:
    """Judge until Ctrl-C (or SIGTERM), or until all seats are left.

    Takes the seats that are missing, runs the tasks of cases, votes, reveals. Killed at any moment,
    it goes on where it was.
    """
    _run(path, **watched)


@click.command()
@_config
@daemons.watch_option
@json_option
def status(path: Path, watch: bool, as_json: bool) -> None:
    """Show the seats, the cases, what was voted and what was earned."""
    from suanli.juror.config import read
    from suanli.juror.journal import JurorJournal
    from suanli.juror.status import rows_of, status_of

    with daemons.journal_beside(JurorJournal, read(path), "juror") as journal:
        daemons.print_status(lambda: status_of(journal), rows_of, watch, as_json)


@click.command()
@_config
@click.option("--cancel", is_flag=True, help="Take no more steps to leave; seats left are gone.")
def leave(path: Path, cancel: bool) -> None:
    """Leave all seats and withdraw what is there, once no case needs it.

    Beside a running daemon: it is told to, and ends when done. Else this command does it.
    """
    from suanli.juror.config import read
    from suanli.juror.journal import LEAVING, JurorJournal

    lock, alone = daemons.tell_daemon(JurorJournal, read(path).data, **{LEAVING: not cancel})
    lock.close()
    if cancel:
        click.echo("stays" + (": suanli juror run" if alone else ""), err=True)
    elif alone:
        _run(path)
    else:
        click.echo("the running daemon leaves; see suanli juror status", err=True)


@click.command()
@click.argument("case", callback=_word)
@click.argument("place", type=click.IntRange(min=0))
@click.argument("leaf", callback=_word)
@click.argument("trace", callback=_word)
@click.argument("salt", callback=_word)
@_config
def expose(case: bytes, place: int, leaf: bytes, trace: bytes, salt: bytes, path: Path) -> None:
    """Show what a juror will vote, before votes are revealed, and get half of its seat's stake.

    For who was given, or sold, the vote (hash of the leaf, and trace: zeros for data that can't be
    had) and the salt of PLACE in the jury of CASE. All in hexadecimal, 32 bytes each.
    """
    from suanli.chain import Token, decode_logs, events
    from suanli.daemon.opening import account_of, market_of
    from suanli.juror import opening
    from suanli.juror.config import read

    config = read(path)
    account, market = account_of(config, prompt), market_of(config)
    court = opening.court_of(config, market)
    sender = opening.sender_of(config, market, account)
    receipt = sender.execute(court.seize_seat(case, place, leaf, trace, salt))
    token = Token(market.node, market.token())
    for event in decode_logs(receipt.logs, court.address):
        if isinstance(event, events.SeatSeized):
            got = f"{token.show(event.amount)} are in the account of {account.address} in the court"
            click.echo(got, err=True)


def _run(path: Path, **watched: Any) -> None:
    from suanli.juror.config import read
    from suanli.juror.opening import daemon_of

    config = read(path)
    make, look = partial(daemon_of, config), partial(_watched, config)
    ended, stopped = "all seats are left", "stopped; cases go on with the next run"
    daemons.run_daemon("juror", config, config.court, make, ended, stopped, look, **watched)


def _watched(config: JurorConfig) -> Any:
    """What `status` shows, and its figures."""
    from suanli.juror.journal import JurorJournal
    from suanli.juror.metrics import figures
    from suanli.juror.status import status_of

    def look() -> dict[str, Any]:
        with daemons.journal_beside(JurorJournal, config, "juror") as journal:
            return status_of(journal)

    return look, figures
