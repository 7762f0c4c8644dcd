"""`suanli miner agree`, `suanli job release`: both sides end a deal that waits for its result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from suanli.cli import daemons
from suanli.cli.as_json import as_json as to_json
from suanli.cli.asking import prompt
from suanli.cli.flags import connected
from suanli.cli.options import connection, job_argument
from suanli.cli.signed_file import read_signed
from suanli.client import ClientError, DealRecord, Ledger
from suanli.protocol import Release, signed_to_json, verify


@click.command()
@daemons.config_option("miner")
@click.argument("deal")
def agree(path: Path, deal: str) -> None:
    """Sign that DEAL may end for nothing; nothing is sent.

    DEAL are the first digits of its id. Prints what the requester needs for suanli job release. The
    collateral comes back then, the requester's money too, and the deal counts for nobody.
    """
    from suanli.daemon.opening import account_of, market_of
    from suanli.miner.config import read
    from suanli.miner.journal import Journal
    from suanli.miner.story import find
    from suanli.protocol import sign

    config = read(path)
    with daemons.journal_beside(Journal, config, "miner") as journal:
        request = find(journal, deal)
    account, market = account_of(config, prompt), market_of(config)
    click.echo(to_json(signed_to_json(sign(market.domain, Release(request), account))))
    click.echo(
        f"0x{request.hex()} ends for nothing once its requester sends this: suanli job release JOB"
        " FILE",
        err=True,
    )


@click.command()
@job_argument
@click.argument("file", type=click.Path(allow_dash=True))
@connection
def release(job: str, file: str, **where: Any) -> None:
    """End a deal of JOB for nothing, as its miner agreed.

    FILE (or - for standard input) is what suanli miner agree printed. The deal's money is free
    again; a run of the job places its tasks anew.
    """
    agreed = read_signed(Release, file, "miner's signed agreement")
    with connected(**where) as client:
        run = client.run(job)
        try:
            deal = _meant(run.ledger, agreed.message.request, client.market.domain)
            if agreed.signer != deal.miner or not verify(client.market.domain, agreed):
                raise ClientError(f"this is not signed by the deal's miner, {deal.miner}")
            call = client.market.release_by_agreement(deal.request, agreed.signature)
            client.funds.require_key("release a deal", [call])
            client.sender.execute(call)
        finally:
            run.close()
        click.echo(f"deal {deal.number} is over: {client.show(deal.lock)} are free again")


def _meant(ledger: Ledger, request: bytes, domain: Any) -> DealRecord:
    for deal in ledger.deals():
        if domain.request_id(deal.request) == request:
            return deal
    raise ClientError(f"0x{request.hex()} is no deal of this job: suanli job status lists them")
