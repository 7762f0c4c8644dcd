"""`suanli govern`: voting on what the market's owner may do."""

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from suanli.base.text import is_address, plain, span
from suanli.chain import Call
from suanli.cli.as_json import as_json as to_json
from suanli.cli.asking import unlocked
from suanli.cli.govern_show import (
    as_object,
    change_of,
    change_rows,
    governor_of,
    governor_option,
    told,
)
from suanli.cli.options import acting, json_option
from suanli.cli.output import print_facts
from suanli.client import sending
from suanli.governance import (
    GovernanceError,
    Governor,
    PlannedChange,
    Proposal,
    SignedBallot,
    Standing,
    Support,
    described,
    explain,
    hex_of,
    planned,
    show_votes,
)
from suanli.protocol import Signer

proposal_argument = click.argument("proposal")


def _acting(command: Any) -> Any:
    return acting(governor_option(command))


class Actor:
    """Who sends, and how what was sent is told."""

    def __init__(self, account: str | None, max_fee_gwei: str | None, **where: Any) -> None:
        self.governor = governor_of(**where)
        self._named, self._fee = account, max_fee_gwei

    @cached_property
    def account(self) -> Signer:
        """Unlocked when it is needed first."""
        return unlocked(self._named)

    def send(self, call: Call[Any]) -> str:
        """The transaction, once it is final."""
        with sending(self.governor.market, self.account, self._fee) as sender:
            return sender.execute(call).transaction


@click.command()
@click.argument("calls", nargs=-1, required=True)
@click.option("--why", default="", help="The proposal's text: what it is for.")
@click.option("--dry-run", is_flag=True, help="Explain it, and send nothing.")
@json_option
@_acting
def propose(calls: tuple[str, ...], why: str, dry_run: bool, as_json: bool, **where: Any) -> None:
    """Put CALLS to a vote, together: all of them happen, or none.

    Each is a function and its arguments, in quotes: "addTerms fee_bps=150" (the newest terms, with
    another fee), "retireTerms 1", "setGuardian 0x…", "permitRuntime 1 fast", "MarketToken.transfer
    0x… 1000e18".
    """
    actor = Actor(**where)
    governor = actor.governor
    found = [planned(text, governor) for text in calls]
    changes = explain(found, governor)
    if len(found) == 1:
        _try(found[0], governor)
    said: dict[str, Any] = {"changes": list(map(change_of, changes))}
    if not as_json:
        print_facts(change_rows(changes))
    if dry_run:
        click.echo(to_json(said) if as_json else "nothing was sent")
        return
    text = described(why, actor.account.address)
    transaction = actor.send(governor.propose(found, text))
    made = governor.number_of(found, text)
    if as_json:
        click.echo(to_json({"proposal": hex_of(made), **said, "transaction": transaction}))
        return
    begins = span(governor.rules().voting_delay)
    click.echo(f"proposed as {hex_of(made)[:12]}; its vote begins in {begins}")


def _try(change: PlannedChange, governor: Governor) -> None:
    """That it would fail in the end is better known now. The governor answers no call of which
    nothing was decided."""
    if change.target != governor.address:
        call = Call("", change.target, change.data, governor.node, lambda _: None, change.value)
        call.simulate(governor.timelock)


@click.command()
@click.argument("proposal", required=False)
@click.argument("support", required=False, type=click.Choice([s.name.lower() for s in Support]))
@click.option("--why", default="", help="A reason, for all to read.")
@click.option("--sign", is_flag=True, help="Write a signed vote, and send nothing.")
@click.option(
    "--signed",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    help="Bring a vote that somebody signed, from FILE (- for standard input).",
    metavar="FILE",
)
@json_option
@_acting
def vote(
    proposal: str | None,
    support: str | None,
    why: str,
    sign: bool,
    signed: Path | None,
    as_json: bool,
    **where: Any,
) -> None:
    """Vote on PROPOSAL: for, against, or abstain.

    Says first what the proposal would do. With --sign the vote is written to standard output, and
    whoever likes sends it with --signed.
    """
    if signed is not None:
        if proposal or sign or why:
            raise click.UsageError("--signed FILE says all by itself")
        _bring(signed, Actor(**where), as_json)
        return
    if proposal is None or support is None:
        raise click.UsageError("say which proposal, and for, against or abstain")
    if sign and why:
        raise click.UsageError("a signed vote has no reason: leave out --why")
    actor = Actor(**where)
    found, choice = actor.governor.proposal(proposal), Support[support.upper()]
    _require_open(actor.governor, found)
    _tell_proposal(actor.governor, found)
    _require_voter(actor.governor, found, actor.account.address)
    if sign:
        ballot = SignedBallot.by(actor.account, actor.governor, found.id, choice)
        click.echo(to_json(ballot.write()))
        return
    transaction = actor.send(actor.governor.vote(found, choice, why))
    _tell_voted(actor.governor, found, actor.account.address, choice, transaction, as_json)


