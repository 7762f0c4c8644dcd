"""The cases of a market's court, as its own events and views tell them.

court = court_of(market)
for case in cases(market, court): ...
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from suanli.base.database import DatabaseFailed
from suanli.chain import Court, CursorState, Event, EventCursor, Market, caught_up, events
from suanli.client.errors import ClientError, OtherVersion
from suanli.client.finding import of_market
from suanli.client.jobs import folders
from suanli.client.ledger import Ledger
from suanli.protocol import ZERO_ADDRESS, CaseStatus, Docket, case_id

_TOLD = (events.ChallengeFiled, events.Appealed, events.DepositsDivided, events.RewardPaid)


class NoCase(ClientError):
    """No court, or no case, where one is looked for."""


@dataclass(frozen=True)
class Division:
    """What became of the deposits of a case that is closed, in base units; `refund` and `reward`
    went to its filer, too, once the deal was finished."""

    filer: int
    appellant: int
    jurors: int
    miner: int
    sink: int
    refund: int = 0
    reward: int = 0


@dataclass(frozen=True)
class ListedCase:
    """A case. `case`, `request`: its id, and that of the deal; `deposit`: of its filer, in base
    units; `block`: in which it was filed."""

    case: bytes
    request: bytes
    filer: str
    miner: int
    deposit: int
    block: int
    status: CaseStatus
    docket: Docket
    division: Division | None


def court_of(market: Market, address: str | None = None) -> Court:
    """The court at an address, by default that of the newest open terms that name one.

    Raises:
        NoCase: there is none, or it is another market's.
    """
    named = (terms.court for _, terms in market.open_terms() if terms.court != ZERO_ADDRESS)
    usual = address or next(named, "")
    if not usual:
        raise NoCase("no open terms of this market name a court: name one with --court")
    return of_market(market, Court, address, usual, "court", "--court", NoCase)


def cases(court: Court, account: str | None = None) -> list[ListedCase]:
    """The newest first; `account`: of this filer alone."""
    filed, divided = _read(court)
    found = [
        _seen(court, event, divided.get(event.case_id))
        for event in filed.values()
        if account is None or event.filer == account.lower()
    ]
    return sorted(found, key=lambda case: case.block, reverse=True)


def find_case(court: Court, name: str) -> ListedCase:
    """A case by its id, or the beginning of it.

    Raises:
        NoCase: none, or several.
    """
    filed, divided = _read(court)
    digits = name.lower().removeprefix("0x")
    found = [event for id_, event in filed.items() if digits and id_.hex().startswith(digits)]
    if len(found) != 1:
        count = "no case" if not found else f"{len(found)} cases"
        raise NoCase(f"{count} {name!r} at the court {court.address}: suanli case list names them")
    return _seen(court, found[0], divided.get(found[0].case_id))


def job_of(market: Market, state: Path, case: ListedCase) -> tuple[str, int] | None:
    """The job in the state folder whose challenge it is, and the deal's number in that."""
    for folder in folders(state):
        with (
            suppress(OtherVersion, DatabaseFailed),
            closing(Ledger(folder / "job.sqlite")) as ledger,
        ):
            records = {record.number: record for record in ledger.deals()}
            for filing in ledger.filings():
                request = market.domain.request_id(records[filing.deal].request)
                if case_id(request, case.filer, filing.number) == case.case:
                    return folder.name, filing.deal
    return None


def _seen(court: Court, event: events.ChallengeFiled, division: Division | None) -> ListedCase:
    return ListedCase(
        event.case_id,
        event.request_id,
        event.filer,
        event.miner_id,
        event.deposit,
        event.at.block,
        court.case_of(event.case_id),
        court.docket_of(event.request_id),
        division,
    )


def _read(court: Court) -> tuple[dict[bytes, events.ChallengeFiled], dict[bytes, Division]]:
    """What was filed, and how deposits were divided."""
    filed: dict[bytes, events.ChallengeFiled] = {}
    divided: dict[bytes, Division] = {}
    for event in _events(court):
        match event:
            case events.ChallengeFiled():
                filed[event.case_id] = event
            case events.DepositsDivided():
                divided[event.case_id] = Division(
                    event.filer, event.appellant, event.jurors, event.miner, event.sink
                )
            case events.RewardPaid() if event.case_id in divided:
                parts = divided[event.case_id]
                shares = (parts.filer, parts.appellant, parts.jurors, parts.miner, parts.sink)
                divided[event.case_id] = Division(*shares, event.refund, event.reward)
    return filed, divided


def _events(court: Court) -> Iterator[Event]:
    cursor = EventCursor(court.node, court.address, only=_TOLD)
    first = court.node.first_block_of(court.address)
    for batch in caught_up(cursor, CursorState.from_block(first)):
        yield from batch.events
