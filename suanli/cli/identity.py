"""`suanli identity`: attestations of who miners and requesters are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from suanli.base.text import is_address
from suanli.chain import IdentityRegistry, IdentitySubject, Market
from suanli.cli.as_json import as_json as to_json
from suanli.cli.asking import unlocked
from suanli.cli.options import (
    account_option,
    acting,
    json_option,
    market_option,
    rpc_option,
    with_options,
)
from suanli.cli.output import print_facts, print_table
from suanli.cli.signed_file import read_signed
from suanli.client import (
    WalletMust,
    as_object,
    jobs,
    newest_verifier,
    reach,
    sending,
)
from suanli.client import identity as identities
from suanli.protocol import Attestation, signed_to_json

DAY = 86_400
YES_NO = {True: "yes", False: "no"}

_registry_option = click.option(
    "--registry", metavar="ADDRESS", help="The registry.  [default: that of the newest terms]"
)
_where = (rpc_option, market_option)
_wallet_option = click.option(
    "--for", "wallet", metavar="ADDRESS", help="The attestor, if it is a contract account."
)
_subject = (
    click.option("--miner", metavar="NUMBER", help="A miner, by number or address."),
    click.option("--requester", metavar="ADDRESS", help="A requester, by its account."),
    click.option("--tenure", type=int, help="The miner's tenure.  [default: the present one]"),
)


def _with(*options: Any) -> Callable[[Any], Any]:
    return partial(with_options, options)


@click.command()
@_with(*_subject)
@click.option("--level", type=int, help="How much was checked.  [default: the least that counts]")
@click.option(
    "--days", type=click.IntRange(1, 36_500), default=365, show_default=True, help="Its time."
)
@_wallet_option
@_with(_registry_option, *_where, account_option)
def attest(
    miner: str | None,
    requester: str | None,
    tenure: int | None,
    level: int | None,
    days: int,
    wallet: str | None,
    registry: str | None,
    account: str | None,
    **where: Any,
) -> None:
    """Sign that a miner, or a requester, is who it should be; nothing is sent.

    Prints the signed attestation, for whom it is of, or anybody, to submit. Before you sign, see
    that who showed you its papers holds the account: ask it for a signature.
    """
    market, found = _registry(registry, **where)
    subject = _subject_of(market, miner, requester, tenure)
    level = found.least_level() if level is None else level
    key, wallet = unlocked(account), _address(wallet, "--for")
    signed = identities.attest(market, found, key, subject, level, days * DAY, wallet)
    click.echo(to_json(signed_to_json(signed)))
    until = jobs.date(signed.message.valid_until)
    click.echo(
        f"{subject} is attested by {signed.signer}, level {level}, until {until}, once somebody"
        " submits this: suanli identity submit FILE",
        err=True,
    )


@click.command()
@click.argument("file", type=click.Path(allow_dash=True))
@json_option
@acting
def submit(file: str, as_json: bool, account: str | None, **where: Any) -> None:
    """Put a signed attestation on the chain: FILE, or - for standard input.

    Anybody may, and pays for the gas.
    """
    fee, signed = where.pop("max_fee_gwei"), read_signed(Attestation, file, "signed attestation")
    market, registry = _registry(signed.message.registry, **where)
    identities.check_signed(market, signed)
    subject = IdentitySubject.of(signed.message)
    if identities.stands(registry, signed.message):
        click.echo("it is on the chain already", err=True)
    else:
        with sending(market, unlocked(account), fee) as sender:
            sender.execute(registry.submit(signed))
    _tell_status(market, registry, subject, as_json)
    _warn_of_another_verifier(market, registry)


@click.command()
@_with(*_subject)
@json_option
@_with(_registry_option, *_where)
def show(
    miner: str | None,
    requester: str | None,
    tenure: int | None,
    as_json: bool,
    registry: str | None,
    **where: Any,
) -> None:
    """Say who attests identities and, of a miner or a requester, whether it is verified."""
    market, found = _registry(registry, **where)
    if (miner, requester, tenure) != (None, None, None):
        subject = _subject_of(market, miner, requester, tenure)
        _tell_status(market, found, subject, as_json)
        return
    facts: dict[str, Any] = {
        "registry": found.address,
        "owner": found.owner(),
        "least_level": found.least_level(),
        "attestors": [one._asdict() for one in found.attestors()],
    }
    if as_json:
        click.echo(to_json(facts))
        return
    print_facts([(name.replace("_", " "), str(facts[name])) for name in list(facts)[:-1]])
    if not facts["attestors"]:
        click.echo("nobody attests: the owner makes attestors (addAttestor)")
        return
    rows = [(one["account"], jobs.date(one["since"])) for one in facts["attestors"]]
    print_table(("attestor", "since"), rows)


@click.command()
@_with(*_subject)
@click.option(
    "--attestor", metavar="ADDRESS", help="Whose word the registry's owner revokes; else your own."
)
@_wallet_option
@json_option
@_registry_option
@acting
def revoke(
    miner: str | None,
    requester: str | None,
    tenure: int | None,
    attestor: str | None,
    wallet: str | None,
    as_json: bool,
    registry: str | None,
    account: str | None,
    **where: Any,
) -> None:
    """Void all that an attestor signed of a miner or a requester up to now.

    Submitted or not. What other attestors say of them stands.
    """
    if attestor and wallet:
        raise click.UsageError("--attestor is for the registry's owner, --for for an attestor")
    fee = where.pop("max_fee_gwei")
    market, found = _registry(registry, **where)
    subject = _subject_of(market, miner, requester, tenure)
    if (contract := _address(wallet, "--for")) is not None:
        call = found.revoke(contract, subject)
        call.simulate(contract)
        must = WalletMust("a contract account revokes itself", contract, [call])
        click.echo(to_json({"calls": [as_object(call)]}) if as_json else str(must))
        return
    key = unlocked(account)
    whose = _address(attestor, "--attestor") or key.address
    with sending(market, key, fee) as sender:
        sender.execute(found.revoke(whose, subject))
    _tell_status(market, found, subject, as_json)


def _registry(
    address: str | None, rpc: str | None, market: str | None
) -> tuple[Market, IdentityRegistry]:
    found, _ = reach(rpc, market, "")
    return found, identities.registry_of(found, address)


def _subject_of(
    market: Market, miner: str | None, requester: str | None, tenure: int | None
) -> IdentitySubject:
    if (miner is None) == (requester is None):
        raise click.UsageError("name a miner (--miner) or a requester (--requester), one of both")
    return identities.subject_of(market, miner, requester, tenure)


def _address(text: str | None, flag: str) -> str | None:
    if text is not None and not is_address(text):
        raise click.UsageError(f"{flag} takes an address, not {text!r}")
    return text and text.lower()


def _tell_status(
    market: Market, registry: IdentityRegistry, subject: IdentitySubject, as_json: bool
) -> None:
    status = identities.status_of(market, registry, subject)
    if as_json:
        said = [
            {"attestor": one.attestor.account, **one.said._asdict(), "state": str(one.state)}
            for one in status.said
        ]
        about = {"registry": registry.address, **subject._asdict()}
        click.echo(to_json({**about, "verified": status.verified, "said": said}))
        return
    click.echo(f"{subject}  verified: {YES_NO[status.verified]}")
    rows = []
    for one in status.said:
        times = [jobs.date(at) if at else "" for at in (one.said.issued, one.said.valid_until)]
        rows.append((one.attestor.account, str(one.said.level or ""), *times, str(one.state)))
    if rows:
        print_table(("attestor", "level", "issued", "until", "state"), rows, right=(1,))


def _warn_of_another_verifier(market: Market, registry: IdentityRegistry) -> None:
    newest = newest_verifier(market).address
    if newest != registry.address:
        click.echo(
            f"note: the newest terms ask another verifier, {newest}: requests under them don't"
            " know this",
            err=True,
        )
