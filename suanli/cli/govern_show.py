"""What commands tell of proposals and votes, and `suanli govern show`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import click

from suanli.base.config import setting
from suanli.base.text import percent, plain, rough, span
from suanli.cli.as_json import as_json as to_json
from suanli.cli.options import from_setting, json_option, market_option, rpc_option
from suanli.cli.output import print_facts, print_table
from suanli.client import reach
from suanli.governance import (
    Change,
    Governor,
    Proposal,
    Standing,
    explain,
    hex_of,
    show_votes,
)

MOST_TEXT = 60
"""Characters of a proposal's text in a list."""


governor_option = from_setting(
    "--governor", "governor", "ADDRESS", "The only one to vote by.", "that of the market's owner"
)


def governor_of(rpc: str | None, market: str | None, governor: str | None) -> Governor:
    found, _ = reach(rpc, market, "")
    return Governor.of(found, setting("governor", governor))


@click.command()
@click.argument("proposal", required=False)
@json_option
@rpc_option
@market_option
@governor_option
def show(proposal: str | None, as_json: bool, **where: Any) -> None:
    """List proposals and the rules of voting, or explain PROPOSAL."""
    governor = governor_of(**where)
    if proposal is None:
        _show_all(governor, as_json)
        return
    found = governor.proposal(proposal)
    standing = governor.standing(found)
    changes = explain(found.calls, governor, None if standing.open else found.block)
    if as_json:
        click.echo(to_json(as_object(governor, found) | {"changes": list(map(change_of, changes))}))
        return
    print_facts([("proposal", hex_of(found.id)), ("text", plain(found.text) or "none")])
    print_facts([*change_rows(changes), *_standing_rows(governor, found, standing)])


def _show_all(governor: Governor, as_json: bool) -> None:
    rules, found = governor.rules(), governor.proposals()
    if as_json:
        listed = [as_object(governor, proposal) for proposal in found]
        click.echo(to_json({"rules": rules, "addresses": governor.addresses, "proposals": listed}))
        return
    distributed = f"{show_votes(rules.distributed)} of {show_votes(rules.supply)}"
    print_facts(
        [
            ("governor", governor.address),
            ("timelock", governor.timelock),
            ("token", f"{governor.token}, {distributed} distributed"),
            (
                "rules",
                f"{show_votes(rules.proposal_threshold)} votes to propose;"
                f" {span(rules.voting_delay)} until the vote, {span(rules.voting_period)} of it,"
                f" {span(rules.delay)} until the effect; a quorum is {percent(rules.quorum_bps)}"
                " of what is distributed",
            ),
        ]
    )
    if not found:
        click.echo('nothing was ever proposed: suanli govern propose "addTerms fee_bps=150"')
        return
    rows = []
    for proposal in found:
        votes, standing = governor.votes(proposal), governor.standing(proposal)
        text = plain(proposal.text)
        text = text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"
        counted = (votes.in_favour, votes.against, votes.abstained)
        rows.append((proposal.name, standing.name.lower(), *map(show_votes, counted), text))
    print_table(("proposal", "state", "for", "against", "abstain", "text"), rows, right=(2, 3, 4))


def as_object(governor: Governor, proposal: Proposal) -> dict[str, Any]:
    votes = governor.votes(proposal)
    return {
        "proposal": hex_of(proposal.id),
        "state": governor.standing(proposal).name.lower(),
        "proposer": proposal.proposer,
        "text": proposal.text,
        "begins": proposal.begins,
        "ends": governor.ends(proposal),
        "effective": governor.effective(proposal),
        "for": votes.in_favour,
        "against": votes.against,
        "abstain": votes.abstained,
        "quorum": votes.quorum,
        "transaction": proposal.transaction,
    }


def change_of(change: Change) -> dict[str, Any]:
    return {
        "contract": change.contract,
        "address": change.address,
        "function": change.function,
        "arguments": {name: _text(value) for name, value in change.arguments.items()},
        "told": change.told,
        "differs": [{"what": what, "old": old, "new": new} for what, old, new in change.differs],
        "affects": change.affects,
    }


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return list(map(_text, value)) if isinstance(value, tuple) else str(value)


def change_rows(changes: Iterable[Change]) -> Iterator[tuple[str, str]]:
    for number, change in enumerate(changes, start=1):
        where = f"  [{change.contract}.{change.function or '?'} at {change.address}]"
        yield f"change {number}", plain(change.told) + where
        for what, old, new in change.differs:
            yield "", f"{what}: {plain(f'{old} → {new}' if old else new)}"
        yield "", f"affects {plain(change.affects)}"


def _standing_rows(
    governor: Governor, proposal: Proposal, standing: Standing
) -> Iterator[tuple[str, str]]:
    votes = governor.votes(proposal)
    yield (
        "votes",
        f"{show_votes(votes.in_favour)} for, {show_votes(votes.against)} against,"
        f" {show_votes(votes.abstained)} abstain; {show_votes(votes.quorum)} for or abstaining are"
        " a quorum",
    )
    yield "state", told(governor, proposal, standing)


def told(governor: Governor, proposal: Proposal, standing: Standing) -> str:
    """What it is, and what can be done."""
    now, name = governor.node.head().time, proposal.name
    grace = governor.rules().grace
    match standing:
        case Standing.PENDING:
            return f"its vote begins in {rough(proposal.begins - now)} ({_date(proposal.begins)})"
        case Standing.ACTIVE:
            ends = governor.ends(proposal)
            how = f"suanli govern vote {name} for|against|abstain"
            return f"one can vote for {rough(ends - now)} ({_date(ends)}): {how}"
        case Standing.SUCCEEDED:
            last = governor.ends(proposal) + grace
            return f"it has passed: suanli govern queue {name}, until {_date(last)}"
        case Standing.QUEUED:
            at = governor.effective(proposal)
            if now < at:
                return f"decided; it can be executed in {rough(at - now)} ({_date(at)})"
            return f"decided: suanli govern execute {name}, until {_date(at + grace)}"
        case Standing.DEFEATED:
            return "it has failed: by its votes, or for want of a quorum"
        case Standing.EXPIRED:
            return "it has passed, but was not queued, or not executed, in time: propose it anew"
        case Standing.CANCELED:
            return "its proposer has withdrawn it"
    return "it has taken effect"


def _date(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
