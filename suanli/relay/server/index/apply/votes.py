"""Proposals and votes, of a governor, whose events have no classes."""

from __future__ import annotations

from typing import Any

from suanli.relay.server.index.apply.book import TableBook
from suanli.relay.server.index.changes import Row
from suanli.relay.server.index.reading import (
    MOST_BYTES,
    MOST_ITEMS,
    ChainFact,
    address_id,
    as_json,
    text,
)
from suanli.relay.server.index.tables import PROPOSALS

_COLUMNS = ("against", "in_favour", "abstained")
"""By how votes say it."""


def voted_on(book: TableBook, fact: ChainFact) -> None:
    """Any of a governor's events."""
    if fact.name == "ProposalCreated":
        _proposed(book, fact)
        return
    proposal, values = _proposal(book, fact), fact.values
    match fact.name:
        case "ProposalCanceled":
            proposal["canceled"] = True
        case "ProposalExecuted":
            proposal["executed_at"] = book.at
        case "ProposalExtended":
            proposal["ends"] = values["extended_deadline"]
        case "ProposalQueued":
            proposal["executable_from"] = values["eta_seconds"]
        case "VoteCast" | "VoteCastWithParams":
            proposal[_COLUMNS[values["support"]]] += values["weight"]
            proposal["voters"] += 1


def _proposed(book: TableBook, fact: ChainFact) -> None:
    values = fact.values
    parts = zip(values["targets"], values["values"], values["calldatas"], strict=False)
    book.changes.add(
        PROPOSALS,
        id=_id(values["proposal_id"]),
        proposer=address_id(values["proposer"]),
        description=text(values["description"]),
        calls=[_call(*call) for call in list(parts)[:MOST_ITEMS]],
        calls_in_all=len(values["targets"]),
        begins=values["vote_start"],
        ends=values["vote_end"],
        voters=0,
        proposed_at=book.at,
        canceled=False,
        **dict.fromkeys(_COLUMNS, 0),
    )


def _call(target: str, value: int, data: bytes) -> dict[str, Any]:
    cut = len(data) > MOST_BYTES
    return {"target": target, "value": str(value), "data": as_json(data), "cut": cut}


def _proposal(book: TableBook, fact: ChainFact) -> Row:
    return book.changes.get(PROPOSALS, _id(fact.values["proposal_id"]))


def _id(number: int) -> bytes:
    return number.to_bytes(32, "big")