def _tell_proposal(governor: Governor, proposal: Proposal) -> None:
    """What a vote is about, before anything is signed; the output is for what is made."""
    changes = explain(proposal.calls, governor)
    about = [("proposal", proposal.name), ("text", plain(proposal.text) or "none")]
    print_facts([*about, *change_rows(changes)], err=True)


def _require_open(governor: Governor, proposal: Proposal) -> None:
    if governor.standing(proposal) is not Standing.ACTIVE:
        standing = governor.standing(proposal)
        raise GovernanceError(
            f"there is no vote on {proposal.name} now: {told(governor, proposal, standing)}"
        )


def _require_voter(governor: Governor, proposal: Proposal, voter: str) -> None:
    if governor.has_voted(proposal, voter):
        raise GovernanceError(f"{voter} has voted on {proposal.name}: that can't be changed")
    if not governor.votes_of(voter, proposal.begins):
        raise GovernanceError(
            f"{voter} had no votes when this vote began: for the next one, suanli govern delegate"
        )


def _bring(file: Path, actor: Actor, as_json: bool) -> None:
    text = sys.stdin.read() if str(file) == "-" else file.read_text()
    ballot = SignedBallot.read(text)
    found = actor.governor.proposal(hex_of(ballot.proposal))
    _require_open(actor.governor, found)
    _require_voter(actor.governor, found, ballot.voter)
    transaction = actor.send(ballot.call(actor.governor))
    _tell_voted(actor.governor, found, ballot.voter, ballot.support, transaction, as_json)


def _tell_voted(
    governor: Governor,
    proposal: Proposal,
    voter: str,
    support: Support,
    transaction: str,
    as_json: bool,
) -> None:
    weight = governor.votes_of(voter, proposal.begins)
    if as_json:
        said = {"voter": voter, "support": support.name.lower(), "votes": weight}
        click.echo(to_json(said | {"transaction": transaction}))
        return
    how = "abstained" if support is Support.ABSTAIN else f"voted {support.name.lower()}"
    click.echo(f"{voter} {how} with {show_votes(weight)} votes")


@click.command()
@click.argument("to", required=False, metavar="[ADDRESS]")
@json_option
@_acting
def delegate(to: str | None, as_json: bool, **where: Any) -> None:
    """Let ADDRESS vote with this account's tokens: by default the account itself."""
    if to is not None and not is_address(to):
        raise GovernanceError(f"{to!r} is no address: 0x and 40 hexadecimal digits")
    actor = Actor(**where)
    voter = (to or actor.account.address).lower()
    transaction = actor.send(actor.governor.delegate(voter))
    votes = actor.governor.votes_of(voter)
    if as_json:
        click.echo(to_json({"to": voter, "votes": votes, "transaction": transaction}))
        return
    click.echo(f"{voter} votes with {show_votes(votes)} from now on, in votes that begin later")


def _step(
    name: str, proposal: str, as_json: bool, where: dict[str, Any], needed: Standing, done: str
) -> None:
    actor = Actor(**where)
    governor, found = actor.governor, actor.governor.proposal(proposal)
    standing = governor.standing(found)
    if standing is not needed:
        raise GovernanceError(
            f"{found.name} can't be {done} now: {told(governor, found, standing)}"
        )
    if name == "execute" and governor.node.head().time < governor.effective(found):
        raise GovernanceError(
            f"{found.name} can't be {done} now: {told(governor, found, standing)}"
        )
    transaction = actor.send(getattr(governor, name)(found))
    if as_json:
        click.echo(to_json(as_object(governor, found) | {"transaction": transaction}))
        return
    click.echo(f"{done}: {told(governor, found, governor.standing(found))}")


@click.command()
@proposal_argument
@json_option
@_acting
def queue(proposal: str, as_json: bool, **where: Any) -> None:
    """Let the timelock's delay begin for PROPOSAL, which has passed; by anybody."""
    _step("queue", proposal, as_json, where, Standing.SUCCEEDED, "queued")


@click.command()
@proposal_argument
@json_option
@_acting
def execute(proposal: str, as_json: bool, **where: Any) -> None:
    """Let PROPOSAL take effect, whose delay is over; by anybody."""
    _step("execute", proposal, as_json, where, Standing.QUEUED, "executed")


@click.command()
@proposal_argument
@json_option
@_acting
def cancel(proposal: str, as_json: bool, **where: Any) -> None:
    """Withdraw PROPOSAL, by its proposer, before its vote begins."""
    _step("cancel", proposal, as_json, where, Standing.PENDING, "withdrawn")
