"""Cases before the courts that terms name."""

from __future__ import annotations

from suanli.chain import events
from suanli.protocol import CaseOutcome, CasePhase
from suanli.relay.server.index.apply.book import TableBook
from suanli.relay.server.index.changes import Row
from suanli.relay.server.index.reading import address_id
from suanli.relay.server.index.tables import CASES, JURORS


def filed(book: TableBook, event: events.ChallengeFiled, court: bytes) -> None:
    """The phase and its deadline are told by an event of their own, before or after."""
    book.changes.add(
        CASES,
        id=event.case_id,
        court=court,
        deal=event.request_id,
        filer=address_id(event.filer),
        miner_id=event.miner_id,
        number=event.number,
        withheld=event.withheld,
        task=event.task,
        seats=event.seats,
        deposit=event.deposit,
        phase=int(CasePhase.QUEUED),
        outcome=int(CaseOutcome.NONE),
        round=0,
        deadline=0,
        filed_at=book.at,
    )


def advanced(book: TableBook, event: events.CaseAdvanced) -> None:
    case = _case(book, event.case_id)
    case["phase"], case["round"] = int(event.phase), event.round
    case["deadline"] = event.deadline
    case["closed_at"] = book.at if event.phase.is_final else None


def counted(book: TableBook, event: events.VotesCounted) -> None:
    _case(book, event.case_id)["outcome"] = int(event.outcome)


def renamed(book: TableBook, event: events.HashRenamed) -> None:
    _case(book, event.case_id)["seats"] = event.seats


def divided(book: TableBook, event: events.DepositsDivided) -> None:
    _case(book, event.case_id)["divided"] = {
        "filer": str(event.filer),
        "appellant": str(event.appellant),
        "jurors": str(event.jurors),
        "miner": str(event.miner),
        "sink": str(event.sink),
    }


def rewarded(book: TableBook, event: events.RewardPaid) -> None:
    case = _case(book, event.case_id)
    case["refund"], case["reward"] = event.refund, event.reward


def drawn(book: TableBook, event: events.JurorDrawn) -> None:
    book.changes.add(
        JURORS,
        case_id=event.case_id,
        round=event.round,
        index=event.index,
        juror=address_id(event.juror),
        position=event.position,
    )
    case = _case(book, event.case_id)
    case["seats"] = max(case["seats"], event.index + 1)


def assessed(book: TableBook, event: events.JurorAssessed) -> None:
    """Rounds are assessed in their order; the event does not say which it is."""
    case = _case(book, event.case_id)
    for round_ in range(case["round"] + 1):
        for index in range(case["seats"]):
            juror = book.changes.find(JURORS, event.case_id, round_, index)
            if juror is None or juror["position"] != event.position:
                continue
            if juror["assessment"] is None:
                juror["assessment"] = int(event.assessment)
                return


def _case(book: TableBook, case_id: bytes) -> Row:
    return book.changes.get(CASES, case_id)
